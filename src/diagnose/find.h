/*
 * Diagnosis: its rules, beside those about a single loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_FIND_H
#define AIOTOP_DIAGNOSE_FIND_H

#include "diagnosis.h"

/* Requests and pools */
void aiotop_find_awaited(Diagnosis *d);
void aiotop_find_back_pressure(Diagnosis *d);

/* What the guest's memory goes to, or comes from */
void aiotop_find_transfer(Diagnosis *d);

/* Who waits for the big lock */
void aiotop_find_bql_wait(Diagnosis *d);

/* Whether no loop has run yet, which explains all else */
bool aiotop_find_not_started(Diagnosis *d);
/* Of one loop */
void aiotop_find_loop_stuck(Diagnosis *d, const AiotopLoopSample *loop);
void aiotop_find_lost_wakeup(Diagnosis *d, const AiotopLoopSample *loop);
/* For how long it has slept through what is due; AIOTOP_UNKNOWN if it has not */
uint64_t aiotop_lost_wakeup_ns(const Diagnosis *d,
                               const AiotopLoopSample *loop);
/* Of a QEMU that is not profiled */
void aiotop_find_main_loop_blocked(Diagnosis *d, const AiotopLoopSample *loop);
void aiotop_find_livelock(Diagnosis *d, const AiotopLoopSample *loop);
/* The same as other rules tell by counts, where there are samples instead */
void aiotop_find_spinning_sampled(Diagnosis *d, const AiotopLoopSample *loop);
void aiotop_find_busy_timer(Diagnosis *d, const AiotopLoopSample *loop);
void aiotop_find_cpu_elsewhere(Diagnosis *d);

#endif /* AIOTOP_DIAGNOSE_FIND_H */
