/*
 * What a thread was at, by its stack: in which callback of its loop, or where
 * else
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_PLACE_H
#define AIOTOP_SAMPLING_PLACE_H

#include "walk.h"

/* What a loop calls, as QEMU's profiler would name it; and what else runs */
typedef enum AiotopPlaceKind {
    AIOTOP_PLACE_FD,
    AIOTOP_PLACE_BH,
    AIOTOP_PLACE_TIMER,
    AIOTOP_PLACE_GLIB,
    AIOTOP_PLACE_COROUTINE,
    /* A thread that is in no loop, by what it runs; a CPU's may be made by TCG */
    AIOTOP_PLACE_THREAD,
    /* The stack is not whole, and what is there is in no callback */
    AIOTOP_PLACE_UNKNOWN,
} AiotopPlaceKind;

typedef struct AiotopCall {
    AiotopPlaceKind kind;
    /* NULL if unknown */
    const AiotopFunction *function;
    /* Its frame in the walk */
    unsigned frame;
} AiotopCall;

#define AIOTOP_PLACE_CALLS 8

/* What a loop does, in its innermost round */
typedef enum AiotopActivity {
    /* Runs a callback, or its own code; or is no loop */
    AIOTOP_ACTIVITY_RUNS,
    /* Asks whether there is something to do, without sleeping */
    AIOTOP_ACTIVITY_POLLS,
    /* In a system call that waits for something to do */
    AIOTOP_ACTIVITY_WAITS,
    /* Waits for the big lock */
    AIOTOP_ACTIVITY_TAKES_BQL,
} AiotopActivity;

typedef struct AiotopPlace {
    /* Outermost first; none: the loop's own code, or what @activity says */
    AiotopCall calls[AIOTOP_PLACE_CALLS];
    unsigned n_calls;
    AiotopActivity activity;
    /* The thread runs a loop of its own, and this is in it */
    bool in_loop;
    /* Of AIOTOP_PLACE_UNKNOWN */
    AiotopWalkEnd end;
    /* The innermost function of QEMU's below the last call that has a name */
    const char *nearest;
} AiotopPlace;

/* "fd", "bh", ... */
const char *aiotop_place_kind_name(AiotopPlaceKind kind);

/*
 * What a function is called: its name, or "?+0x1234" of the executable and
 * "libfoo.so+0x1234" of others; without a function what the end of the walk
 * says.  The caller frees it.
 */
char *aiotop_place_function_name(const AiotopFunction *function,
                                 AiotopWalkEnd end);

/* Why a walk did not come to an end, in a few words: "stack too deep ..." */
const char *aiotop_walk_end_words(AiotopWalkEnd end);

/**
 * aiotop_place_find:
 */
void aiotop_place_find(AiotopPlace *place, const AiotopWalk *walk);

#endif /* AIOTOP_SAMPLING_PLACE_H */
