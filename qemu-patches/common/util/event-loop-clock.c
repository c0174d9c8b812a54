/*
 * Event loop profiler: its clock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"
#if defined(__x86_64__)
#include "qemu/cpuid.h"
#endif

#define CALIBRATION_US 10000

EventLoopClock event_loop_clock = {
    .rate = 1 << EVENT_LOOP_CLOCK_SHIFT,
};

/* Whether the kernel trusts the CPU's counter */
static bool counter_is_steady(void)
{
#if defined(__x86_64__) && defined(CONFIG_LINUX)
    static const char *const sources[] = {
        "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", NULL
    };
    g_autofree char *source = NULL;
    unsigned eax, ebx, ecx, edx;

    /* invariant TSC */
    if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) ||
        !(edx & (1 << 8))) {
        return false;
    }
    return g_file_get_contents("/sys/devices/system/clocksource/"
                               "clocksource0/current_clocksource",
                               &source, NULL, NULL) &&
           g_strv_contains(sources, g_strchomp(source));
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

void event_loop_clock_now(uint64_t *ticks, uint64_t *ns)
{
    uint64_t best = UINT64_MAX;
    int i;

    /* the narrowest of a few brackets: a preemption must not count */
    for (i = 0; i < 5; i++) {
        uint64_t before = event_loop_ticks();
        uint64_t clock = get_clock();
        uint64_t width = event_loop_ticks() - before;

        if (width < best) {
            best = width;
            *ticks = before + width / 2;
            *ns = clock;
        }
    }
}

void event_loop_clock_init(void)
{
    static gsize done;
    uint64_t ticks[2], ns[2];

    if (!g_once_init_enter(&done)) {
        return;
    }
    event_loop_clock.counter = counter_is_steady();
    if (event_loop_clock.counter) {
        event_loop_clock_now(&ticks[0], &ns[0]);
        g_usleep(CALIBRATION_US);
        event_loop_clock_now(&ticks[1], &ns[1]);
        event_loop_clock.rate = ((ns[1] - ns[0]) << EVENT_LOOP_CLOCK_SHIFT) /
                                (ticks[1] - ticks[0]);
    }
    g_once_init_leave(&done, 1);
}
