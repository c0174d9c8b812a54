/*
 * Diagnosis: the state of the VM, in which its guest may not run
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_RUN_STATE_H
#define AIOTOP_DIAGNOSE_RUN_STATE_H

/* What made QEMU stop the guest in this state; NULL if somebody wanted it so */
const char *aiotop_run_state_failure(const char *run_state);

/* What a VM in this state is waiting for, as a sentence or more */
const char *aiotop_run_state_advice(const char *run_state);

#endif /* AIOTOP_DIAGNOSE_RUN_STATE_H */
