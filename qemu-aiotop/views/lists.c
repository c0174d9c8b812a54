/*
 * Lists to choose from: the columns that are shown, the column to sort by,
 * and the QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/discover.h>

#include "state/list.h"
#include "view.h"

static const Pane *pane_of(const Ui *ui)
{
    return ui->in_sources ? &ui->sources : &ui->loops;
}

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
    const Pane *pane = pane_of(ui);
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
        pane_of(ui)->table->name);

    draw_title(canvas, y, title);
    draw_list(ui, canvas, y, height, draw_column);
}

const View view_columns = {
    .draw = draw_columns,
};

const View view_sort = {
    .draw = draw_columns,
};

static void draw_process(const Ui *ui, Canvas *canvas, int y, unsigned index)
{
    const AiotopProcess *process = g_ptr_array_index(ui->processes, index);
    g_autofree char *reason = aiotop_missing_profile(
        aiotop_process_unprofiled(process), process->pid);
    g_autofree char *text =
        reason ? g_strdup(reason)
        : process->profilers->len
            ? g_strdup_printf("profiled at %s",
                              aiotop_target_shown(process->profilers->pdata[0]))
            : g_strdup("profiled");
    Style style = reason ? STYLE_DIM : STYLE_TEXT;
    g_autofree char *pid = g_strdup_printf("%" PRId64, process->pid);
    int name_width = CLAMP((canvas->width - 9) / 4, 8, 24);
    int x = 9;

    canvas_put_right(canvas, y, 0, 8, style, pid);
    canvas_put(canvas, y, x, name_width, style,
               process->vm_name ? process->vm_name : "-");
    x += name_width + 1;
    canvas_put(canvas, y, x, name_width, style, process->program);
    x += name_width + 1;
    canvas_put(canvas, y, x, canvas->width - x, style, text);
}

static void draw_picker(const Ui *ui, Canvas *canvas, int y, int height)
{
    draw_title(canvas, y, "     PID QEMUs on this host: choose one");
    if (!list_length(ui)) {
        canvas_put(canvas, y + 2, 2, canvas->width - 2, STYLE_TEXT,
                   "No QEMU is running here");
    }
    draw_list(ui, canvas, y, height, draw_process);
}

const View view_picker = {
    .draw = draw_picker,
};
