/*
 * Event loop profiler: thread pools
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_EVENT_LOOP_POOL_H
#define QEMU_EVENT_LOOP_POOL_H

#include "block/aio.h"
#include "qemu/event-loop-request.h"
#include "qemu/queue.h"

/*
 * What readers see of a pool, which it is part of.  The pool's lock protects
 * changes, and the pool must be there until a grace period is over after
 * event_loop_workers_remove().
 */
typedef struct EventLoopWorkers {
    /* Do not change */
    AioContext *ctx;
    const int *max_threads;
    const int *threads;
    const int *idle_threads;
    /* how much waits for a thread, and since when */
    unsigned queued;
    EventLoopStamp queued_since;
    /* since when the thread works that has worked longest */
    EventLoopStamp running_since;
    QLIST_ENTRY(EventLoopWorkers) next;
} EventLoopWorkers;

/* The pool is to be seen, and no longer. Any thread. */
void event_loop_workers_add(EventLoopWorkers *workers);
void event_loop_workers_remove(EventLoopWorkers *workers);

/* Since when the one waits that has waited longest, if it is known */
static inline void event_loop_workers_queued(EventLoopWorkers *workers,
                                             EventLoopStamp since)
{
    qatomic_set_u64(&workers->queued_since, since);
}

/* The same for the thread that has worked longest */
static inline void event_loop_workers_running(EventLoopWorkers *workers,
                                              EventLoopStamp since)
{
    qatomic_set_u64(&workers->running_since, since);
}

#endif /* QEMU_EVENT_LOOP_POOL_H */
