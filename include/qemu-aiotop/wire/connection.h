/*
 * QMP: one connection
 *
 * Does greeting and negotiation, and pairs replies with requests; it speaks to
 * the event loop profiler's own socket and to ordinary monitors alike.
 *
 * A connection belongs to the thread whose default main context it was
 * opened in; its callbacks run there, never from within the call that asked
 * for them.  Long messages are parsed in a thread of GLib's pool, so that keys
 * get their turn, and nothing is read from the peer meanwhile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_CONNECTION_H
#define QEMU_AIOTOP_WIRE_CONNECTION_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/wire/framing.h>
#include <qemu-aiotop/wire/request.h>

typedef struct AiotopQmpTimeouts {
    /* Milliseconds, each counted from its own beginning */
    unsigned connect_ms;
    unsigned greeting_ms;
    unsigned reply_ms;
} AiotopQmpTimeouts;

/* 3 s to connect, 3 s for the greeting, 10 s for a reply */
extern const AiotopQmpTimeouts aiotop_qmp_default_timeouts;

/* @ms for each */
AiotopQmpTimeouts aiotop_qmp_timeouts(unsigned ms);

typedef struct AiotopQmpHandler {
    /*
     * The first bytes came over a UNIX socket: it has accepted the connection.
     * Called once, before any of them is looked at.  Returns false with @error
     * set if the peer is not to be believed: then the connection has failed,
     * and none of them ever is.  Also called before failed() if none came, for
     * what the peer may tell.  Optional: then anybody is believed.
     */
    bool (*check_peer)(AiotopQmp *qmp, int fd, void *opaque, GError **error);
    /* Negotiation is over: commands may be sent.  Called once at most. */
    void (*ready)(AiotopQmp *qmp, void *opaque);
    /*
     * The connection failed or ended.  Nothing else is called after this.
     * @error belongs to the caller.
     */
    void (*failed)(AiotopQmp *qmp, const GError *error, void *opaque);
} AiotopQmpHandler;

/**
 * aiotop_qmp_open:
 * @address: "unix:PATH", or "unix:@NAME" in the abstract name space, or
 *     "tcp:HOST:PORT" ("tcp:[HOST]:PORT")
 * @handler: stays valid as long as the connection
 *
 * Begins to connect.  All that can go wrong goes to @handler.
 */
AiotopQmp *aiotop_qmp_open(const char *address,
                           const AiotopQmpTimeouts *timeouts,
                           const AiotopQmpHandler *handler, void *opaque);

/**
 * aiotop_qmp_free:
 *
 * Closes the connection; no callback comes after this.  May be called in a
 * callback.  Accepts NULL.
 */
void aiotop_qmp_free(AiotopQmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopQmp, aiotop_qmp_free)

/**
 * aiotop_qmp_peer_fd:
 *
 * Returns the UNIX socket that is connected, be it not accepted at the other
 * end, for what the kernel knows of that; -1 if there is none.
 */
int aiotop_qmp_peer_fd(const AiotopQmp *qmp);

/**
 * aiotop_qmp_execute:
 * @command: its name
 * @arguments: JSON text of an object, or NULL
 * @reply: called once, unless the connection fails before
 *
 * Sends a command; to be called after the handler's ready().  Out of band
 * with @oob, if the peer offers that.
 */
void aiotop_qmp_execute(AiotopQmp *qmp, const char *command,
                        const char *arguments, bool oob, AiotopQmpReply *reply,
                        void *opaque);

/**
 * aiotop_qmp_take_value:
 *
 * To be called in an AiotopQmpReply, once: returns its @value, which is then
 * the caller's alone, who may give it to another thread.
 */
json_object *aiotop_qmp_take_value(AiotopQmp *qmp);

#endif /* QEMU_AIOTOP_WIRE_CONNECTION_H */
