/*
 * The trail: views that one came by, and that Esc leads back to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_TRAIL_H
#define AIOTOP_STATE_TRAIL_H

#include "ui-state.h"

void ui_open(Ui *ui, UiView view);
void ui_back(Ui *ui);
/* The view that Esc leads to; the first one if there is none */
UiView ui_behind(const Ui *ui);

/* To the first view, and there is no way back from it */
void trail_clear(Ui *ui);

#endif /* AIOTOP_STATE_TRAIL_H */
