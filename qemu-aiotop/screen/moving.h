/*
 * What keys do: move, in whatever is shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_MOVING_H
#define AIOTOP_SCREEN_MOVING_H

#include "state/ui-state.h"

void action_up(Ui *ui);
void action_down(Ui *ui);
void action_page_up(Ui *ui);
void action_page_down(Ui *ui);
void action_home(Ui *ui);
void action_end(Ui *ui);
void action_scroll_left(Ui *ui);
void action_scroll_right(Ui *ui);
void action_next_pane(Ui *ui);

#endif /* AIOTOP_SCREEN_MOVING_H */
