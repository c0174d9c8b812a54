/*
 * The main view: the loops, and below them the sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/host/host-snapshot.h>

#include "state/bindings.h"
#include "view.h"

typedef struct Layout {
    int loops_y;
    /* With the head */
    int loops_height;
    int sources_y;
    int sources_height;
    /* Lines for the charts of what is selected; 0 if there are none to spare */
    int charts_height;
} Layout;

/* The charts with an empty line above: what they need, and what is plenty */
#define MIN_CHARTS 8
#define MAX_CHARTS 14

/*
 * Loops take what they need, up to two fifths; without sources, up to what
 * is needed to say why there are none
 */
static Layout lay_out(const Ui *ui)
{
    int y = ui_body_y(ui), height = ui_body_height(ui);
    int most =
        ui->loops.host_only ? MIN(height * 3 / 4, height - 4) : height * 2 / 5;
    int loops = 1 + CLAMP((int)ui->loops.rows->len, 1, MAX(most - 1, 1));
    int spare = height - loops - 1 - (int)ui->sources.rows->len;
    int charts = spare >= MAX_CHARTS   ? MAX_CHARTS
                 : spare >= MIN_CHARTS ? MIN_CHARTS
                                       : 0;

    if (ui->loops.host_only || !ui->sources.rows->len) {
        charts = 0;
    }
    return (Layout){ y, loops, y + loops, height - loops - charts, charts };
}

/* What one would look up in the details of what is selected */
static void draw_charts(const Ui *ui, Canvas *canvas, int y, int height)
{
    const Table *table = ui->in_sources ? &ui->sources : &ui->loops;
    const TableRow *row = table_selected(table);

    if (!row) {
        return;
    }
    canvas_printf(
        canvas, y, 0, STYLE_TEXT, "%s%s%s%s%s%s%s", row->track->loop,
        row->track->kind ? ": " : "", row->track->kind ? row->track->kind : "",
        row->track->name ? " " : "", row->track->name ? row->track->name : "",
        row->track->label ? " " : "",
        row->track->label ? row->track->label : "");
    view_chart_pair(ui, canvas, y + 1, height - 1, VIEW_CHART_SHARE,
                    VIEW_CHART_DURATION, row->track, &row->row);
}

/* Without a sample there is room to say at length why */
static void draw_waiting(const Ui *ui, Canvas *canvas, int y)
{
    if (ui->link.error) {
        view_paragraph(canvas, y, 2, STYLE_ERROR, ui->link.error);
    } else {
        canvas_put(canvas, y, 2, canvas->width - 2, STYLE_DIM,
                   "Waiting for the first sample");
    }
}

/* What the host does not know, and how it can be had */
static void draw_notes(const AiotopSnapshot *snapshot, Canvas *canvas, int y,
                       int height)
{
    g_autoptr(GPtrArray) notes = aiotop_host_notes(snapshot);
    g_autoptr(Canvas) page =
        canvas_new(canvas->width, MAX(height, 1), canvas->ascii, canvas->color);
    int line = 0;

    for (unsigned i = 0; i < notes->len; i++) {
        line = view_paragraph(page, line, 2, i ? STYLE_DIM : STYLE_STRONG,
                              notes->pdata[i]);
    }
    for (int i = 0; i < MIN(line, height); i++) {
        memcpy(canvas_cell(canvas, y + i, 0), canvas_cell(page, i, 0),
               sizeof(CanvasCell) * canvas->width);
    }
}

static void draw(const Ui *ui, Canvas *canvas, int y G_GNUC_UNUSED,
                 int height G_GNUC_UNUSED)
{
    Layout layout = lay_out(ui);
    const AiotopSample *sample = feed_shown(&ui->feed);

    view_table(ui, canvas, &ui->loops, layout.loops_y, layout.loops_height,
               !ui->in_sources);
    view_table(ui, canvas, &ui->sources, layout.sources_y,
               layout.sources_height, ui->in_sources);
    if (layout.charts_height) {
        draw_charts(ui, canvas, layout.sources_y + layout.sources_height + 1,
                    layout.charts_height - 1);
    }
    if (!sample) {
        draw_waiting(ui, canvas, layout.sources_y + 2);
    } else if (sample->now->host_only) {
        draw_notes(sample->now, canvas, layout.sources_y + 1,
                   layout.sources_height - 1);
    } else if (!ui->sources.rows->len) {
        canvas_put(canvas, layout.sources_y + 2, 2, canvas->width - 2,
                   STYLE_DIM,
                   ui->selection.filter
                       ? "No source that does anything matches the filter"
                       : "No source does anything (a: show all of them)");
    }
    if (ui->link.state == AIOTOP_SAMPLER_LOST && sample) {
        for (int i = layout.loops_y; i < canvas->height - VIEW_FOOTER_LINES;
             i++) {
            canvas_restyle(canvas, i, 0, canvas->width, STYLE_DIM);
        }
    }
}

void view_main_scroll(Ui *ui)
{
    Layout layout = lay_out(ui);

    table_scroll(&ui->loops, layout.loops_height - 1);
    table_scroll(&ui->sources, layout.sources_height - 1);
}

int view_main_rows(const Ui *ui)
{
    Layout layout = lay_out(ui);

    return MAX(
        (ui->in_sources ? layout.sources_height : layout.loops_height) - 1, 1);
}

static void click_head(Ui *ui, Table *table, int x)
{
    TableSlot slots[TABLE_MAX_SLOTS];
    bool more;
    unsigned n = table_fit(table, ui->width, slots, &more);

    for (unsigned i = 0; i < n; i++) {
        if (x < slots[i].x || x >= slots[i].x + slots[i].width ||
            !slots[i].column) {
            continue;
        }
        if (table->sort == slots[i].column) {
            table->reverse = !table->reverse;
        } else {
            table->sort = slots[i].column;
            table->reverse = false;
        }
        table->locked = false;
        ui->stale = true;
    }
}

void view_main_click(Ui *ui, int y, int x)
{
    Layout layout = lay_out(ui);
    bool in_sources = y >= layout.sources_y;
    Table *table = in_sources ? &ui->sources : &ui->loops;
    int line = y - (in_sources ? layout.sources_y : layout.loops_y);
    int rows = in_sources ? layout.sources_height : layout.loops_height;
    unsigned row = table->top + MAX(line, 1) - 1;

    if (line < 0 || line >= rows) {
        return;
    }
    if (line == 0) {
        click_head(ui, table, x);
    } else if (row < table->rows->len && !table_row(table, row)->heading) {
        bool again = ui->in_sources == in_sources && table->cursor == row &&
                     table->selected;

        table_choose(table, row, 1);
        ui->in_sources = in_sources;
        if (again) {
            ui_key(ui, KEYCODE_ENTER);
        }
    }
}

void view_main_wheel(Ui *ui, int y, int rows)
{
    Layout layout = lay_out(ui);

    if (y >= layout.loops_y && y < layout.sources_y) {
        table_move(&ui->loops, rows);
    } else if (y >= layout.sources_y && y < layout.sources_y +
                                                layout.sources_height +
                                                layout.charts_height) {
        table_move(&ui->sources, rows);
    }
}

const ViewOps view_main = {
    .title = "Loops and sources",
    .draw = draw,
};
