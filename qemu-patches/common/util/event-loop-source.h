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

/* The source if it is not where it is looked for first; made if need be */
EventLoopSource *event_loop_find_source_elsewhere(EventLoopThread *t,
                                                  const EventLoopCallback *c);

static inline unsigned
event_loop_source_hash(const EventLoopThread *t, const EventLoopCallback *c)
{
    uint64_t key = (uintptr_t)c->address + (uintptr_t)c->name + c->kind;

    key ^= (c->label ? (uintptr_t)c->label : (uintptr_t)c->fd) << 20;
    return (key * 0x9e3779b97f4a7c15ull) >> (64 - t->table_bits);
}

/*
 * A wrapper gives the name of what it wraps with its own address, so that the
 * name tells sources apart, too: by its address, as literals are merged.
 */
static inline bool event_loop_is_source(const EventLoopSource *s,
                                        const EventLoopCallback *c)
{
    return s->address == c->address && s->name == c->name &&
           s->label == c->label && s->kind == c->kind &&
           (c->label || s->fd == c->fd);
}

/* What this callback is a dispatch of */
static inline EventLoopSource *
event_loop_find_source(EventLoopThread *t, const EventLoopCallback *c)
{
    EventLoopSource *s = t->table[event_loop_source_hash(t, c)];

    if (unlikely(!s || !event_loop_is_source(s, c))) {
        s = event_loop_find_source_elsewhere(t, c);
    }
    if (unlikely(s->fd != c->fd)) {
        qatomic_set(&s->fd, c->fd);
    }
    return s;
}

#endif /* EVENT_LOOP_SOURCE_H */
