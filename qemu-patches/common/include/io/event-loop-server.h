/*
 * Event loop profiler: the thread that answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QIO_EVENT_LOOP_SERVER_H
#define QIO_EVENT_LOOP_SERVER_H

#include "authz/base.h"
#include "crypto/tlscreds.h"
#include "io/event-loop-dialogue.h"
#include "qapi/qapi-types-sockets.h"

typedef struct EventLoopServer EventLoopServer;

typedef struct EventLoopServerOptions {
    /* where to listen; NULL: nowhere, and there is only a watch for stalls */
    SocketAddress *socket;
    /* more connections than this are refused */
    uint32_t max_connections;
    /*
     * for TLS; else NULL.  The server takes a reference.  Nobody else may
     * load it anew: it is used in the server's thread.
     */
    QCryptoTLSCreds *tls_creds;
    /*
     * whether a TLS client is let in, by its certificate's distinguished
     * name; else NULL.  The server takes a reference.  Nobody else may change
     * it from now on: it is asked in the server's thread.
     */
    QAuthZ *tls_authz;
    /* what to tell about the process; it is copied, but its strings last */
    const EventLoopOwner *owner;
} EventLoopServerOptions;

/**
 * event_loop_server_new:
 * @options: not used after return, but for what its members say
 * @errp: set if it cannot listen there
 *
 * Listens, but answers nobody yet.  Must be called in the main thread, after
 * any fork.
 *
 * Returns: the server, or NULL
 */
EventLoopServer *event_loop_server_new(const EventLoopServerOptions *options,
                                       Error **errp);

/* Starts the server's thread. Profiling must be on until the server is freed */
void event_loop_server_start(EventLoopServer *server);

/**
 * event_loop_server_free:
 *
 * Ends the thread, closes all connections and removes a UNIX socket.  Must be
 * called in the main thread.  It waits for a reply that is being made, but
 * for no client; and if the thread is stuck, it leaves it alone after some
 * seconds, and with it what it uses.
 */
void event_loop_server_free(EventLoopServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventLoopServer, event_loop_server_free)

#endif /* QIO_EVENT_LOOP_SERVER_H */
