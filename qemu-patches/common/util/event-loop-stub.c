/*
 * Event loop profiler: what is left of it where there are no event loops
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-wait.h"

bool event_loop_profiling;

void event_loop_profiler_blocked_begin(EventLoopDispatch *wait,
                                       const char *function,
                                       const char *condition)
{
    g_assert_not_reached();
}

void event_loop_profiler_end(EventLoopDispatch *dispatch)
{
    g_assert_not_reached();
}
