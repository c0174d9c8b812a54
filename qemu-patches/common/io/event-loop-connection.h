/*
 * Event loop profiler: a client's connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All of this, but for making and freeing it, is for the server's thread.
 */

#ifndef QIO_EVENT_LOOP_CONNECTION_H
#define QIO_EVENT_LOOP_CONNECTION_H

#include "authz/base.h"
#include "crypto/tlscreds.h"
#include "event-loop-watch.h"
#include "io/event-loop-dialogue.h"

typedef struct EventLoopConnection EventLoopConnection;

/*
 * Memory for one client at a time.  @size: what is there for replies from the
 * beginning, in bytes
 */
EventLoopConnection *event_loop_connection_new(size_t size);

/* Closes it, if it is open */
void event_loop_connection_close(EventLoopConnection *conn);

/* Closes it, too */
void event_loop_connection_free(EventLoopConnection *conn);

/**
 * event_loop_connection_open:
 * @conn: a connection that is closed
 * @fd: the client's socket, which does not block; the connection closes it
 * @tls_creds: for TLS, or NULL
 * @tls_authz: who is let in, or NULL
 * @owner: what to tell about the process
 *
 * The dialogue begins with the next step.  If TLS does not work, @conn remains
 * closed.
 */
void event_loop_connection_open(EventLoopConnection *conn, int fd,
                                QCryptoTLSCreds *tls_creds, QAuthZ *tls_authz,
                                const EventLoopOwner *owner);

bool event_loop_connection_is_open(const EventLoopConnection *conn);

/**
 * event_loop_connection_poll:
 * @conn: a connection that is open
 * @fd: set to its file descriptor
 * @events: set to what it waits for, as for poll()
 *
 * Returns: until when it waits, in microseconds of GLib's monotonic time; -1:
 * for ever
 */
int64_t event_loop_connection_poll(const EventLoopConnection *conn, int *fd,
                                   short *events);

/*
 * Does one step of what there is to be done, so that other clients get their
 * turns; it may close itself.  @now_us: GLib's monotonic time
 */
void event_loop_connection_step(EventLoopConnection *conn, int64_t now_us);

/**
 * event_loop_connection_send_event:
 * @conn: a connection that is open
 * @event: the event
 *
 * Sends it as soon as what is being written is, unless the client has not
 * negotiated yet.  If it does not read those that were sent before, it loses
 * this one, and is told so with the next.
 */
void event_loop_connection_send_event(EventLoopConnection *conn,
                                      const EventLoopStallEvent *event);

#endif /* QIO_EVENT_LOOP_CONNECTION_H */
