/*
 * Lists to choose from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "list.h"

#include "layout.h"

unsigned list_length(const Ui *ui)
{
    const Table *table = ui->in_sources ? &ui->sources : &ui->loops;

    if (ui->view == UI_PICKER) {
        return ui->processes ? ui->processes->len : 0;
    }
    return table->table->n_columns;
}

const AiotopColumn *list_column(const Ui *ui, unsigned index)
{
    const Table *table = ui->in_sources ? &ui->sources : &ui->loops;
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

void list_move(Ui *ui, int lines)
{
    int n = list_length(ui);

    ui->list_cursor = CLAMP((int)ui->list_cursor + lines, 0, MAX(n - 1, 0));
}

void list_scroll(Ui *ui)
{
    unsigned rows = MAX(ui_body_height(ui) - 1, 1);

    if (ui->list_cursor < ui->list_top) {
        ui->list_top = ui->list_cursor;
    } else if (ui->list_cursor >= ui->list_top + rows) {
        ui->list_top = ui->list_cursor - rows + 1;
    }
}
