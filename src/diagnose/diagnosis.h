/*
 * A diagnosis that is being made, and what rules and words both ask of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_DIAGNOSIS_H
#define AIOTOP_DIAGNOSE_DIAGNOSIS_H

#include "qemu-aiotop/diagnose/finding.h"
#include "qemu-aiotop/model/sample.h"

/*
 * Until when loops have gone round, on the clock of the sample: what is ready
 * since then may not have been seen
 */
typedef struct GoneRound {
    /* The one that has not for longest; NULL if all do */
    const AiotopLoopSample *last;
    uint64_t all_ns;
    /* All but that one */
    uint64_t others_ns;
} GoneRound;

typedef struct Diagnosis {
    const AiotopSample *sample;
    /* The stall threshold */
    uint64_t limit_ns;
    /* From this age on a request is stuck */
    uint64_t request_ns;
    AiotopSurface surface;
    /*
     * What is asked for each of many loops, and takes a look at all of
     * something else: see writers.h and wait-kind.h
     */
    GoneRound gone_round;
    uint64_t oldest_awaited_ns;
    /* Of AiotopFinding */
    GPtrArray *findings;
    /* Those that a loop may be the cause of: see held-up.h; NULL: none */
    GArray *held_up;
    /* How much was looked at for that */
    unsigned n_looked_at;
} Diagnosis;

/* A finding, of which the words are still missing: the diagnosis's own */
AiotopFinding *aiotop_diagnose_add(Diagnosis *d, AiotopClassId id,
                                   const char *name, int64_t thread_id);
AiotopFinding *aiotop_diagnose_add_loop(Diagnosis *d, AiotopClassId id,
                                        const AiotopLoopSample *loop,
                                        const AiotopSource *source);

/* Whether a finding of this class about this loop is there already */
bool aiotop_diagnose_has(const Diagnosis *d, AiotopClassId id,
                         const AiotopLoopSample *loop);

/* Source number @i of the loop's */
const AiotopSourceSample *aiotop_diagnose_source(const Diagnosis *d,
                                                 const AiotopLoopSample *loop,
                                                 unsigned i);

/* Whether it is the one that QEMU's process began with */
bool aiotop_diagnose_is_main_thread(const Diagnosis *d,
                                    const AiotopLoopSample *loop);

/* How long before the sample's end @since_ns was; 0 if it was not */
uint64_t aiotop_diagnose_age_ns(const Diagnosis *d, uint64_t since_ns);

/* The source whose histogram shows a stall in the interval; or NULL */
const AiotopSourceSample *aiotop_diagnose_stalled_source(
    const Diagnosis *d, const AiotopLoopSample *loop);

#endif /* AIOTOP_DIAGNOSE_DIAGNOSIS_H */
