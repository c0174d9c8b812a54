/*
 * Event loop profiler: the threads in a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-json.h"
#include "event-loop-name.h"
#include "event-loop-snapshot-int.h"

void event_loop_put_threads(const EventLoopSnapshot *snapshot)
{
    GString *json = snapshot->json;
    const EventLoopNamed *named = NULL;
    EventLoopNamedView view;
    bool first = true;

    put(json, ", \"threads\": [");
    while ((named = event_loop_next_named(named, &view))) {
        if (!first) {
            put(json, ", ");
        }
        first = false;
        put(json, "{\"thread-id\": ");
        put_u64(json, view.thread_id);
        put_string(json, "name", view.name);
        if (view.has_cpu_ns) {
            put_member(json, "cpu-ns", view.cpu_ns);
        }
        put(json, "}");
    }
    put(json, "]");
}
