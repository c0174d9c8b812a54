/*
 * A table on a frame: its head, and the rows that are in sight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/text/figure.h>

#include "draw/chart.h"
#include "state/marks.h"
#include "view.h"

static bool is_number(const AiotopColumn *column)
{
    return column->unit != AIOTOP_UNIT_TEXT;
}

static void draw_head_cell(Frame *frame, const Table *table, int y,
                           const TableSlot *slot, Style style)
{
    const AiotopColumn *column = slot->column;
    bool sorted = column == table->sort;
    bool down = sorted && aiotop_column_descending(column) != table->reverse;
    int spare = slot->width - (int)strlen(column->header);
    int x = is_number(column) ? slot->x + MAX(spare, 0) : slot->x;

    frame_put(frame, y, x, slot->width, style, column->header);
    if (sorted) {
        int mark = is_number(column) ? x - 1 : x + (int)strlen(column->header);

        if (spare > 0 || is_number(column)) {
            frame_put_glyph(frame, y, mark, style,
                            down ? GLYPH_DOWN : GLYPH_UP);
        }
        frame_restyle(frame, y, slot->x, slot->width, STYLE_HEAD_SORT);
    }
}

static void draw_head(Frame *frame, const Table *table, int y,
                      const TableSlot *slots, unsigned n, bool more,
                      bool focused)
{
    Style style = focused ? STYLE_HEAD : STYLE_HEAD_IDLE;

    frame_restyle(frame, y, 0, frame->width, style);
    for (unsigned i = 0; i < n; i++) {
        if (slots[i].column) {
            draw_head_cell(frame, table, y, &slots[i], style);
        } else {
            chart_legend(frame, y, slots[i].x, slots[i].width, style);
        }
    }
    if (more) {
        frame_put_glyph(frame, y, frame->width - 1, style, GLYPH_MORE);
    }
}

static void draw_cell(Frame *frame, int y, const TableSlot *slot,
                      const AiotopRow *row, Style style, GString *text)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = slot->column->get(row, buffer);

    if (slot->column->unit == AIOTOP_UNIT_TEXT &&
        value.type == AIOTOP_VALUE_TEXT) {
        if (row->source && value.text == row->source->now->name) {
            frame_put_middle(frame, y, slot->x, slot->width, style, value.text);
        } else {
            frame_put(frame, y, slot->x, slot->width, style, value.text);
        }
        return;
    }
    g_string_truncate(text, 0);
    aiotop_text_value(text, slot->column->unit, &value, true);
    if (is_number(slot->column)) {
        frame_put_right(frame, y, slot->x, slot->width, style, text->str);
    } else {
        frame_put(frame, y, slot->x, slot->width, style, text->str);
    }
}

static void draw_heading(Frame *frame, int y, const TableRow *row)
{
    double share = aiotop_share_percent(row->row.loop->dispatch_ns,
                                        row->row.loop->wall_ns);
    int x = frame_put(frame, y, 0, frame->width, STYLE_STRONG,
                      row->row.loop->now->name);

    if (share == share) {
        frame_printf(frame, y, x, STYLE_STRONG, "  %.1f%% dispatch", share);
    }
}

static void draw_row(const Ui *ui, Frame *frame, const TableRow *row, int y,
                     const TableSlot *slots, unsigned n, GString *text)
{
    bool idle = row->silent || row->ended;
    Style style = idle ? STYLE_DIM : STYLE_TEXT;
    LintMask mask = row->ended ? 0 : lint_check(&row->row, ui->stall_ns);
    int room = n ? slots[0].x : TABLE_MARK_WIDTH;

    if (row->ended) {
        frame_put(frame, y, 0, room, STYLE_DIM, "ended");
    } else if (mask) {
        const Lint *lint = &lints[lint_worst(mask)];

        frame_put(frame, y, 0, room, lint->style, lint->word);
        style = lint->style == STYLE_ALARM ? STYLE_ERROR : style;
    }
    for (unsigned i = 0; i < n; i++) {
        if (slots[i].column) {
            draw_cell(frame, y, &slots[i], &row->row, style, text);
        } else {
            chart_split(frame, y, slots[i].x, slots[i].width, row->row.loop);
        }
    }
}

/* Over the line, but the alarm stays one, and the bar keeps its colours */
static void mark_selected(Frame *frame, int y, const TableSlot *slots,
                          unsigned n, bool focused, bool alarm)
{
    Style style = focused ? STYLE_SELECTED : STYLE_SELECTED_IDLE;
    int x = alarm ? TABLE_MARK_WIDTH - 1 : 0;

    for (unsigned i = 0; i < n; i++) {
        if (!slots[i].column) {
            frame_restyle(frame, y, x, slots[i].x - x, style);
            x = slots[i].x + slots[i].width;
        }
    }
    frame_restyle(frame, y, x, frame->width - x, style);
}

void view_table(const Ui *ui, Frame *frame, const Table *table, int y,
                int height, bool focused)
{
    TableSlot slots[TABLE_MAX_SLOTS];
    bool more;
    unsigned n = table_fit(table, frame->width, slots, &more);
    g_autoptr(GString) text = g_string_new(NULL);
    int rows = height - 1;

    draw_head(frame, table, y, slots, n, more, focused);
    for (int i = 0; i < rows && table->top + i < table->rows->len; i++) {
        const TableRow *row = table_row(table, table->top + i);
        int line = y + 1 + i;

        if (row->heading) {
            draw_heading(frame, line, row);
        } else {
            draw_row(ui, frame, row, line, slots, n, text);
        }
        if (row->track && row->track == table->selected) {
            LintMask mask =
                row->ended ? 0 : lint_check(&row->row, ui->stall_ns);

            mark_selected(frame, line, slots, n, focused,
                          mask && lints[lint_worst(mask)].style == STYLE_ALARM);
        }
    }
}
