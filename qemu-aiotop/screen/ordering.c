/*
 * What keys do: the order of the rows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "ordering.h"

static void say_sort(Ui *ui)
{
    const Pane *pane = ui_pane(ui);

    ui_say(ui, false, "Sorted by %s: %s%s", pane->sort->header,
           pane->sort->help, pane->reverse ? " (reversed)" : "");
    ui->stale = true;
}

static void sort_by(Ui *ui, const char *name)
{
    Pane *pane = ui_pane(ui);

    pane_sort_by(pane, aiotop_table_find(pane->table, name), false);
    say_sort(ui);
}

static void sort_beside(Ui *ui, int direction)
{
    pane_sort_next(ui_pane(ui), direction);
    say_sort(ui);
}

void action_sort_left(Ui *ui)
{
    sort_beside(ui, -1);
}

void action_sort_right(Ui *ui)
{
    sort_beside(ui, 1);
}

void action_reverse(Ui *ui)
{
    Pane *pane = ui_pane(ui);

    pane_sort_by(pane, pane->sort, !pane->reverse);
    say_sort(ui);
}

void action_sort_busy(Ui *ui)
{
    sort_by(ui, ui->in_sources                           ? "busy"
                : ui->loops.origin == AIOTOP_ORIGIN_HOST ? "cpu"
                                                         : "dispatch");
}

void action_sort_name(Ui *ui)
{
    sort_by(ui, ui->in_vms ? "vm" : ui->in_sources ? "name" : "loop");
}

void action_lock(Ui *ui)
{
    bool locked = !ui_pane(ui)->locked;

    if (ui->in_vms) {
        ui->vms.locked = locked;
        ui->stale = true;
        return;
    }
    ui->loops.locked = locked;
    ui->sources.locked = locked;
    ui->stale = true;
}

void action_group(Ui *ui)
{
    ui->grouped = !ui->grouped;
    ui_say(ui, false, ui->grouped ? "Grouped by loop" : "Not grouped");
    ui->stale = true;
}
