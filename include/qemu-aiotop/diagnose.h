/*
 * Diagnosis: what is the matter with a QEMU, in plain words
 *
 * A pure function of a sample: no clock, no input, no output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_H
#define QEMU_AIOTOP_DIAGNOSE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/delta.h>

/* Worst first; where one explains another, the cause comes first */
typedef enum AiotopClassId {
    AIOTOP_CLASS_CALLBACK_STUCK,
    AIOTOP_CLASS_BQL_WAIT,
    AIOTOP_CLASS_LOST_WAKEUP,
    AIOTOP_CLASS_MAIN_LOOP_BLOCKED,
    AIOTOP_CLASS_STALLED,
    AIOTOP_CLASS_SPINNING,
    AIOTOP_CLASS_NOT_SCHEDULED,
    AIOTOP_CLASS_OVERLOADED,
    AIOTOP_CLASS_LATE_NEIGHBOUR,
    AIOTOP_CLASS_POLLING_WASTE,
    AIOTOP_CLASS_UNKNOWN,
    AIOTOP_CLASS_HEALTHY,
    AIOTOP_N_CLASSES,
} AiotopClassId;

typedef struct AiotopClass {
    /* Stable: programs read it */
    const char *name;
    /* A loop does not go on */
    bool stuck;
    /* What it means, with its thresholds; one line, without full stop */
    const char *help;
} AiotopClass;

extern const AiotopClass aiotop_classes[AIOTOP_N_CLASSES];

typedef struct AiotopFinding {
    AiotopClassId id;
    /* A loop or another thread; NULL and -1 if it is about all of them */
    char *loop;
    int64_t thread_id;
    /* NULL if it is about none; as long-lived as the sample */
    const AiotopSource *source;
    /* What was seen, with figures and units; one or more sentences */
    char *evidence;
    /* What to do, in one or two sentences */
    char *next_step;
    /* The thread to look at: that one, or the one it waits for; or -1 */
    int64_t stack_thread_id;
    /*
     * Its stack, strings, innermost first.  NULL unless the program
     * puts it there: the diagnosis looks at nothing but the sample.
     */
    GPtrArray *stack;
} AiotopFinding;

/**
 * aiotop_diagnose:
 * @sample: of an interval, of a second or so
 * @stall_ns: stall threshold; 0 for QEMU's own
 *
 * Returns a GPtrArray of AiotopFinding, worst first, at least one.  The last
 * reference to it frees them.
 */
GPtrArray *aiotop_diagnose(const AiotopSample *sample, uint64_t stall_ns);

/* Whether nothing was found that is wrong */
bool aiotop_diagnosis_healthy(const GPtrArray *findings);

/* How many of them say that a loop does not go on */
unsigned aiotop_diagnosis_stuck(const GPtrArray *findings);

/* What an interval looks like, and a monitoring system may keep */
typedef struct AiotopVitals {
    /* Nothing is known of loops: these are threads */
    bool host_only;
    unsigned n_loops;
    /* The loop that dispatches most, NULL if unknown, and its share */
    const AiotopLoop *busiest;
    double busiest_percent;
    /* NAN if there was none */
    double longest_dispatch_ns;
    double worst_delay_p99_ns;
    /* 0 if there is none */
    uint64_t oldest_bh_ns;
    /* Of those that wait now; AIOTOP_UNKNOWN where there is no big lock */
    uint64_t longest_lock_wait_ns;
    /* Stalls that ended in the interval; those in no log: one a loop */
    unsigned n_stalls;
} AiotopVitals;

/* @stall_ns: as above */
void aiotop_diagnose_vitals(AiotopVitals *vitals, const AiotopSample *sample,
                            uint64_t stall_ns);

/* What a monitoring system wants to know */
typedef enum AiotopVerdict {
    AIOTOP_VERDICT_FINE,
    /* A loop is stuck, or a stall ended in the interval */
    AIOTOP_VERDICT_STUCK,
    /* QEMU is not profiled */
    AIOTOP_VERDICT_UNKNOWN,
} AiotopVerdict;

AiotopVerdict aiotop_diagnosis_verdict(const GPtrArray *findings,
                                       const AiotopVitals *vitals);

#endif /* QEMU_AIOTOP_DIAGNOSE_H */
