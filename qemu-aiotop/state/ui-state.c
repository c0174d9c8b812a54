/*
 * The state of the user interface
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "ui-state.h"

#include <string.h>
#include <qemu-aiotop/table/vm-columns.h>

#include "vm-tracks.h"

static void init_pane(Pane *pane, const AiotopTable *columns, GPtrArray *wanted,
                      const AiotopColumn *sort, bool reverse)
{
    pane_init(pane, columns);
    if (wanted && wanted->len) {
        pane_set_columns(pane, wanted);
    }
    pane->sort = sort;
    pane->reverse = reverse;
}

static void free_item(gpointer opaque)
{
    UiItem *item = opaque;

    g_free(item->identity);
    g_free(item->loop);
    g_free(item->node);
    g_free(item);
}

Ui *ui_new(const AiotopQuery *query, const AiotopTextStyle *style)
{
    Ui *ui = g_new0(Ui, 1);

    feed_init(&ui->feed);
    init_pane(&ui->loops, &aiotop_loop_table, query->loop_columns,
              query->loop_sort, query->loop_reverse);
    init_pane(&ui->sources, &aiotop_source_table, query->source_columns,
              query->source_sort, query->source_reverse);
    init_pane(&ui->vms, &aiotop_vm_table, query->vm_columns, query->vm_sort,
              query->vm_reverse);
    ui->vm_tracks = vm_tracks_new();
    aiotop_query_init(&ui->query);
    if (query->filter) {
        g_autofree char *pattern =
            g_strconcat(query->filter_negated ? "!" : "",
                        g_regex_get_pattern(query->filter), NULL);

        ui_set_filter(ui, pattern, NULL);
    }
    ui->query.loop_name = g_strdup(query->loop_name);
    ui->query.top = query->top;
    ui->ascii = style->ascii;
    ui->color = style->color;
    ui->color_possible = true;
    ui->color_wanted = true;
    ui->mouse_wanted = true;
    ui->in_sources = true;
    ui->prompt_text = g_string_new(NULL);
    ui->trail = g_array_new(FALSE, FALSE, sizeof(UiPlace));
    ui->items = g_ptr_array_new_with_free_func(free_item);
    ui->item_lines = g_array_new(FALSE, FALSE, sizeof(int));
    ui->names = g_string_chunk_new(1024);
    ui->link.state = AIOTOP_SAMPLER_CONNECTING;
    ui->interval_ms = 1000;
    ui->width = UI_MIN_WIDTH;
    ui->height = UI_MIN_HEIGHT;
    return ui;
}

void ui_free(Ui *ui)
{
    if (!ui) {
        return;
    }
    pane_clear(&ui->loops);
    pane_clear(&ui->sources);
    pane_clear(&ui->vms);
    g_clear_pointer(&ui->verdicts, g_ptr_array_unref);
    g_clear_pointer(&ui->frozen, g_ptr_array_unref);
    aiotop_host_cause_free(ui->cause);
    aiotop_host_cause_free(ui->frozen_cause);
    g_hash_table_unref(ui->vm_tracks);
    g_free(ui->vm_filter);
    feed_clear(&ui->feed);
    aiotop_query_clear(&ui->query);
    g_clear_pointer(&ui->search, g_regex_unref);
    g_clear_pointer(&ui->stack.frames, g_ptr_array_unref);
    g_string_free(ui->prompt_text, TRUE);
    g_array_unref(ui->trail);
    g_ptr_array_unref(ui->items);
    g_clear_pointer(&ui->findings, g_ptr_array_unref);
    g_array_unref(ui->item_lines);
    g_string_chunk_free(ui->names);
    g_free(ui->item_identity);
    g_free(ui->stack.name);
    g_free(ui->filter_text);
    g_free(ui->search_text);
    g_free(ui->prompt_error);
    g_free(ui->prompt_old);
    g_free(ui->message);
    g_free(ui->fd_text);
    g_free(ui->code_text);
    g_free(ui->stack.error);
    g_free(ui->halted);
    g_free(ui->link.error);
    g_free(ui->link.address);
    g_free(ui);
}

const Pane *ui_pane_const(const Ui *ui)
{
    return ui->in_vms ? &ui->vms : ui->in_sources ? &ui->sources : &ui->loops;
}

Pane *ui_pane(Ui *ui)
{
    return (Pane *)ui_pane_const(ui);
}

bool ui_set_filter(Ui *ui, const char *pattern, GError **error)
{
    if (pattern && *pattern && strcmp(pattern, "!") != 0) {
        if (!aiotop_query_set_filter(&ui->query, pattern, error)) {
            return false;
        }
        g_free(ui->filter_text);
        ui->filter_text = g_strdup(pattern);
    } else {
        g_clear_pointer(&ui->query.filter, g_regex_unref);
        g_clear_pointer(&ui->filter_text, g_free);
        ui->query.filter_negated = false;
    }
    ui->stale = true;
    return true;
}

void ui_say(Ui *ui, bool is_error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(ui->message);
    ui->message = g_strdup_vprintf(format, args);
    ui->message_is_error = is_error;
    va_end(args);
}
