/*
 * Event loop profiler: dispatches
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See include/qemu/event-loop-profiler.h for what it is for and what it
 * costs, and util/event-loop-profiler-int.h for who may read and write what.
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"
#include "event-loop-source.h"

__thread const EventLoopBacklog *event_loop_counted;

/* Whether the stamp is of this period, and if so, of a known time */
static inline bool is_time(EventLoopStamp stamp, uint32_t period)
{
    return (stamp & EVENT_LOOP_TAG_MASK) == event_loop_period_tag(period) &&
           stamp > EVENT_LOOP_TAG_MASK;
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

void G_GNUC_NO_INLINE event_loop_add_overrun(EventLoopThread *t,
                                             EventLoopStallCause cause,
                                             EventLoopSource *source,
                                             EventLoopTicks start,
                                             EventLoopTicks end)
{
    EventLoopOverrun *overrun =
        &t->overruns[t->overrun_count % EVENT_LOOP_OVERRUNS];

    /*
     * After the number of those before it: who sees something of this one
     * sees that it takes the place of an old one.  Pairs with
     * drain_overruns()'s second.
     */
    smp_wmb();
    qatomic_set(&overrun->source, source);
    qatomic_set(&overrun->cause, cause);
    elp_set(overrun->start, start);
    elp_set(overrun->end, end);
    /* After the overrun.  Pairs with drain_overruns()'s first. */
    smp_wmb();
    event_loop_add(&t->overrun_count, 1);
}

/*
 * A dispatch that others are nested in is the one that the loop waited for.
 * What the main loop does otherwise is none of its callbacks.
 */
static bool is_outermost(const EventLoopThread *t, const EventLoopFrame *frame)
{
    return frame == t->stack ||
           (frame == t->stack + 1 && t->stack[0].source->remainder);
}

/* Dispatches */

static inline void push(EventLoopThread *t, EventLoopSource *s,
                        EventLoopFrame *frame)
{
    /* Pairs with event_loop_read(), which may see a new source here */
    qatomic_store_release(&frame->source, s);
    elp_set(frame->nested_ns, 0);
    /* After the frame.  Pairs with event_loop_read(). */
    qatomic_store_release(&t->top, frame + 1);
}

/*
 * Whether the frame is on this thread's stack, and this source's: what is no
 * longer there was left by what it is nested in
 */
static inline bool is_on_stack(const EventLoopThread *t,
                               const EventLoopSource *s,
                               const EventLoopFrame *frame)
{
    return frame >= t->stack && frame < t->top && frame->source == s;
}

/* Frames above that one are of callbacks that never return */
static void G_GNUC_NO_INLINE leave_frames(EventLoopThread *t,
                                          EventLoopFrame *frame)
{
    while (++frame < t->top) {
        elp_set(frame->start, 0);
        frame->woken = 0;
    }
}

static inline void pop(EventLoopThread *t, EventLoopFrame *frame)
{
    if (unlikely(t->top != frame + 1)) {
        leave_frames(t, frame);
    }
    qatomic_set(&t->top, frame);
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
static inline void restore_woken(EventLoopThread *t, EventLoopFrame *frame)
{
    if (unlikely(frame->woken)) {
        t->woken = frame->woken;
        frame->woken = 0;
    }
}

/* How long it took, if it took so long that it may be a stall */
static void G_GNUC_NO_INLINE end_long(EventLoopThread *t, EventLoopSource *s,
                                      const EventLoopFrame *frame,
                                      EventLoopTicks start,
                                      EventLoopTicks end, uint64_t ns)
{
    if (ns >= elp_get(event_loop_globals.stall_ns) && is_outermost(t, frame) &&
        event_loop_may_stall(t, s)) {
        event_loop_add_overrun(t, EVENT_LOOP_STALL_CAUSE_DISPATCH, s, start,
                               end);
    }
}

/* A dispatch that was only counted until the watch saw that it goes on */
static void G_GNUC_NO_INLINE end_marked(EventLoopThread *t,
                                        EventLoopSource *s,
                                        EventLoopFrame *frame)
{
    unsigned depth = frame - t->stack;
    EventLoopTicks since, now;
    uint64_t total_ns, nested_ns, busy_ns, ns;
    bool waits;

    restore_woken(t, frame);
    if (qatomic_cmpxchg(&t->mark.state, EVENT_LOOP_MARK_SET,
                        EVENT_LOOP_MARK_BUSY) != EVENT_LOOP_MARK_SET) {
        /* it is being changed: the watch knows that it went on */
        event_loop_add(&s->calls, 1);
        return;
    }
    if (t->mark.depth < depth) {
        /* something around this one, which may be the same source's */
        event_loop_add(&t->mark.calls, t->mark.source == s);
        /* After the calls.  Pairs with set_mark()'s acquire. */
        qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_SET);
        event_loop_add(&s->calls, 1);
        return;
    }
    since = t->mark.source == s && t->mark.calls == s->calls &&
            t->mark.depth == depth ? t->mark.since : 0;
    waits = t->mark.waits;
    /* After it was read.  Pairs with set_mark()'s cmpxchg. */
    qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_NONE);
    if (!since) {
        /* another one was meant, which is over */
        event_loop_add(&s->calls, 1);
        return;
    }
    now = event_loop_ticks(t->period);
    total_ns = event_loop_ns(since, now);
    nested_ns = MIN(frame->nested_ns, total_ns);
    busy_ns = total_ns - nested_ns;
    ns = s->remainder ? busy_ns : total_ns;
    if (!waits && total_ns < elp_get(event_loop_globals.long_ns)) {
        /* those that are timed stand for it */
        event_loop_add(&s->calls, 1);
    } else {
        elp_set(s->last, now);
        event_loop_add(&s->busy_ns, busy_ns);
        event_loop_add(&s->nested_ns, nested_ns);
        book(t, s, ns, -1);
    }
    end_long(t, s, frame, since, now, ns);
}

/* A dispatch in one that is marked, which may be the same source's */
static void G_GNUC_NO_INLINE called_in_marked(EventLoopThread *t,
                                              const EventLoopSource *s)
{
    if (qatomic_cmpxchg(&t->mark.state, EVENT_LOOP_MARK_SET,
                        EVENT_LOOP_MARK_BUSY) == EVENT_LOOP_MARK_SET) {
        event_loop_add(&t->mark.calls, t->mark.source == s);
        /* After the calls.  Pairs with set_mark()'s acquire. */
        qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_SET);
    }
}

static inline void end_counted(EventLoopThread *t, EventLoopSource *s,
                               EventLoopFrame *frame)
{
    pop(t, frame);
    if (unlikely(qatomic_read(&t->mark.state))) {
        end_marked(t, s, frame);
    } else {
        event_loop_add(&s->calls, 1);
    }
}

/* So deep that it is neither timed nor shown, and its end is not looked at */
static void G_GNUC_NO_INLINE count_deep(EventLoopDispatch *dispatch,
                                        EventLoopThread *t,
                                        EventLoopSource *s)
{
    dispatch->thread = NULL;
    event_loop_add(&s->calls, 1);
    if (qatomic_read(&t->mark.state)) {
        called_in_marked(t, s);
    }
}

static inline __attribute__((always_inline))
void begin(EventLoopDispatch *dispatch, void *address, const char *name,
           uint64_t what, int fd, EventLoopStamp ready)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopSource *s = *event_loop_source_slot(t, address, name, what);
    EventLoopFrame *frame = t->top;
    EventLoopTicks start;

    if (unlikely(!event_loop_is_source(s, address, name, what) ||
                 s->fd != fd)) {
        EventLoopCallback callback = { address, name, what, fd };

        s = event_loop_find_source(t, &callback);
    }
    dispatch->thread = t;
    dispatch->source = s;
    dispatch->frame = frame;
    dispatch->period = t->period;

    if (unlikely(frame == t->stack + EVENT_LOOP_STACK_MAX)) {
        count_deep(dispatch, t, s);
        return;
    }
    if (unlikely(t->counted && s->calls >= EVENT_LOOP_MATURE_CALLS)) {
        dispatch->start = 0;
        push(t, s, frame);
        return;
    }

    /*
     * Seen to be nested before the clock is read: otherwise the time from
     * there on, which may be long if this thread loses its CPU, would be shown
     * as that of the outer dispatch, and be taken from it again.
     */
    push(t, s, frame);
    start = t->batch;
    t->fresh = 0;
    if (start) {
        /* After what it was for.  Pairs with event_loop_read(). */
        qatomic_store_release(&t->batch, 0);
    } else {
        start = event_loop_ticks(t->period);
    }
    elp_set(frame->start, start);
    dispatch->start = start;
    if (fd >= 0) {
        ready = t->woken;
    } else if (!is_time(ready, t->period)) {
        ready = 0;
    }
    dispatch->delay_ns = ready ? event_loop_ns(ready, start) : -1;
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
    const EventLoopFrame *frame = dispatch->frame;

    return t == dispatch->thread && t->period == dispatch->period &&
           frame < t->top && frame->source == dispatch->source &&
           frame->start == dispatch->start;
}

static inline __attribute__((always_inline))
void end(const EventLoopDispatch *dispatch)
{
    EventLoopThread *t = event_loop_thread_now();
    EventLoopSource *s = dispatch->source;
    EventLoopFrame *frame = dispatch->frame;
    EventLoopTicks start = dispatch->start, now;
    uint64_t total_ns, nested_ns, busy_ns, ns, weight;

    if (unlikely(!is_running(t, dispatch))) {
        return;
    }
    if (unlikely(!start)) {
        end_counted(t, s, frame);
        return;
    }

    now = event_loop_ticks(t->period);
    total_ns = event_loop_ns(start, now);
    nested_ns = MIN(frame->nested_ns, total_ns);
    busy_ns = total_ns - nested_ns;
    elp_set(frame->start, 0);
    pop(t, frame);
    t->timed_dispatches++;
    /*
     * No time counts twice: it is on the stack no more.  Pairs with
     * event_loop_read()'s first.
     */
    smp_wmb();
    if (likely(frame == t->stack)) {
        event_loop_add(&t->dispatch_ns, total_ns);
    } else {
        event_loop_add(&frame[-1].nested_ns, total_ns);
        if (unlikely(qatomic_read(&t->mark.state))) {
            called_in_marked(t, s);
        }
    }

    ns = unlikely(s->remainder) ? busy_ns : total_ns;
    weight = likely(s->calls >= EVENT_LOOP_MATURE_CALLS) || s->sampled
             ? t->weight : 1;
    if (unlikely(ns >= elp_get(event_loop_globals.notable_ns))) {
        if (ns >= elp_get(event_loop_globals.long_ns)) {
            /* it would have been seen in a round that is counted, too */
            weight = 1;
        }
        end_long(t, s, frame, start, now, ns);
    }
    elp_set(s->last, now);
    event_loop_add(&s->busy_ns, busy_ns * weight);
    if (unlikely(nested_ns)) {
        event_loop_add(&s->nested_ns, nested_ns * weight);
    }
    book(t, s, ns, dispatch->delay_ns);
    if (unlikely(s->sampled)) {
        event_loop_add(&s->calls, weight - 1);
    }
    elp_set(t->batch, t->batch_frame == frame ? now : 0);
    restore_woken(t, frame);
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
void event_loop_profiler_dispatch(void *opaque, void (*cb)(void *),
                                  const char *name, uint64_t what, int fd,
                                  EventLoopStamp ready)
{
    EventLoopDispatch dispatch EVENT_LOOP_UNINITIALIZED;

    begin(&dispatch, cb, name, what, fd, ready);
    cb(opaque);
    if (likely(dispatch.thread)) {
        end(&dispatch);
    }
}

/* The end of a dispatch in whose way there is something */
static void G_GNUC_NO_INLINE count_slowly(EventLoopSource *s,
                                          EventLoopFrame *frame)
{
    EventLoopThread *t = event_loop_thread_now();

    if (is_on_stack(t, s, frame)) {
        end_counted(t, s, frame);
    }
}

/*
 * As few registers as possible are saved: of what was before the callback only
 * the source and the frame are needed.  A frame on the top of the running
 * thread's stack is of that thread.
 */
EVENT_LOOP_HOT
void event_loop_profiler_count(void *opaque, void (*cb)(void *),
                               const char *name, uint64_t what, int fd)
{
    EventLoopThread *t = event_loop_this_thread;
    EventLoopSource *s = *event_loop_source_slot(t, cb, name, what);
    EventLoopFrame *frame = t->top;

    if (unlikely(!event_loop_is_source(s, cb, name, what) ||
                 frame == t->stack + EVENT_LOOP_STACK_MAX)) {
        event_loop_profiler_dispatch(opaque, cb, name, what, fd, 0);
        return;
    }
    push(t, s, frame);
    cb(opaque);
    t = event_loop_thread_now();
    if (unlikely((uintptr_t)t->top - (uintptr_t)frame != sizeof(*frame) ||
                 frame->source != s || qatomic_read(&t->mark.state))) {
        count_slowly(s, frame);
        return;
    }
    qatomic_set(&t->top, frame);
    event_loop_add(&s->calls, 1);
}
