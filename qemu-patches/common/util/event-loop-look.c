/*
 * Event loop profiler: what goes on that nobody times
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who only counts a dispatch, or a hold of the big lock, does not say when it
 * began.  That it is the same one as before is seen from the number of those
 * that came before it.  So it began between two looks at it: in the middle, as
 * far as we know.
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-snapshot.h"
#include "event-loop-clock.h"
#include "event-loop-reader.h"

/* Whether what is known of it is of this period */
static bool was_looked_at(const EventLoopThread *t)
{
    return qatomic_read(&t->watch.period) == qatomic_read(&t->period);
}

/*
 * Between this look and the last one, if there was one in this period.  A look
 * that is late is not to take half of the time that it was not there for what
 * has lasted, as the next one may follow at once.
 */
static EventLoopTicks between(const EventLoopThread *t, EventLoopTicks now)
{
    EventLoopTicks last = elp_get(t->watch.looked), ago;
    uint64_t most_ns = event_loop_stall_threshold() / 4, ago_ns;

    if (!last || last >= now) {
        return now;
    }
    ago = (now - last) / 2;
    ago_ns = event_loop_ns(now - ago, now);
    return now - (EventLoopTicks)(ago_ns > most_ns
                                  ? (double)ago * most_ns / ago_ns : ago);
}

static bool is_mark_of(const EventLoopMark *mark, const EventLoopSource *s,
                       uint64_t calls, unsigned depth)
{
    return qatomic_read(&mark->source) == s && elp_get(mark->calls) == calls &&
           qatomic_read(&mark->depth) == depth;
}

/*
 * Since when a dispatch is marked; 0 if it is not.  The loop itself has read
 * the clock for one in which it waits.
 */
static EventLoopTicks marked_since(const EventLoopThread *t,
                                   const EventLoopSource *s, uint64_t calls,
                                   unsigned depth)
{
    /* Pairs with the releases of who ends a dispatch, and of a nested wait */
    return qatomic_load_acquire(&t->mark.state) == EVENT_LOOP_MARK_SET &&
           is_mark_of(&t->mark, s, calls, depth) ? elp_get(t->mark.since) : 0;
}

/* The loop reads the clock when this ends, if it has not ended yet */
static void set_mark(EventLoopThread *t, const EventLoopMark *running)
{
    EventLoopMarkState state = qatomic_read(&t->mark.state);

    if (state == EVENT_LOOP_MARK_BUSY) {
        return;
    }
    if (qatomic_cmpxchg(&t->mark.state, state,
                        EVENT_LOOP_MARK_BUSY) == state) {
        /* unless the loop itself has set it since the watch looked at it */
        if (state == EVENT_LOOP_MARK_NONE ||
            !is_mark_of(&t->mark, running->source, running->calls,
                        running->depth)) {
            qatomic_set(&t->mark.depth, running->depth);
            qatomic_set(&t->mark.source, running->source);
            elp_set(t->mark.calls, running->calls);
            elp_set(t->mark.since, running->since);
            t->mark.waits = false;
        }
        /* After all of that.  Pairs with end_marked()'s cmpxchg. */
        qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_SET);
    }
}

static void look_at_dispatch(EventLoopThread *t, const EventLoopView *view)
{
    EventLoopMark *running = &t->watch.running;
    unsigned first = event_loop_first_frame(view);
    const EventLoopSource *s;
    EventLoopTicks marked;
    uint64_t calls;

    if (!view->depth || !view->stack[first].counted) {
        qatomic_set(&running->source, NULL);
        return;
    }
    s = view->stack[first].source;
    calls = view->stack[first].calls;
    marked = marked_since(t, s, calls, first);
    if (running->source == s && running->calls == calls &&
        running->depth == first) {
        running->state = EVENT_LOOP_MARK_SET;
        if (marked) {
            /* the stall's beginning, by which it is known when it is over */
            elp_set(running->since, marked);
        } else {
            set_mark(t, running);
        }
        return;
    }
    running->state = EVENT_LOOP_MARK_NONE;
    running->depth = first;
    /* none, until all of it is there: it may be the same source's */
    qatomic_set(&running->source, NULL);
    /* Before its time.  Pairs with running_since()'s smp_rmb(). */
    smp_wmb();
    elp_set(running->calls, calls);
    elp_set(running->since, marked ?: between(t, view->now));
    /* After its time.  Pairs with running_since()'s acquires. */
    qatomic_store_release(&running->source, s);
}

/* Whether it is in the round in which it was looked at last */
static bool is_in_round(const EventLoopThread *t, const EventLoopView *view)
{
    bool is = was_looked_at(t) &&
              elp_get(t->watch.iterations) == view->iterations;

    /* Before what is of that round.  Pairs with look_at_round(). */
    smp_rmb();
    return is;
}

/* Since when it is in this round, and whether it was when it was looked last */
static void look_at_round(EventLoopThread *t, const EventLoopView *view)
{
    if (t->watch.iterations != view->iterations || !t->watch.round_since) {
        elp_set(t->watch.round_since, between(t, view->now));
        elp_set(t->watch.pending_since, 0);
        /* After what is of this round.  Pairs with is_in_round(). */
        smp_wmb();
        elp_set(t->watch.iterations, view->iterations);
        t->watch.round_lasts = false;
    } else {
        t->watch.round_lasts = true;
    }
}

/*
 * Whether the loop looks for events, as far as is known, which is not to last
 * and is timed by nobody.  It does not say so in a round that is only counted:
 * there it is what is left if nothing else goes on.
 */
static bool may_look_for_events(const EventLoopView *view)
{
    if (view->depth) {
        return false;
    }
    if (!view->counted) {
        return view->state == EVENT_LOOP_STATE_WAITING && view->untimed;
    }
    return view->state == EVENT_LOOP_STATE_RUNNING || view->untimed;
}

static void forget_rest(EventLoopThread *t)
{
    t->watch.still_since = 0;
    t->watch.still_until = 0;
}

static void look_at_rest(EventLoopThread *t, const EventLoopView *view)
{
    uint64_t dispatches, idle_ns;

    if (!may_look_for_events(view)) {
        forget_rest(t);
        return;
    }
    /* a wait that was timed between the looks is known already */
    idle_ns = elp_get(t->wait_ns) + elp_get(t->bql_wait_ns);
    dispatches = event_loop_dispatches(t);
    if (!t->watch.still_since || t->watch.iterations != view->iterations ||
        t->watch.dispatches != dispatches || t->watch.idle_ns != idle_ns) {
        /* it may have been in a dispatch until just now */
        t->watch.still_since = view->now;
        t->watch.still_until = view->now;
        t->watch.dispatches = dispatches;
        t->watch.idle_ns = idle_ns;
        return;
    }
    if (elp_get(t->iterations) != view->iterations) {
        /* since it was read the loop may have booked that round otherwise */
        forget_rest(t);
        return;
    }
    event_loop_add(&t->looks_ns,
                   event_loop_ns(t->watch.still_until, view->now));
    t->watch.still_until = view->now;
}

/* The oldest stamp of a backlog, and whether there is one without a time */
static EventLoopTicks oldest_stamp(const EventLoopThread *t, bool *untimed)
{
    unsigned tag =
        event_loop_period_tag(qatomic_read(&event_loop_globals.period));
    EventLoopTicks oldest = 0;
    int i;

    *untimed = false;
    for (i = 0; i < EVENT_LOOP_BACKLOGS; i++) {
        /* Pairs with event_loop_register_context() */
        const EventLoopBacklog *backlog =
            qatomic_load_acquire(&t->backlogs[i]);
        EventLoopStamp since = backlog ? qatomic_read_u64(&backlog->since) : 0;

        /* what was queued in an earlier period is not known any more */
        if ((since & EVENT_LOOP_TAG_MASK) != tag) {
            continue;
        }
        if (since <= EVENT_LOOP_TAG_MASK) {
            *untimed = true;
        } else {
            oldest = oldest ? MIN(oldest, since) : since;
        }
    }
    return oldest;
}

static void look_at_backlog(EventLoopThread *t, const EventLoopView *view)
{
    bool untimed;

    oldest_stamp(t, &untimed);
    if (!untimed) {
        elp_set(t->watch.pending_since, 0);
    } else if (!t->watch.pending_since) {
        elp_set(t->watch.pending_since, between(t, view->now));
    }
}

EventLoopTicks event_loop_pending_since(const EventLoopThread *t,
                                        const EventLoopView *view)
{
    bool untimed;
    EventLoopTicks oldest = oldest_stamp(t, &untimed);

    if (untimed) {
        EventLoopTicks since = view->now;

        if (is_in_round(t, view)) {
            since = elp_get(t->watch.pending_since) ?: since;
        }
        oldest = oldest ? MIN(oldest, since) : since;
    }
    return oldest;
}

/* Makes what is in @held_since a time, if the thread has not gone on */
static void time_hold(EventLoopThread *t, EventLoopTicks hold,
                      EventLoopTicks since)
{
#ifdef CONFIG_ATOMIC64
    qatomic_cmpxchg__nocheck(&t->bql.held_since, hold, since);
#endif
}

static void look_at_hold(EventLoopThread *t, EventLoopTicks now)
{
    EventLoopTicks hold = elp_get(t->bql.held_since);

    if (!(hold & EVENT_LOOP_HOLD)) {
        elp_set(t->watch.hold, 0);
    } else if (t->watch.hold == hold) {
        time_hold(t, hold, t->watch.held_since);
    } else {
        elp_set(t->watch.held_since, between(t, now));
        elp_set(t->watch.hold, hold);
    }
}

EventLoopTicks event_loop_held_since(const EventLoopThread *t,
                                     EventLoopTicks held_since,
                                     EventLoopTicks now)
{
    if (!(held_since & EVENT_LOOP_HOLD)) {
        return held_since;
    }
    return was_looked_at(t) && elp_get(t->watch.hold) == held_since
           ? MIN(elp_get(t->watch.held_since), now) : now;
}

/*
 * Whether there was one that is only counted in these looks, and in those
 * before: who asks may come in the middle of somebody's looks
 */
static bool any_counted, were_counted;

bool event_loop_is_counted(void)
{
    return qatomic_read(&were_counted) || qatomic_read(&any_counted);
}

void event_loop_begin_looks(void)
{
    qatomic_set(&were_counted, any_counted);
    qatomic_set(&any_counted, false);
}

void event_loop_look(EventLoopThread *t, EventLoopView *view)
{
    if (qatomic_read(&t->counted) || qatomic_read(&t->weight) > 1) {
        qatomic_set(&any_counted, true);
    }
    look_at_rest(t, view);
    look_at_round(t, view);
    look_at_dispatch(t, view);
    look_at_backlog(t, view);
    look_at_hold(t, view->now);
    event_loop_estimate(t, view);
    elp_set(t->watch.looked, view->now);
}

void event_loop_look_at_thread(EventLoopThread *t, EventLoopTicks now)
{
    look_at_hold(t, now);
    elp_set(t->watch.looked, now);
}

static bool is_running(const EventLoopThread *t,
                       const EventLoopViewFrame *frame)
{
    /* Pairs with look_at_dispatch()'s release */
    return qatomic_load_acquire(&t->watch.running.source) == frame->source &&
           elp_get(t->watch.running.calls) == frame->calls;
}

/*
 * Since when the watch knows a dispatch; 0 if it does not.  Who has no lock
 * may read what is just changed to another one.
 */
static EventLoopTicks running_since(const EventLoopThread *t,
                                    const EventLoopViewFrame *frame)
{
    EventLoopTicks since;

    if (!was_looked_at(t) || !is_running(t, frame)) {
        return 0;
    }
    since = elp_get(t->watch.running.since);
    /* After its time: is it still that one's?  Pairs with its smp_wmb(). */
    smp_rmb();
    return is_running(t, frame) ? since : 0;
}

void event_loop_estimate(const EventLoopThread *t, EventLoopView *view)
{
    EventLoopTicks since = view->now;
    unsigned first, i;

    if (view->depth) {
        first = event_loop_first_frame(view);
        since = MIN(running_since(t, &view->stack[first]) ?: since, since);
        for (i = 0; i < view->depth; i++) {
            if (view->stack[i].counted) {
                view->stack[i].start = i <= first ? since : view->now;
            }
        }
        if (view->state == EVENT_LOOP_STATE_RUNNING) {
            view->state = EVENT_LOOP_STATE_DISPATCHING;
            view->state_since = view->stack[view->depth - 1].start;
        }
    }
    if (!view->state_since) {
        view->state_since = is_in_round(t, view)
                            ? MIN(elp_get(t->watch.round_since), view->now)
                            : view->now;
    }
}
