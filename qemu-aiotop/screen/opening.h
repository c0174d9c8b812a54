/*
 * What keys do: open a view, and go back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_OPENING_H
#define AIOTOP_SCREEN_OPENING_H

#include "state/ui-state.h"

void action_help(Ui *ui);
void action_details(Ui *ui);
void action_diagnosis(Ui *ui);
void action_stalls(Ui *ui);
void action_requests(Ui *ui);
void action_threads(Ui *ui);
void action_vms(Ui *ui);
void action_open_vm(Ui *ui);
void action_previous(Ui *ui);
void action_next(Ui *ui);
void action_open_item(Ui *ui);
void action_back(Ui *ui);
void action_quit(Ui *ui);

#endif /* AIOTOP_SCREEN_OPENING_H */
