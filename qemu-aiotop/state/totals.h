/*
 * What the header says of all loops and sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_TOTALS_H
#define AIOTOP_STATE_TOTALS_H

#include <stdbool.h>
#include <stdint.h>
#include <qemu-aiotop/diagnose/marks.h>
#include <qemu-aiotop/model/sample.h>

typedef struct UiTotals {
    unsigned n_active;
    /* Of the loops, threads that are none */
    unsigned n_threads;
    /* Rows for which each mark is the worst one; of AIOTOP_MARK_STUCK, threads */
    unsigned n_marks[AIOTOP_N_MARKS];
    /* Some sources are counted as (other) */
    bool overflow;
} UiTotals;

/* @stall_ns: 0 for the threshold that QEMU has */
UiTotals totals_count(const AiotopSample *sample, uint64_t stall_ns);

#endif /* AIOTOP_STATE_TOTALS_H */
