/*
 * What a diagnosis finds: classes, and findings of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_FINDING_H
#define QEMU_AIOTOP_DIAGNOSE_FINDING_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/snapshot.h>

/* Worst first; where one explains another, the cause comes first */
typedef enum AiotopClassId {
    AIOTOP_CLASS_STOPPED,
    AIOTOP_CLASS_NOT_STARTED,
    AIOTOP_CLASS_POOL_STARVED,
    AIOTOP_CLASS_IO_STUCK,
    AIOTOP_CLASS_CALLBACK_STUCK,
    AIOTOP_CLASS_NESTED_WAIT,
    AIOTOP_CLASS_LOOP_STUCK,
    AIOTOP_CLASS_BQL_WAIT,
    AIOTOP_CLASS_LOST_WAKEUP,
    AIOTOP_CLASS_MAIN_LOOP_BLOCKED,
    AIOTOP_CLASS_GUEST_STOPPED,
    AIOTOP_CLASS_TRANSFER_STUCK,
    AIOTOP_CLASS_BACK_PRESSURE,
    AIOTOP_CLASS_STALLED,
    AIOTOP_CLASS_LIVELOCK,
    AIOTOP_CLASS_SPINNING,
    AIOTOP_CLASS_NOT_SCHEDULED,
    AIOTOP_CLASS_OVERLOADED,
    AIOTOP_CLASS_LATE_NEIGHBOUR,
    AIOTOP_CLASS_POLLING_WASTE,
    AIOTOP_CLASS_BUSY_TIMER,
    AIOTOP_CLASS_WAKES_TOO_OFTEN,
    AIOTOP_CLASS_CPU_ELSEWHERE,
    AIOTOP_CLASS_UNKNOWN,
    AIOTOP_CLASS_HEALTHY,
    AIOTOP_N_CLASSES,
} AiotopClassId;

typedef struct AiotopClass {
    /* Stable: programs read it */
    const char *name;
    /*
     * A loop, a request or the guest does not go on; but see
     * AiotopFinding.goes_on
     */
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
    /* Slowly, or it takes long by design: whatever its class, it only warns */
    bool goes_on;
    /* A loop or another thread; NULL and -1 if it is about all of them */
    char *loop;
    int64_t thread_id;
    /*
     * NULL if it is about none; as long-lived as the sample.  It is in the
     * loop of @thread_id.
     */
    const AiotopSource *source;
    /* The block node that it is about; NULL if it is about none */
    char *node;
    /*
     * What is waited for: "file", "rcu", ..., or the stage of a request; NULL
     * if nothing is, or that is not known
     */
    const char *awaited;
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

/* Whether nothing was found that is wrong */
bool aiotop_diagnosis_healthy(const GPtrArray *findings);

/* Whether it says that something does not go on: it is critical */
bool aiotop_finding_is_stuck(const AiotopFinding *finding);

/* Whether it is a warning at least, in the host's view, a check and metrics */
bool aiotop_finding_warns(const AiotopFinding *finding);

/* How many of them do */
unsigned aiotop_diagnosis_stuck(const GPtrArray *findings);

#endif /* QEMU_AIOTOP_DIAGNOSE_FINDING_H */
