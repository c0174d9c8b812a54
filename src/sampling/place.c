/*
 * What a thread was at, by its stack
 *
 * From the outside in, what a part of the loop calls by a pointer is a
 * callback; what a round of the loop calls so polls or waits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "place.h"

#include <inttypes.h>
#include <string.h>

/* A thread's own loop is begun by its first function, or by one of that */
#define MAX_LOOP_DEPTH 3

static unsigned roles_of(const AiotopWalk *walk, unsigned frame)
{
    return walk->frames[frame].site->function
               ? walk->frames[frame].site->function->roles
               : 0;
}

static const AiotopFunction *function_of(const AiotopWalk *walk, unsigned frame)
{
    return walk->frames[frame].site->function;
}

/* Which kind of callback a function with these roles calls by a pointer */
static bool kind_of(unsigned roles, AiotopPlaceKind *kind)
{
    static const struct {
        unsigned role;
        AiotopPlaceKind kind;
    } kinds[] = {
        { AIOTOP_ROLE_BH, AIOTOP_PLACE_BH },
        { AIOTOP_ROLE_TIMER, AIOTOP_PLACE_TIMER },
        { AIOTOP_ROLE_FD, AIOTOP_PLACE_FD },
        { AIOTOP_ROLE_GLIB, AIOTOP_PLACE_GLIB },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (roles & kinds[i].role) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static void add_call(AiotopPlace *place, AiotopPlaceKind kind,
                     const AiotopWalk *walk, unsigned frame)
{
    /* The innermost is what the time goes to, so it is the one to be there */
    unsigned at = MIN(place->n_calls, AIOTOP_PLACE_CALLS - 1);

    place->calls[at] = (AiotopCall){
        .kind = kind,
        .function = function_of(walk, frame),
        .frame = frame,
    };
    place->n_calls = at + 1;
}

/*
 * The frame of what @caller calls by a pointer, or by way of the profiler; none
 * if it calls something else
 */
static bool find_callback(const AiotopWalk *walk, unsigned caller,
                          unsigned *frame)
{
    bool indirect = walk->frames[caller].site->indirect;

    *frame = caller - 1;
    while (*frame && roles_of(walk, *frame) & AIOTOP_ROLE_PROFILER) {
        indirect = walk->frames[*frame].site->indirect;
        --*frame;
    }
    return indirect;
}

/*
 * GLib calls a source's dispatch(), which calls the callback; both by a pointer
 */
static unsigned skip_dispatch(const AiotopWalk *walk, unsigned frame)
{
    unsigned callback;

    return frame && find_callback(walk, frame, &callback) &&
                   !(roles_of(walk, callback) &
                     (AIOTOP_ROLE_FD | AIOTOP_ROLE_BH | AIOTOP_ROLE_TIMER))
               ? callback
               : frame;
}

static bool is_wait(const AiotopWalk *walk)
{
    /* The system call's function, and what that calls in its library */
    for (unsigned i = 0; i < MIN(walk->n, 3); i++) {
        if (roles_of(walk, i) & AIOTOP_ROLE_WAIT) {
            return true;
        }
    }
    return false;
}

/*
 * Which kind of callback @caller has called, and in which frame that is: it is
 * part of a loop and calls by a pointer, or calls such a part, whose last act
 * was to jump to the callback
 */
static bool find_kind(const AiotopWalk *walk, unsigned caller,
                      AiotopPlaceKind *kind, unsigned *frame)
{
    const AiotopFunction *target = walk->frames[caller].site->target;
    unsigned roles = roles_of(walk, caller - 1);

    if (kind_of(roles_of(walk, caller), kind) &&
        find_callback(walk, caller, frame)) {
        return true;
    }
    *frame = caller - 1;
    return target && target != function_of(walk, caller - 1) &&
           kind_of(target->roles, kind) &&
           !(roles & (AIOTOP_ROLE_CALLED | AIOTOP_ROLE_PROFILER));
}

/* A frame from the outside in: what does it call, and how? */
static void look_at(AiotopPlace *place, const AiotopWalk *walk, unsigned frame)
{
    unsigned roles = roles_of(walk, frame), callback;
    AiotopPlaceKind kind;

    if (roles & AIOTOP_ROLE_BQL) {
        place->activity = AIOTOP_ACTIVITY_TAKES_BQL;
    } else if (roles & (AIOTOP_ROLE_ROUND | AIOTOP_ROLE_MAIN_ROUND) &&
               is_wait(walk)) {
        place->activity = AIOTOP_ACTIVITY_WAITS;
    }
    if (frame && find_kind(walk, frame, &kind, &callback)) {
        if (kind == AIOTOP_PLACE_GLIB) {
            callback = skip_dispatch(walk, callback);
        }
        /* The main loop's rounds are a source of GLib's */
        if (kind != AIOTOP_PLACE_GLIB ||
            !kind_of(roles_of(walk, callback) |
                         (callback ? roles_of(walk, callback - 1) : 0),
                     &kind)) {
            add_call(place, kind, walk, callback);
            place->activity = AIOTOP_ACTIVITY_RUNS;
        }
    } else if (frame && walk->frames[frame].site->indirect &&
               roles & AIOTOP_ROLE_ROUND && !kind_of(roles, &kind) &&
               place->activity == AIOTOP_ACTIVITY_RUNS) {
        place->activity = AIOTOP_ACTIVITY_POLLS;
    }
}

/* The outermost frame that has been called; the file that a start is in has no
 * part in it */
static unsigned outermost(const AiotopWalk *walk)
{
    unsigned frame = walk->n - 1;

    return frame && roles_of(walk, frame) & AIOTOP_ROLE_START ? frame - 1
                                                              : frame;
}

/* The frame of what the thread runs: the first of QEMU's that is no wrapper */
static unsigned find_entry(const AiotopWalk *walk)
{
    unsigned frame = outermost(walk);

    while (frame && function_of(walk, frame) &&
           function_of(walk, frame)->module) {
        frame--;
    }
    return frame && walk->frames[frame].site->indirect ? frame - 1 : frame;
}

/* A coroutine's stack begins in QEMU, a thread's in the C library */
static bool is_coroutine(const AiotopWalk *walk)
{
    const AiotopFunction *function = function_of(walk, outermost(walk));

    return walk->end == AIOTOP_WALK_WHOLE && walk->n > 1 && function &&
           !function->module;
}

static bool in_own_loop(const AiotopWalk *walk, unsigned entry)
{
    for (unsigned i = 0; i <= MIN(entry, MAX_LOOP_DEPTH); i++) {
        if (roles_of(walk, entry - i) &
            (AIOTOP_ROLE_ROUND | AIOTOP_ROLE_MAIN_ROUND | AIOTOP_ROLE_GLIB)) {
            return true;
        }
    }
    return false;
}

static void find_nearest(AiotopPlace *place, const AiotopWalk *walk)
{
    const AiotopCall *last = &place->calls[place->n_calls - 1];

    for (unsigned i = last->frame; i-- > 0 && !place->nearest;) {
        const AiotopFunction *function = function_of(walk, i);

        if (function && !function->module && function->name) {
            place->nearest = function->name;
        }
    }
}

void aiotop_place_find(AiotopPlace *place, const AiotopWalk *walk)
{
    unsigned entry = find_entry(walk);
    bool coroutine = is_coroutine(walk);

    *place = (AiotopPlace){ .end = walk->end };
    if (coroutine) {
        entry = outermost(walk);
        /* Else it is about to end, or has just begun */
        if (entry && walk->frames[entry].site->indirect) {
            add_call(place, AIOTOP_PLACE_COROUTINE, walk, entry - 1);
        }
    }
    place->in_loop = walk->end == AIOTOP_WALK_WHOLE && !coroutine &&
                     in_own_loop(walk, entry);
    for (unsigned i = walk->n; i-- > 0;) {
        look_at(place, walk, i);
    }
    if (!place->n_calls && !place->in_loop) {
        add_call(place,
                 walk->end == AIOTOP_WALK_WHOLE ||
                         walk->end == AIOTOP_WALK_NO_FILE ||
                         walk->end == AIOTOP_WALK_KERNEL
                     ? AIOTOP_PLACE_THREAD
                     : AIOTOP_PLACE_UNKNOWN,
                 walk, entry);
        if (walk->end != AIOTOP_WALK_WHOLE) {
            place->calls[0].function = NULL;
        }
    }
    if (place->n_calls && place->calls[place->n_calls - 1].function) {
        find_nearest(place, walk);
    }
}

const char *aiotop_place_kind_name(AiotopPlaceKind kind)
{
    static const char *const names[] = {
        [AIOTOP_PLACE_FD] = "fd",
        [AIOTOP_PLACE_BH] = "bh",
        [AIOTOP_PLACE_TIMER] = "timer",
        [AIOTOP_PLACE_GLIB] = "glib",
        [AIOTOP_PLACE_COROUTINE] = "coroutine",
        [AIOTOP_PLACE_THREAD] = "thread",
        [AIOTOP_PLACE_UNKNOWN] = "unknown",
    };

    return names[kind];
}

char *aiotop_place_function_name(const AiotopFunction *function,
                                 AiotopWalkEnd end)
{
    if (!function) {
        return g_strdup(aiotop_walk_end_words(end));
    }
    return function->name
               ? g_strdup(function->name)
               : g_strdup_printf("%s+0x%" PRIx64,
                                 function->module ? function->module : "?",
                                 function->offset);
}

const char *aiotop_walk_end_words(AiotopWalkEnd end)
{
    static const char *const words[] = {
        [AIOTOP_WALK_WHOLE] = "(no callback)",
        [AIOTOP_WALK_NOT_COPIED] = "(stack deeper than what is copied)",
        [AIOTOP_WALK_NO_REGISTER] = "(asleep, its registers not known)",
        [AIOTOP_WALK_NO_FILE] = "(code made at run time)",
        [AIOTOP_WALK_KERNEL] = "(a thread of the kernel's)",
        [AIOTOP_WALK_NO_RULE] = "(code without unwind tables)",
        [AIOTOP_WALK_ENDLESS] = "(stack without end)",
    };

    return words[end];
}
