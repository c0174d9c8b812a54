/*
 * What keys do: choose from a list
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_CHOOSING_H
#define AIOTOP_SCREEN_CHOOSING_H

#include "state/ui-state.h"

void action_columns(Ui *ui);
void action_column_up(Ui *ui);
void action_column_down(Ui *ui);
void action_sort(Ui *ui);
void action_list_enter(Ui *ui);

#endif /* AIOTOP_SCREEN_CHOOSING_H */
