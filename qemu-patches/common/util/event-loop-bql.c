/*
 * Event loop profiler: the big lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who holds it, since when, who waits for it, and how much of both there was
 * in each thread.  There is no record of the holder but its own, so that
 * threads that take the lock in turn share no cache line but the lock's.
 * Not each hold is timed, see util/event-loop-draw.c.
 * Each counter is written by its thread only, the stamp of what is going on
 * is cleared before its time is added, and readers look at the two the other
 * way round: so no time counts twice.
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"
#include "event-loop-draw.h"
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

static void G_GNUC_NO_INLINE begin_timed_hold(EventLoopThread *t)
{
    t->bql.timed = true;
    elp_set(t->bql.held_since, event_loop_ticks(t->period));
}

static void G_GNUC_NO_INLINE begin_first_hold(EventLoopThread *t)
{
    t = event_loop_begin_period(t);
    elp_set(t->bql.holds, 1);
    begin_timed_hold(t);
}

/* Nothing but jumps leads out of it, so that it saves no register */
EVENT_LOOP_HOT void event_loop_profiler_bql_taken(void)
{
    EventLoopThread *t = event_loop_this_thread;
    uint64_t holds;

    if (unlikely(!event_loop_is_of_period(t))) {
        begin_first_hold(t);
        return;
    }
    holds = t->bql.holds + 1;
    elp_set(t->bql.holds, holds);
    if (unlikely(!t->bql.left)) {
        begin_timed_hold(t);
        return;
    }
    t->bql.left--;
    elp_set(t->bql.held_since, EVENT_LOOP_HOLD | holds);
}

static void G_GNUC_NO_INLINE end_timed_hold(EventLoopThread *t)
{
    EventLoopTicks since = t->bql.held_since;
    EventLoopTicks now = event_loop_ticks(t->period);
    uint64_t ns = event_loop_ns(since, now);

    qatomic_set_u64(&t->bql.held_since, 0);
    if (!since) {
        /* it was taken before the period */
        return;
    }
    /* Pairs with read_interval()'s */
    smp_wmb();
    if (ns < elp_get(event_loop_globals.long_ns)) {
        /* those that are timed stand for one that was only seen to go on */
        ns = t->bql.timed ? ns * t->bql.weight : 0;
    }
    event_loop_add(&t->bql.held_ns, ns);
    if (t->bql.timed) {
        t->bql.timed = false;
        event_loop_draw_holds(t, now);
    }
}

EVENT_LOOP_HOT void event_loop_profiler_bql_released(void)
{
    EventLoopThread *t = event_loop_this_thread;

    if (unlikely(!event_loop_is_of_period(t))) {
        /* it was taken before the period */
        event_loop_begin_period(t);
    } else if (likely(t->bql.held_since == (EVENT_LOOP_HOLD | t->bql.holds))) {
        /* unless the watch saw just now that it goes on */
        elp_set(t->bql.held_since, 0);
    } else {
        end_timed_hold(t);
    }
}
