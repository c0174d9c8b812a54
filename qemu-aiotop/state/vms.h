/*
 * The QEMUs of this host: rounds as they come, and the rows that are shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_VMS_H
#define AIOTOP_STATE_VMS_H

#include <qemu-aiotop/model/verdict.h>

#include "ui-state.h"

/* All of them are watched from now on: their view is shown */
void ui_enter_vms(Ui *ui);
/* One of them is, by @picked: from what is selected */
void ui_leave_vms(Ui *ui);

/* A round is over; @vms are of AiotopVm, @load is the host's in it */
void ui_take_vms(Ui *ui, const GPtrArray *vms, const AiotopHostInterval *load);

/* What is shown, of AiotopVerdict; NULL before the first round */
const GPtrArray *vms_shown(const Ui *ui);
/* What of the host is the cause, as shown; NULL if nothing is */
const AiotopHostCause *vms_cause(const Ui *ui);

/* How many lines of the screen it takes to say; no more than some */
int vms_cause_lines(const Ui *ui);

void vms_set_paused(Ui *ui, bool paused);

/* Finds and sorts the rows */
void vms_find_rows(Ui *ui);

/* The verdict of the row that is selected, or NULL */
const AiotopVerdict *vms_selected(const Ui *ui);

#endif /* AIOTOP_STATE_VMS_H */
