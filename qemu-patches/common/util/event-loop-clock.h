/*
 * Event loop profiler: its clock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The CPU's time stamp counter takes less than half of the time to read that
 * clock_gettime() takes, and each dispatch reads it.  It is used on x86-64,
 * where the kernel has chosen it for its own clock: then it runs at one rate,
 * on all CPUs.  A guest whose kernel prefers the hypervisor's clock page has
 * been told that the counter is not enough.  Everywhere else it is
 * CLOCK_MONOTONIC: on other architectures cpu_get_host_ticks() is no steady
 * counter, or nobody has measured it.
 *
 * The counter's rate is known from two readings of both clocks, of which one
 * is from the start of the process: so that nothing waits while a virtual
 * machine runs.  From then on readers of the counters compare the two clocks.
 * They follow the rate of CLOCK_MONOTONIC, which NTP changes.  What NTP does
 * not do is that the counter stands still, jumps, or goes at another rate
 * than CLOCK_MONOTONIC_RAW: after suspend, or the migration of the guest that
 * this is.  Then all that was measured since is wrong, and a new period of
 * profiling begins, on CLOCK_MONOTONIC.
 */

#ifndef EVENT_LOOP_CLOCK_H
#define EVENT_LOOP_CLOCK_H

#include "qemu/host-utils.h"
#include "qemu/timer.h"
#include "event-loop-profiler-int.h"

/* One instant on all clocks */
typedef struct EventLoopClockReading {
    EventLoopTicks ticks;
    /* how many ticks it took to read them */
    uint64_t width;
    /* CLOCK_MONOTONIC */
    uint64_t ns;
    /* CLOCK_MONOTONIC_RAW, which NTP does not touch */
    uint64_t raw_ns;
} EventLoopClockReading;

/* The counter as it has been going */
typedef struct EventLoopCounter {
    /* the past that new readings are compared with */
    EventLoopClockReading anchor;
    /* nanoseconds of CLOCK_MONOTONIC_RAW a tick */
    double raw_rate;
    /* how long it is until there is a new anchor; nanoseconds */
    uint64_t interval_ns;
} EventLoopCounter;

typedef enum EventLoopCounterVerdict {
    /* it is as it was */
    EVENT_LOOP_COUNTER_GOES,
    /* it is as it was, and @rate is newer */
    EVENT_LOOP_COUNTER_RATE,
    /* it cannot be used any more */
    EVENT_LOOP_COUNTER_LOST,
} EventLoopCounterVerdict;

/*
 * Starts to follow a counter from two readings of it.  @rate is set to
 * nanoseconds of CLOCK_MONOTONIC a tick, times 2^EVENT_LOOP_CLOCK_SHIFT.
 */
void event_loop_counter_init(EventLoopCounter *c,
                             const EventLoopClockReading *first,
                             const EventLoopClockReading *now,
                             uint64_t *rate);

/* Looks at one more reading; @rate as above */
EventLoopCounterVerdict
event_loop_counter_follow(EventLoopCounter *c,
                          const EventLoopClockReading *now, uint64_t *rate);

/*
 * Chooses the clock of the next period.  Returns whether it is the counter,
 * of which @rate is set as above.  In the main thread.  If the process is
 * younger than 10 ms, it waits until it is not.
 */
bool event_loop_clock_init(uint64_t *rate);

/*
 * Looks after the clock.  Called by who has the readers' lock, before what
 * was measured is looked at; a new period may have begun then.
 */
void event_loop_clock_check(void);

/* What a reading of the clock takes; nanoseconds, and at least 1 */
uint32_t event_loop_reading_ns(uint32_t period);

/* One instant in ticks of a period and as CLOCK_MONOTONIC nanoseconds */
void event_loop_clock_now(uint32_t period, EventLoopTicks *ticks,
                          uint64_t *ns);

static inline EventLoopTicks event_loop_ticks(uint32_t period)
{
    return likely(period & EVENT_LOOP_PERIOD_COUNTER) ? cpu_get_host_ticks()
                                                      : get_clock();
}

/* Nanoseconds from @start to @end; 0 where clocks of CPUs disagree */
static inline uint64_t event_loop_ns(EventLoopTicks start, EventLoopTicks end)
{
    uint64_t low, high;

    if (unlikely(end <= start)) {
        return 0;
    }
    mulu64(&low, &high, end - start, elp_get(event_loop_globals.rate));
    return high << (64 - EVENT_LOOP_CLOCK_SHIFT) |
           low >> EVENT_LOOP_CLOCK_SHIFT;
}

#endif /* EVENT_LOOP_CLOCK_H */
