/*
 * Event loop profiler: a period of profiling, and its bounds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "event-loop-clock.h"
#include "event-loop-image.h"
#include "event-loop-request-int.h"

/* Aligned in the header, so that its cache line is not written all the time */
bool event_loop_profiling;

EventLoopGlobals event_loop_globals = {
    /* no thread has it; see EVENT_LOOP_PERIOD_COUNTER */
    .period = 1 << 1,
    .stall_ns = UINT64_MAX,
    .long_ns = UINT64_MAX,
    .notable_ns = UINT64_MAX,
    .rate = 1ull << EVENT_LOOP_CLOCK_SHIFT,
};

void event_loop_set_stall_threshold(uint64_t ns)
{
    uint64_t look_ns = MIN(MAX(ns / EVENT_LOOP_LOOKS_COUNTED,
                               EVENT_LOOP_LOOK_MIN_NS),
                           EVENT_LOOP_LOOK_MAX_NS);

    elp_set(event_loop_globals.stall_ns, ns);
    /* it takes two looks to see it for sure, and looks may be late */
    elp_set(event_loop_globals.long_ns, 3 * look_ns);
    elp_set(event_loop_globals.notable_ns, MIN(3 * look_ns, ns));
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
    /* After the period.  Pairs with event_loop_renew_tick()'s. */
    smp_mb();
    /* it was read from another clock, or long ago */
    elp_set(event_loop_tick, 0);
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
