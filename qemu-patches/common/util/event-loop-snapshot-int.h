/*
 * Event loop profiler: a snapshot while it is made
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef EVENT_LOOP_SNAPSHOT_INT_H
#define EVENT_LOOP_SNAPSHOT_INT_H

#include "event-loop-reader.h"

/* What a snapshot is made of, while it is made */
typedef struct EventLoopSnapshot {
    GString *json;
    uint64_t sequence;
    /* 0: not asked for, or not known */
    uint64_t after_sequence;
    bool histograms;
    bool has_max_sources;
    uint32_t max_sources;
    /* where @json is too long */
    size_t end;
    /* no other thread makes a snapshot: we may write what was shown */
    bool exclusive;
    EventLoopInstant now;
    /* see event_loop_read() */
    unsigned patience;
} EventLoopSnapshot;

/* The greater of what is and what was shown: counters only grow */
uint64_t event_loop_not_less(const EventLoopSnapshot *snapshot, uint64_t *shown,
                             uint64_t n);

/* Appends the loop's sources, as elements of a list; @loop is what it does */
void event_loop_put_sources(const EventLoopSnapshot *snapshot,
                            const EventLoopThread *t,
                            const EventLoopView *loop);

/* Appends the threads that have a name, as a member */
void event_loop_put_threads(const EventLoopSnapshot *snapshot);

/* Whether it is an instant in the period that the snapshot is of */
bool event_loop_is_stamp(const EventLoopSnapshot *snapshot,
                         EventLoopStamp stamp);

/* If it is, appends it as this member of an object */
void event_loop_put_stamp(const EventLoopSnapshot *snapshot, const char *name,
                          EventLoopStamp stamp);

/* The thread pools, and the QMP commands, as members of the snapshot */
void event_loop_put_pools(const EventLoopSnapshot *snapshot);
void event_loop_put_commands(const EventLoopSnapshot *snapshot);

/* Who waits until a descriptor can be written, the same */
void event_loop_put_writers(const EventLoopSnapshot *snapshot);

/* The requests in the queue of a throttle group */
typedef struct EventLoopThrottled {
    uint32_t queued;
    /* since when the one is that has waited longest */
    EventLoopTicks since;
} EventLoopThrottled;

/*
 * The throttle groups, the same.  @throttled: EventLoopThrottled by the names
 * of groups, which are labels; or NULL.  In an RCU critical section.
 */
void event_loop_put_throttles(const EventLoopSnapshot *snapshot,
                              GHashTable *throttled);

/* Appends what is known of requests in flight, as members of the snapshot */
void event_loop_put_requests(const EventLoopSnapshot *snapshot);

#endif /* EVENT_LOOP_SNAPSHOT_INT_H */
