/*
 * Event loop profiler: its clock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The CPU's time stamp counter takes 10 ns to read where clock_gettime()
 * takes 25, and each dispatch reads it twice.  It is used where it runs at
 * one rate on all CPUs, which is what the kernel needs too to use it for its
 * own clock; CLOCK_MONOTONIC is used elsewhere.
 *
 * The rate is measured once. It is good to some parts in a million, so that
 * differences of stamps are, while instants are converted by way of a pair
 * of readings that is as new as the snapshot that they stand in.
 */

#ifndef EVENT_LOOP_CLOCK_H
#define EVENT_LOOP_CLOCK_H

#include "qemu/timer.h"

#define EVENT_LOOP_CLOCK_SHIFT 24

typedef struct EventLoopClock {
    /* whether ticks are those of the CPU's counter, not nanoseconds */
    bool counter;
    /* nanoseconds a tick, times 2^EVENT_LOOP_CLOCK_SHIFT */
    uint64_t rate;
} EventLoopClock;

extern EventLoopClock event_loop_clock;

/* Chooses the clock, and measures its rate: takes 10 ms. The first call does */
void event_loop_clock_init(void);

/* One instant in ticks and as CLOCK_MONOTONIC nanoseconds */
void event_loop_clock_now(uint64_t *ticks, uint64_t *ns);

static inline uint64_t event_loop_ticks(void)
{
    return likely(event_loop_clock.counter) ? cpu_get_host_ticks()
                                            : get_clock();
}

/* Nanoseconds in @ticks: a product of 96 bits, from two of 64 */
static inline uint64_t event_loop_clock_ns(uint64_t ticks)
{
    uint64_t rate = event_loop_clock.rate;
    uint64_t high = ticks >> 32, low = ticks & UINT32_MAX;

    return ((high * rate) << (32 - EVENT_LOOP_CLOCK_SHIFT)) +
           ((low * rate) >> EVENT_LOOP_CLOCK_SHIFT);
}

#endif /* EVENT_LOOP_CLOCK_H */
