/*
 * Event loop profiler: a client's connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A connection is a GSource, with one file descriptor that it waits for and
 * one deadline.  It does one step each time that it is dispatched, so that
 * several clients get their turns: the TLS handshake, or write what is there
 * to be written, or go on with the dialogue, or read.
 *
 * A client costs no more than itself.  Nothing is read before the last reply
 * was written in full, so that there is never more in memory than one request
 * and its reply.  Who does not begin with QMP, or does not read a reply, is
 * dropped after some time.
 *
 * This is no watch of a QIOChannel, because the profiler would count it among
 * the event loops that it is there to observe.  For the handshake it does not
 * use qio_channel_tls_handshake(), which cannot be cancelled in a context
 * other than the default one, and which could not look up an authorization
 * object without racing with the main thread.
 */

#include "qemu/osdep.h"
#include "event-loop-connection.h"
#include "io/channel-tls.h"
#include "qapi/error.h"
#include "qemu/units.h"

/* Microseconds until a client has to have negotiated capabilities */
#define NEGOTIATION_TIMEOUT_US (10 * G_USEC_PER_SEC)

/* Microseconds until a client has to have read some of a reply */
#define PROGRESS_TIMEOUT_US (30 * G_USEC_PER_SEC)

/* A larger buffer is not kept for the next reply; bytes */
#define OUT_KEEP_MAX (64 * KiB)

/* Events that a client has not read yet; bytes */
#define EVENTS_MAX (64 * KiB)

typedef struct EventLoopConnection {
    GSource source;
    /* the file descriptor, as g_source_add_unix_fd() calls it */
    void *tag;

    QIOChannel *ioc;
    /* the same, as long as its handshake is not over */
    QIOChannelTLS *handshake;
    QAuthZ *tls_authz;

    EventLoopDialogue *dialogue;
    char in[4096];
    size_t in_pos;
    size_t in_len;
    GString *out;
    size_t out_pos;
    /* bytes of events in it */
    size_t events_size;

    /* when the client is dropped, in GLib's monotonic time; -1: never */
    int64_t deadline_us;

    void (*closed)(GSource *source, void *opaque);
    void *opaque;
} EventLoopConnection;

/* What a connection has to wait for until its next step */
typedef enum Wait {
    WAIT_NOT,
    WAIT_READABLE,
    WAIT_WRITABLE,
    WAIT_NO_MORE,
} Wait;

static int64_t now_us(EventLoopConnection *conn)
{
    return g_source_get_time(&conn->source);
}

static bool authorize(EventLoopConnection *conn, QCryptoTLSSession *session)
{
    g_autofree char *name = NULL;

    if (qcrypto_tls_session_check_credentials(session, NULL) < 0) {
        return false;
    }
    if (!conn->tls_authz) {
        return true;
    }
    name = qcrypto_tls_session_get_peer_name(session);
    return name && qauthz_is_allowed(conn->tls_authz, name, NULL);
}

static Wait shake_hands(EventLoopConnection *conn)
{
    QCryptoTLSSession *session = conn->handshake->session;

    switch (qcrypto_tls_session_handshake(session, NULL)) {
    case QCRYPTO_TLS_HANDSHAKE_SENDING:
        return WAIT_WRITABLE;
    case QCRYPTO_TLS_HANDSHAKE_RECVING:
        return WAIT_READABLE;
    case QCRYPTO_TLS_HANDSHAKE_COMPLETE:
        conn->handshake = NULL;
        return authorize(conn, session) ? WAIT_NOT : WAIT_NO_MORE;
    default:
        return WAIT_NO_MORE;
    }
}

static Wait put_replies(EventLoopConnection *conn)
{
    ssize_t n = qio_channel_write(conn->ioc, conn->out->str + conn->out_pos,
                                  conn->out->len - conn->out_pos, NULL);

    if (n == QIO_CHANNEL_ERR_BLOCK) {
        return WAIT_WRITABLE;
    }
    if (n < 0) {
        return WAIT_NO_MORE;
    }

    conn->out_pos += n;
    if (event_loop_dialogue_is_open(conn->dialogue)) {
        conn->deadline_us = now_us(conn) + PROGRESS_TIMEOUT_US;
    }
    if (conn->out_pos < conn->out->len) {
        return WAIT_WRITABLE;
    }

    conn->out_pos = 0;
    conn->events_size = 0;
    g_string_truncate(conn->out, 0);
    if (conn->out->allocated_len > OUT_KEEP_MAX) {
        /* the dialogue has a pointer to the GString itself */
        g_free(conn->out->str);
        conn->out->str = g_malloc0(1);
        conn->out->allocated_len = 1;
    }
    if (event_loop_dialogue_is_over(conn->dialogue)) {
        return WAIT_NO_MORE;
    }
    if (event_loop_dialogue_is_open(conn->dialogue)) {
        conn->deadline_us = -1;
    }
    return WAIT_NOT;
}

static Wait converse(EventLoopConnection *conn)
{
    conn->in_pos += event_loop_dialogue_feed(conn->dialogue,
                                             conn->in + conn->in_pos,
                                             conn->in_len - conn->in_pos);
    if (conn->out->len && event_loop_dialogue_is_open(conn->dialogue)) {
        conn->deadline_us = now_us(conn) + PROGRESS_TIMEOUT_US;
    }
    return WAIT_NOT;
}

static Wait get_requests(EventLoopConnection *conn)
{
    ssize_t n = qio_channel_read(conn->ioc, conn->in, sizeof(conn->in), NULL);

    if (n == QIO_CHANNEL_ERR_BLOCK) {
        return WAIT_READABLE;
    }
    if (n <= 0) {
        return WAIT_NO_MORE;
    }
    conn->in_pos = 0;
    conn->in_len = n;
    return converse(conn);
}

static Wait step(EventLoopConnection *conn)
{
    if (conn->deadline_us >= 0 && now_us(conn) >= conn->deadline_us) {
        return WAIT_NO_MORE;
    }
    if (conn->handshake) {
        return shake_hands(conn);
    }
    if (conn->out->len) {
        return put_replies(conn);
    }
    if (conn->in_pos < conn->in_len) {
        return converse(conn);
    }
    return get_requests(conn);
}

static gboolean connection_dispatch(GSource *source, GSourceFunc callback,
                                    gpointer user_data)
{
    EventLoopConnection *conn = (EventLoopConnection *)source;
    Wait wait = step(conn);

    if (wait == WAIT_NO_MORE) {
        conn->closed(source, conn->opaque);
        return G_SOURCE_REMOVE;
    }
    g_source_modify_unix_fd(source, conn->tag,
                            wait == WAIT_WRITABLE ? G_IO_OUT : G_IO_IN);
    g_source_set_ready_time(source, wait == WAIT_NOT ? 0 : conn->deadline_us);
    return G_SOURCE_CONTINUE;
}

void event_loop_connection_send_event(GSource *source,
                                      const GString *message)
{
    EventLoopConnection *conn = (EventLoopConnection *)source;

    if (!event_loop_dialogue_is_open(conn->dialogue) ||
        event_loop_dialogue_is_over(conn->dialogue) ||
        conn->events_size + message->len > EVENTS_MAX) {
        return;
    }
    if (!conn->out->len) {
        conn->deadline_us = g_get_monotonic_time() + PROGRESS_TIMEOUT_US;
    }
    conn->events_size += message->len;
    g_string_append_len(conn->out, message->str, message->len);
    g_source_set_ready_time(source, 0);
}

static void connection_finalize(GSource *source)
{
    EventLoopConnection *conn = (EventLoopConnection *)source;

    event_loop_dialogue_free(conn->dialogue);
    g_string_free(conn->out, true);
    if (conn->ioc) {
        qio_channel_close(conn->ioc, NULL);
        object_unref(OBJECT(conn->ioc));
    }
    object_unref(OBJECT(conn->tls_authz));
}

static GSourceFuncs connection_funcs = {
    .dispatch = connection_dispatch,
    .finalize = connection_finalize,
};

GSource *event_loop_connection_new(QIOChannelSocket *sioc,
                                   QCryptoTLSCreds *tls_creds,
                                   QAuthZ *tls_authz,
                                   const EventLoopOwner *owner,
                                   void (*closed)(GSource *source,
                                                  void *opaque),
                                   void *opaque)
{
    QIOChannel *ioc = QIO_CHANNEL(sioc);
    EventLoopConnection *conn;
    QIOChannelTLS *tioc = NULL;
    GSource *source;

    qio_channel_set_blocking(ioc, false, NULL);
    qio_channel_set_delay(ioc, false);
    if (tls_creds) {
        tioc = qio_channel_tls_new_server(ioc, tls_creds, NULL, NULL);
        if (!tioc) {
            return NULL;
        }
        ioc = QIO_CHANNEL(tioc);
    } else {
        object_ref(OBJECT(ioc));
    }

    source = g_source_new(&connection_funcs, sizeof(EventLoopConnection));
    conn = (EventLoopConnection *)source;
    conn->ioc = ioc;
    conn->handshake = tioc;
    if (tls_authz) {
        conn->tls_authz = QAUTHZ(object_ref(OBJECT(tls_authz)));
    }
    conn->out = g_string_new(NULL);
    conn->dialogue = event_loop_dialogue_new(owner, conn->out);
    conn->closed = closed;
    conn->opaque = opaque;
    conn->tag = g_source_add_unix_fd(source, sioc->fd, G_IO_IN);
    conn->deadline_us = g_get_monotonic_time() + NEGOTIATION_TIMEOUT_US;
    g_source_set_ready_time(source, 0);

    return source;
}
