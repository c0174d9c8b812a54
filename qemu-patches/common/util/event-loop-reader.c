/*
 * Event loop profiler: reading the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-reader.h"
#include "event-loop-clock.h"

/*
 * How often something is read before it is taken as it is: so often at once,
 * and so often after a pause.  A writer that is in the middle of a change
 * lost its CPU there; it may be in a debugger's hands.
 */
typedef struct Patience {
    unsigned at_once;
    unsigned pauses;
} Patience;

static const Patience loop_patience = { 50, 20 };
/* not worth to be waited for: see event_loop_read_source() */
static const Patience source_patience = { 10, 0 };

#define PAUSE_US 100

/* Another reader that holds the lock for longer was stopped there */
#define LOCK_TRIES 100

static QemuMutex readers_lock;

static void __attribute__((__constructor__)) event_loop_reader_init(void)
{
    qemu_mutex_init(&readers_lock);
}

bool event_loop_lock_readers(void)
{
    int i;

    for (i = 0; i < LOCK_TRIES; i++) {
        if (!qemu_mutex_trylock(&readers_lock)) {
            return true;
        }
        g_usleep(PAUSE_US);
    }
    return false;
}

void event_loop_unlock_readers(void)
{
    qemu_mutex_unlock(&readers_lock);
}

EventLoopInstant event_loop_instant_now(void)
{
    EventLoopInstant now;

    event_loop_clock_now(&now.ticks, &now.ns);
    now.rate = (double)(now.ns - event_loop_since_ns) /
               MAX(now.ticks - elp_get(event_loop_since_ticks), 1);
    return now;
}

static unsigned read_begin(const unsigned *counter)
{
    unsigned seq = qatomic_read(counter);

    /* Before what is read next.  Pairs with write_end()'s. */
    smp_rmb();
    return seq;
}

/*
 * Whether what was read since @seq belongs together, or must do because its
 * writer does not go on
 */
static bool read_retry(const unsigned *counter, unsigned seq,
                       const Patience *patience, unsigned *tries,
                       bool *stable)
{
    /* After what was read.  Pairs with write_begin()'s. */
    smp_rmb();
    *stable = !(seq & 1) && qatomic_read(counter) == seq;
    if (*stable || ++*tries >= patience->at_once + patience->pauses) {
        return false;
    }
    if (*tries > patience->at_once) {
        g_usleep(PAUSE_US);
    }
    return true;
}

void event_loop_read(const EventLoopThread *t, EventLoopView *view)
{
    unsigned tries = 0, i;

    do {
        /* first, so that no later end of the state is before it */
        view->now = event_loop_ticks();
        view->seq = read_begin(&t->seq);
        view->state = qatomic_read(&t->state);
        view->since_ns = elp_get(t->since_ns);
        view->state_since = elp_get(t->state_since);
        view->timeout_ns = elp_get(t->timeout_ns);
        /* Pairs with event_loop_profiler_begin() */
        view->depth = MIN(qatomic_load_acquire(&t->depth),
                          EVENT_LOOP_STACK_MAX);
        for (i = 0; i < view->depth; i++) {
            /* Pairs with event_loop_profiler_begin() */
            view->stack[i].source = qatomic_load_acquire(&t->stack[i].source);
            view->stack[i].start = elp_get(t->stack[i].start);
            view->stack[i].nested_ns = elp_get(t->stack[i].nested_ns);
        }
        view->wait_ns = elp_get(t->wait_ns);
        view->poll_ns = elp_get(t->poll_ns);
        view->dispatch_ns = elp_get(t->dispatch_ns);
        view->bql_wait_ns = elp_get(t->bql_wait_ns);
        view->iterations = elp_get(t->iterations);
        view->dispatches = elp_get(t->dispatches);
        view->poll_hits = elp_get(t->poll_hits);
        view->poll_misses = elp_get(t->poll_misses);
        view->poll_max_ns = elp_get(t->poll_max_ns);
    } while (read_retry(&t->seq, view->seq, &loop_patience, &tries,
                        &view->stable));
}

unsigned event_loop_first_frame(const EventLoopView *view)
{
    unsigned first = 0;

    while (first + 1 < view->depth && view->stack[first].source->remainder) {
        first++;
    }
    return first;
}

/*
 * A source that dispatches all the time on another CPU changes faster than it
 * can be read.  So it is read in the opposite order of its being written:
 * what does not belong together to the letter holds together all the same, as
 * each delay has its call, each call its time, and the sum of the histogram is
 * the number of calls.
 */
void event_loop_read_source(const EventLoopSource *s,
                            EventLoopSourceView *view)
{
    unsigned tries = 0, i;

    do {
        view->seq = read_begin(&s->seq);
        view->calls = 0;
        view->delays = 0;
        view->delay_buckets = event_loop_bucket(elp_get(s->delay_max_ns)) + 1;
        for (i = 0; i < view->delay_buckets; i++) {
            view->delay_histogram[i] = elp_get(s->delay_histogram[i]);
            view->delays += view->delay_histogram[i];
        }
        /* Pairs with event_loop_profiler_end()'s */
        smp_rmb();
        view->delay_max_ns = elp_get(s->delay_max_ns);
        view->delay_ns = elp_get(s->delay_ns);
        view->buckets = event_loop_bucket(elp_get(s->max_ns)) + 1;
        for (i = 0; i < view->buckets; i++) {
            view->histogram[i] = elp_get(s->histogram[i]);
            view->calls += view->histogram[i];
        }
        /* Pairs with event_loop_profiler_end()'s */
        smp_rmb();
        view->max_ns = elp_get(s->max_ns);
        view->busy_ns = elp_get(s->busy_ns);
        view->total_ns = elp_get(s->total_ns);
        view->last = elp_get(s->last);
    } while (read_retry(&s->seq, view->seq, &source_patience, &tries,
                        &view->stable));
    view->busy_ns = MIN(view->busy_ns, view->total_ns);
    view->max_ns = MIN(view->max_ns, view->total_ns);
    view->delay_max_ns = MIN(view->delay_max_ns, view->delay_ns);
}
