/*
 * What keys do: move
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "moving.h"

#include "state/item.h"
#include "state/layout.h"
#include "state/list.h"

/* Moves by lines in whatever is shown */
static void move(Ui *ui, int lines)
{
    switch (ui_views[ui->view].kind) {
    case UI_LIST:
        list_move(ui, lines);
        break;
    case UI_ITEMS:
        if (ABS(lines) == 1) {
            items_move(ui, lines);
        } else {
            items_page(ui, lines);
        }
        break;
    case UI_PAGE:
        ui->page_top = CLAMP(ui->page_top + lines, 0,
                             MAX(ui->page_lines - ui_body_height(ui), 0));
        break;
    case UI_PANES:
    case UI_TABLE:
        pane_move(ui_pane(ui), lines);
        break;
    }
}

static int page_lines(const Ui *ui)
{
    return ui->view == UI_MAIN || ui->view == UI_VMS
               ? ui_layout_rows(ui)
               : MAX(ui_body_height(ui) - 1, 1);
}

/* More than there are lines of anything */
#define ALL_LINES 1000000

void action_up(Ui *ui)
{
    move(ui, -1);
}

void action_down(Ui *ui)
{
    move(ui, 1);
}

void action_page_up(Ui *ui)
{
    move(ui, -page_lines(ui));
}

void action_page_down(Ui *ui)
{
    move(ui, page_lines(ui));
}

void action_home(Ui *ui)
{
    move(ui, -ALL_LINES);
}

void action_end(Ui *ui)
{
    move(ui, ALL_LINES);
}

void action_scroll_left(Ui *ui)
{
    Pane *pane = ui_pane(ui);

    pane->skip -= pane->skip > 0;
}

void action_scroll_right(Ui *ui)
{
    Pane *pane = ui_pane(ui);

    if (pane->skip + 2 < pane->columns->len) {
        pane->skip++;
    }
}

void action_next_pane(Ui *ui)
{
    ui->in_sources = !ui->in_sources;
}
