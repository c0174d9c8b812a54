/*
 * What the header says of all loops and sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_TOTALS_H
#define AIOTOP_STATE_TOTALS_H

#include <stdbool.h>
#include <stdint.h>
#include <qemu-aiotop/model/sample.h>

#include "marks.h"

typedef struct UiTotals {
    unsigned n_active;
    /* Of the loops, threads that are none */
    unsigned n_threads;
    /* Rows for which each lint is the worst one; of LINT_STUCK, threads */
    unsigned n_lints[N_LINTS];
    /* Some sources are counted as (other) */
    bool overflow;
} UiTotals;

/* @stall_ns: 0 for the threshold that QEMU has */
UiTotals totals_count(const AiotopSample *sample, uint64_t stall_ns);

#endif /* AIOTOP_STATE_TOTALS_H */
