/*
 * Event loop profiler: QMP commands that are not answered yet
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A command that is a coroutine may be asleep for long while no callback runs.
 */

#ifndef QEMU_EVENT_LOOP_COMMAND_H
#define QEMU_EVENT_LOOP_COMMAND_H

#include "qemu/event-loop-request.h"

typedef struct EventLoopReceived EventLoopReceived;

EventLoopReceived *event_loop_profiler_command_begin(const char *name);
void event_loop_profiler_command_end(EventLoopReceived *received);

/*
 * A command was received. @name: what it is, which lives for ever; NULL: there
 * is no such one.  Any thread; takes a lock for a moment.
 * Returns what event_loop_command_end() is to have, or NULL.
 */
static inline EventLoopReceived *event_loop_command_begin(const char *name)
{
    return event_loop_profiled() ? event_loop_profiler_command_begin(name)
                                 : NULL;
}

/* It is answered, or never will be. Accepts NULL. Any thread. */
static inline void event_loop_command_end(EventLoopReceived *received)
{
    if (unlikely(received)) {
        event_loop_profiler_command_end(received);
    }
}

#endif /* QEMU_EVENT_LOOP_COMMAND_H */
