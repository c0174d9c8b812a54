/*
 * What keys do: what is shown, of when, and how
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LOOKING_H
#define AIOTOP_SCREEN_LOOKING_H

#include "state/ui-state.h"

void action_clear(Ui *ui);
void action_filter(Ui *ui);
void action_search(Ui *ui);
void action_search_next(Ui *ui);
void action_search_previous(Ui *ui);
void action_silent(Ui *ui);
void action_pause(Ui *ui);
void action_cumulative(Ui *ui);
void action_reset(Ui *ui);
void action_delay(Ui *ui);
void action_color(Ui *ui);
void action_redraw(Ui *ui);
void action_save(Ui *ui);

#endif /* AIOTOP_SCREEN_LOOKING_H */
