/*
 * Event loop profiler: the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See include/qemu/event-loop-profiler.h for what it is for and what it
 * costs, and util/event-loop-profiler-int.h for who may read and write what.
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "event-loop-clock.h"
#include "event-loop-image.h"
#include "event-loop-source.h"

/* Aligned in the header, so that its cache line is not written all the time */
bool event_loop_profiling;

EventLoopGlobals event_loop_globals = {
    /* no thread has it; see EVENT_LOOP_PERIOD_COUNTER */
    .period = 1 << 1,
    .stall_ns = UINT64_MAX,
    .rate = 1ull << EVENT_LOOP_CLOCK_SHIFT,
};

static inline EventLoopStamp stamp(void)
{
    /* Pairs with begin_profiling(): the clock is the one of that period */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);

    return (event_loop_ticks(period) & ~(EventLoopStamp)EVENT_LOOP_TAG_MASK) |
           event_loop_period_tag(period);
}

EVENT_LOOP_HOT EventLoopStamp event_loop_profiler_stamp(void)
{
    return stamp();
}

int64_t event_loop_profiler_lateness(EventLoopStamp now, EventLoopStamp armed,
                                     int64_t late_ns)
{
    if ((armed ^ now) & EVENT_LOOP_TAG_MASK) {
        /* before the period, if at all */
        armed = elp_get(event_loop_globals.since_ticks);
    }
    return MIN(MAX(late_ns, 0), (int64_t)event_loop_ns(armed, now));
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
EventLoopStamp event_loop_profiler_bh_queued(EventLoopBacklog *backlog)
{
    EventLoopStamp now = stamp();
    EventLoopStamp since = qatomic_read_u64(&backlog->since);

    if ((since ^ now) & EVENT_LOOP_TAG_MASK) {
        qatomic_set_u64(&backlog->since, now);
    }
    return now;
}

void event_loop_profiler_bh_cancelled(EventLoopBacklog *backlog,
                                      EventLoopStamp queued)
{
    if (queued && qatomic_read_u64(&backlog->since) == queued) {
        qatomic_set_u64(&backlog->since, 0);
    }
}

/* Histograms */

/*
 * A bucket is full.  While its carry is odd, the number in the bucket is
 * either the greatest, or 0 already; which of the two, its reader can tell.
 */
static void G_GNUC_NO_INLINE add_carry(EventLoopSource *s,
                                       EventLoopHistogram histogram,
                                       unsigned bucket)
{
    uint32_t *carry;

    if (!s->carry) {
        EventLoopCarry *all = g_malloc0(sizeof(EventLoopCarry));

        /* After it was cleared.  Pairs with read_bucket()'s. */
        qatomic_store_release(&s->carry, all);
    }
    carry = &(*s->carry)[histogram][bucket];
    qatomic_set(carry, *carry + 1);
    /* Odd before it is cleared.  Pairs with read_bucket()'s second. */
    smp_wmb();
    qatomic_set(&s->histograms[histogram][bucket], 0);
    /* Cleared before it is even.  Pairs with read_bucket()'s first. */
    smp_wmb();
    qatomic_set(carry, *carry + 1);
}

static inline void count(EventLoopSource *s, EventLoopHistogram histogram,
                         uint64_t ns)
{
    unsigned bucket = event_loop_bucket(ns);
    uint32_t *n = &s->histograms[histogram][bucket];

    if (unlikely(*n == UINT32_MAX)) {
        add_carry(s, histogram, bucket);
    } else {
        qatomic_set(n, *n + 1);
    }
}

/* Overruns */

static void G_GNUC_NO_INLINE add_overrun(EventLoopThread *t,
                                         EventLoopSource *source,
                                         EventLoopTicks start,
                                         EventLoopTicks end)
{
    EventLoopOverrun *overrun =
        &t->overruns[t->overrun_count % EVENT_LOOP_OVERRUNS];

    /* Source and times are new.  Pairs with drain_overruns()'s acquire. */
    qatomic_store_release(&overrun->source, source);
    elp_set(overrun->start, start);
    elp_set(overrun->end, end);
    /* After the overrun.  Pairs with drain_overruns()'s. */
    smp_wmb();
    event_loop_add(&t->overrun_count, 1);
}

/*
 * A dispatch that others are nested in is the one that the loop waited for.
 * What the main loop does otherwise is none of its callbacks.
 */
static bool is_outermost(const EventLoopThread *t, unsigned depth)
{
    return !depth || (depth == 1 && t->stack[0].source->remainder);
}

/* Dispatches */

EVENT_LOOP_HOT
void event_loop_profiler_begin(EventLoopDispatch *dispatch,
                               const EventLoopCallback *callback,
                               EventLoopStamp ready, int64_t late_ns)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopSource *s = event_loop_find_source(t, callback);
    unsigned depth = t->depth;
    EventLoopTicks start = t->batch;

    /*
     * Seen to be nested before the clock is read: otherwise the time from
     * there on, which may be long if this thread loses its CPU, would be shown
     * as that of the outer dispatch, and be taken from it again.
     */
    if (likely(depth < EVENT_LOOP_STACK_MAX)) {
        EventLoopFrame *frame = &t->stack[depth];

        /* Pairs with event_loop_read(), which may see a new source here */
        qatomic_store_release(&frame->source, s);
        elp_set(frame->start, start);
        elp_set(frame->nested_ns, 0);
    }
    /* After the frame.  Pairs with event_loop_read(). */
    qatomic_store_release(&t->depth, depth + 1);
    if (start) {
        /* After what it was for.  Pairs with event_loop_read(). */
        qatomic_store_release(&t->batch, 0);
    } else {
        start = event_loop_ticks(t->period);
        if (likely(depth < EVENT_LOOP_STACK_MAX)) {
            elp_set(t->stack[depth].start, start);
        }
    }

    dispatch->thread = t;
    dispatch->source = s;
    dispatch->start = start;
    dispatch->woken = t->woken;
    dispatch->period = t->period;
    dispatch->depth = depth;
    if (callback->fd >= 0) {
        ready = t->woken;
    } else if (unlikely((ready & EVENT_LOOP_TAG_MASK) !=
                        event_loop_period_tag(t->period))) {
        /* stamped in an earlier period, or not at all */
        ready = 0;
    }
    dispatch->delay_ns = ready ? event_loop_ns(ready, start) + late_ns : -1;
}

/*
 * Whether the dispatch that ends is one that this thread is in.  It is not if
 * a callback yielded and went on in another thread, or after what it was
 * nested in had ended; then its source may be gone.  It is not if profiling
 * was stopped and started in the middle of it, either.
 */
static inline bool is_running(const EventLoopThread *t,
                              const EventLoopDispatch *dispatch)
{
    unsigned depth = dispatch->depth;

    return t == dispatch->thread && t->period == dispatch->period &&
           depth < t->depth &&
           (depth >= EVENT_LOOP_STACK_MAX ||
            t->stack[depth].start == dispatch->start);
}

EVENT_LOOP_HOT
void event_loop_profiler_end(EventLoopDispatch *dispatch)
{
    EventLoopThread *t = event_loop_this_thread;
    EventLoopSource *s = dispatch->source;
    unsigned depth = dispatch->depth;
    uint64_t total_ns, nested_ns = 0, busy_ns, ns;
    int64_t delay_ns = dispatch->delay_ns;
    EventLoopTicks end;

    if (unlikely(!is_running(t, dispatch))) {
        return;
    }

    event_loop_write_begin(&t->seq);
    end = event_loop_ticks(t->period);
    total_ns = event_loop_ns(dispatch->start, end);
    if (likely(depth < EVENT_LOOP_STACK_MAX)) {
        nested_ns = t->stack[depth].nested_ns;
    }
    busy_ns = total_ns > nested_ns ? total_ns - nested_ns : 0;

    /* frames above it are of callbacks that never return: they are left */
    qatomic_set(&t->depth, depth);
    event_loop_add(&t->dispatches, 1);
    if (likely(!depth)) {
        event_loop_add(&t->dispatch_ns, total_ns);
        elp_set(t->state_since, end);
    } else if (depth <= EVENT_LOOP_STACK_MAX) {
        event_loop_add(&t->stack[depth - 1].nested_ns, total_ns);
    }

    ns = unlikely(s->remainder) ? busy_ns : total_ns;
    elp_set(s->last, end);
    event_loop_add(&s->total_ns, total_ns);
    event_loop_add(&s->busy_ns, busy_ns);
    if (ns > s->max_ns) {
        elp_set(s->max_ns, ns);
    }
    /*
     * A call that is counted has its time.  Pairs with
     * event_loop_read_source()'s.
     */
    smp_wmb();
    count(s, EVENT_LOOP_HISTOGRAM_TIME, ns);
    if (delay_ns >= 0) {
        event_loop_add(&s->delay_ns, delay_ns);
        if (delay_ns > s->delay_max_ns) {
            elp_set(s->delay_max_ns, delay_ns);
        }
        /* A delay that is counted has its call; the same */
        smp_wmb();
        count(s, EVENT_LOOP_HISTOGRAM_DELAY, delay_ns);
    }
    if (unlikely(ns >= elp_get(event_loop_globals.stall_ns)) &&
        is_outermost(t, depth)) {
        add_overrun(t, s, dispatch->start, end);
    }
    elp_set(t->batch, t->batch_depth == depth ? end : 0);
    event_loop_write_end(&t->seq);

    t->woken = dispatch->woken;
}

EVENT_LOOP_HOT
void event_loop_profiler_dispatch(const EventLoopCallback *callback,
                                  EventLoopStamp ready, int64_t late_ns,
                                  void (*cb)(void *), void *opaque)
{
    EventLoopDispatch dispatch EVENT_LOOP_UNINITIALIZED;

    event_loop_profiler_begin(&dispatch, callback, ready, late_ns);
    cb(opaque);
    event_loop_profiler_end(&dispatch);
}

static inline void begin_batch(void)
{
    EventLoopThread *t = event_loop_current_thread();

    t->batch_depth = t->depth;
    elp_set(t->batch, 0);
}

EVENT_LOOP_HOT void event_loop_profiler_batch_begin(void)
{
    begin_batch();
}

EVENT_LOOP_HOT
void event_loop_profiler_bh_batch_begin(EventLoopBacklog *backlog)
{
    /* who queues reads it, from other CPUs */
    if (qatomic_read_u64(&backlog->since)) {
        qatomic_set_u64(&backlog->since, 0);
    }
    begin_batch();
}

EVENT_LOOP_HOT void event_loop_profiler_batch_end(void)
{
    EventLoopThread *t = event_loop_current_thread();

    t->batch_depth = -1;
    elp_set(t->batch, 0);
}

/* The loop's own time */

static inline void enter_state(EventLoopThread *t, EventLoopState state)
{
    event_loop_write_begin(&t->seq);
    qatomic_set(&t->state, state);
    elp_set(t->state_since, event_loop_ticks(t->period));
    event_loop_write_end(&t->seq);
}

/*
 * Back to what the loop did before, and the time goes to @counter.  Within a
 * dispatch it is part of that, whatever the nested loop does.
 */
static void leave_state(EventLoopThread *t, EventLoopState state,
                        uint64_t *counter)
{
    EventLoopTicks now;

    if (unlikely(t->state != state)) {
        /* profiling was started in the middle of it */
        return;
    }
    event_loop_write_begin(&t->seq);
    now = event_loop_ticks(t->period);
    if (!t->depth) {
        uint64_t ns = event_loop_ns(t->state_since, now);

        event_loop_add(counter, ns);
        if (state == EVENT_LOOP_STATE_BQL_WAIT &&
            ns >= elp_get(event_loop_globals.stall_ns)) {
            add_overrun(t, NULL, t->state_since, now);
        }
    }
    qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
    elp_set(t->state_since, now);
    event_loop_write_end(&t->seq);
    t->woken = now;
}

EVENT_LOOP_HOT void event_loop_profiler_wait_begin(int64_t timeout_ns)
{
    EventLoopThread *t = event_loop_current_thread();

    elp_set(t->timeout_ns, timeout_ns);
    enter_state(t, EVENT_LOOP_STATE_WAITING);
}

EVENT_LOOP_HOT void event_loop_profiler_wait_end(void)
{
    EventLoopThread *t = event_loop_current_thread();

    leave_state(t, EVENT_LOOP_STATE_WAITING, &t->wait_ns);
}

EVENT_LOOP_HOT void event_loop_profiler_poll_begin(void)
{
    enter_state(event_loop_current_thread(), EVENT_LOOP_STATE_POLLING);
}

EVENT_LOOP_HOT void event_loop_profiler_poll_end(bool hit)
{
    EventLoopThread *t = event_loop_current_thread();

    leave_state(t, EVENT_LOOP_STATE_POLLING, &t->poll_ns);
    event_loop_add(hit ? &t->poll_hits : &t->poll_misses, 1);
}

/* The thread waits for the big lock, if it is an event loop */
void event_loop_profiler_bql_state(EventLoopThread *t, bool waits)
{
    EventLoopStamp woken = t->woken;

    if (!t->ctx) {
        /* a thread that only takes the lock has no time of its own */
        return;
    }
    if (waits) {
        enter_state(t, EVENT_LOOP_STATE_BQL_WAIT);
    } else {
        leave_state(t, EVENT_LOOP_STATE_BQL_WAIT, &t->bql_wait_ns);
        /* what was ready then is as late as it waited for the lock */
        t->woken = woken;
    }
}

EVENT_LOOP_HOT void event_loop_profiler_iteration(int64_t poll_max_ns)
{
    EventLoopThread *t = event_loop_current_thread();

    if (!t->depth) {
        event_loop_add(&t->iterations, 1);
        elp_set(t->poll_max_ns, poll_max_ns);
    }
}

/* Start and stop */

void event_loop_set_stall_threshold(uint64_t ns)
{
    elp_set(event_loop_globals.stall_ns, ns);
}

uint64_t event_loop_stall_threshold(void)
{
    return elp_get(event_loop_globals.stall_ns);
}

/* A new period, with its clock */
static void begin_profiling(bool counter, uint64_t rate)
{
    static uint32_t last_number;
    uint32_t number = qatomic_inc_fetch(&last_number);
    uint32_t period = number << 3 | (1 + number % EVENT_LOOP_TAG_MASK) << 1 |
                      (counter ? EVENT_LOOP_PERIOD_COUNTER : 0);
    uint64_t ticks, ns;

    event_loop_clock_now(period, &ticks, &ns);
    elp_set(event_loop_globals.since_ticks, ticks);
    elp_set(event_loop_globals.since_ns, ns);
    elp_set(event_loop_globals.rate, rate);
    /*
     * After what the clock is.  Pairs with the acquires of those who read
     * the period before they read the clock, or anything else of it.
     */
    qatomic_store_release(&event_loop_globals.period, period);
}

void event_loop_profiler_leave_counter(void)
{
    begin_profiling(false, 1ull << EVENT_LOOP_CLOCK_SHIFT);
}

void event_loop_profiler_start(void)
{
    uint64_t rate;
    bool counter;

    assert(!event_loop_profiling);
    counter = event_loop_clock_init(&rate);
    event_loop_image_init();

    /* it may be the child of the process that registered its main loop */
    event_loop_identify_child();
    begin_profiling(counter, rate);
    /*
     * After the period: who sees the flag without the period takes an older
     * one, or none, for the present one, and what it notes there is ignored.
     */
    qatomic_store_release(&event_loop_profiling, true);
    event_loop_wake_all();
    if (bql_locked()) {
        event_loop_profiler_bql_taken();
    }
}

void event_loop_profiler_stop(void)
{
    qatomic_set(&event_loop_profiling, false);
}
