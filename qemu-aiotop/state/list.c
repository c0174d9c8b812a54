/*
 * Lists to choose from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "list.h"

#include "layout.h"

unsigned list_length(const Ui *ui)
{
    return ui_pane_const(ui)->table->n_columns;
}

const AiotopColumn *list_column(const Ui *ui, unsigned index)
{
    const Pane *pane = ui_pane_const(ui);
    unsigned hidden = pane->columns->len;

    if (ui->view != UI_COLUMNS) {
        return &pane->table->columns[index];
    }
    if (index < pane->columns->len) {
        return g_ptr_array_index(pane->columns, index);
    }
    for (unsigned i = 0; i < pane->table->n_columns; i++) {
        const AiotopColumn *column = &pane->table->columns[i];

        if (!pane_has_column(pane, column) && hidden++ == index) {
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
