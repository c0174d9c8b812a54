/*
 * Event loop profiler: the watch for stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QIO_EVENT_LOOP_WATCH_H
#define QIO_EVENT_LOOP_WATCH_H

#include "qemu/event-loop-snapshot.h"

/* An event EVENT_LOOP_STALL, without what its reader has lost before it */
typedef struct EventLoopStallEvent {
    /* the JSON form of an EventLoopStall */
    const char *stall;
    EventLoopStallNews news;
    /* in microseconds since 1970 */
    int64_t time_us;
} EventLoopStallEvent;

/* Appends the event as a QMP message. @lost: as in EVENT_LOOP_STALL */
void event_loop_stall_event_put(GString *out, const EventLoopStallEvent *event,
                                uint64_t lost);

/* What to call for each event */
typedef void EventLoopStallFunc(const EventLoopStallEvent *event, void *opaque);

/**
 * event_loop_watch_look:
 * @stall: called with @opaque for each event EVENT_LOOP_STALL; or NULL
 *
 * Looks for stalls.  Besides calling @stall it has the main loop send the
 * events to the ordinary monitors.  To be called in one thread.
 *
 * Returns: after how many microseconds to look again, so that there are
 * several looks in each threshold
 */
int64_t event_loop_watch_look(EventLoopStallFunc *stall, void *opaque);

#endif /* QIO_EVENT_LOOP_WATCH_H */
