/*
 * Diagnosis: what is the matter with a QEMU, in plain words
 *
 * A pure function of a sample: no clock, no input, no output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_DIAGNOSE_H
#define QEMU_AIOTOP_DIAGNOSE_DIAGNOSE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>

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
    AIOTOP_CLASS_WAKES_TOO_OFTEN,
    AIOTOP_CLASS_UNKNOWN,
    AIOTOP_CLASS_HEALTHY,
    AIOTOP_N_CLASSES,
} AiotopClassId;

typedef struct AiotopClass {
    /* Stable: programs read it */
    const char *name;
    /* A loop does not go on */
    bool stuck;
    /* The guest, or who waits for an answer, may notice it */
    bool warns;
    /* What it means, with its thresholds; one line, without full stop */
    const char *help;
} AiotopClass;

extern const AiotopClass aiotop_classes[AIOTOP_N_CLASSES];

/* Where a text is read: it names what can be done there */
typedef enum AiotopSurface {
    /* Options: --stacks, --stalls */
    AIOTOP_SURFACE_COMMAND_LINE,
    /* Keys: s, S */
    AIOTOP_SURFACE_SCREEN,
} AiotopSurface;

typedef struct AiotopFinding {
    AiotopClassId id;
    /* A loop or another thread; NULL and -1 if it is about all of them */
    char *loop;
    int64_t thread_id;
    /*
     * NULL if it is about none; as long-lived as the sample.  It is in the
     * loop of @thread_id.
     */
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

typedef struct AiotopDiagnoseOptions {
    /* Stall threshold; 0 for QEMU's own */
    uint64_t stall_ns;
    /*
     * How far to look back for stalls that are over; 0 for
     * AIOTOP_RULE_STALL_WINDOW_S.  Never less than the interval.
     */
    uint64_t window_ns;
    AiotopSurface surface;
} AiotopDiagnoseOptions;

/**
 * aiotop_diagnose:
 * @sample: of an interval, of a second or so
 *
 * Returns a GPtrArray of AiotopFinding, worst first, at least one.  The last
 * reference to it frees them.
 */
GPtrArray *aiotop_diagnose(const AiotopSample *sample,
                           const AiotopDiagnoseOptions *options);

/* Whether nothing was found that is wrong */
bool aiotop_diagnosis_healthy(const GPtrArray *findings);

/* How many of them say that a loop does not go on */
unsigned aiotop_diagnosis_stuck(const GPtrArray *findings);

/* Stalls that are over */
typedef struct AiotopPastStalls {
    unsigned n;
    /* NULL if there is none; as long-lived as the snapshot */
    const AiotopStall *longest;
    /* The one that ended last */
    const AiotopStall *last;
    uint64_t window_ns;
} AiotopPastStalls;

/**
 * aiotop_past_stalls:
 * @stall_ns: stall threshold; 0 for QEMU's own
 * @window_ns: how far to look back
 *
 * Returns what the log has of stalls that reached the threshold and ended
 * within @window_ns before @snapshot.  The log has none below QEMU's own
 * threshold, and not more than the last 128.
 */
AiotopPastStalls aiotop_past_stalls(const AiotopSnapshot *snapshot,
                                    uint64_t stall_ns, uint64_t window_ns);

/* How long before @snapshot it ended; 0 if it is ongoing */
uint64_t aiotop_stall_age_ns(const AiotopSnapshot *snapshot,
                             const AiotopStall *stall);

/* What an interval looks like */
typedef struct AiotopVitals {
    /* Nothing is known of loops: these are threads */
    bool host_only;
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
    /* Of those that wait now; AIOTOP_UNKNOWN where there is no big lock */
    uint64_t longest_lock_wait_ns;
} AiotopVitals;

/* @stall_ns: stall threshold; 0 for QEMU's own */
void aiotop_diagnose_vitals(AiotopVitals *vitals, const AiotopSample *sample,
                            uint64_t stall_ns);

#endif /* QEMU_AIOTOP_DIAGNOSE_DIAGNOSE_H */
