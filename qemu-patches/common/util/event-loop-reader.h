/*
 * Event loop profiler: reading the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What belongs together is read together, and no writer is waited for that
 * does not go on.  All of this is called within an RCU critical section.
 */

#ifndef EVENT_LOOP_READER_H
#define EVENT_LOOP_READER_H

#include "event-loop-profiler-int.h"

/* A dispatch that goes on */
typedef struct EventLoopViewFrame {
    EventLoopSource *source;
    /* how often the source had been called before */
    uint64_t calls;
    EventLoopTicks start;
    /* time of the dispatches nested in it that are over */
    uint64_t nested_ns;
    /* nobody read the clock when it began: @start is an estimate */
    bool counted;
} EventLoopViewFrame;

/* A loop's counters at one instant */
typedef struct EventLoopView {
    unsigned seq;
    /* its members belong together */
    bool stable;
    EventLoopTicks now;
    EventLoopState state;
    uint64_t since_ns;
    EventLoopTicks state_since;
    /* nobody read the clock when it began: @state_since is an estimate, or 0 */
    bool untimed;
    int64_t timeout_ns;
    unsigned depth;
    EventLoopTicks batch;
    EventLoopViewFrame stack[EVENT_LOOP_STACK_MAX];
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    /* whether its rounds are only counted; what @dispatch_ns lacks then */
    bool counted;
    uint64_t counted_ns;
    uint64_t bql_wait_ns;
    uint64_t iterations;
    uint64_t dispatches;
    uint64_t poll_hits;
    uint64_t poll_misses;
    uint64_t poll_max_ns;
} EventLoopView;

/*
 * A source's counters.  They hold together: each delay has its timed call,
 * and each timed call its time.
 */
typedef struct EventLoopSourceView {
    EventLoopTicks last;
    uint64_t busy_ns;
    uint64_t total_ns;
    uint64_t max_ns;
    uint64_t delay_ns;
    uint64_t delay_max_ns;
    uint64_t calls;
    /* how many of them were timed: the sum of the histogram */
    uint64_t timed;
    uint64_t delays;
    /* those past the longest time are empty, and were not read */
    unsigned buckets;
    unsigned delay_buckets;
    uint64_t histogram[EVENT_LOOP_BUCKETS];
    uint64_t delay_histogram[EVENT_LOOP_BUCKETS];
} EventLoopSourceView;

/* One instant on both clocks, and how they go */
typedef struct EventLoopInstant {
    uint32_t period;
    EventLoopTicks ticks;
    uint64_t ns;
    /* nanoseconds a tick, from the beginning of the period until then */
    double rate;
} EventLoopInstant;

EventLoopInstant event_loop_instant_now(void);

/*
 * The instant of a stamp, as CLOCK_MONOTONIC nanoseconds: on the line through
 * two pairs of readings of both clocks, one from when the period began and
 * one from @now, so that an old stamp does not move from snapshot to snapshot
 */
static inline uint64_t event_loop_stamp_ns(const EventLoopInstant *now,
                                           EventLoopTicks stamp)
{
    return now->ns + (int64_t)((int64_t)(stamp - now->ticks) * now->rate);
}

/* Whether the thread has come by a hook in this period */
static inline bool event_loop_is_seen(const EventLoopThread *t)
{
    /* Pairs with begin_period() */
    return qatomic_load_acquire(&t->period) ==
           qatomic_read(&event_loop_globals.period);
}

/* Whether it is an event loop, or was caught dispatching */
static inline bool event_loop_is_loop(const EventLoopThread *t)
{
    return t->ctx || (event_loop_is_seen(t) &&
                      qatomic_read(&t->sources.sqh_first));
}

/*
 * Since when, as far as is known, a bottom half is queued for the thread that
 * was read; 0 if none is
 */
EventLoopTicks event_loop_pending_since(const EventLoopThread *t,
                                        const EventLoopView *view);

/*
 * Looks at what goes on in a loop that was read, with the readers' lock, and
 * fills in the view since when, as event_loop_estimate().  What goes on since
 * the last look will be timed when it ends.
 */
void event_loop_look(EventLoopThread *t, EventLoopView *view);
/* All threads are looked at from here on */
void event_loop_begin_looks(void);
/* Whether a loop among them has rounds that are only counted */
bool event_loop_is_counted(void);
/* The same of a thread that is no loop, but takes the big lock */
void event_loop_look_at_thread(EventLoopThread *t, EventLoopTicks now);

/*
 * Fills in since when what goes on does so that nobody times, as far as is
 * known from the looks at it
 */
void event_loop_estimate(const EventLoopThread *t, EventLoopView *view);

/* How many dispatches there were */
uint64_t event_loop_dispatches(const EventLoopThread *t);

/* Since when the thread has the big lock, which it took in @held_since */
EventLoopTicks event_loop_held_since(const EventLoopThread *t,
                                     EventLoopTicks held_since,
                                     EventLoopTicks now);

/* The first thread that was born after the one with this number, or NULL */
EventLoopThread *event_loop_next_thread(uint64_t number);

/*
 * How often all that is read at one time may wait for writers that were
 * stopped in the middle of a change: some milliseconds, of however many.
 */
#define EVENT_LOOP_PATIENCE 20

/* Waits no more than *@patience times, and takes them from it */
void event_loop_read(const EventLoopThread *t, EventLoopView *view,
                     unsigned *patience);

/*
 * The first frame that tells what the loop is in: what the main loop does
 * otherwise is no callback around a callback
 */
unsigned event_loop_first_frame(const EventLoopView *view);

void event_loop_read_source(const EventLoopSource *s,
                            EventLoopSourceView *view);

/*
 * Readers that note what they have shown are one at a time.  Returns false
 * if another one does not go on.
 */
bool event_loop_lock_readers(void);
void event_loop_unlock_readers(void);

#endif /* EVENT_LOOP_READER_H */
