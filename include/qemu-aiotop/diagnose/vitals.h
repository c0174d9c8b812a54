/*
 * What an interval looks like, in a few figures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_VITALS_H
#define QEMU_AIOTOP_DIAGNOSE_VITALS_H

#include <stdint.h>
#include <qemu-aiotop/model/sample.h>

/* What an interval looks like */
typedef struct AiotopVitals {
    unsigned n_loops;
    /* Others that dispatched something, a vCPU with the big lock */
    unsigned n_threads;
    /* The loop that dispatches most, NULL if unknown, and its share */
    const AiotopLoop *busiest;
    double busiest_percent;
    /* NAN if there was none */
    double longest_dispatch_ns;
    double worst_delay_p99_ns;
    /* 0 if there is none */
    uint64_t oldest_bh_ns;
    /* The loop whose timer is due first, in so long; NULL if none is set */
    const AiotopLoop *next_timer;
    uint64_t next_timer_ns;
} AiotopVitals;

void aiotop_diagnose_vitals(AiotopVitals *vitals, const AiotopSample *sample);

#endif /* QEMU_AIOTOP_DIAGNOSE_VITALS_H */
