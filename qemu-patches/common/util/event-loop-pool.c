/*
 * Event loop profiler: thread pools
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-pool.h"
#include "qemu/lockable.h"
#include "qemu/rcu_queue.h"
#include "event-loop-json.h"
#include "event-loop-snapshot-int.h"

/* Protects changes of the list; held for a few instructions */
static QemuMutex workers_lock;
static QLIST_HEAD(, EventLoopWorkers) all_workers =
    QLIST_HEAD_INITIALIZER(all_workers);

static void __attribute__((__constructor__)) event_loop_pool_init(void)
{
    qemu_mutex_init(&workers_lock);
}

void event_loop_workers_add(EventLoopWorkers *workers)
{
    QEMU_LOCK_GUARD(&workers_lock);
    QLIST_INSERT_HEAD_RCU(&all_workers, workers, next);
}

void event_loop_workers_remove(EventLoopWorkers *workers)
{
    QEMU_LOCK_GUARD(&workers_lock);
    QLIST_REMOVE_RCU(workers, next);
}

static const char *loop_name(const AioContext *ctx)
{
    const EventLoopThread *t;

    QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
        if (t->ctx == ctx) {
            return t->name;
        }
    }
    return "(unknown)";
}

static void put_pool(const EventLoopSnapshot *snapshot,
                     const EventLoopWorkers *workers)
{
    GString *json = snapshot->json;
    uint64_t queued_since = qatomic_read_u64(&workers->queued_since);
    uint64_t running_since = qatomic_read_u64(&workers->running_since);

    put(json, "{\"queued\": ");
    put_u64(json, qatomic_read(&workers->queued));
    put_string(json, "loop", loop_name(workers->ctx));
    put_member(json, "max-threads", qatomic_read(workers->max_threads));
    put_member(json, "threads", qatomic_read(workers->threads));
    put_member(json, "idle", qatomic_read(workers->idle_threads));
    event_loop_put_stamp(snapshot, "queued-since-ns", queued_since);
    event_loop_put_stamp(snapshot, "running-since-ns", running_since);
    put(json, "}");
}

void event_loop_put_pools(const EventLoopSnapshot *snapshot)
{
    const EventLoopWorkers *workers;
    bool first = true;

    RCU_READ_LOCK_GUARD();
    QLIST_FOREACH_RCU(workers, &all_workers, next) {
        if (first) {
            put(snapshot->json, ", \"pools\": [");
        } else {
            put(snapshot->json, ", ");
        }
        first = false;
        put_pool(snapshot, workers);
    }
    if (!first) {
        put(snapshot->json, "]");
    }
}
