/*
 * Event loop profiler: QMP commands that are not answered yet
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-command.h"
#include "qemu/lockable.h"
#include "qemu/rcu_queue.h"
#include "event-loop-json.h"
#include "event-loop-snapshot-int.h"

/* So many are listed. A monitor keeps 8, and there are few monitors. */
#define LISTED_MAX 64

/* Says nothing of what the process is stuck in */
#define OUR_COMMAND "query-event-loops"

struct EventLoopReceived {
    struct rcu_head rcu;
    const char *name;
    EventLoopStamp since;
    QTAILQ_ENTRY(EventLoopReceived) next;
};

/* Protects changes of the list; held for a few instructions */
static QemuMutex received_lock;
/* The oldest first */
static QTAILQ_HEAD(, EventLoopReceived) all_received =
    QTAILQ_HEAD_INITIALIZER(all_received);

static void __attribute__((__constructor__)) event_loop_command_init(void)
{
    qemu_mutex_init(&received_lock);
}

EventLoopReceived *event_loop_profiler_command_begin(const char *name)
{
    EventLoopReceived *received;

    if (!g_strcmp0(name, OUR_COMMAND)) {
        return NULL;
    }
    received = g_new0(EventLoopReceived, 1);
    received->name = name ?: "(unknown)";
    QEMU_LOCK_GUARD(&received_lock);
    /* with the lock: so they are in their order */
    received->since = event_loop_now();
    QTAILQ_INSERT_TAIL_RCU(&all_received, received, next);
    return received;
}

void event_loop_profiler_command_end(EventLoopReceived *received)
{
    WITH_QEMU_LOCK_GUARD(&received_lock) {
        QTAILQ_REMOVE_RCU(&all_received, received, next);
    }
    g_free_rcu(received, rcu);
}

void event_loop_put_commands(const EventLoopSnapshot *snapshot)
{
    GString *json = snapshot->json;
    const EventLoopReceived *received;
    unsigned n = 0;

    RCU_READ_LOCK_GUARD();
    QTAILQ_FOREACH_RCU(received, &all_received, next) {
        if (n == LISTED_MAX) {
            break;
        }
        if (!event_loop_is_stamp(snapshot, received->since)) {
            continue;
        }
        if (n++) {
            put(json, ", {\"since-ns\": ");
        } else {
            put(json, ", \"commands\": [{\"since-ns\": ");
        }
        put_u64(json, event_loop_stamp_ns(&snapshot->now, received->since));
        put_string(json, "name", received->name);
        put(json, "}");
    }
    if (n) {
        put(json, "]");
    }
}
