/*
 * Event loop profiler: its clock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <math.h>
#include "event-loop-clock.h"
#if defined(__x86_64__)
#include "qemu/cpuid.h"
#endif

/* The rate is good to some parts in a million after so long */
#define FIRST_INTERVAL_NS (10 * SCALE_MS)
/* The first one of the profiler's own, and those that follow */
#define EARLY_INTERVAL_NS NANOSECONDS_PER_SECOND
#define INTERVAL_NS (8 * NANOSECONDS_PER_SECOND)

/* By how much the counter may be wrong */
#define MAX_DRIFT 0.0001
#define MAX_JUMP_NS 50000

/* When the process began; on x86-64 only */
static EventLoopClockReading first_reading;
/* With the readers' lock, or while nothing is profiled */
static EventLoopCounter counter;

#if defined(__x86_64__) && defined(CONFIG_LINUX)
#define SOURCE_PATH \
    "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Without memory of the heap: the server's thread asks, too */
static bool kernel_uses_counter(void)
{
    char name[16];
    ssize_t n = -1;
    int fd = open(SOURCE_PATH, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        n = read(fd, name, sizeof(name));
        close(fd);
    }
    return n == 4 && !memcmp(name, "tsc\n", 4);
}

/* Whether the kernel trusts the CPU's counter */
static bool counter_is_steady(void)
{
    unsigned eax, ebx, ecx, edx;

    /* invariant TSC */
    return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) &&
           (edx & (1 << 8)) && kernel_uses_counter();
}

static uint64_t raw_clock(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    return ts.tv_sec * NANOSECONDS_PER_SECOND + ts.tv_nsec;
}

static void read_counter(EventLoopClockReading *reading)
{
    int i;

    /* the narrowest of a few brackets: a preemption must not count */
    reading->width = UINT64_MAX;
    for (i = 0; i < 5; i++) {
        EventLoopTicks before = cpu_get_host_ticks();
        uint64_t ns = get_clock();
        uint64_t raw_ns = raw_clock();
        uint64_t width = cpu_get_host_ticks() - before;

        if (width < reading->width) {
            reading->width = width;
            reading->ticks = before + width / 2;
            reading->ns = ns;
            reading->raw_ns = raw_ns;
        }
    }
}

static void __attribute__((__constructor__)) event_loop_clock_begin(void)
{
    read_counter(&first_reading);
}
#else
static bool kernel_uses_counter(void)
{
    return false;
}

static bool counter_is_steady(void)
{
    return false;
}

static void read_counter(EventLoopClockReading *reading)
{
    g_assert_not_reached();
}
#endif

static uint64_t rate_between(const EventLoopClockReading *from,
                             const EventLoopClockReading *to)
{
    return (double)(to->ns - from->ns) / (to->ticks - from->ticks) *
           (1ull << EVENT_LOOP_CLOCK_SHIFT);
}

void event_loop_counter_init(EventLoopCounter *c,
                             const EventLoopClockReading *first,
                             const EventLoopClockReading *now,
                             uint64_t *rate)
{
    c->raw_rate = (double)(now->raw_ns - first->raw_ns) /
                  (now->ticks - first->ticks);
    c->anchor = *now;
    c->interval_ns = EARLY_INTERVAL_NS;
    *rate = rate_between(first, now);
}

EventLoopCounterVerdict
event_loop_counter_follow(EventLoopCounter *c,
                          const EventLoopClockReading *now, uint64_t *rate)
{
    double raw_ns = now->raw_ns - c->anchor.raw_ns;
    double width = now->width + c->anchor.width;
    double error;

    if (now->ticks <= c->anchor.ticks) {
        return EVENT_LOOP_COUNTER_LOST;
    }
    error = (now->ticks - c->anchor.ticks) * c->raw_rate - raw_ns;
    if (fabs(error) > raw_ns * MAX_DRIFT + width * c->raw_rate + MAX_JUMP_NS) {
        return EVENT_LOOP_COUNTER_LOST;
    }
    if (now->ns - c->anchor.ns < c->interval_ns) {
        return EVENT_LOOP_COUNTER_GOES;
    }
    *rate = rate_between(&c->anchor, now);
    c->anchor = *now;
    c->interval_ns = INTERVAL_NS;
    return EVENT_LOOP_COUNTER_RATE;
}

bool event_loop_clock_init(uint64_t *rate)
{
    EventLoopClockReading now;

    *rate = 1ull << EVENT_LOOP_CLOCK_SHIFT;
    if (!counter_is_steady()) {
        return false;
    }
    read_counter(&now);
    if (now.ns - first_reading.ns < FIRST_INTERVAL_NS) {
        g_usleep((FIRST_INTERVAL_NS - (now.ns - first_reading.ns)) / SCALE_US +
                 1);
        read_counter(&now);
    }
    if (now.ticks <= first_reading.ticks) {
        return false;
    }
    event_loop_counter_init(&counter, &first_reading, &now, rate);
    return true;
}

void event_loop_clock_check(void)
{
    EventLoopClockReading now;
    uint64_t rate;

    if (!(qatomic_read(&event_loop_globals.period) &
          EVENT_LOOP_PERIOD_COUNTER)) {
        return;
    }
    read_counter(&now);
    switch (event_loop_counter_follow(&counter, &now, &rate)) {
    case EVENT_LOOP_COUNTER_GOES:
        return;
    case EVENT_LOOP_COUNTER_RATE:
        if (kernel_uses_counter()) {
            elp_set(event_loop_globals.rate, rate);
            return;
        }
        break;
    case EVENT_LOOP_COUNTER_LOST:
        break;
    }
    event_loop_profiler_leave_counter();
}

void event_loop_clock_now(uint32_t period, EventLoopTicks *ticks, uint64_t *ns)
{
    uint64_t best = UINT64_MAX;
    int i;

    if (!(period & EVENT_LOOP_PERIOD_COUNTER)) {
        *ticks = *ns = get_clock();
        return;
    }
    /* as in read_counter() */
    for (i = 0; i < 5; i++) {
        EventLoopTicks before = event_loop_ticks(period);
        uint64_t clock = get_clock();
        uint64_t width = event_loop_ticks(period) - before;

        if (width < best) {
            best = width;
            *ticks = before + width / 2;
            *ns = clock;
        }
    }
}

uint32_t event_loop_reading_ns(uint32_t period)
{
    uint64_t best = UINT64_MAX;
    int i, j;

    /* whatever else the machine does only ever adds */
    for (i = 0; i < 5; i++) {
        uint64_t start = get_clock();

        for (j = 0; j < 64; j++) {
            event_loop_ticks(period);
        }
        best = MIN(best, (get_clock() - start) / 64);
    }
    return MIN(MAX(best, 1), 1000);
}
