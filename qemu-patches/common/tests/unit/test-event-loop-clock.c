/*
 * Event loop profiler tests: clocks that go wrong
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * By way of the profiler's own header files.
 */

#include "qemu/osdep.h"
#include <math.h>
#include "block/aio.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/main-loop.h"
#include "util/event-loop-clock.h"

static EventLoopClockReading reading(double seconds, double hz, double ntp)
{
    return (EventLoopClockReading) {
        .ticks = 1000 + seconds * hz,
        .width = 100,
        .ns = 5000 + seconds * ntp * NANOSECONDS_PER_SECOND,
        .raw_ns = 7000 + seconds * NANOSECONDS_PER_SECOND,
    };
}

#define HZ 2.5e9

static EventLoopCounterVerdict follow(EventLoopCounter *c,
                                      EventLoopClockReading now,
                                      uint64_t *rate)
{
    return event_loop_counter_follow(c, &now, rate);
}

static void start_counter(EventLoopCounter *c, uint64_t *rate)
{
    EventLoopClockReading first = reading(0, HZ, 1), now = reading(1, HZ, 1);

    event_loop_counter_init(c, &first, &now, rate);
    g_assert_cmpfloat(fabs(*rate * HZ / (1ull << EVENT_LOOP_CLOCK_SHIFT) -
                           NANOSECONDS_PER_SECOND), <, 10);
}

static void test_counter_goes(void)
{
    EventLoopCounter c;
    uint64_t rate, first;

    start_counter(&c, &first);
    rate = first;
    g_assert_cmpint(follow(&c, reading(1.25, HZ, 1), &rate), ==,
                    EVENT_LOOP_COUNTER_GOES);
    g_assert_cmpint(rate, ==, first);
    /* 50 parts in a million are what it may be wrong by */
    g_assert_cmpint(follow(&c, reading(1.5, HZ * 1.00001, 1), &rate), ==,
                    EVENT_LOOP_COUNTER_GOES);
    g_assert_cmpint(follow(&c, reading(3, HZ, 1), &rate), ==,
                    EVENT_LOOP_COUNTER_RATE);
    g_assert_cmpint(follow(&c, reading(10, HZ, 1), &rate), ==,
                    EVENT_LOOP_COUNTER_GOES);
}

/* NTP makes a second longer, which is no fault of the counter's */
static void test_counter_slewed(void)
{
    EventLoopCounter c;
    uint64_t first, rate = 0;

    start_counter(&c, &first);
    g_assert_cmpint(follow(&c, reading(3, HZ, 1.0005), &rate), ==,
                    EVENT_LOOP_COUNTER_RATE);
    g_assert_cmpint(follow(&c, reading(13, HZ, 1.0005), &rate), ==,
                    EVENT_LOOP_COUNTER_RATE);
    g_assert_cmpfloat(fabs((double)rate / first - 1.0005), <, 0.000001);
}

static void test_counter_lost(void)
{
    EventLoopClockReading now;
    EventLoopCounter c;
    uint64_t rate;

    /* it began anew: suspend to memory */
    start_counter(&c, &rate);
    now = reading(1.25, HZ, 1);
    now.ticks = 500;
    g_assert_cmpint(follow(&c, now, &rate), ==, EVENT_LOOP_COUNTER_LOST);

    /* it went on while CLOCK_MONOTONIC stood still: suspend to idle */
    start_counter(&c, &rate);
    now = reading(1.25, HZ, 1);
    now.ticks += HZ / 1000;
    g_assert_cmpint(follow(&c, now, &rate), ==, EVENT_LOOP_COUNTER_LOST);

    /* it stood still */
    start_counter(&c, &rate);
    now = reading(1.25, HZ, 1);
    now.ticks = reading(1, HZ, 1).ticks + 1;
    g_assert_cmpint(follow(&c, now, &rate), ==, EVENT_LOOP_COUNTER_LOST);

    /* it goes at another rate: the guest that this is was migrated */
    start_counter(&c, &rate);
    g_assert_cmpint(follow(&c, reading(1.25, HZ * 1.1, 1), &rate), ==,
                    EVENT_LOOP_COUNTER_LOST);

    /* slightly so, which shows after a while */
    start_counter(&c, &rate);
    g_assert_cmpint(follow(&c, reading(1.5, HZ * 1.0002, 1), &rate), ==,
                    EVENT_LOOP_COUNTER_LOST);

    /* a reading that was interrupted proves nothing */
    start_counter(&c, &rate);
    now = reading(1.25, HZ, 1);
    now.ticks += HZ / 1000;
    now.width += HZ / 500;
    g_assert_cmpint(follow(&c, now, &rate), ==, EVENT_LOOP_COUNTER_GOES);
}

static void nothing(void *opaque)
{
}

static void count_bh(void *opaque)
{
    (*(int *)opaque)++;
}

/* Without the counter all begins anew, on the other clock */
static void test_leave_counter(void)
{
    g_autoptr(EventLoopsInfo) info = query(0);
    uint64_t since_ns = info->profiling_since_ns;
    EventLoopSourceInfo *s;
    EventLoopDispatch d;
    int count = 0;

    aio_bh_schedule_oneshot(qemu_get_aio_context(), count_bh, &count);
    event_loop_dispatch_begin(&d, EVENT_LOOP_SOURCE_KIND_GLIB, nothing,
                              "under way", NULL, -1);
    event_loop_profiler_leave_counter();
    g_assert_false(event_loop_globals.period & EVENT_LOOP_PERIOD_COUNTER);
    event_loop_dispatch_end(&d);
    poll_all();

    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(info->profiling_since_ns, >, since_ns);
    g_assert_null(find_source(this_loop(info), "under way"));
    /* when it was queued is not known on this clock */
    s = get_source(info, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 1);
    g_assert_false(s->has_delay_ns);

    aio_bh_schedule_oneshot(qemu_get_aio_context(), count_bh, &count);
    spin(SCALE_MS);
    poll_all();
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    s = get_source(info, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 2);
    g_assert_cmpint(s->delay_ns, >=, SCALE_MS);
    g_assert_cmpint(s->last_ns, <=, info->time_ns);
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/event-loop-clock/counter-goes", test_counter_goes);
    g_test_add_func("/event-loop-clock/counter-slewed",
                    test_counter_slewed);
    g_test_add_func("/event-loop-clock/counter-lost", test_counter_lost);
    add_test("/event-loop-clock/leave-counter", test_leave_counter);
    return g_test_run();
}
