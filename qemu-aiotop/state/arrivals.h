/*
 * What comes from outside: samples, and answers to what was asked for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_ARRIVALS_H
#define AIOTOP_STATE_ARRIVALS_H

#include "ui-state.h"

/* Takes the sample */
void ui_take_sample(Ui *ui, AiotopSample *sample);
void ui_set_link(Ui *ui, const AiotopSamplerStatus *status);
/* Forgets all about the QEMU that was watched, and where one was */
void ui_forget(Ui *ui);

/* What request @number asked for: takes the frames; NULL if there is an error */
void ui_take_stack(Ui *ui, unsigned number, GPtrArray *frames,
                   const char *error);

#endif /* AIOTOP_STATE_ARRIVALS_H */
