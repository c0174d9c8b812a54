/*
 * Event loop profiler: the sources of a loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All of this is for the loop's own thread.
 */

#ifndef EVENT_LOOP_SOURCE_H
#define EVENT_LOOP_SOURCE_H

#include "event-loop-profiler-int.h"

/* A loop without sources. What it had is taken away first. */
void event_loop_init_sources(EventLoopThread *t);

/* All sources, which the caller made unreachable for new readers */
void event_loop_drop_sources(EventLoopSource *first);

/* What a callback is called for; see event_loop_dispatch() */
typedef struct EventLoopCallback {
    void *address;
    const char *name;
    /* see event_loop_what() */
    uint64_t what;
    int fd;
} EventLoopCallback;

static inline EventLoopSourceKind
event_loop_callback_kind(const EventLoopCallback *c)
{
    return c->what >> 56;
}

static inline const char *
event_loop_callback_label(const EventLoopCallback *c)
{
    return c->what & 1ull << 55
           ? NULL : (const char *)(uintptr_t)(c->what & ((1ull << 55) - 1));
}

/*
 * A wrapper gives the name of what it wraps with its own address, so that the
 * name tells sources apart, too: by its address, as literals are merged.
 */
static inline bool event_loop_is_source(const EventLoopSource *s,
                                        void *address, const char *name,
                                        uint64_t what)
{
    return s->address == address && s->name == name && s->what == what;
}

/* The place in the mature sources' table */
static inline EventLoopSource **
event_loop_source_slot(EventLoopThread *t, void *address, const char *name,
                       uint64_t what)
{
    uint64_t key = (uintptr_t)address + (uintptr_t)name + what;

    return &t->mature[(key >> 4) & ((1 << EVENT_LOOP_MATURE_BITS) - 1)];
}

/* What this callback is a dispatch of; made if need be */
EventLoopSource *event_loop_find_source(EventLoopThread *t,
                                        const EventLoopCallback *c);

/* Nobody's: stands where there is no source */
extern EventLoopSource event_loop_no_source;

#endif /* EVENT_LOOP_SOURCE_H */
