/*
 * Lists to choose from: the columns that are shown, the column to sort by,
 * and the QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <qemu-aiotop/host/discover.h>

#include "view.h"

static const Table *table_of(const Ui *ui)
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
                      unsigned n, DrawLine *draw_line)
{
    for (int i = 1; i < height && ui->list_top + i - 1 < n; i++) {
        unsigned index = ui->list_top + i - 1;

        draw_line(ui, canvas, y + i, index);
        if (index == ui->list_cursor) {
            canvas_restyle(canvas, y + i, 0, canvas->width, STYLE_SELECTED);
        }
    }
}

static unsigned count_columns(const Ui *ui)
{
    return table_of(ui)->table->n_columns;
}

const AiotopColumn *view_column(const Ui *ui, unsigned index)
{
    const Table *table = table_of(ui);
    unsigned hidden = table->columns->len;

    if (ui->view != UI_COLUMNS) {
        return &table->table->columns[index];
    }
    if (index < table->columns->len) {
        return g_ptr_array_index(table->columns, index);
    }
    for (unsigned i = 0; i < table->table->n_columns; i++) {
        const AiotopColumn *column = &table->table->columns[i];

        if (!table_has_column(table, column) && hidden++ == index) {
            return column;
        }
    }
    g_assert_not_reached();
}

static void draw_column(const Ui *ui, Canvas *canvas, int y, unsigned index)
{
    const Table *table = table_of(ui);
    const AiotopColumn *column = view_column(ui, index);
    const char *mark = ui->view == UI_COLUMNS
                           ? table_has_column(table, column) ? "[x]" : "[ ]"
                       : table->sort == column ? " * "
                                               : "";

    canvas_put(canvas, y, 0, 4, STYLE_TEXT, mark);
    canvas_put(canvas, y, 4, 15, STYLE_STRONG, column->name);
    canvas_put(canvas, y, 20, canvas->width - 20, STYLE_TEXT, column->help);
}

static void draw_columns(const Ui *ui, Canvas *canvas, int y, int height)
{
    g_autofree char *title = g_strdup_printf(
        ui->view == UI_COLUMNS ? "Columns of the %ss" : "Sort the %ss by",
        table_of(ui)->table->name);

    draw_title(canvas, y, title);
    draw_list(ui, canvas, y, height, count_columns(ui), draw_column);
}

const ViewOps view_columns = {
    .title = "Columns",
    .draw = draw_columns,
    .count = count_columns,
};

const ViewOps view_sort = {
    .title = "Order",
    .draw = draw_columns,
    .count = count_columns,
};

static unsigned count_processes(const Ui *ui)
{
    return ui->processes ? ui->processes->len : 0;
}

static void draw_process(const Ui *ui, Canvas *canvas, int y, unsigned index)
{
    const AiotopProcess *process = g_ptr_array_index(ui->processes, index);
    g_autofree char *reason = aiotop_process_reason(process);
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
    if (!count_processes(ui)) {
        canvas_put(canvas, y + 2, 2, canvas->width - 2, STYLE_TEXT,
                   "No QEMU is running here");
    }
    draw_list(ui, canvas, y, height, count_processes(ui), draw_process);
}

const ViewOps view_picker = {
    .title = "Choose a QEMU",
    .draw = draw_picker,
    .count = count_processes,
};
