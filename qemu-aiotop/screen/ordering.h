/*
 * What keys do: the order of the rows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_ORDERING_H
#define AIOTOP_SCREEN_ORDERING_H

#include "state/ui-state.h"

void action_sort_left(Ui *ui);
void action_sort_right(Ui *ui);
void action_reverse(Ui *ui);
void action_sort_busy(Ui *ui);
void action_sort_name(Ui *ui);
void action_lock(Ui *ui);
void action_group(Ui *ui);

#endif /* AIOTOP_SCREEN_ORDERING_H */
