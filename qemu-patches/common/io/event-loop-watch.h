/*
 * Event loop profiler: the watch for stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QIO_EVENT_LOOP_WATCH_H
#define QIO_EVENT_LOOP_WATCH_H

/* What to call for each event: a whole QMP message */
typedef void EventLoopStallFunc(const GString *message, void *opaque);

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
