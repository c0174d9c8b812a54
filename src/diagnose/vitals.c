/*
 * Diagnosis: the figures that show how well it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/vitals.h"

#include <math.h>

/* 0 if it is not known */
static uint64_t age_ns(const AiotopSample *sample, uint64_t since_ns)
{
    return aiotop_known_or_zero(aiotop_age_ns(sample->now->time_ns, since_ns));
}

static void look_at_timer(AiotopVitals *vitals, const AiotopSample *sample,
                          const AiotopLoop *loop)
{
    uint64_t in_ns =
        aiotop_age_ns(loop->timer_deadline_ns, sample->now->time_ns);

    if (in_ns != AIOTOP_UNKNOWN &&
        (!vitals->next_timer || in_ns < vitals->next_timer_ns)) {
        vitals->next_timer = loop;
        vitals->next_timer_ns = in_ns;
    }
}

static void look_at_loop(AiotopVitals *vitals, const AiotopSample *sample,
                         const AiotopLoopSample *loop)
{
    double percent = aiotop_part_percent(loop->dispatch_ns, loop->wall_ns);

    if (loop->is_thread) {
        vitals->n_threads++;
    } else {
        vitals->n_loops++;
    }
    if (!isnan(percent) &&
        (!vitals->busiest || percent > vitals->busiest_percent)) {
        vitals->busiest = loop->now;
        vitals->busiest_percent = percent;
    }
    vitals->longest_dispatch_ns =
        fmax(vitals->longest_dispatch_ns, loop->duration.max_ns);
    if (loop->dispatch_age_ns != AIOTOP_UNKNOWN) {
        vitals->longest_dispatch_ns =
            fmax(vitals->longest_dispatch_ns, loop->dispatch_age_ns);
    }
    look_at_timer(vitals, sample, loop->now);
    vitals->oldest_bh_ns = MAX(vitals->oldest_bh_ns,
                               age_ns(sample, loop->now->bh_pending_since_ns));
}

void aiotop_diagnose_vitals(AiotopVitals *vitals, const AiotopSample *sample)
{
    *vitals = (AiotopVitals){
        .busiest_percent = NAN,
        .longest_dispatch_ns = NAN,
        .worst_delay_p99_ns = NAN,
    };
    for (unsigned i = 0; i < sample->n_loops; i++) {
        look_at_loop(vitals, sample, &sample->loops[i]);
    }
    for (unsigned i = 0; i < sample->n_sources; i++) {
        vitals->worst_delay_p99_ns =
            fmax(vitals->worst_delay_p99_ns, sample->sources[i].delay.p99_ns);
    }
}
