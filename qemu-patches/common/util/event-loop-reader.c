/*
 * Event loop profiler: reading the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-reader.h"
#include "event-loop-clock.h"

/* How often something is read at once, before a pause */
#define TRIES_AT_ONCE 50

#define PAUSE_US 100

/* Another reader that holds the lock for longer was stopped there */
#define LOCK_TRIES 100

/*
 * No QemuMutex: these are traced and profiled themselves, with locks, and
 * nobody may wait for this one without end.
 */
static bool readers_locked;

bool event_loop_lock_readers(void)
{
    int i;

    for (i = 0; i < LOCK_TRIES; i++) {
        if (!qatomic_xchg(&readers_locked, true)) {
            return true;
        }
        g_usleep(PAUSE_US);
    }
    return false;
}

void event_loop_unlock_readers(void)
{
    /* Pairs with event_loop_lock_readers()'s qatomic_xchg() */
    qatomic_store_release(&readers_locked, false);
}

EventLoopInstant event_loop_instant_now(void)
{
    EventLoopInstant now;

    /* Pairs with begin_profiling() */
    now.period = qatomic_load_acquire(&event_loop_globals.period);
    event_loop_clock_now(now.period, &now.ticks, &now.ns);
    now.rate = (double)(now.ns - elp_get(event_loop_globals.since_ns)) /
               MAX(now.ticks - elp_get(event_loop_globals.since_ticks), 1);
    return now;
}

EventLoopThread *event_loop_next_thread(uint64_t number)
{
    EventLoopThread *t;

    QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
        if (t->number > number) {
            return t;
        }
    }
    return NULL;
}

uint64_t event_loop_dispatches(const EventLoopThread *t)
{
    /* before those that are left */
    uint64_t calls = elp_get(t->dropped_calls);
    const EventLoopSource *s;

    /* Pairs with drop_old_sources() */
    smp_rmb();
    QSIMPLEQ_FOREACH_RCU(s, &t->sources, next) {
        calls += elp_get(s->calls);
    }
    return calls;
}

/* Returns the number if no change is going on, else an odd one */
static unsigned read_begin(const unsigned *counter)
{
    unsigned seq = qatomic_read(counter);

    /* Before what is read next.  Pairs with write_end()'s. */
    smp_rmb();
    return seq;
}

/*
 * Whether what was read since @seq is to be read again, because it does not
 * belong together, or is not @stable anyhow.  It must do if its writer does
 * not go on: that one lost its CPU in the middle of a change, or is in a
 * debugger's hands.
 */
static bool read_retry(const unsigned *counter, unsigned seq, unsigned *tries,
                       unsigned *patience, bool *stable)
{
    /* After what was read.  Pairs with write_begin()'s. */
    smp_rmb();
    *stable = *stable && !(seq & 1) && qatomic_read(counter) == seq;
    if (*stable) {
        return false;
    }
    if (++*tries % TRIES_AT_ONCE == 0) {
        if (!*patience) {
            return false;
        }
        --*patience;
        g_usleep(PAUSE_US);
    }
    return true;
}

/*
 * What add_looks() will book as waits of the stretch of rounds that goes on,
 * if the stretch turns out to be as long
 */
static uint64_t read_looks(const EventLoopThread *t)
{
    uint64_t before = elp_get(t->draw.looks_ns);

    return MAX(elp_get(t->looks_ns), before) - before;
}

/*
 * The loop's dispatches in the stretch of rounds that goes on, if that is only
 * counted, as add_counted() will have it
 */
static uint64_t read_counted(const EventLoopThread *t,
                             const EventLoopView *view)
{
    const EventLoopDraw *draw = &t->draw;
    EventLoopTicks end = view->now;
    uint64_t idle_ns, rounds, ns;

    if (!view->depth && view->state_since &&
        (view->state == EVENT_LOOP_STATE_WAITING ||
         view->state == EVENT_LOOP_STATE_BQL_WAIT)) {
        end = view->state_since;
    }
    rounds = view->iterations - elp_get(draw->iterations);
    idle_ns = view->wait_ns + view->bql_wait_ns - elp_get(draw->idle_ns) +
              rounds * elp_get(draw->other_ns);
    ns = event_loop_ns(elp_get(draw->since), end);
    ns = elp_get(draw->dispatch_ns) + (ns > idle_ns ? ns - idle_ns : 0);
    return ns > view->dispatch_ns ? ns - view->dispatch_ns : 0;
}

void event_loop_read(const EventLoopThread *t, EventLoopView *view,
                     unsigned *patience)
{
    unsigned tries = 0, i;

    do {
        bool begins = false;
        unsigned counted_depth = qatomic_read(&t->counted)
                                 ? EVENT_LOOP_STACK_MAX
                                 : qatomic_read(&t->counted_depth);

        /* first, so that hardly any end of the state is before it */
        view->now = event_loop_ticks(qatomic_read(&t->period));
        /* before the stack, so that no time counts twice */
        view->dispatch_ns = elp_get(t->dispatch_ns);
        /* Pairs with end() */
        smp_rmb();
        view->seq = read_begin(&t->seq);
        /* Pairs with event_loop_profiler_poll_begin() */
        view->state = qatomic_load_acquire(&t->state);
        view->since_ns = elp_get(t->since_ns);
        view->state_since = elp_get(t->state_since);
        view->untimed = !view->state_since;
        view->timeout_ns = elp_get(t->timeout_ns);
        /* Both pair with begin() */
        view->batch = qatomic_load_acquire(&t->batch);
        view->depth = qatomic_load_acquire(&t->top) - t->stack;
        for (i = 0; i < view->depth; i++) {
            EventLoopViewFrame *frame = &view->stack[i];

            /* Pairs with push() */
            frame->source = qatomic_load_acquire(&t->stack[i].source);
            frame->start = elp_get(t->stack[i].start);
            frame->nested_ns = elp_get(t->stack[i].nested_ns);
            frame->calls = elp_get(frame->source->calls);
            frame->counted = !frame->start && i < counted_depth;
            if (!frame->start) {
                frame->start = view->now;
                begins = begins || !frame->counted;
            }
        }
        view->wait_ns = elp_get(t->wait_ns) + read_looks(t);
        view->poll_ns = elp_get(t->poll_ns);
        view->bql_wait_ns = elp_get(t->bql_wait_ns);
        view->iterations = elp_get(t->iterations);
        view->poll_hits = elp_get(t->poll_hits);
        view->poll_misses = elp_get(t->poll_misses);
        view->poll_max_ns = elp_get(t->poll_max_ns);
        view->counted = qatomic_read(&t->draw.counted);
        view->counted_ns = view->counted ? read_counted(t, view) : 0;
        /* what begins does not belong together yet */
        view->stable = !begins;
    } while (read_retry(&t->seq, view->seq, &tries, patience, &view->stable));

}

unsigned event_loop_first_frame(const EventLoopView *view)
{
    unsigned first = 0;

    while (first + 1 < view->depth && view->stack[first].source->remainder) {
        first++;
    }
    return first;
}

/* A number in a histogram, with what did not fit; see add_carry() */
static uint64_t read_bucket(const EventLoopSource *s,
                            const EventLoopCarry *carry,
                            EventLoopHistogram histogram, unsigned bucket)
{
    const uint32_t *low = &s->histograms[histogram][bucket], *high;
    uint32_t n, times;

    if (likely(!carry)) {
        return qatomic_read(low);
    }
    high = &(*carry)[histogram][bucket];
    do {
        times = qatomic_read(high);
        /* Pairs with add_carry()'s second: it is cleared, if this is even */
        smp_rmb();
        n = qatomic_read(low);
        /* Pairs with add_carry()'s first: if it was cleared, that was odd */
        smp_rmb();
        /* once more, and a bucket will not be full again that soon */
    } while (qatomic_read(high) != times);
    /* in the middle of it: was it cleared already? */
    times = times / 2 + (times % 2 && n < UINT32_MAX);
    return (uint64_t)times << 32 | n;
}

static uint64_t read_histogram(const EventLoopSource *s,
                               EventLoopHistogram histogram, unsigned buckets,
                               uint64_t *numbers)
{
    const EventLoopCarry *carry;
    uint64_t sum;
    unsigned i;

    do {
        /* Pairs with add_carry() */
        carry = qatomic_load_acquire(&s->carry);
        sum = 0;
        for (i = 0; i < buckets; i++) {
            numbers[i] = read_bucket(s, carry, histogram, i);
            sum += numbers[i];
        }
        /* A bucket that was cleared has its carry.  Pairs with add_carry(). */
        smp_rmb();
    } while (qatomic_read(&s->carry) != carry);
    return sum;
}

/*
 * A source that dispatches all the time on another CPU changes faster than it
 * can be read.  So it is read in the opposite order of its being written.
 */
void event_loop_read_source(const EventLoopSource *s,
                            EventLoopSourceView *view)
{
    view->calls = elp_get(s->calls);
    /* Pairs with book()'s last */
    smp_rmb();
    view->delay_buckets = event_loop_bucket(elp_get(s->delay_max_ns)) + 1;
    view->delays = read_histogram(s, EVENT_LOOP_HISTOGRAM_DELAY,
                                  view->delay_buckets, view->delay_histogram);
    /* Pairs with book()'s second */
    smp_rmb();
    view->delay_max_ns = elp_get(s->delay_max_ns);
    view->delay_ns = elp_get(s->delay_ns);
    view->buckets = event_loop_bucket(elp_get(s->max_ns)) + 1;
    view->timed = read_histogram(s, EVENT_LOOP_HISTOGRAM_TIME, view->buckets,
                                 view->histogram);
    /* it may have been called meanwhile */
    view->calls = MAX(view->calls, view->timed);
    /* Pairs with book()'s first */
    smp_rmb();
    view->max_ns = elp_get(s->max_ns);
    view->busy_ns = elp_get(s->busy_ns);
    view->total_ns = view->busy_ns + elp_get(s->nested_ns);
    view->last = elp_get(s->last);
    view->max_ns = MIN(view->max_ns, view->total_ns);
    view->delay_max_ns = MIN(view->delay_max_ns, view->delay_ns);
}
