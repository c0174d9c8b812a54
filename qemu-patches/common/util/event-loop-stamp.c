/*
 * Event loop profiler: when what is dispatched was due
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"

static inline EventLoopStamp stamp(void)
{
    /* Pairs with begin_profiling(): the clock is the one of that period */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopStamp tag = event_loop_period_tag(period);

    if (event_loop_counted) {
        return tag;
    }
    return (event_loop_ticks(period) & ~(EventLoopStamp)EVENT_LOOP_TAG_MASK) |
           tag;
}

EVENT_LOOP_HOT EventLoopStamp event_loop_profiler_stamp(void)
{
    return stamp();
}

EventLoopStamp event_loop_profiler_timer_due(EventLoopStamp now,
                                             EventLoopStamp armed,
                                             int64_t late_ns)
{
    EventLoopTicks late;

    if (now <= EVENT_LOOP_TAG_MASK) {
        return 0;
    }
    if ((armed ^ now) & EVENT_LOOP_TAG_MASK) {
        /* before the period, if at all */
        armed = elp_get(event_loop_globals.since_ticks);
    } else if (armed <= EVENT_LOOP_TAG_MASK) {
        return 0;
    }
    late = MAX(late_ns, 0) / (double)elp_get(event_loop_globals.rate) *
           (1ull << EVENT_LOOP_CLOCK_SHIFT);
    late = MIN(late, now - MIN(armed, now));
    return ((now - late) & ~(EventLoopStamp)EVENT_LOOP_TAG_MASK) |
           (now & EVENT_LOOP_TAG_MASK);
}

/* Backlogs */

EventLoopBacklog *event_loop_backlog_new(void)
{
    return g_new0(EventLoopBacklog, 1);
}

void event_loop_backlog_free(EventLoopBacklog *backlog)
{
    if (backlog) {
        g_free_rcu(backlog, rcu);
    }
}

/*
 * This comes before the bottom half is in the list, and the list is taken
 * before the backlog is forgotten: so none is shown that is gone.  One is
 * missed if its thread is stopped between this and the list, while the list
 * is taken, and if then no other one is queued.
 */
EVENT_LOOP_HOT
void event_loop_profiler_bh_queued(EventLoopBacklog *backlog,
                                   EventLoopStamp *queued)
{
    EventLoopStamp now = stamp();
    EventLoopStamp since = qatomic_read_u64(&backlog->since);

    if ((since ^ now) & EVENT_LOOP_TAG_MASK) {
        qatomic_set_u64(&backlog->since, now);
    }
    qatomic_set_u64(queued, now);
}

EVENT_LOOP_HOT void event_loop_profiler_bh_taken(EventLoopBacklog *backlog)
{
    /* who queues reads it, from other CPUs */
    if (qatomic_read_u64(&backlog->since)) {
        qatomic_set_u64(&backlog->since, 0);
    }
}

void event_loop_profiler_bh_cancelled(EventLoopBacklog *backlog,
                                      EventLoopStamp *queued)
{
    EventLoopStamp stamp = qatomic_read_u64(queued);

    qatomic_set_u64(queued, 0);
    if (stamp && qatomic_read_u64(&backlog->since) == stamp) {
        qatomic_set_u64(&backlog->since, 0);
    }
}

