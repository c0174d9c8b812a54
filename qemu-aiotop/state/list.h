/*
 * Lists to choose from: the columns, the order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_LIST_H
#define AIOTOP_STATE_LIST_H

#include "ui-state.h"

/* Lines of the list that is shown */
unsigned list_length(const Ui *ui);

/* Column @index of the list of columns; those that are shown come first */
const AiotopColumn *list_column(const Ui *ui, unsigned index);

/* Moves the cursor by @lines */
void list_move(Ui *ui, int lines);

/* Such that the cursor is in sight */
void list_scroll(Ui *ui);

#endif /* AIOTOP_STATE_LIST_H */
