/*
 * The main view: the loops, and below them the sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/diagnose/missing.h>

#include "state/layout.h"
#include "view.h"

/* What one would look up in the details of what is selected */
static void draw_charts(const Ui *ui, Canvas *canvas, int y, int height)
{
    const Pane *pane = ui->in_sources ? &ui->sources : &ui->loops;
    const PaneRow *row = pane_selected(pane);
    g_autoptr(GString) title = g_string_new(NULL);

    if (!row) {
        return;
    }
    g_string_append(title, row->track->loop);
    if (row->track->kind) {
        g_string_append(title, ": ");
        aiotop_source_append_name(title, row->track->kind, row->track->name,
                                  row->track->label);
    }
    canvas_put(canvas, y, 0, canvas->width, STYLE_TEXT, title->str);
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
    g_autoptr(GPtrArray) notes = aiotop_missing_notes(snapshot);
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

/* An empty table looks like a QEMU that does nothing */
static void draw_no_sources(const Ui *ui, const AiotopSample *sample,
                            Canvas *canvas, int y)
{
    g_autofree char *no_loop = aiotop_query_no_loop(&ui->query, sample);

    if (no_loop) {
        view_paragraph(canvas, y, 2, STYLE_ERROR, no_loop);
    } else {
        canvas_put(canvas, y, 2, canvas->width - 2, STYLE_DIM,
                   ui->query.filter
                       ? "No source that does anything matches the filter"
                       : "No source does anything (a: show all of them)");
    }
}

static void draw(const Ui *ui, Canvas *canvas, int y G_GNUC_UNUSED,
                 int height G_GNUC_UNUSED)
{
    UiLayout layout = ui_layout(ui);
    const AiotopSample *sample = feed_shown(&ui->feed);

    view_pane(ui, canvas, &ui->loops, layout.loops_y, layout.loops_height,
              !ui->in_sources);
    view_pane(ui, canvas, &ui->sources, layout.sources_y, layout.sources_height,
              ui->in_sources);
    if (layout.charts_height) {
        draw_charts(ui, canvas, layout.sources_y + layout.sources_height + 1,
                    layout.charts_height - 1);
    }
    if (!sample) {
        draw_waiting(ui, canvas, layout.sources_y + 2);
    } else if (aiotop_snapshot_origin(sample->now) == AIOTOP_ORIGIN_HOST &&
               ui->loops.rows->len) {
        draw_notes(sample->now, canvas, layout.sources_y + 1,
                   layout.sources_height - 1);
    } else if (!ui->sources.rows->len) {
        draw_no_sources(ui, sample, canvas, layout.sources_y + 2);
    }
    if (ui->link.state == AIOTOP_SAMPLER_LOST && sample) {
        for (int i = layout.loops_y; i < canvas->height - UI_FOOTER_LINES;
             i++) {
            canvas_restyle(canvas, i, 0, canvas->width, STYLE_DIM);
        }
    }
}

const View view_main = {
    .draw = draw,
};
