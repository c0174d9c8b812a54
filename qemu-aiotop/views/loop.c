/*
 * Details of a loop: where its time goes, and what it is doing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/model/behind.h>
#include <qemu-aiotop/table/rows.h>
#include <qemu-aiotop/text/figure.h>

#include "draw/chart.h"
#include "state/opened.h"
#include "view.h"

#define CHART_HEIGHT 10
#define HISTOGRAM_HEIGHT 7
#define TOP_SOURCES 10
#define FIELD_WIDTH 26

/* What the host knows of its thread */
static int draw_thread(const Ui *ui, Canvas *page, int y,
                       const AiotopThread *thread)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!thread->state) {
        return y;
    }
    g_string_printf(text, "thread state %c", thread->state);
    if (thread->wchan[0]) {
        g_string_append_printf(text, ", sleeps in %s", thread->wchan);
    }
    if (thread->syscall.known) {
        g_string_append(text, ", system call ");
        aiotop_syscall_append(text, &thread->syscall);
    }
    if (thread->descriptor[0] || ui->fd_text) {
        g_string_append_printf(text, ": %s",
                               thread->descriptor[0] ? thread->descriptor
                                                     : ui->fd_text);
    }
    return view_paragraph(page, y, 2, STYLE_TEXT, text->str);
}

static int draw_notes(Canvas *page, int y, const AiotopSnapshot *snapshot)
{
    g_autoptr(GPtrArray) notes = aiotop_missing_notes(snapshot);

    for (unsigned i = 0; i < notes->len; i++) {
        y = view_paragraph(page, y, 2, STYLE_DIM, notes->pdata[i]);
    }
    return y;
}

/* Every column of the loops' table, as many beside each other as fit */
static int draw_fields(Canvas *page, int y, const AiotopRow *row)
{
    unsigned per_line = MAX(page->width / FIELD_WIDTH, 1);
    g_autoptr(GString) text = g_string_new(NULL);
    bool host_only = row->sample->now->host_only;
    unsigned n = 0;

    for (unsigned i = 0; i < aiotop_loop_table.n_columns; i++) {
        const AiotopColumn *column = &aiotop_loop_table.columns[i];
        char buffer[AIOTOP_VALUE_BUFFER];
        AiotopValue value;
        int x;

        if (column->unit == AIOTOP_UNIT_TEXT) {
            continue;
        }
        value = column->get(row, buffer);
        if (host_only && value.type == AIOTOP_VALUE_UNKNOWN) {
            continue;
        }
        x = n % per_line * FIELD_WIDTH;
        g_string_truncate(text, 0);
        aiotop_column_append(text, column, row, true);
        if (column->unit == AIOTOP_UNIT_PERCENT &&
            value.type != AIOTOP_VALUE_UNKNOWN) {
            g_string_append_c(text, '%');
        }
        canvas_put(page, y + n / per_line, x, 15, STYLE_DIM, column->header);
        canvas_put_right(page, y + n / per_line, x + 15, 9, STYLE_TEXT,
                         text->str);
        n++;
    }
    return y + (n + per_line - 1) / per_line;
}

static void format_age(char *out, const AiotopSample *sample, uint64_t since_ns)
{
    aiotop_text_time(
        out, aiotop_known_real(aiotop_age_ns(sample->now->time_ns, since_ns)));
}

/* What runs, the outermost first */
static int draw_stack(Canvas *page, int y, const AiotopRow *row)
{
    const AiotopLoop *loop = row->loop->now;

    for (unsigned i = 0; i < loop->stack_depth; i++) {
        const AiotopSource *source =
            aiotop_loop_find_source(loop, loop->stack[i].source_id);
        g_autoptr(GString) name = g_string_new(NULL);
        char age[AIOTOP_TEXT_NUMBER];

        aiotop_source_append_name(name, source ? source->kind : NULL,
                                  source ? source->name : NULL,
                                  source ? source->label : NULL);
        format_age(age, row->sample, loop->stack[i].since_ns);
        canvas_printf(page, y++, 2 + MIN(i, 10) * 2, STYLE_STRONG, "%s %s",
                      name->str, age);
    }
    return y;
}

static int draw_pending(Canvas *page, int y, const AiotopRow *row)
{
    const AiotopLoop *loop = row->loop->now;
    uint64_t now_ns = row->sample->now->time_ns;
    char time[AIOTOP_TEXT_NUMBER];

    if (loop->bh_pending_since_ns != AIOTOP_UNKNOWN) {
        format_age(time, row->sample, loop->bh_pending_since_ns);
        canvas_printf(page, y++, 2, STYLE_TEXT,
                      "bottom halves are queued, the oldest for %s", time);
    }
    if (loop->timer_deadline_ns != AIOTOP_UNKNOWN) {
        bool late = loop->timer_deadline_ns < now_ns;

        aiotop_text_time(time, late ? now_ns - loop->timer_deadline_ns
                                    : loop->timer_deadline_ns - now_ns);
        canvas_printf(page, y++, 2, late ? STYLE_WARNING : STYLE_TEXT,
                      late ? "the next timer is overdue by %s"
                           : "the next timer is due in %s",
                      time);
    }
    return y;
}

/* Its busiest sources */
static int draw_sources(Canvas *page, int y, const AiotopRow *loop)
{
    const AiotopOrder order = {
        .column = aiotop_table_find(&aiotop_source_table, "busy"),
    };
    const AiotopFilter filter = { 0 };
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));

    for (unsigned i = 0; i < loop->loop->n_sources; i++) {
        AiotopRow row = *loop;

        row.source = &row.sample->sources[row.loop->first_source + i];
        if (aiotop_filter_passes(&filter, &row)) {
            g_array_append_val(rows, row);
        }
    }
    aiotop_rows_sort(rows, &order);
    canvas_put(page, y, 0, page->width, STYLE_TEXT, " BUSY%      P99  SOURCE");
    canvas_restyle(page, y++, 0, page->width, STYLE_HEAD_IDLE);
    for (unsigned i = 0; i < MIN(rows->len, TOP_SOURCES); i++) {
        const AiotopRow *row = &g_array_index(rows, AiotopRow, i);
        const AiotopSource *source = row->source->now;
        char percent[AIOTOP_TEXT_NUMBER], p99[AIOTOP_TEXT_NUMBER];
        g_autoptr(GString) name = g_string_new(NULL);

        aiotop_source_append_name(name, source->kind, source->name,
                                  source->label);
        aiotop_text_percent(percent, aiotop_share_percent(row->source->busy_ns,
                                                          row->loop->wall_ns));
        aiotop_text_time(p99, row->source->duration.p99_ns);
        canvas_printf(page, y++, 0, STYLE_TEXT, "%6s %8s  %s", percent, p99,
                      name->str);
    }
    return y;
}

/* What it waits for without a callback that waits: requests of its devices */
static int draw_behind(Canvas *page, int y, const AiotopRow *row)
{
    g_autoptr(GPtrArray) nodes =
        aiotop_nodes_behind_loop(row->sample, row->loop);
    g_autoptr(GPtrArray) busy = g_ptr_array_new();

    for (unsigned i = 0; i < nodes->len; i++) {
        const AiotopNodeSample *node = nodes->pdata[i];

        if (aiotop_node_oldest(node->now)) {
            g_ptr_array_add(busy, nodes->pdata[i]);
        }
    }
    return view_nodes(page, y, row->sample, busy);
}

/* Its state, and why */
static int draw_now(const Ui *ui, Canvas *page, int y, int x,
                    const AiotopRow *row)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue state =
        aiotop_table_find(&aiotop_loop_table, "state")->get(row, buffer);

    canvas_put(page, y++, x + 2, page->width - x - 2, STYLE_STRONG,
               state.type == AIOTOP_VALUE_TEXT ? state.text
               : row->sample->now->host_only   ? ""
                                               : "-");
    y = view_marks(ui, page, y, row);
    y = draw_stack(page, y, row);
    y = draw_pending(page, y, row);
    y = draw_thread(ui, page, y, &row->loop->now->thread);
    y = draw_behind(page, y, row);
    return draw_notes(page, y, row->sample->now);
}

/* How long and how late its dispatches are, beside each other if they fit */
static int draw_histograms(const Ui *ui, Canvas *page, int y,
                           const AiotopRow *row)
{
    view_chart_pair(ui, page, y, HISTOGRAM_HEIGHT, VIEW_CHART_DURATION,
                    VIEW_CHART_DELAY, ui->opened, row);
    return y + HISTOGRAM_HEIGHT;
}

static int compose(const Ui *ui, Canvas *page)
{
    const AiotopLoopSample *loop = opened_loop(ui);
    AiotopRow row = { feed_shown(&ui->feed), loop, NULL };
    int y = 0,
        x = canvas_put(page, y, 0, page->width, STYLE_TITLE, ui->opened->loop);

    if (loop) {
        y = draw_now(ui, page, y, x, &row);
    } else {
        canvas_put(page, ++y, 0, page->width, STYLE_WARNING,
                   "This loop is not there any more");
        y += 2;
    }
    if (loop && aiotop_snapshot_origin(row.sample->now) == AIOTOP_ORIGIN_HOST) {
        return draw_fields(page, y + 1, &row);
    }
    if (loop) {
        chart_legend(page, y, 0, page->width, STYLE_TEXT);
        chart_split(page, y + 1, 0, page->width, loop);
        y += 3;
    }
    view_chart(ui, page, y, 0, page->width, CHART_HEIGHT, VIEW_CHART_SHARE,
               ui->opened, &row);
    y += CHART_HEIGHT + 1;
    if (loop) {
        y = draw_sources(page, y, &row) + 1;
        y = draw_fields(page, y, &row) + 1;
        y = draw_histograms(ui, page, y, &row);
    }
    return y;
}

const View view_loop = {
    .compose = compose,
};
