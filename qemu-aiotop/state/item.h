/*
 * Items: what can be selected on a page, such as a finding or a stall
 *
 * The selection stays with what it is about when others come or go, and is
 * the first item until the user moves it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_ITEM_H
#define AIOTOP_STATE_ITEM_H

#include "ui-state.h"

/* Finds the items of the page, and the selected one among them */
void items_find(Ui *ui);

/* The one that is selected, or NULL */
const UiItem *items_selected(const Ui *ui);

/*
 * Moves down or up: to the next item, but not before all of this one has been
 * in sight
 */
void items_move(Ui *ui, int direction);

/* Moves by @lines, more than one, and selects what is in sight then */
void items_page(Ui *ui, int lines);

/* Scrolls to the one that is selected, if nothing of it is in sight */
void items_scroll(Ui *ui);

/* Selects what is in a line of the page; true if it was selected already */
bool items_click(Ui *ui, int line);

#endif /* AIOTOP_STATE_ITEM_H */
