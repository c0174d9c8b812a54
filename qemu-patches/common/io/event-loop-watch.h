/*
 * Event loop profiler: the watch for stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QIO_EVENT_LOOP_WATCH_H
#define QIO_EVENT_LOOP_WATCH_H

/**
 * event_loop_watch_new:
 * @stall: called with @opaque for each event EVENT_LOOP_STALL: the message
 *     for QMP clients, with its end of line
 *
 * Returns: a source that looks for stalls, several times in the threshold, in
 * the context that it is attached to.  Besides calling @stall it has the main
 * loop send the event to the ordinary monitors.
 */
GSource *event_loop_watch_new(void (*stall)(const GString *message,
                                            void *opaque),
                              void *opaque);

#endif /* QIO_EVENT_LOOP_WATCH_H */
