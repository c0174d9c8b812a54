/*
 * Items: what can be selected on a page
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "item.h"

#include <inttypes.h>
#include <qemu-aiotop/diagnose/diagnose.h>

#include "awaiting.h"
#include "layout.h"

static GPtrArray *diagnose(const Ui *ui)
{
    return aiotop_diagnose(feed_shown(&ui->feed),
                           &(AiotopDiagnoseOptions){
                               .stall_ns = ui->stall_ns,
                               .request_ns = ui->request_ns,
                               .surface = AIOTOP_SURFACE_SCREEN,
                           });
}

static void find_findings(Ui *ui)
{
    if (!feed_shown(&ui->feed)) {
        return;
    }
    ui->findings = diagnose(ui);
    for (unsigned i = 0; i < ui->findings->len; i++) {
        const AiotopFinding *finding = ui->findings->pdata[i];
        UiItem *item = g_new(UiItem, 1);

        *item = (UiItem){
            .nothing = "this is about all loops",
            .identity = g_strdup_printf(
                "%d %" PRId64 " %s %u", finding->id, finding->thread_id,
                finding->loop ? finding->loop : "",
                finding->source ? finding->source->id : 0),
            .loop = g_strdup(finding->loop),
            .thread_id = finding->thread_id,
            .source = finding->source,
            .stack_thread_id = finding->stack_thread_id,
        };
        g_ptr_array_add(ui->items, item);
    }
}

/* A number is given again when the loop is another one */
static const AiotopSource *find_source(const AiotopSample *sample,
                                       const AiotopStall *stall)
{
    for (unsigned i = 0; i < sample->n_loops && stall->source_id; i++) {
        const AiotopLoop *loop = sample->loops[i].now;
        const AiotopSource *source =
            loop->thread_id == stall->thread_id
                ? aiotop_loop_find_source(loop, stall->source_id)
                : NULL;

        if (source && g_strcmp0(source->name, stall->name) == 0 &&
            g_strcmp0(source->kind, stall->kind) == 0) {
            return source;
        }
    }
    return NULL;
}

/* Newest first, as they are drawn */
static void find_stalls(Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    unsigned n = sample ? sample->now->n_stalls : 0;

    for (unsigned i = n; i > 0; i--) {
        const AiotopStall *stall = &sample->now->stalls[i - 1];
        UiItem *item = g_new(UiItem, 1);

        *item = (UiItem){
            .identity = g_strdup_printf("%" PRIu64, stall->id),
            .loop = g_strdup(stall->loop),
            .thread_id = stall->thread_id,
            .source = find_source(sample, stall),
            .stack_thread_id = stall->thread_id,
        };
        g_ptr_array_add(ui->items, item);
    }
}

static void (*const finders[UI_N_VIEWS])(Ui *ui) = {
    [UI_DIAGNOSIS] = find_findings,         [UI_STALLS] = find_stalls,
    [UI_REQUESTS] = awaiting_find_requests, [UI_NODE] = awaiting_find_sources,
    [UI_THREADS] = awaiting_find_threads,
};

void items_find(Ui *ui)
{
    g_ptr_array_set_size(ui->items, 0);
    g_clear_pointer(&ui->findings, g_ptr_array_unref);
    if (finders[ui->view]) {
        finders[ui->view](ui);
    }
    for (unsigned i = 0; i < ui->items->len && ui->item_identity; i++) {
        const UiItem *item = ui->items->pdata[i];

        if (g_str_equal(item->identity, ui->item_identity)) {
            ui->item = i;
            return;
        }
    }
    /* If it is gone: what is in its place now */
    ui->item = ui->item_identity && ui->items->len
                   ? MIN(ui->item, ui->items->len - 1)
                   : 0;
}

const UiItem *items_selected(const Ui *ui)
{
    return ui->item < ui->items->len ? ui->items->pdata[ui->item] : NULL;
}

/* Those that found a place on the page */
static unsigned count(const Ui *ui)
{
    return MIN(ui->items->len, ui->item_lines->len);
}

static int first_line(const Ui *ui, unsigned i)
{
    return g_array_index(ui->item_lines, int, i);
}

static int end_line(const Ui *ui, unsigned i)
{
    return i + 1 < count(ui) ? first_line(ui, i + 1) : ui->page_lines;
}

static int max_top(const Ui *ui)
{
    return MAX(ui->page_lines - ui_body_height(ui), 0);
}

static void select_item(Ui *ui, unsigned i)
{
    const UiItem *item = ui->items->pdata[i];

    ui->item = i;
    g_free(ui->item_identity);
    ui->item_identity = g_strdup(item->identity);
}

/* All of it in sight, or as much as there is room for */
static void show(Ui *ui, unsigned i)
{
    int end = MIN(end_line(ui, i), ui->page_lines);

    ui->page_top = MAX(ui->page_top, end - ui_body_height(ui));
    ui->page_top = MIN(ui->page_top, i ? first_line(ui, i) : 0);
}

void items_move(Ui *ui, int direction)
{
    int bottom = ui->page_top + ui_body_height(ui);
    unsigned n = count(ui);

    if (direction > 0) {
        if (ui->item < n && end_line(ui, ui->item) > bottom) {
            ui->page_top++;
        } else if (ui->item + 1 < n) {
            select_item(ui, ui->item + 1);
            show(ui, ui->item);
        }
        return;
    }
    if (ui->item < n && first_line(ui, ui->item) < ui->page_top) {
        ui->page_top--;
    } else if (ui->item > 0 && ui->item <= n) {
        select_item(ui, ui->item - 1);
        /* From its end, if it is a long one */
        ui->page_top =
            MIN(ui->page_top, ui->item ? first_line(ui, ui->item) : 0);
        ui->page_top =
            MAX(ui->page_top, end_line(ui, ui->item) - ui_body_height(ui));
    } else {
        ui->page_top = 0;
    }
}

void items_page(Ui *ui, int lines)
{
    int top = CLAMP(ui->page_top + lines, 0, max_top(ui));
    unsigned n = count(ui), i = 0;

    if (!n) {
        return;
    }
    while (top && i + 1 < n && first_line(ui, i) < top) {
        i++;
    }
    /* Nothing begins in a long one */
    if (i && first_line(ui, i) >= top + ui_body_height(ui)) {
        i--;
    }
    /* At an end there is nothing but the last one to go to */
    if (lines > 0 && (top == ui->page_top || lines >= ui->page_lines)) {
        i = n - 1;
    }
    ui->page_top = top;
    select_item(ui, i);
}

void items_scroll(Ui *ui)
{
    int body = ui_body_height(ui);

    if (ui->item >= count(ui)) {
        return;
    }
    if (first_line(ui, ui->item) >= ui->page_top + body ||
        end_line(ui, ui->item) <= ui->page_top) {
        show(ui, ui->item);
    }
}

bool items_click(Ui *ui, int line)
{
    for (unsigned i = 0; i < count(ui); i++) {
        if (line >= first_line(ui, i) && line < end_line(ui, i)) {
            bool again = ui->item == i && ui->item_identity;

            select_item(ui, i);
            return again;
        }
    }
    return false;
}
