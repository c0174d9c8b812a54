/*
 * What follows from the state: rows, totals, items, and what is in sight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_UPDATE_H
#define AIOTOP_STATE_UPDATE_H

#include "ui-state.h"

/* Brings all that is made of the sample up to date, if it is stale */
void update_derived(Ui *ui);

/* The same, and scrolls to what is selected; drawing is pure then */
void update_before_drawing(Ui *ui);

#endif /* AIOTOP_STATE_UPDATE_H */
