/*
 * What each action does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_ACTIONS_H
#define AIOTOP_SCREEN_ACTIONS_H

#include "state/bindings.h"
#include "state/ui-state.h"

/* Changes the state as @action says */
void action_run(Ui *ui, Action action);

#endif /* AIOTOP_SCREEN_ACTIONS_H */
