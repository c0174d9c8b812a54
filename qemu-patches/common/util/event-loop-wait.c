/*
 * Event loop profiler: what a thread waits for in the middle of its work
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-wait.h"
#include "event-loop-draw.h"
#include "event-loop-profiler-int.h"

void event_loop_profiler_nested_begin(EventLoopDispatch *wait,
                                      const char *function,
                                      const char *condition)
{
    uint64_t what = event_loop_what(EVENT_LOOP_SOURCE_KIND_WAIT, condition,
                                    -1);

    /* what goes on, and the rest of this round, is timed: it will take long */
    event_loop_draw_nested(event_loop_current_thread());
    event_loop_profiler_begin(wait, NULL, function, what, -1);
}

void event_loop_profiler_blocked_begin(EventLoopDispatch *wait,
                                       const char *function,
                                       const char *condition)
{
    if (event_loop_this_thread != &event_loop_nobody) {
        event_loop_profiler_nested_begin(wait, function, condition);
    }
}
