/*
 * A server of HTTP for a few pages that are in memory
 *
 *   on_accepted --> READING --> WRITING --> LEAVING --> end
 *                      |           ^
 *                      +-- 408 ----+
 *
 * A peer has one asynchronous operation at a time, and is freed in the callback
 * of its last one.  What ends it before is its cancellable.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/export/http-server.h"

#include <gio/gio.h>
#include <stdint.h>
#include <string.h>

#include "listener.h"
#include "qemu-aiotop/wire/timer.h"

/* To write a few words, or to see that the peer has gone */
#define FAREWELL_MS 1000

/*
 * After a connection could not be taken: it waits, so that it would be tried at
 * once again, and again, as long as there is no descriptor
 */
#define PAUSE_MS 1000

const AiotopHttpLimits aiotop_http_default_limits = {
    .peers = 32,
    .head_ms = 5000,
    .answer_ms = 30000,
    .slow_ms = 2000,
};

typedef enum PeerState {
    PEER_READING,
    PEER_WRITING,
    /* It was told all there is; it may have sent more than was read */
    PEER_LEAVING,
} PeerState;

typedef struct Peer {
    /* NULL once nobody waits for it */
    AiotopHttpServer *server;
    GSocketConnection *connection;
    GCancellable *cancellable;
    GSource *deadline;
    int64_t since_us;
    PeerState state;
    /* It is only told that there is no place */
    bool refused;
    /* Its place was taken */
    bool dropped;
    char head[AIOTOP_HTTP_MAX_BYTES];
    gsize len;
    GString *answer;
    GBytes *body;
    /* GIO's, as long as it writes */
    GOutputVector vectors[2];
} Peer;

struct AiotopHttpServer {
    GSocketListener *listener;
    /* Of what waits for the next connection */
    GCancellable *accepting;
    /* Until it is waited for again; no connection could be taken since */
    GSource *pause;
    bool fails;
    AiotopHttpLimits limits;
    AiotopHttpRespond *respond;
    void (*report)(const char *message);
    void *opaque;
    char *where;
    /* The socket, if that is a path */
    FileId file;
    GList *peers;
};

static void read_more(Peer *peer);

static void clear_deadline(Peer *peer)
{
    if (peer->deadline) {
        g_source_destroy(peer->deadline);
        g_clear_pointer(&peer->deadline, g_source_unref);
    }
}

static gboolean on_deadline(gpointer opaque)
{
    Peer *peer = opaque;

    g_cancellable_cancel(peer->cancellable);
    return G_SOURCE_REMOVE;
}

static void set_deadline(Peer *peer, unsigned ms)
{
    clear_deadline(peer);
    peer->deadline = g_timeout_source_new(ms);
    g_source_set_callback(peer->deadline, on_deadline, peer, NULL);
    g_source_attach(peer->deadline, g_main_context_get_thread_default());
}

/* Only in the callback of its last operation, or before its first one */
static void end(Peer *peer)
{
    if (peer->server) {
        peer->server->peers = g_list_remove(peer->server->peers, peer);
    }
    clear_deadline(peer);
    g_io_stream_close(G_IO_STREAM(peer->connection), NULL, NULL);
    g_object_unref(peer->connection);
    g_object_unref(peer->cancellable);
    if (peer->answer) {
        g_string_free(peer->answer, TRUE);
    }
    g_bytes_unref(peer->body);
    g_free(peer);
}

static void on_read_past(GObject *source, GAsyncResult *result, gpointer opaque)
{
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
    Peer *peer = opaque;

    if (n > 0 && peer->server) {
        read_more(peer);
    } else {
        end(peer);
    }
}

/*
 * What is unread when a socket is closed makes the kernel reset the
 * connection, and the peer lose the answer
 */
static void leave(Peer *peer)
{
    GSocket *socket = g_socket_connection_get_socket(peer->connection);

    peer->state = PEER_LEAVING;
    set_deadline(peer, FAREWELL_MS);
    if (g_socket_shutdown(socket, FALSE, TRUE, NULL)) {
        read_more(peer);
    } else {
        end(peer);
    }
}

static void on_written(GObject *source, GAsyncResult *result, gpointer opaque)
{
    Peer *peer = opaque;

    if (g_output_stream_writev_all_finish(G_OUTPUT_STREAM(source), result, NULL,
                                          NULL) &&
        peer->server) {
        leave(peer);
    } else {
        end(peer);
    }
}

static void write_answer(Peer *peer, const AiotopHttpAnswer *answer)
{
    GOutputStream *out =
        g_io_stream_get_output_stream(G_IO_STREAM(peer->connection));
    GOutputVector *vectors = peer->vectors;
    gsize len;
    const void *body;

    peer->state = PEER_WRITING;
    peer->body = answer->body;
    if (!peer->body) {
        char *words = g_strdup_printf("%u %s\n", answer->status,
                                      aiotop_http_reason(answer->status));

        peer->body = g_bytes_new_take(words, strlen(words));
    }
    body = g_bytes_get_data(peer->body, &len);
    peer->answer = g_string_new(NULL);
    g_string_append_printf(
        peer->answer,
        "HTTP/1.1 %u %s\r\n"
        "Content-Type: %s\r\n"
        "Content-Length: %" G_GSIZE_FORMAT "\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "%s%s\r\n",
        answer->status, aiotop_http_reason(answer->status),
        answer->body ? answer->type : "text/plain; charset=utf-8", len,
        answer->status == AIOTOP_HTTP_NOT_ALLOWED ? "Allow: GET\r\n" : "",
        answer->status == AIOTOP_HTTP_UNAVAILABLE ? "Retry-After: 1\r\n" : "");
    vectors[0] = (GOutputVector){ peer->answer->str, peer->answer->len };
    vectors[1] = (GOutputVector){ body, len };
    g_output_stream_writev_all_async(out, vectors, G_N_ELEMENTS(peer->vectors),
                                     G_PRIORITY_DEFAULT, peer->cancellable,
                                     on_written, peer);
}

/* No more than a moment is spent on it */
static void write_status(Peer *peer, AiotopHttpStatus status)
{
    set_deadline(peer, FAREWELL_MS);
    write_answer(peer, &(AiotopHttpAnswer){ .status = status });
}

static void answer(Peer *peer, const AiotopHttpRequest *request)
{
    AiotopHttpAnswer out = { .status = AIOTOP_HTTP_NOT_FOUND };

    set_deadline(peer, peer->server->limits.answer_ms);
    peer->server->respond(request, &out, peer->server->opaque);
    write_answer(peer, &out);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer opaque)
{
    g_autoptr(GError) error = NULL;
    gssize n =
        g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
    g_auto(AiotopHttpRequest) request = { 0 };
    Peer *peer = opaque;
    AiotopHttpStatus status;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
        peer->server && !peer->dropped) {
        g_cancellable_reset(peer->cancellable);
        write_status(peer, AIOTOP_HTTP_TIMEOUT);
        return;
    }
    if (n <= 0 || !peer->server) {
        end(peer);
        return;
    }
    peer->len += n;
    status = aiotop_http_request_parse(&request, peer->head, peer->len);
    if (status == AIOTOP_HTTP_MORE) {
        read_more(peer);
    } else if (status == AIOTOP_HTTP_OK) {
        answer(peer, &request);
    } else {
        write_status(peer, status);
    }
}

static void read_more(Peer *peer)
{
    GInputStream *in =
        g_io_stream_get_input_stream(G_IO_STREAM(peer->connection));
    bool leaving = peer->state == PEER_LEAVING;
    gsize at = leaving ? 0 : peer->len;

    g_input_stream_read_async(in, peer->head + at, sizeof(peer->head) - at,
                              G_PRIORITY_DEFAULT, peer->cancellable,
                              leaving ? on_read_past : on_read, peer);
}

/* Whether there is a place, perhaps that of one that is slow */
static bool make_place(AiotopHttpServer *server)
{
    int64_t slow_us =
        g_get_monotonic_time() - server->limits.slow_ms * INT64_C(1000);
    Peer *slowest = NULL;
    unsigned n = 0;

    for (GList *link = server->peers; link; link = link->next) {
        Peer *peer = link->data;

        if (!peer->refused && !peer->dropped && peer->state != PEER_LEAVING) {
            n++;
            if (!slowest || peer->since_us < slowest->since_us) {
                slowest = peer;
            }
        }
    }
    if (n < server->limits.peers) {
        return true;
    }
    if (slowest->since_us <= slow_us) {
        slowest->dropped = true;
        g_cancellable_cancel(slowest->cancellable);
        return true;
    }
    return false;
}

static void take(AiotopHttpServer *server, GSocketConnection *connection)
{
    Peer *peer;

    if (g_list_length(server->peers) >= 4 * server->limits.peers) {
        return;
    }
    peer = g_new0(Peer, 1);
    peer->connection = g_object_ref(connection);
    peer->cancellable = g_cancellable_new();
    peer->since_us = g_get_monotonic_time();
    peer->refused = !make_place(server);
    peer->server = server;
    server->peers = g_list_prepend(server->peers, peer);
    if (peer->refused) {
        write_status(peer, AIOTOP_HTTP_UNAVAILABLE);
    } else {
        set_deadline(peer, server->limits.head_ms);
        read_more(peer);
    }
}

static void accept_next(AiotopHttpServer *server);

static gboolean on_pause_over(gpointer opaque)
{
    AiotopHttpServer *server = opaque;

    aiotop_timer_clear(&server->pause);
    accept_next(server);
    return G_SOURCE_REMOVE;
}

/* Says so once, until it is over */
static void begin_pause(AiotopHttpServer *server, const GError *error)
{
    if (!server->fails) {
        g_autofree char *message =
            g_strdup_printf("cannot take connections at %s: %s; tries again"
                            " each second",
                            server->where, error->message);

        server->report(message);
    }
    server->fails = true;
    aiotop_timer_set(&server->pause, g_main_context_get_thread_default(),
                     PAUSE_MS, G_PRIORITY_DEFAULT, on_pause_over, server);
}

static void on_accepted(GObject *source, GAsyncResult *result, gpointer opaque)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketConnection) connection = g_socket_listener_accept_finish(
        G_SOCKET_LISTENER(source), result, NULL, &error);
    AiotopHttpServer *server = opaque;

    if (connection) {
        server->fails = false;
        take(server, connection);
        accept_next(server);
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        begin_pause(server, error);
    }
    /* Else the server is not there any more */
}

static void accept_next(AiotopHttpServer *server)
{
    g_socket_listener_accept_async(server->listener, server->accepting,
                                   on_accepted, server);
}

AiotopHttpServer *aiotop_http_server_new(const char *where,
                                         const AiotopHttpLimits *limits,
                                         AiotopHttpRespond *respond,
                                         void (*report)(const char *message),
                                         void *opaque, GError **error)
{
    g_autoptr(AiotopHttpServer) server = g_new0(AiotopHttpServer, 1);

    server->listener = g_socket_listener_new();
    server->accepting = g_cancellable_new();
    server->limits = *limits;
    server->respond = respond;
    server->report = report;
    server->opaque = opaque;
    server->where =
        aiotop_listener_add(server->listener, where, &server->file, error);
    if (!server->where) {
        return NULL;
    }
    accept_next(server);
    return g_steal_pointer(&server);
}

void aiotop_http_server_free(AiotopHttpServer *server)
{
    if (!server) {
        return;
    }
    g_cancellable_cancel(server->accepting);
    aiotop_timer_clear(&server->pause);
    g_socket_listener_close(server->listener);
    for (GList *link = server->peers; link; link = link->next) {
        Peer *peer = link->data;

        peer->server = NULL;
        clear_deadline(peer);
        g_cancellable_cancel(peer->cancellable);
    }
    g_list_free(server->peers);
    if (server->where) {
        /* Unless another one has put its own there */
        file_id_remove(&server->file, server->where);
    }
    g_object_unref(server->accepting);
    g_object_unref(server->listener);
    g_free(server->where);
    g_free(server);
}

const char *aiotop_http_server_where(const AiotopHttpServer *server)
{
    return server->where;
}
