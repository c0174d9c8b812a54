/*
 * A pane on a canvas: its head, and the rows that are in sight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/text/figure.h>

#include "draw/chart.h"
#include "view.h"

static bool is_number(const AiotopColumn *column)
{
    return column->unit != AIOTOP_UNIT_TEXT;
}

static void draw_head_cell(Canvas *canvas, const Pane *pane, int y,
                           const PaneSlot *slot, Style style)
{
    const AiotopColumn *column = slot->column;
    bool sorted = column == pane->sort;
    bool down = sorted && aiotop_column_descending(column) != pane->reverse;
    int spare = slot->width - (int)strlen(column->header);
    int x = is_number(column) ? slot->x + MAX(spare, 0) : slot->x;

    canvas_put(canvas, y, x, slot->width, style, column->header);
    if (sorted) {
        int arrow_x =
            is_number(column) ? x - 1 : x + (int)strlen(column->header);

        if (spare > 0 || is_number(column)) {
            canvas_put_glyph(canvas, y, arrow_x, style,
                             down ? GLYPH_DOWN : GLYPH_UP);
        }
        canvas_restyle(canvas, y, slot->x, slot->width, STYLE_HEAD_SORT);
    }
}

static void draw_head(Canvas *canvas, const Pane *pane, int y,
                      const PaneSlot *slots, unsigned n, bool more,
                      bool focused)
{
    Style style = focused ? STYLE_HEAD : STYLE_HEAD_IDLE;

    canvas_restyle(canvas, y, 0, canvas->width, style);
    for (unsigned i = 0; i < n; i++) {
        if (slots[i].column) {
            draw_head_cell(canvas, pane, y, &slots[i], style);
        } else {
            chart_legend(canvas, y, slots[i].x, slots[i].width, style);
        }
    }
    if (more) {
        canvas_put_glyph(canvas, y, canvas->width - 1, style, GLYPH_MORE);
    }
}

static void draw_cell(Canvas *canvas, int y, const PaneSlot *slot,
                      const AiotopRow *row, Style style, GString *text)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = slot->column->get(row, buffer);

    if (slot->column->unit == AIOTOP_UNIT_TEXT &&
        value.type == AIOTOP_VALUE_TEXT) {
        if (row->source && value.text == row->source->now->name) {
            canvas_put_middle(canvas, y, slot->x, slot->width, style,
                              value.text);
        } else {
            canvas_put(canvas, y, slot->x, slot->width, style, value.text);
        }
        return;
    }
    g_string_truncate(text, 0);
    aiotop_column_append(text, slot->column, row, true);
    if (is_number(slot->column)) {
        canvas_put_right(canvas, y, slot->x, slot->width, style, text->str);
    } else {
        canvas_put(canvas, y, slot->x, slot->width, style, text->str);
    }
}

static void draw_heading(Canvas *canvas, int y, const PaneRow *row)
{
    double share = aiotop_share_percent(row->row.loop->dispatch_ns,
                                        row->row.loop->wall_ns);
    int x = canvas_put(canvas, y, 0, canvas->width, STYLE_STRONG,
                       row->row.loop->now->name);

    if (share == share) {
        canvas_printf(canvas, y, x, STYLE_STRONG, "  %.1f%% dispatch", share);
    }
}

static void draw_cells(Canvas *canvas, const PaneRow *row, int y,
                       const PaneSlot *slots, unsigned n, Style style,
                       GString *text)
{
    for (unsigned i = 0; i < n; i++) {
        if (slots[i].column) {
            draw_cell(canvas, y, &slots[i], &row->row, style, text);
        } else {
            chart_split(canvas, y, slots[i].x, slots[i].width, row->row.loop);
        }
    }
}

/* Of a loop or source; a QEMU has its verdict instead */
static AiotopMarks marks_of(const Ui *ui, const PaneRow *row)
{
    return row->ended || row->row.item
               ? 0
               : aiotop_marks_check(row->row.sample, row->row.loop,
                                    row->row.source, ui->stall_ns);
}

static void draw_row(const Ui *ui, Canvas *canvas, const PaneRow *row, int y,
                     const PaneSlot *slots, unsigned n, GString *text)
{
    bool idle = row->silent || row->ended;
    Style style = row->row.item ? view_verdict_style(row->row.item)
                  : idle        ? STYLE_DIM
                                : STYLE_TEXT;
    AiotopMarks mask = marks_of(ui, row);
    int room = n ? slots[0].x : PANE_MARK_WIDTH;

    if (row->ended) {
        canvas_put(canvas, y, 0, room, STYLE_DIM, "ended");
    } else if (mask) {
        const AiotopMark *mark = &aiotop_marks[aiotop_marks_worst(mask)];

        canvas_put(canvas, y, 0, room,
                   view_mark_style(aiotop_marks_worst(mask)), mark->word);
        style = mark->alarm ? STYLE_ERROR : style;
    }
    draw_cells(canvas, row, y, slots, n, style, text);
}

/* Over the line, but the alarm stays one, and the bar keeps its colours */
static void mark_selected(Canvas *canvas, int y, const PaneSlot *slots,
                          unsigned n, bool focused, bool alarm)
{
    Style style = focused ? STYLE_SELECTED : STYLE_SELECTED_IDLE;
    int x = alarm ? PANE_MARK_WIDTH - 1 : 0;

    for (unsigned i = 0; i < n; i++) {
        if (!slots[i].column) {
            canvas_restyle(canvas, y, x, slots[i].x - x, style);
            x = slots[i].x + slots[i].width;
        }
    }
    canvas_restyle(canvas, y, x, canvas->width - x, style);
}

void view_pane(const Ui *ui, Canvas *canvas, const Pane *pane, int y,
               int height, bool focused)
{
    PaneSlot slots[PANE_MAX_SLOTS];
    bool more;
    unsigned n = pane_fit(pane, canvas->width, slots, &more);
    g_autoptr(GString) text = g_string_new(NULL);
    int rows = height - 1;

    draw_head(canvas, pane, y, slots, n, more, focused);
    for (int i = 0; i < rows && pane->top + i < pane->rows->len; i++) {
        const PaneRow *row = pane_row(pane, pane->top + i);
        int line = y + 1 + i;

        if (row->heading) {
            draw_heading(canvas, line, row);
        } else {
            draw_row(ui, canvas, row, line, slots, n, text);
        }
        if (row->track && row->track == pane->selected) {
            AiotopMarks mask = marks_of(ui, row);

            mark_selected(canvas, line, slots, n, focused,
                          mask && aiotop_marks[aiotop_marks_worst(mask)].alarm);
        }
    }
}
