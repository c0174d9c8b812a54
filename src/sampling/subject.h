/*
 * A thread that is sampled: while it runs by the kernel, asleep by a look at it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_SUBJECT_H
#define AIOTOP_SAMPLING_SUBJECT_H

#include "perf-ring.h"
#include "tally.h"

typedef struct AiotopSubject AiotopSubject;

/* What happened, all together */
typedef struct AiotopSubjectCounts {
    uint64_t samples;
    uint64_t lost;
    uint64_t failed;
    /* The kernel did not tell where threads sleep */
    bool denied;
    /* Samples are only those outside of the kernel */
    bool user_only;
} AiotopSubjectCounts;

/**
 * aiotop_subject_new:
 * @period_ns: between two samples
 * @small: it is one of many
 * @stack_bytes: as for aiotop_tally_new()
 * @since_ns: now, CLOCK_MONOTONIC
 *
 * NULL with @error, of AIOTOP_RING_ERROR, if it has ended or may not be looked
 * at.  That it is a thread of this very process is the caller's to check, before
 * the first look.
 */
AiotopSubject *aiotop_subject_new(const AiotopIdentity *process, int64_t tid,
                                  uint64_t period_ns, bool small,
                                  size_t *stack_bytes, uint64_t since_ns,
                                  GError **error);
void aiotop_subject_free(AiotopSubject *subject);

/**
 * aiotop_subject_look:
 * @lock: held while the tally is changed, and never while anything is read
 * @record: AIOTOP_RING_RECORD words to work with
 *
 * Takes what the kernel has of it, and looks where it sleeps, if it does.  One
 * that goes on sleeping is looked at less and less often.  False if it has
 * ended.
 */
bool aiotop_subject_look(AiotopSubject *subject, AiotopCode *code,
                         uint64_t *record, GMutex *lock,
                         AiotopSubjectCounts *counts);

/* To be used under the lock */
AiotopTally *aiotop_subject_tally(const AiotopSubject *subject);

#endif /* AIOTOP_SAMPLING_SUBJECT_H */
