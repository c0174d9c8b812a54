/*
 * Event loop profiler: what a thread waits for in the middle of its work
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A wait is a dispatch of the kind "wait": nested in the callback that waits,
 * or outermost if nothing else was dispatched, as when a virtual machine is
 * reset.  Its source is the function that waits and the condition as it is
 * written there, so that it costs no name of its own.
 */

#ifndef QEMU_EVENT_LOOP_WAIT_H
#define QEMU_EVENT_LOOP_WAIT_H

#include "qemu/event-loop-profiler.h"

void event_loop_profiler_nested_begin(EventLoopDispatch *wait,
                                      const char *function,
                                      const char *condition);
void event_loop_profiler_blocked_begin(EventLoopDispatch *wait,
                                       const char *function,
                                       const char *condition);

/**
 * event_loop_nested_begin:
 * @wait: lives until event_loop_dispatch_end() of it
 * @function: who waits
 * @condition: what has to come to an end, or a word for what is waited for
 *
 * The thread runs a loop until a condition is no longer true, which it is now.
 * Both texts have to live for ever.
 */
static inline void event_loop_nested_begin(EventLoopDispatch *wait,
                                           const char *function,
                                           const char *condition)
{
    wait->thread = NULL;
    if (event_loop_profiled()) {
        event_loop_profiler_nested_begin(wait, function, condition);
    }
}

/*
 * The same for a thread that sleeps meanwhile.  It is of interest if the
 * thread is an event loop, or takes the big lock.
 */
static inline void event_loop_blocked_begin(EventLoopDispatch *wait,
                                            const char *function,
                                            const char *condition)
{
    wait->thread = NULL;
    if (event_loop_profiled()) {
        event_loop_profiler_blocked_begin(wait, function, condition);
    }
}

#endif /* QEMU_EVENT_LOOP_WAIT_H */
