/*
 * Event loop profiler: the watch for stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ordinary monitors are the main loop's, which may be what is stuck, and
 * for hours.  So what they are to be told waits in a list of bounded length,
 * which is put and taken without a lock.
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-watch.h"
#include "qapi/error.h"
#include "qapi/qapi-events-event-loop-query.h"
#include "qapi/qapi-visit-event-loop.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/queue.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"

/* So many events wait for the main loop, and others are lost */
#define WAITING_MAX 64

/* An event that waits for the main loop */
typedef struct Waiting {
    /* the JSON form of an EventLoopStall */
    char *stall;
    EventLoopStallNews news;
    uint64_t lost;
    QSLIST_ENTRY(Waiting) next;
} Waiting;

/* The newest first; what is in it is there after the watch, too */
static QSLIST_HEAD(WaitingList, Waiting) waiting_list =
    QSLIST_HEAD_INITIALIZER(waiting_list);
static unsigned waiting_count;
/* how many could not be put into it; of the watch alone */
static uint64_t lost_count;

static void send_to_monitors(const Waiting *waiting)
{
    QObject *object = qobject_from_json(waiting->stall, &error_abort);
    Visitor *v = qobject_input_visitor_new(object);
    EventLoopStall *stall = NULL;

    visit_type_EventLoopStall(v, NULL, &stall, &error_abort);
    visit_free(v);
    qobject_unref(object);
    qapi_event_send_event_loop_stall(stall, waiting->news.phase,
                                     waiting->news.suppressed, waiting->lost);
    qapi_free_EventLoopStall(stall);
}

/* In the main loop */
static void event_loop_stall_bh(void *opaque)
{
    struct WaitingList newest_first, oldest_first;
    Waiting *waiting;

    QSLIST_MOVE_ATOMIC(&newest_first, &waiting_list);
    QSLIST_INIT(&oldest_first);
    while ((waiting = QSLIST_FIRST(&newest_first))) {
        QSLIST_REMOVE_HEAD(&newest_first, next);
        QSLIST_INSERT_HEAD(&oldest_first, waiting, next);
    }
    while ((waiting = QSLIST_FIRST(&oldest_first))) {
        QSLIST_REMOVE_HEAD(&oldest_first, next);
        qatomic_dec(&waiting_count);
        send_to_monitors(waiting);
        g_free(waiting->stall);
        g_free(waiting);
    }
}

static void leave_to_main_loop(const EventLoopStallEvent *event)
{
    Waiting *waiting;

    if (qatomic_read(&waiting_count) >= WAITING_MAX) {
        lost_count += event->news.suppressed + 1;
        return;
    }
    waiting = g_new0(Waiting, 1);
    waiting->stall = g_strdup(event->stall);
    waiting->news = event->news;
    waiting->lost = lost_count;
    lost_count = 0;
    qatomic_inc(&waiting_count);
    QSLIST_INSERT_HEAD_ATOMIC(&waiting_list, waiting, next);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), event_loop_stall_bh, NULL);
}

void event_loop_stall_event_put(GString *out, const EventLoopStallEvent *event,
                                uint64_t lost)
{
    g_string_append_printf(out,
                           "{\"event\": \"EVENT_LOOP_STALL\", "
                           "\"data\": {\"stall\": %s, "
                           "\"phase\": \"%s\", "
                           "\"suppressed\": %" PRIu64 ", "
                           "\"lost\": %" PRIu64 "}, "
                           "\"timestamp\": {\"seconds\": %" PRId64 ", "
                           "\"microseconds\": %" PRId64 "}}\r\n",
                           event->stall,
                           EventLoopStallPhase_str(event->news.phase),
                           event->news.suppressed, lost,
                           event->time_us / G_USEC_PER_SEC,
                           event->time_us % G_USEC_PER_SEC);
}

int64_t event_loop_watch_look(EventLoopStallFunc *func, void *opaque)
{
    g_autoptr(GString) stall = g_string_new(NULL);
    EventLoopStallEvent event = { };

    while (event_loop_next_stall(stall, &event.news)) {
        event.stall = stall->str;
        event.time_us = g_get_real_time();
        if (func) {
            func(&event, opaque);
        }
        leave_to_main_loop(&event);
        g_string_truncate(stall, 0);
    }
    return event_loop_look_interval_ns() / SCALE_US;
}
