/*
 * What keys do: ask for the native stack of a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_ASKING_H
#define AIOTOP_SCREEN_ASKING_H

#include "state/ui-state.h"

void action_stack(Ui *ui);
void action_stack_of_row(Ui *ui);
void action_stack_of_item(Ui *ui);

#endif /* AIOTOP_SCREEN_ASKING_H */
