/*
 * QMP: one connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/connection.h"

#include <gio/gio.h>
#include <string.h>

#include "dial.h"
#include "output.h"
#include "parsing.h"
#include "unasked.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/wire/timer.h"

/* How much is read in one turn of the main context */
#define READ_AT_ONCE (64u << 10)

struct AiotopQmp {
    int ref_count;
    GMainContext *context;
    /* The address, for messages */
    char *shown;
    AiotopQmpTimeouts timeouts;
    /* NULL once the connection failed or was freed: nobody is to be told */
    const AiotopQmpHandler *handler;
    void *opaque;

    /* Until it is connected */
    Dial *dial;
    GSocketConnection *connection;
    GSocket *socket;
    GSource *readable;
    /* For the greeting */
    GSource *timer;
    bool peer_checked;
    bool greeted;
    bool ready;
    /* A message came and is parsed in another thread */
    bool parsing;
    bool oob;

    AiotopQmpStream *stream;
    /* Of the message that is handled */
    AiotopQmpMessage *message;
    Unasked unasked;
    Output output;
    uint64_t last_id;
    GQueue requests;
};

const AiotopQmpTimeouts aiotop_qmp_default_timeouts = {
    .connect_ms = 3000,
    .greeting_ms = 3000,
    .reply_ms = 10000,
};

AiotopQmpTimeouts aiotop_qmp_timeouts(unsigned ms)
{
    return (AiotopQmpTimeouts){ ms, ms, ms };
}

/* Ends all that could still call back */
static void close_connection(AiotopQmp *qmp)
{
    qmp->handler = NULL;
    g_clear_pointer(&qmp->dial, dial_free);
    aiotop_timer_clear(&qmp->readable);
    aiotop_timer_clear(&qmp->timer);
    output_close(&qmp->output);
    g_clear_object(&qmp->connection);
    qmp->socket = NULL;
    g_queue_clear_full(&qmp->requests, (GDestroyNotify)request_free);
}

static AiotopQmp *ref(AiotopQmp *qmp)
{
    qmp->ref_count++;
    return qmp;
}

static void unref(AiotopQmp *qmp)
{
    if (--qmp->ref_count) {
        return;
    }
    close_connection(qmp);
    aiotop_qmp_stream_free(qmp->stream);
    output_clear(&qmp->output);
    g_main_context_unref(qmp->context);
    g_free(qmp->shown);
    g_free(qmp);
}

/* The callee of failed() may free the connection: callers hold a reference */
static void fail(AiotopQmp *qmp, int code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void fail(AiotopQmp *qmp, int code, const char *format, ...)
{
    const AiotopQmpHandler *handler = qmp->handler;
    g_autoptr(GError) error = NULL;
    va_list ap;

    if (!handler) {
        return;
    }
    va_start(ap, format);
    error = g_error_new_valist(AIOTOP_QMP_ERROR, code, format, ap);
    va_end(ap);
    close_connection(qmp);
    handler->failed(qmp, error, qmp->opaque);
}

static void set_timer(AiotopQmp *qmp, GSource **timer, unsigned ms,
                      GSourceFunc func, void *opaque)
{
    aiotop_timer_set(timer, qmp->context, ms, AIOTOP_QMP_PRIORITY_OVERDUE, func,
                     opaque);
}

static gboolean on_reply_overdue(gpointer opaque)
{
    AiotopQmp *qmp = ref(opaque);
    Request *request = g_queue_peek_head(&qmp->requests);

    /* It came, and is looked at */
    if (qmp->parsing) {
        unref(qmp);
        return G_SOURCE_CONTINUE;
    }
    fail(qmp, AIOTOP_QMP_ERROR_TIMEOUT,
         "no answer from %s to %s within %g s: QEMU may be stopped, or its"
         " main loop stuck if this is an ordinary monitor",
         qmp->shown, request->command, qmp->timeouts.reply_ms / 1e3);
    unref(qmp);
    return G_SOURCE_REMOVE;
}

void aiotop_qmp_execute(AiotopQmp *qmp, const char *command,
                        const char *arguments, bool oob, AiotopQmpReply *reply,
                        void *opaque)
{
    Request *request = request_new(++qmp->last_id, command, reply, opaque);

    set_timer(qmp, &request->timer, qmp->timeouts.reply_ms, on_reply_overdue,
              qmp);
    g_queue_push_tail(&qmp->requests, request);
    request_write(qmp->output.text, request, arguments, oob && qmp->oob);
    output_flush(&qmp->output);
}

static void on_capabilities(AiotopQmp *qmp, json_object *value G_GNUC_UNUSED,
                            const GError *error, void *opaque G_GNUC_UNUSED)
{
    if (error) {
        fail(qmp, AIOTOP_QMP_ERROR_PROTOCOL, "%s refuses qmp_capabilities: %s",
             qmp->shown, error->message);
    } else {
        qmp->ready = true;
        qmp->handler->ready(qmp, qmp->opaque);
    }
}

static void handle_greeting(AiotopQmp *qmp, const AiotopQmpMessage *message)
{
    if (message->type == AIOTOP_QMP_FAILURE) {
        g_autofree char *why = request_refusal(message, qmp->shown);

        fail(qmp, AIOTOP_QMP_ERROR_COMMAND, "%s", why);
        return;
    }
    if (message->type != AIOTOP_QMP_GREETING) {
        fail(qmp, AIOTOP_QMP_ERROR_PROTOCOL,
             "%s is not a QMP server: it begins without a greeting",
             qmp->shown);
        return;
    }
    aiotop_timer_clear(&qmp->timer);
    qmp->greeted = true;
    aiotop_qmp_stream_set_max(qmp->stream, AIOTOP_QMP_MAX_MESSAGE);
    aiotop_qmp_execute(qmp, "qmp_capabilities",
                       message->oob ? "{\"enable\":[\"oob\"]}" : NULL, false,
                       on_capabilities, NULL);
    qmp->oob = message->oob;
}

/* Whether it was asked for */
static bool handle_reply(AiotopQmp *qmp, const AiotopQmpMessage *message)
{
    Request *request = request_take(&qmp->requests, message->id);
    g_autoptr(GError) error = request_failure(message);

    if (error && !request && !message->id) {
        fail(qmp, AIOTOP_QMP_ERROR_PROTOCOL, "%s reports an error: %s",
             qmp->shown, error->message);
    }
    if (!request) {
        return false;
    }
    request->reply(qmp, message->value, error, request->opaque);
    request_free(request);
    return true;
}

/* Whether it was asked for */
static bool handle_message(AiotopQmp *qmp, const AiotopQmpMessage *message)
{
    if (!qmp->greeted) {
        handle_greeting(qmp, message);
        return true;
    }
    switch (message->type) {
    case AIOTOP_QMP_GREETING:
        break;
    case AIOTOP_QMP_RETURN:
    case AIOTOP_QMP_FAILURE:
        return handle_reply(qmp, message);
    case AIOTOP_QMP_EVENT:
        break;
    }
    return false;
}

/* Ends the connection if too much comes that nobody asked for */
static void count_unasked(AiotopQmp *qmp)
{
    if (unasked_is_too_much(&qmp->unasked,
                            aiotop_qmp_stream_pending(qmp->stream))) {
        fail(qmp, AIOTOP_QMP_ERROR_PROTOCOL,
             "%s sends more than %u MiB that nobody asked for", qmp->shown,
             AIOTOP_QMP_UNASKED_MAX >> 20);
    }
}

/*
 * The answer that is awaited, as far as can be told: a connection is worth more
 * than one reply.  Before the greeting nothing is awaited.
 */
static void handle_malformed(AiotopQmp *qmp, const GError *cause)
{
    Request *request = g_queue_pop_head(&qmp->requests);
    g_autoptr(GError) error = NULL;

    if (!request || !qmp->ready) {
        fail(qmp, AIOTOP_QMP_ERROR_PROTOCOL, "%s is not a QMP server: %s",
             qmp->shown, cause->message);
        g_clear_pointer(&request, request_free);
        return;
    }
    error = g_error_new_literal(AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_MALFORMED,
                                cause->message);
    request->reply(qmp, NULL, error, request->opaque);
    request_free(request);
}

/* What another thread, or this one, has made of a text; or @cause */
static void handle_parsed(AiotopQmp *qmp, AiotopParsing *parsing,
                          const GError *cause)
{
    qmp->message = &parsing->message;
    if (cause) {
        handle_malformed(qmp, cause);
    } else if (handle_message(qmp, &parsing->message)) {
        qmp->unasked.asked_for += parsing->len;
    }
    qmp->message = NULL;
}

static void read_on(AiotopQmp *qmp);

static void on_parsed(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                      gpointer opaque)
{
    AiotopQmp *qmp = opaque;
    g_autoptr(GError) error = NULL;

    qmp->parsing = false;
    g_task_propagate_boolean(G_TASK(result), &error);
    if (qmp->handler) {
        handle_parsed(qmp, g_task_get_task_data(G_TASK(result)), error);
    }
    read_on(qmp);
    unref(qmp);
}

static void parse_elsewhere(AiotopQmp *qmp, AiotopParsing *parsing)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_parsed, ref(qmp));

    qmp->parsing = true;
    aiotop_timer_clear(&qmp->readable);
    g_task_set_priority(task, AIOTOP_QMP_PRIORITY_READ);
    g_task_set_task_data(task, parsing, aiotop_parsing_free);
    g_task_run_in_thread(task, aiotop_parsing_run);
}

static void parse_here(AiotopQmp *qmp, AiotopParsing *parsing)
{
    g_autoptr(GError) error = NULL;

    aiotop_qmp_message_parse(&parsing->message, g_steal_pointer(&parsing->text),
                             parsing->len, &error);
    handle_parsed(qmp, parsing, error);
    aiotop_parsing_free(parsing);
}

static void handle_messages(AiotopQmp *qmp)
{
    g_autoptr(GError) error = NULL;
    gsize len;
    char *text;

    while (qmp->handler && !qmp->parsing &&
           (text = aiotop_qmp_stream_next(qmp->stream, &len, &error))) {
        AiotopParsing *parsing = aiotop_parsing_new(text, len);

        if (len > AIOTOP_QMP_SMALL_MESSAGE) {
            parse_elsewhere(qmp, parsing);
        } else {
            parse_here(qmp, parsing);
        }
    }
    if (error) {
        fail(qmp, AIOTOP_QMP_ERROR_PROTOCOL, "%s is not a QMP server: %s",
             qmp->shown, error->message);
    }
    /* A message that is parsed may be what was asked for */
    if (!qmp->parsing) {
        count_unasked(qmp);
    }
}

int aiotop_qmp_peer_fd(const AiotopQmp *qmp)
{
    return qmp->socket &&
                   g_socket_get_family(qmp->socket) == G_SOCKET_FAMILY_UNIX
               ? g_socket_get_fd(qmp->socket)
               : -1;
}

/* True if it was asked already, and where there is nobody to ask */
static bool ask_about_peer(AiotopQmp *qmp, GError **error)
{
    int fd = aiotop_qmp_peer_fd(qmp);

    if (qmp->peer_checked || !qmp->handler->check_peer || fd < 0) {
        return true;
    }
    qmp->peer_checked = true;
    return qmp->handler->check_peer(qmp, fd, qmp->opaque, error);
}

/*
 * It has written, so it has accepted the connection and can be told who it
 * is.  Nothing that one says who is not believed is looked at.
 */
static bool check_peer(AiotopQmp *qmp)
{
    g_autoptr(GError) error = NULL;

    if (ask_about_peer(qmp, &error)) {
        return true;
    }
    fail(qmp, AIOTOP_QMP_ERROR_PEER, "%s", error->message);
    return false;
}

/* Reads what is there; false if there is no more, now or at all */
static bool receive(AiotopQmp *qmp)
{
    g_autoptr(GError) error = NULL;
    gsize len;
    char *space = aiotop_qmp_stream_space(qmp->stream, &len);
    gssize n = g_socket_receive_with_blocking(
        qmp->socket, space, MIN(len, READ_AT_ONCE), FALSE, NULL, &error);

    if (n > 0) {
        qmp->unasked.received += n;
        aiotop_qmp_stream_commit(qmp->stream, n);
        return check_peer(qmp);
    }
    if (n == 0 ||
        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)) {
        fail(qmp, AIOTOP_QMP_ERROR_CLOSED, "%s closed the connection%s",
             qmp->shown,
             qmp->greeted ? ": QEMU has ended, or its profiler was removed"
                          : " before it sent a QMP greeting");
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        fail(qmp, AIOTOP_QMP_ERROR_CLOSED, "the connection to %s failed: %s",
             qmp->shown, error->message);
    }
    return false;
}

static gboolean on_readable(GSocket *socket G_GNUC_UNUSED,
                            GIOCondition condition G_GNUC_UNUSED,
                            gpointer opaque)
{
    AiotopQmp *qmp = ref(opaque);

    if (receive(qmp)) {
        handle_messages(qmp);
    }
    unref(qmp);
    return G_SOURCE_CONTINUE;
}

/* What is there already comes before what the peer sends */
static void read_on(AiotopQmp *qmp)
{
    if (qmp->handler) {
        handle_messages(qmp);
    }
    if (qmp->handler && !qmp->parsing && !qmp->readable) {
        qmp->readable = g_socket_create_source(qmp->socket, G_IO_IN, NULL);
        g_source_set_priority(qmp->readable, AIOTOP_QMP_PRIORITY_READ);
        g_source_set_callback(qmp->readable, G_SOURCE_FUNC(on_readable), qmp,
                              NULL);
        g_source_attach(qmp->readable, qmp->context);
    }
}

static gboolean on_greeting_overdue(gpointer opaque)
{
    AiotopQmp *qmp = ref(opaque);

    /* Nobody has accepted, but there is one who listens: who that is may say
     * why, and no more depends on it now */
    ask_about_peer(qmp, NULL);
    fail(qmp, AIOTOP_QMP_ERROR_NO_GREETING,
         "%s accepts the connection but sends no QMP greeting within %g s:"
         " an ordinary monitor has another client or its main loop is stuck;"
         " otherwise the process is stopped, or it is not a QMP server",
         qmp->shown, qmp->timeouts.greeting_ms / 1e3);
    unref(qmp);
    return G_SOURCE_REMOVE;
}

static void on_dialled(GSocketConnection *connection, AiotopQmpError code,
                       const char *why, void *opaque)
{
    AiotopQmp *qmp = ref(opaque);

    if (!connection) {
        fail(qmp, code, "%s", why);
        unref(qmp);
        return;
    }
    g_clear_pointer(&qmp->dial, dial_free);
    qmp->connection = connection;
    qmp->socket = g_socket_connection_get_socket(connection);
    g_socket_set_blocking(qmp->socket, FALSE);
    qmp->output.socket = qmp->socket;
    set_timer(qmp, &qmp->timer, qmp->timeouts.greeting_ms, on_greeting_overdue,
              qmp);
    read_on(qmp);
    unref(qmp);
}

AiotopQmp *aiotop_qmp_open(const char *address,
                           const AiotopQmpTimeouts *timeouts,
                           const AiotopQmpHandler *handler, void *opaque)
{
    AiotopQmp *qmp = g_new0(AiotopQmp, 1);

    qmp->ref_count = 1;
    qmp->context = g_main_context_ref_thread_default();
    qmp->shown = aiotop_text_escape(strchr(address, ':') + 1);
    qmp->timeouts = *timeouts;
    qmp->handler = handler;
    qmp->opaque = opaque;
    qmp->stream = aiotop_qmp_stream_new(AIOTOP_QMP_MAX_GREETING);
    output_init(&qmp->output, qmp->context);
    g_queue_init(&qmp->requests);
    qmp->dial = dial_begin(address, timeouts->connect_ms, qmp->context,
                           on_dialled, qmp);
    return qmp;
}

void aiotop_qmp_free(AiotopQmp *qmp)
{
    if (qmp) {
        close_connection(qmp);
        unref(qmp);
    }
}

json_object *aiotop_qmp_take_value(AiotopQmp *qmp)
{
    return g_steal_pointer(&qmp->message->value);
}
