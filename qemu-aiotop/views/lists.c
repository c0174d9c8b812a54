/*
 * Lists to choose from: the columns that are shown, and the column to sort by
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "state/list.h"
#include "view.h"

static void draw_title(Canvas *canvas, int y, const char *title)
{
    canvas_put(canvas, y, 0, canvas->width, STYLE_HEAD, title);
    canvas_restyle(canvas, y, 0, canvas->width, STYLE_HEAD);
}

typedef void DrawLine(const Ui *ui, Canvas *canvas, int y, unsigned index);

static void draw_list(const Ui *ui, Canvas *canvas, int y, int height,
                      DrawLine *draw_line)
{
    for (int i = 1; i < height && ui->list_top + i - 1 < list_length(ui); i++) {
        unsigned index = ui->list_top + i - 1;

        draw_line(ui, canvas, y + i, index);
        if (index == ui->list_cursor) {
            canvas_restyle(canvas, y + i, 0, canvas->width, STYLE_SELECTED);
        }
    }
}

static void draw_column(const Ui *ui, Canvas *canvas, int y, unsigned index)
{
    const Pane *pane = ui_pane_const(ui);
    const AiotopColumn *column = list_column(ui, index);
    const char *box = ui->view == UI_COLUMNS
                          ? pane_has_column(pane, column) ? "[x]" : "[ ]"
                      : pane->sort == column ? " * "
                                             : "";

    canvas_put(canvas, y, 0, 4, STYLE_TEXT, box);
    canvas_put(canvas, y, 4, 15, STYLE_STRONG, column->name);
    canvas_put(canvas, y, 20, canvas->width - 20, STYLE_TEXT, column->help);
}

static void draw_columns(const Ui *ui, Canvas *canvas, int y, int height)
{
    g_autofree char *title = g_strdup_printf(
        ui->view == UI_COLUMNS ? "Columns of the %ss" : "Sort the %ss by",
        ui->in_vms ? "QEMU" : ui_pane_const(ui)->table->name);

    draw_title(canvas, y, title);
    draw_list(ui, canvas, y, height, draw_column);
}

const View view_columns = {
    .draw = draw_columns,
};

const View view_sort = {
    .draw = draw_columns,
};
