/*
 * Event loop profiler: a client's connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QIO_EVENT_LOOP_CONNECTION_H
#define QIO_EVENT_LOOP_CONNECTION_H

#include "authz/base.h"
#include "crypto/tlscreds.h"
#include "io/channel-socket.h"
#include "io/event-loop-dialogue.h"

/**
 * event_loop_connection_new:
 * @sioc: the client's socket; the connection takes a reference
 * @tls_creds: for TLS, or NULL
 * @tls_authz: who is let in, or NULL
 * @owner: what to tell about the process
 * @closed: called with @opaque once the connection has closed itself
 *
 * Returns: a source that carries on the dialogue in the context that it is
 * attached to, until it is destroyed; or NULL if TLS does not work.
 */
GSource *event_loop_connection_new(QIOChannelSocket *sioc,
                                   QCryptoTLSCreds *tls_creds,
                                   QAuthZ *tls_authz,
                                   const EventLoopOwner *owner,
                                   void (*closed)(GSource *source,
                                                  void *opaque),
                                   void *opaque);

/**
 * event_loop_connection_send_event:
 * @source: a connection
 * @message: a whole QMP message
 *
 * Sends it as soon as what is being written is, unless the client has not
 * negotiated yet or does not read those that were sent before.  To be called
 * in the thread of the connection.
 */
void event_loop_connection_send_event(GSource *source,
                                      const GString *message);

#endif /* QIO_EVENT_LOOP_CONNECTION_H */
