/*
 * What the details are about, in the sample that is shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_OPENED_H
#define AIOTOP_STATE_OPENED_H

#include "ui-state.h"

/* NULL if it is no source, or not there any more */
const AiotopSourceSample *opened_source(const Ui *ui);
/* The same of a loop */
const AiotopLoopSample *opened_loop(const Ui *ui);
/* The loop, or the one of the source; NULL if it is not there any more */
const AiotopLoopSample *opened_thread(const Ui *ui);

/* Finds out what its file descriptor is, and where its callback is */
void opened_describe(Ui *ui);
/* Where this callback of this process is; dropped unless asked for last */
void ui_take_code(Ui *ui, const AiotopIdentity *process, uint64_t callback,
                  const char *text);

#endif /* AIOTOP_STATE_OPENED_H */
