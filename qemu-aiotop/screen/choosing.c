/*
 * What keys do: choose from a list
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "choosing.h"

#include "state/list.h"
#include "state/trail.h"

/* The list has those that are shown first, in their order */
static void select_column(Ui *ui, const AiotopColumn *column)
{
    const Pane *pane = ui_pane(ui);

    for (unsigned i = 0; i < pane->table->n_columns; i++) {
        if (list_column(ui, i) == column) {
            ui->list_cursor = i;
        }
    }
}

static void toggle_column(Ui *ui, Pane *pane)
{
    const AiotopColumn *column = list_column(ui, ui->list_cursor);

    pane_toggle_column(pane, column);
    select_column(ui, column);
}

static void move_column(Ui *ui, int direction)
{
    const AiotopColumn *column = list_column(ui, ui->list_cursor);

    if (pane_move_column(ui_pane(ui), column, direction)) {
        select_column(ui, column);
        ui->stale = true;
    } else {
        ui_say(ui, true, "No room to move %s there", column->header);
    }
}

void action_columns(Ui *ui)
{
    ui_open(ui, UI_COLUMNS);
}

void action_column_up(Ui *ui)
{
    move_column(ui, -1);
}

void action_column_down(Ui *ui)
{
    move_column(ui, 1);
}

void action_sort(Ui *ui)
{
    const Pane *pane = ui_pane(ui);

    ui_open(ui, UI_SORT);
    ui->list_cursor = pane->sort - pane->table->columns;
}

void action_list_enter(Ui *ui)
{
    Pane *pane = ui_pane(ui);

    if (ui->list_cursor >= list_length(ui)) {
        return;
    }
    ui->stale = true;
    switch (ui->view) {
    case UI_COLUMNS:
        toggle_column(ui, pane);
        break;
    case UI_SORT:
        pane_sort_by(pane, &pane->table->columns[ui->list_cursor], false);
        ui_back(ui);
        break;
    default:
        g_assert_not_reached();
    }
}
