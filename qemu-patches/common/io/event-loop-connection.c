/*
 * Event loop profiler: a client's connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A connection has one file descriptor that it waits for and one deadline.  It
 * does one step each time, so that several clients get their turns: the TLS
 * handshake, or write what is there to be written, or go on with the dialogue,
 * or read.
 *
 * A client costs no more than itself.  Nothing is read before the last reply
 * was written in full, so that there is never more in memory than one request
 * and its reply.  Who does not begin with QMP, or does not read a reply, is
 * dropped after some time.
 *
 * Without TLS these are plain system calls on buffers that are there already:
 * neither GSource nor QIOChannel, whose locks, trace events and QOM casts could
 * make this thread wait for one that was stopped.  With TLS it does not use
 * qio_channel_tls_handshake(), which cannot be cancelled in a context other
 * than the default one, and which could not look up an authorization object
 * without racing with the main thread.
 */

#include "qemu/osdep.h"
#include <poll.h>
#include "event-loop-connection.h"
#include "io/channel-socket.h"
#include "io/channel-tls.h"
#include "qapi/error.h"
#include "qemu/sockets.h"
#include "qemu/units.h"

/* Microseconds until a client has to have negotiated capabilities */
#define NEGOTIATION_TIMEOUT_US (10 * G_USEC_PER_SEC)

/* Microseconds until a client has to have read some of a reply */
#define PROGRESS_TIMEOUT_US (30 * G_USEC_PER_SEC)

/* A larger buffer is not kept for the next reply; bytes */
#define OUT_KEEP_MAX (16 * MiB)

/* Events that a client has not read yet; bytes */
#define EVENTS_MAX (64 * KiB)

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

struct EventLoopConnection {
    /* -1: it is closed */
    int fd;
    /* with TLS; else NULL */
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
    /* how many did not fit since the last one that did */
    uint64_t events_lost;

    /* what it waits for, as for poll(); 0: nothing */
    short events;
    /* when the client is dropped, in GLib's monotonic time; -1: never */
    int64_t deadline_us;
    int64_t now_us;
};

/* What a connection has to wait for until its next step */
typedef enum Wait {
    WAIT_NOT,
    WAIT_READABLE,
    WAIT_WRITABLE,
    WAIT_NO_MORE,
} Wait;

static ssize_t receive(EventLoopConnection *conn)
{
    ssize_t n;

    if (conn->ioc) {
        return qio_channel_read(conn->ioc, conn->in, sizeof(conn->in), NULL);
    }
    do {
        n = recv(conn->fd, conn->in, sizeof(conn->in), 0);
    } while (n < 0 && errno == EINTR);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
           ? QIO_CHANNEL_ERR_BLOCK : n;
}

static ssize_t transmit(EventLoopConnection *conn)
{
    const char *buf = conn->out->str + conn->out_pos;
    size_t size = conn->out->len - conn->out_pos;
    ssize_t n;

    if (conn->ioc) {
        return qio_channel_write(conn->ioc, buf, size, NULL);
    }
    do {
        n = send(conn->fd, buf, size, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
           ? QIO_CHANNEL_ERR_BLOCK : n;
}

static void empty_out(EventLoopConnection *conn)
{
    conn->out_pos = 0;
    conn->events_size = 0;
    g_string_truncate(conn->out, 0);
    if (conn->out->allocated_len > OUT_KEEP_MAX) {
        /* the dialogue has a pointer to the GString itself */
        g_free(conn->out->str);
        conn->out->str = g_malloc0(1);
        conn->out->allocated_len = 1;
    }
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
    ssize_t n = transmit(conn);

    if (n == QIO_CHANNEL_ERR_BLOCK) {
        return WAIT_WRITABLE;
    }
    if (n < 0) {
        return WAIT_NO_MORE;
    }

    conn->out_pos += n;
    if (event_loop_dialogue_is_open(conn->dialogue)) {
        conn->deadline_us = conn->now_us + PROGRESS_TIMEOUT_US;
    }
    if (conn->out_pos < conn->out->len) {
        return WAIT_WRITABLE;
    }

    empty_out(conn);
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
        conn->deadline_us = conn->now_us + PROGRESS_TIMEOUT_US;
    }
    return WAIT_NOT;
}

static Wait get_requests(EventLoopConnection *conn)
{
    ssize_t n = receive(conn);

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
    if (conn->deadline_us >= 0 && conn->now_us >= conn->deadline_us) {
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

void event_loop_connection_close(EventLoopConnection *conn)
{
    event_loop_dialogue_free(conn->dialogue);
    conn->dialogue = NULL;
    conn->handshake = NULL;
    conn->in_pos = conn->in_len = 0;
    empty_out(conn);
    if (conn->ioc) {
        /* it closes the file descriptor */
        qio_channel_close(conn->ioc, NULL);
        g_clear_pointer(&conn->ioc, object_unref);
    } else if (conn->fd >= 0) {
        close(conn->fd);
    }
    conn->fd = -1;
    conn->tls_authz = NULL;
}

void event_loop_connection_step(EventLoopConnection *conn, int64_t now_us)
{
    conn->now_us = now_us;
    switch (step(conn)) {
    case WAIT_NOT:
        conn->events = 0;
        break;
    case WAIT_READABLE:
        conn->events = POLLIN;
        break;
    case WAIT_WRITABLE:
        conn->events = POLLOUT;
        break;
    case WAIT_NO_MORE:
        event_loop_connection_close(conn);
        break;
    }
}

int64_t event_loop_connection_poll(const EventLoopConnection *conn, int *fd,
                                   short *events)
{
    *fd = conn->fd;
    *events = conn->events;
    return conn->events ? conn->deadline_us : 0;
}

bool event_loop_connection_is_open(const EventLoopConnection *conn)
{
    return conn->fd >= 0;
}

void event_loop_connection_send_event(EventLoopConnection *conn,
                                      const EventLoopStallEvent *event)
{
    size_t len = conn->out->len;

    if (!event_loop_dialogue_is_open(conn->dialogue) ||
        event_loop_dialogue_is_over(conn->dialogue)) {
        return;
    }
    event_loop_stall_event_put(conn->out, event, conn->events_lost);
    if (conn->events_size + conn->out->len - len > EVENTS_MAX) {
        g_string_truncate(conn->out, len);
        conn->events_lost += event->news.suppressed + 1;
        return;
    }
    if (!len) {
        conn->deadline_us = g_get_monotonic_time() + PROGRESS_TIMEOUT_US;
    }
    conn->events_size += conn->out->len - len;
    conn->events_lost = 0;
    conn->events = 0;
}

void event_loop_connection_open(EventLoopConnection *conn, int fd,
                                QCryptoTLSCreds *tls_creds, QAuthZ *tls_authz,
                                const EventLoopOwner *owner)
{
    if (tls_creds) {
        QIOChannelSocket *sioc = qio_channel_socket_new_fd(fd, NULL);

        if (!sioc) {
            close(fd);
            return;
        }
        conn->handshake = qio_channel_tls_new_server(QIO_CHANNEL(sioc),
                                                     tls_creds, NULL, NULL);
        /* the other channel has a reference, or it closes the socket now */
        object_unref(OBJECT(sioc));
        if (!conn->handshake) {
            return;
        }
        conn->ioc = QIO_CHANNEL(conn->handshake);
        conn->tls_authz = tls_authz;
    }
    conn->fd = fd;
    conn->events = 0;
    conn->events_lost = 0;
    conn->dialogue = event_loop_dialogue_new(owner, conn->out);
    conn->deadline_us = g_get_monotonic_time() + NEGOTIATION_TIMEOUT_US;
}

EventLoopConnection *event_loop_connection_new(size_t size)
{
    EventLoopConnection *conn = g_new0(EventLoopConnection, 1);

    conn->fd = -1;
    conn->out = g_string_sized_new(size);
    /* have the kernel give the memory now */
    memset(conn->out->str, 0, conn->out->allocated_len);
    return conn;
}

void event_loop_connection_free(EventLoopConnection *conn)
{
    event_loop_connection_close(conn);
    g_string_free(conn->out, true);
    g_free(conn);
}
