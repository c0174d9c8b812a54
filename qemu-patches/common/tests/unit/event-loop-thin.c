/*
 * Event loop profiler tests: a loop whose rounds are hardly ever timed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-thin.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/rcu.h"
#include "util/event-loop-stall.h"

void nothing(void *opaque)
{
}

void dispatch(void (*cb)(void *), void *opaque)
{
    event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "callback", NULL, -1,
                        event_loop_stamp(), cb, opaque);
}

void grow_up(void (*cb)(void *), void *opaque)
{
    int i;

    for (i = 0; i < EVENT_LOOP_MATURE_CALLS; i++) {
        dispatch(cb, opaque);
    }
}

EventLoopSource *get_internal(void (*cb)(void *))
{
    EventLoopSource *s;

    QSIMPLEQ_FOREACH(s, &event_loop_current_thread()->sources, next) {
        if (s->address == cb) {
            return s;
        }
    }
    return NULL;
}

EventLoopSourceView read_source(void (*cb)(void *))
{
    EventLoopSource *s = get_internal(cb);
    EventLoopSourceView view;

    g_assert_nonnull(s);
    event_loop_read_source(s, &view);
    return view;
}

void go_on_until(bool counted)
{
    int i;

    for (i = 0; i < 100000; i++) {
        event_loop_iteration(POLL_MAX_NS);
        if (!!event_loop_counted == counted) {
            return;
        }
        dispatch(nothing, NULL);
    }
    g_assert_not_reached();
}

void thin(void)
{
    event_loop_set_max_overhead(10);
    event_loop_set_stall_threshold(STALL_NS);
    event_loop_globals.reading_ns = DEAR_NS;
    go_on_until(true);
}

void look(void)
{
    unsigned patience = EVENT_LOOP_PATIENCE;

    g_assert_true(event_loop_lock_readers());
    WITH_RCU_READ_LOCK_GUARD() {
        event_loop_stalls_update(&patience);
    }
    event_loop_unlock_readers();
}
