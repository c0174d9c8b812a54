/*
 * Event loop profiler: the threads that have a name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef EVENT_LOOP_NAME_H
#define EVENT_LOOP_NAME_H

#include "qemu/event-loop-name.h"

/* A thread that has a name; its record is there for ever, for another one */
typedef struct EventLoopNamed EventLoopNamed;

/* What is known of one */
typedef struct EventLoopNamedView {
    int thread_id;
    char name[EVENT_LOOP_NAME_SIZE];
    bool has_cpu_ns;
    uint64_t cpu_ns;
} EventLoopNamedView;

/*
 * Reads the next one after @last, or the first one after NULL.  Any thread;
 * takes no lock, and waits for nobody.  Returns NULL if there is no other one.
 */
const EventLoopNamed *event_loop_next_named(const EventLoopNamed *last,
                                            EventLoopNamedView *view);

/*
 * The running thread is the only one of a child process, and is still known as
 * the one of its parent that it was; so are those that remained there.
 */
void event_loop_name_child(void);

#endif /* EVENT_LOOP_NAME_H */
