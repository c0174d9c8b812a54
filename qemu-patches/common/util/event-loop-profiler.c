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
#include "event-loop-draw.h"
#include "event-loop-image.h"
#include "event-loop-source.h"

__thread const EventLoopBacklog *event_loop_counted;

/* Aligned in the header, so that its cache line is not written all the time */
bool event_loop_profiling;

EventLoopGlobals event_loop_globals = {
    /* no thread has it; see EVENT_LOOP_PERIOD_COUNTER */
    .period = 1 << 1,
    .stall_ns = UINT64_MAX,
    .long_ns = UINT64_MAX,
    .rate = 1ull << EVENT_LOOP_CLOCK_SHIFT,
};

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

/* Whether the stamp is of this period, and if so, of a known time */
static inline bool is_time(EventLoopStamp stamp, uint32_t period)
{
    return (stamp & EVENT_LOOP_TAG_MASK) == event_loop_period_tag(period) &&
           stamp > EVENT_LOOP_TAG_MASK;
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

/* What is not on the stack any more was left by what it is nested in */
static inline bool is_on_stack(const EventLoopThread *t,
                               const EventLoopSource *s, unsigned depth)
{
    return depth < t->depth && t->stack[depth].source == s;
}

static inline void push(EventLoopThread *t, EventLoopSource *s, unsigned depth)
{
    /* Pairs with event_loop_read(), which may see a new source here */
    qatomic_store_release(&t->stack[depth].source, s);
    /* After the frame.  Pairs with event_loop_read(). */
    qatomic_store_release(&t->depth, depth + 1);
}

/* Frames above it are of callbacks that never return: they are left */
static inline void pop(EventLoopThread *t, unsigned depth)
{
    qatomic_set(&t->depth, depth);
}

/*
 * A dispatch that is over, of which nothing is nested any more.  Its time
 * comes before its place in the histogram, and that before the call.
 */
static inline void book(EventLoopThread *t, EventLoopSource *s, uint64_t ns,
                        int64_t delay_ns)
{
    if (ns > s->max_ns) {
        elp_set(s->max_ns, ns);
    }
    /* Pairs with event_loop_read_source()'s third */
    smp_wmb();
    count(s, EVENT_LOOP_HISTOGRAM_TIME, ns);
    if (delay_ns >= 0) {
        event_loop_add(&s->delay_ns, delay_ns);
        if (delay_ns > s->delay_max_ns) {
            elp_set(s->delay_max_ns, delay_ns);
        }
        /* Pairs with event_loop_read_source()'s second */
        smp_wmb();
        count(s, EVENT_LOOP_HISTOGRAM_DELAY, delay_ns);
    }
    /* Pairs with event_loop_read_source()'s first */
    smp_wmb();
    event_loop_add(&s->calls, 1);
}

/* When the loop woke is as before the waits in the dispatch that ends */
static inline void restore_woken(EventLoopThread *t, unsigned depth)
{
    EventLoopFrame *frame = &t->stack[depth];

    if (unlikely(depth < EVENT_LOOP_STACK_MAX && frame->woken)) {
        t->woken = frame->woken;
        frame->woken = 0;
    }
}

/* A dispatch that was only counted until the watch saw that it goes on */
static void G_GNUC_NO_INLINE end_marked(EventLoopThread *t,
                                        EventLoopSource *s, unsigned depth)
{
    EventLoopTicks since, now;
    uint64_t ns;

    restore_woken(t, depth);
    if (qatomic_cmpxchg(&t->mark.state, EVENT_LOOP_MARK_SET,
                        EVENT_LOOP_MARK_BUSY) != EVENT_LOOP_MARK_SET) {
        /* it is being changed: the watch knows that it went on */
        event_loop_add(&s->calls, 1);
        return;
    }
    if (t->mark.depth < depth) {
        /* something around this one */
        qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_SET);
        event_loop_add(&s->calls, 1);
        return;
    }
    since = t->mark.source == s && t->mark.calls == s->calls &&
            t->mark.depth == depth ? t->mark.since : 0;
    qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_NONE);
    if (!since) {
        /* another one was meant, which is over */
        event_loop_add(&s->calls, 1);
        return;
    }
    now = event_loop_ticks(t->period);
    ns = event_loop_ns(since, now);
    elp_set(s->last, now);
    event_loop_add(&s->busy_ns, ns);
    book(t, s, ns, -1);
    if (ns >= elp_get(event_loop_globals.stall_ns) && is_outermost(t, depth)) {
        add_overrun(t, s, since, now);
    }
}

static inline void end_counted(EventLoopThread *t, EventLoopSource *s,
                               unsigned depth)
{
    pop(t, depth);
    if (unlikely(qatomic_read(&t->mark.state))) {
        end_marked(t, s, depth);
    } else {
        event_loop_add(&s->calls, 1);
    }
}

/* How long it took, if it took so long that it may be a stall */
static void G_GNUC_NO_INLINE end_long(EventLoopThread *t, EventLoopSource *s,
                                      unsigned depth, EventLoopTicks start,
                                      EventLoopTicks end, uint64_t ns)
{
    if (ns >= elp_get(event_loop_globals.stall_ns) && is_outermost(t, depth)) {
        add_overrun(t, s, start, end);
    }
}

static inline __attribute__((always_inline))
void begin(EventLoopDispatch *dispatch, void *address, const char *name,
           uint64_t what, int fd, EventLoopStamp ready)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopSource *s = *event_loop_source_slot(t, address, name, what);
    unsigned depth = t->depth;
    EventLoopTicks start;

    if (unlikely(!event_loop_is_source(s, address, name, what) ||
                 s->fd != fd)) {
        EventLoopCallback callback = { address, name, what, fd };

        s = event_loop_find_source(t, &callback);
    }
    dispatch->thread = t;
    dispatch->source = s;
    dispatch->period = t->period;
    dispatch->depth = depth;

    if (unlikely(depth >= EVENT_LOOP_STACK_MAX)) {
        /* so deep that it is neither timed nor shown */
        dispatch->start = 0;
        qatomic_set(&t->depth, depth + 1);
        return;
    }
    if (unlikely(t->counted && s->calls >= EVENT_LOOP_MATURE_CALLS)) {
        dispatch->start = 0;
        push(t, s, depth);
        return;
    }

    /*
     * Seen to be nested before the clock is read: otherwise the time from
     * there on, which may be long if this thread loses its CPU, would be shown
     * as that of the outer dispatch, and be taken from it again.
     */
    push(t, s, depth);
    start = t->batch;
    t->fresh = 0;
    if (start) {
        /* After what it was for.  Pairs with event_loop_read(). */
        qatomic_store_release(&t->batch, 0);
    } else {
        start = event_loop_ticks(t->period);
    }
    elp_set(t->stack[depth].start, start);
    dispatch->start = start;
    if (fd >= 0) {
        ready = t->woken;
    } else if (!is_time(ready, t->period)) {
        dispatch->delay_ns = -1;
        return;
    }
    dispatch->delay_ns = event_loop_ns(ready, start);
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
            (t->stack[depth].source == dispatch->source &&
             t->stack[depth].start == dispatch->start));
}

static inline __attribute__((always_inline))
void end(const EventLoopDispatch *dispatch)
{
    EventLoopThread *t = event_loop_thread_now();
    EventLoopSource *s = dispatch->source;
    unsigned depth = dispatch->depth;
    EventLoopTicks start = dispatch->start, now;
    uint64_t total_ns, nested_ns, busy_ns, ns, weight;
    EventLoopFrame *frame;

    if (unlikely(!is_running(t, dispatch))) {
        return;
    }
    if (unlikely(!start)) {
        end_counted(t, s, depth);
        return;
    }

    frame = &t->stack[depth];
    now = event_loop_ticks(t->period);
    total_ns = event_loop_ns(start, now);
    nested_ns = MIN(frame->nested_ns, total_ns);
    busy_ns = total_ns - nested_ns;
    elp_set(frame->start, 0);
    pop(t, depth);
    t->timed_dispatches++;
    /* No time counts twice: it is on the stack no more.  Pairs with reader's */
    smp_wmb();
    if (likely(!depth)) {
        event_loop_add(&t->dispatch_ns, total_ns);
    } else {
        event_loop_add(&frame[-1].nested_ns, total_ns);
    }

    ns = unlikely(s->remainder) ? busy_ns : total_ns;
    weight = likely(s->calls >= EVENT_LOOP_MATURE_CALLS) ? t->weight : 1;
    if (unlikely(ns >= elp_get(event_loop_globals.long_ns))) {
        /* it would have been seen in a round that is counted, too */
        weight = 1;
        end_long(t, s, depth, start, now, ns);
    }
    elp_set(s->last, now);
    event_loop_add(&s->busy_ns, busy_ns * weight);
    if (unlikely(nested_ns)) {
        event_loop_add(&s->nested_ns, nested_ns * weight);
        elp_set(frame->nested_ns, 0);
    }
    book(t, s, ns, dispatch->delay_ns);
    elp_set(t->batch, t->batch_depth == depth ? now : 0);
    restore_woken(t, depth);
}

EVENT_LOOP_HOT
void event_loop_profiler_begin(EventLoopDispatch *dispatch, void *address,
                               const char *name, uint64_t what, int fd)
{
    begin(dispatch, address, name, what, fd, 0);
}

EVENT_LOOP_HOT void event_loop_profiler_end(EventLoopDispatch *dispatch)
{
    end(dispatch);
}

EVENT_LOOP_HOT
void event_loop_profiler_dispatch(void (*cb)(void *), void *opaque,
                                  const char *name, uint64_t what, int fd,
                                  EventLoopStamp ready)
{
    EventLoopDispatch dispatch EVENT_LOOP_UNINITIALIZED;

    begin(&dispatch, cb, name, what, fd, ready);
    cb(opaque);
    end(&dispatch);
}

EVENT_LOOP_HOT
void event_loop_profiler_count(void (*cb)(void *), void *opaque,
                               const char *name, uint64_t what, int fd)
{
    EventLoopThread *t = event_loop_this_thread;
    EventLoopSource *s = *event_loop_source_slot(t, cb, name, what);
    unsigned depth = t->depth;

    if (unlikely(!event_loop_is_source(s, cb, name, what) ||
                 depth >= EVENT_LOOP_STACK_MAX)) {
        event_loop_profiler_dispatch(cb, opaque, name, what, fd, 0);
        return;
    }
    push(t, s, depth);
    cb(opaque);
    if (likely(t == event_loop_thread_now() && is_on_stack(t, s, depth))) {
        end_counted(t, s, depth);
    }
}

/* Batches */

EVENT_LOOP_HOT void event_loop_profiler_batch_begin(void)
{
    EventLoopThread *t = event_loop_current_thread();

    /*
     * Where only some rounds are timed, booking a dispatch takes longer, as
     * caches are cold, and is not to be the next one's time.
     */
    t->batch_depth = t->weight > 1 ? -1 : (int)t->depth;
    elp_set(t->batch, t->fresh);
}

EVENT_LOOP_HOT void event_loop_profiler_batch_end(void)
{
    EventLoopThread *t = event_loop_current_thread();

    t->batch_depth = -1;
    elp_set(t->batch, 0);
}

/* The loop's own time */

static inline void enter_state(EventLoopThread *t, EventLoopState state,
                               EventLoopTicks now)
{
    event_loop_write_begin(&t->seq);
    qatomic_set(&t->state, state);
    elp_set(t->state_since, now);
    event_loop_write_end(&t->seq);
}

/*
 * Back to what the loop did before, and the time goes to @counter, as that of
 * so many rounds.  Within a dispatch it is part of that, whatever the nested
 * loop does.  Returns the time; 0 if it was not read.
 */
static inline EventLoopTicks leave_state(EventLoopThread *t,
                                         EventLoopState state,
                                         uint64_t *counter, unsigned weight)
{
    EventLoopTicks now;

    if (unlikely(t->state != state)) {
        /* profiling was started in the middle of it */
        return 0;
    }
    if (!t->state_since) {
        /* nobody wants to know how long it was */
        qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
        return 0;
    }
    event_loop_write_begin(&t->seq);
    now = event_loop_ticks(t->period);
    if (!t->depth) {
        uint64_t ns = event_loop_ns(t->state_since, now);

        event_loop_add(counter, ns * weight);
        if (state == EVENT_LOOP_STATE_BQL_WAIT &&
            ns >= elp_get(event_loop_globals.stall_ns)) {
            add_overrun(t, NULL, t->state_since, now);
        }
    }
    qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
    elp_set(t->state_since, now);
    event_loop_write_end(&t->seq);
    return now;
}

/* When what is ready now became so, and what is dispatched next begins */
static inline void wake(EventLoopThread *t, EventLoopTicks now)
{
    EventLoopFrame *frame;

    if (!now) {
        if (t->counted) {
            return;
        }
        now = event_loop_ticks(t->period);
    }
    if (unlikely(t->depth && t->depth <= EVENT_LOOP_STACK_MAX)) {
        frame = &t->stack[t->depth - 1];
        frame->woken = frame->woken ?: t->woken;
    }
    t->woken = now;
    t->fresh = now;
}

EVENT_LOOP_HOT void event_loop_profiler_wait_begin(int64_t timeout_ns)
{
    EventLoopThread *t = event_loop_current_thread();

    elp_set(t->timeout_ns, timeout_ns);
    if (!timeout_ns) {
        /* it is not to last; if it does nevertheless, the watch sees it */
        elp_set(t->state_since, 0);
        qatomic_set(&t->state, EVENT_LOOP_STATE_WAITING);
        return;
    }
    if (unlikely(t->depth && t->counted)) {
        event_loop_draw_nested(t);
    }
    enter_state(t, EVENT_LOOP_STATE_WAITING, event_loop_ticks(t->period));
}

EVENT_LOOP_HOT void event_loop_profiler_wait_end(void)
{
    EventLoopThread *t = event_loop_current_thread();

    wake(t, leave_state(t, EVENT_LOOP_STATE_WAITING, &t->wait_ns, 1));
}

EVENT_LOOP_HOT void event_loop_profiler_poll_begin(void)
{
    EventLoopThread *t = event_loop_current_thread();

    enter_state(t, EVENT_LOOP_STATE_POLLING, event_loop_ticks(t->period));
}

EVENT_LOOP_HOT void event_loop_profiler_poll_end(bool hit)
{
    EventLoopThread *t = event_loop_current_thread();

    wake(t, leave_state(t, EVENT_LOOP_STATE_POLLING, &t->poll_ns, t->weight));
    event_loop_add(hit ? &t->poll_hits : &t->poll_misses, 1);
}

/* The thread waits for the big lock, if it is an event loop */
void event_loop_profiler_bql_state(EventLoopThread *t, bool waits)
{
    if (!t->ctx) {
        /* a thread that only takes the lock has no time of its own */
        return;
    }
    if (waits) {
        enter_state(t, EVENT_LOOP_STATE_BQL_WAIT, event_loop_ticks(t->period));
    } else {
        /* what was ready before is as late as it waited for the lock */
        leave_state(t, EVENT_LOOP_STATE_BQL_WAIT, &t->bql_wait_ns, 1);
        t->fresh = 0;
    }
}

EVENT_LOOP_HOT void event_loop_profiler_iteration(int64_t poll_max_ns)
{
    EventLoopThread *t = event_loop_current_thread();

    t->fresh = 0;
    if (unlikely(t->depth)) {
        return;
    }
    event_loop_add(&t->iterations, 1);
    if (unlikely(t->poll_max_ns != poll_max_ns)) {
        elp_set(t->poll_max_ns, poll_max_ns);
    }
    if (likely(t->rounds_left)) {
        t->rounds_left--;
    } else {
        event_loop_draw_next(t);
    }
}

/* Start and stop */

void event_loop_set_stall_threshold(uint64_t ns)
{
    elp_set(event_loop_globals.stall_ns, ns);
    elp_set(event_loop_globals.long_ns,
            MIN(MAX(ns / EVENT_LOOP_LOOKS_COUNTED, EVENT_LOOP_LOOK_MIN_NS),
                ns));
}

void event_loop_set_max_overhead(unsigned per_mille)
{
    qatomic_set(&event_loop_globals.max_overhead, per_mille);
}

unsigned event_loop_max_overhead(void)
{
    return qatomic_read(&event_loop_globals.max_overhead);
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
    qatomic_set(&event_loop_globals.reading_ns, event_loop_reading_ns(period));
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
