/*
 * Event loop profiler: throttle groups
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-throttle.h"
#include "qemu/lockable.h"
#include "qemu/rcu_queue.h"
#include "event-loop-json.h"
#include "event-loop-snapshot-int.h"

/* Protects changes of the list; held for a few instructions */
static QemuMutex throttles_lock;
static QLIST_HEAD(, EventLoopThrottle) all_throttles =
    QLIST_HEAD_INITIALIZER(all_throttles);

static void __attribute__((__constructor__)) event_loop_throttle_init(void)
{
    qemu_mutex_init(&throttles_lock);
}

EventLoopThrottle *event_loop_throttle_new(const char *name)
{
    EventLoopThrottle *throttle = g_new0(EventLoopThrottle, 1);

    throttle->name = event_loop_label_new(name);
    QEMU_LOCK_GUARD(&throttles_lock);
    QLIST_INSERT_HEAD_RCU(&all_throttles, throttle, next);
    return throttle;
}

static void free_throttle(EventLoopThrottle *throttle)
{
    event_loop_label_unref(throttle->name);
    g_free(throttle);
}

void event_loop_throttle_free(EventLoopThrottle *throttle)
{
    if (throttle) {
        WITH_QEMU_LOCK_GUARD(&throttles_lock) {
            QLIST_REMOVE_RCU(throttle, next);
        }
        call_rcu(throttle, free_throttle, rcu);
    }
}

static void put_throttle(const EventLoopSnapshot *snapshot,
                         const EventLoopThrottle *throttle,
                         const EventLoopThrottled *throttled)
{
    GString *json = snapshot->json;
    bool armed = qatomic_read(&throttle->timer_armed[0]) ||
                 qatomic_read(&throttle->timer_armed[1]);

    put(json, "{\"queued\": ");
    put_u64(json, throttled ? throttled->queued : 0);
    put_string(json, "name", throttle->name);
    if (throttled) {
        put_member(json, "since-ns",
                   event_loop_stamp_ns(&snapshot->now, throttled->since));
    }
    if (armed) {
        put(json, ", \"timer-armed\": true}");
    } else {
        put(json, ", \"timer-armed\": false}");
    }
}

void event_loop_put_throttles(const EventLoopSnapshot *snapshot,
                              GHashTable *throttled)
{
    const EventLoopThrottle *throttle;
    bool first = true;

    QLIST_FOREACH_RCU(throttle, &all_throttles, next) {
        if (first) {
            put(snapshot->json, ", \"throttle-groups\": [");
        } else {
            put(snapshot->json, ", ");
        }
        first = false;
        put_throttle(snapshot, throttle,
                     throttled ? g_hash_table_lookup(throttled,
                                                     throttle->name) : NULL);
    }
    if (!first) {
        put(snapshot->json, "]");
    }
}
