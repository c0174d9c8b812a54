/*
 * Event loop profiler: the loop's own time
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"
#include "event-loop-draw.h"

/* Batches */

EVENT_LOOP_HOT void event_loop_profiler_batch_begin(void)
{
    EventLoopThread *t = event_loop_current_thread();

    /*
     * Where only some rounds are timed, booking a dispatch takes longer, as
     * caches are cold, and is not to be the next one's time.
     */
    t->batch_frame = t->weight > 1 ? NULL : t->top;
    elp_set(t->batch, t->fresh);
}

EVENT_LOOP_HOT void event_loop_profiler_batch_end(void)
{
    EventLoopThread *t = event_loop_current_thread();

    t->batch_frame = NULL;
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

/* What the loop did outside of its dispatches may have taken too long */
static void G_GNUC_NO_INLINE add_state_overrun(EventLoopThread *t,
                                               EventLoopState state,
                                               uint64_t ns,
                                               EventLoopTicks now)
{
    EventLoopStallCause cause;

    if (ns >= event_loop_state_limit(state, t->timeout_ns, &cause)) {
        event_loop_add_overrun(t, cause, NULL, t->state_since, now);
    }
}

/*
 * Back to what the loop did before, and the time goes to @counter, as that of
 * so many rounds.  Of polling only what the loop may poll stands for others,
 * the rest for itself: this thread lost its CPU.  Within a dispatch it is part
 * of that, whatever the nested loop does.  Returns the time; 0 if it was not
 * read.
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
    if (t->top == t->stack) {
        uint64_t ns = event_loop_ns(t->state_since, now), own_ns = ns;

        if (state == EVENT_LOOP_STATE_POLLING) {
            own_ns = MIN(ns, t->poll_max_ns);
        }
        if (unlikely(ns >= elp_get(event_loop_globals.notable_ns))) {
            if (ns >= elp_get(event_loop_globals.long_ns)) {
                /* it would have been seen in a round that is counted, too */
                own_ns = 0;
            }
            add_state_overrun(t, state, ns, now);
        }
        event_loop_add(counter, ns + own_ns * (weight - 1));
        if (state == EVENT_LOOP_STATE_POLLING) {
            /* what is booked since then is to be that of all these rounds */
            t->draw.poll_ns += ns - own_ns;
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
            /* not known */
            t->woken = 0;
            return;
        }
        now = event_loop_ticks(t->period);
    }
    if (unlikely(t->top != t->stack)) {
        frame = t->top - 1;
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
        /* Not of the time of another one.  Pairs with event_loop_read(). */
        qatomic_store_release(&t->state, EVENT_LOOP_STATE_WAITING);
        return;
    }
    if (unlikely(t->top != t->stack)) {
        event_loop_draw_nested(t);
    }
    t->timed_waits++;
    enter_state(t, EVENT_LOOP_STATE_WAITING, event_loop_ticks(t->period));
}

static void G_GNUC_NO_INLINE end_wait(EventLoopThread *t)
{
    EventLoopTicks now = leave_state(t, EVENT_LOOP_STATE_WAITING, &t->wait_ns,
                                     1);

    wake(t, now);
    if (t->counted && now) {
        event_loop_draw_waited(t, now);
    }
}

EVENT_LOOP_HOT void event_loop_profiler_wait_end(void)
{
    EventLoopThread *t = event_loop_this_thread;

    if (event_loop_is_of_period(t) && t->counted &&
        t->state != EVENT_LOOP_STATE_WAITING) {
        /* it was a look only: see event_loop_wait_begin() and wake() */
        t->woken = 0;
    } else {
        end_wait(event_loop_current_thread());
    }
}

EVENT_LOOP_HOT void event_loop_profiler_poll_begin(void)
{
    EventLoopThread *t = event_loop_current_thread();

    if (t->counted) {
        /* nobody wants to know how long, unless the watch sees that it lasts */
        elp_set(t->state_since, 0);
        /* Not of the time of another one.  Pairs with event_loop_read(). */
        qatomic_store_release(&t->state, EVENT_LOOP_STATE_POLLING);
        return;
    }
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

/* The same as event_loop_profiler_iteration(), whatever is to be done */
static void G_GNUC_NO_INLINE iterate(int64_t poll_max_ns)
{
    EventLoopThread *t = event_loop_current_thread();

    t->fresh = 0;
    if (unlikely(t->top != t->stack)) {
        return;
    }
    event_loop_add(&t->iterations, 1);
    elp_set(t->poll_max_ns, poll_max_ns);
    if (t->rounds_left) {
        t->rounds_left--;
    } else {
        event_loop_draw_next(t);
    }
}

EVENT_LOOP_HOT void event_loop_profiler_iteration(int64_t poll_max_ns)
{
    EventLoopThread *t = event_loop_this_thread;

    if (unlikely(!event_loop_is_of_period(t) || t->top != t->stack ||
                 t->poll_max_ns != poll_max_ns || !t->rounds_left)) {
        iterate(poll_max_ns);
        return;
    }
    t->fresh = 0;
    event_loop_add(&t->iterations, 1);
    t->rounds_left--;
}

