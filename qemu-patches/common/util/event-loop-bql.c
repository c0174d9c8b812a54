/*
 * Event loop profiler: the big lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who holds it, since when, who waits for it, and how much of both there was
 * in each thread.  There is no record of the holder but its own, so that
 * threads that take the lock in turn share no cache line but the lock's.
 * Each counter is written by its thread only, the stamp of what is going on
 * is cleared before its time is added, and readers look at the two the other
 * way round: so no time counts twice.
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"
#include "event-loop-profiler-int.h"

/* Adds the time since @since, if that is in this period, to @counter */
static inline void end_interval(const EventLoopThread *t, EventLoopTicks *since,
                         uint64_t *counter)
{
    EventLoopTicks start = *since;

    if (start) {
        qatomic_set_u64(since, 0);
        /* Pairs with read_interval()'s */
        smp_wmb();
        event_loop_add(counter,
                       event_loop_ns(start, event_loop_ticks(t->period)));
    }
}

void event_loop_profiler_bql_wait_begin(void)
{
    EventLoopThread *t = event_loop_current_thread();

    elp_set(t->bql.wait_since, event_loop_ticks(t->period));
    event_loop_add(&t->bql.waits, 1);
    event_loop_profiler_bql_state(t, true);
}

void event_loop_profiler_bql_wait_end(void)
{
    EventLoopThread *t = event_loop_current_thread();

    event_loop_profiler_bql_state(t, false);
    end_interval(t, &t->bql.wait_since, &t->bql.wait_ns);
}

EVENT_LOOP_HOT void event_loop_profiler_bql_taken(void)
{
    EventLoopThread *t = event_loop_current_thread();

    event_loop_add(&t->bql.holds, 1);
    elp_set(t->bql.held_since, event_loop_ticks(t->period));
}

EVENT_LOOP_HOT void event_loop_profiler_bql_released(void)
{
    EventLoopThread *t = event_loop_current_thread();

    end_interval(t, &t->bql.held_since, &t->bql.held_ns);
}
