/*
 * Event loop profiler: throttle groups
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_EVENT_LOOP_THROTTLE_H
#define QEMU_EVENT_LOOP_THROTTLE_H

#include "qemu/queue.h"
#include "qemu/rcu.h"

#define EVENT_LOOP_THROTTLE_DIRECTIONS 2

/* What readers see of a throttle group; outlives it by RCU */
typedef struct EventLoopThrottle {
    struct rcu_head rcu;
    /* a label: see event_loop_request_throttled() */
    const char *name;
    /* whether a timer is armed, for reads and for writes: the group's own */
    bool timer_armed[EVENT_LOOP_THROTTLE_DIRECTIONS];
    QLIST_ENTRY(EventLoopThrottle) next;
} EventLoopThrottle;

/* A new group of this name. Any thread. */
EventLoopThrottle *event_loop_throttle_new(const char *name);

/* It goes away; accepts NULL. Any thread. */
void event_loop_throttle_free(EventLoopThrottle *throttle);

#endif /* QEMU_EVENT_LOOP_THROTTLE_H */
