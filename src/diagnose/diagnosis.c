/*
 * A diagnosis that is being made
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "diagnosis.h"

#include "qemu-aiotop/diagnose/thresholds.h"

const AiotopSourceSample *aiotop_diagnose_source(const Diagnosis *d,
                                                 const AiotopLoopSample *loop,
                                                 unsigned i)
{
    return &d->sample->sources[loop->first_source + i];
}

bool aiotop_diagnose_is_main_thread(const Diagnosis *d,
                                    const AiotopLoopSample *loop)
{
    return loop->now->thread_id == d->sample->now->pid;
}

uint64_t aiotop_diagnose_age_ns(const Diagnosis *d, uint64_t since_ns)
{
    return aiotop_known_or_zero(
        aiotop_age_ns(d->sample->now->time_ns, since_ns));
}

const AiotopSourceSample *aiotop_diagnose_stalled_source(
    const Diagnosis *d, const AiotopLoopSample *loop)
{
    /* What once was too long would be so for ever */
    for (unsigned i = 0; !d->sample->cumulative && i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (aiotop_rule_stalled(source, d->limit_ns)) {
            return source;
        }
    }
    return NULL;
}

bool aiotop_diagnose_has(const Diagnosis *d, AiotopClassId id,
                         const AiotopLoopSample *loop)
{
    for (unsigned i = 0; i < d->findings->len; i++) {
        const AiotopFinding *finding = d->findings->pdata[i];

        if (finding->id == id && finding->thread_id == loop->now->thread_id) {
            return true;
        }
    }
    return false;
}
