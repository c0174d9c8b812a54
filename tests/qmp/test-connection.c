/*
 * A connection whose peer is in the same thread: what has its turn when
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#include <qemu-aiotop/wire/connection.h>

/* A test that hangs fails after this */
#define HANG_S 60

#define GREETING "{\"QMP\":{\"capabilities\":[]}}\n"
#define EVENT "{\"event\":\"NOISE\",\"data\":{}}\n"
/* More than is read in one turn, and less than a socket takes */
#define N_EVENTS 4000

typedef struct Fixture {
    char *dir;
    char *path;
    GMainLoop *loop;
    guint watchdog;
    GSocketService *service;
    GSocketConnection *peer;
    AiotopQmp *qmp;
    AiotopQmpTimeouts timeouts;
    /* Something else had its turn */
    bool idle;
    bool replied;
    GError *error;
} Fixture;

static void send_text(Fixture *f, const char *text)
{
    GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(f->peer));
    g_autoptr(GError) error = NULL;

    g_output_stream_write_all(output, text, strlen(text), NULL, NULL, &error);
    g_assert_no_error(error);
}

static gboolean on_incoming(GSocketService *service G_GNUC_UNUSED,
                            GSocketConnection *connection,
                            GObject *source G_GNUC_UNUSED, gpointer opaque)
{
    Fixture *f = opaque;

    f->peer = g_object_ref(connection);
    send_text(f, GREETING "{\"return\":{},\"id\":1}\n");
    return TRUE;
}

static void on_ready(AiotopQmp *qmp G_GNUC_UNUSED, void *opaque)
{
    Fixture *f = opaque;

    g_main_loop_quit(f->loop);
}

static void on_failed(AiotopQmp *qmp G_GNUC_UNUSED, const GError *error,
                      void *opaque)
{
    Fixture *f = opaque;

    f->error = g_error_copy(error);
    g_main_loop_quit(f->loop);
}

static gboolean on_idle(gpointer opaque)
{
    Fixture *f = opaque;

    f->idle = true;
    return G_SOURCE_REMOVE;
}

static gboolean on_hang(gpointer opaque G_GNUC_UNUSED)
{
    g_error("the test hangs");
    return G_SOURCE_REMOVE;
}

static const AiotopQmpHandler handler = {
    .ready = on_ready,
    .failed = on_failed,
};

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GSocketAddress) socket = NULL;
    g_autofree char *address = NULL;
    g_autoptr(GError) error = NULL;

    f->dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "s", NULL);
    f->loop = g_main_loop_new(NULL, FALSE);
    f->watchdog = g_timeout_add_seconds(HANG_S, on_hang, NULL);
    f->service = g_socket_service_new();
    f->timeouts = aiotop_qmp_default_timeouts;
    socket = g_unix_socket_address_new(f->path);
    g_signal_connect(f->service, "incoming", G_CALLBACK(on_incoming), f);
    g_socket_listener_add_address(
        G_SOCKET_LISTENER(f->service), socket, G_SOCKET_TYPE_STREAM,
        G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
    g_assert_no_error(error);
    address = g_strconcat("unix:", f->path, NULL);
    f->timeouts.reply_ms = 100;
    f->qmp = aiotop_qmp_open(address, &f->timeouts, &handler, f);
    g_main_loop_run(f->loop);
    g_assert_no_error(f->error);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    aiotop_qmp_free(f->qmp);
    g_clear_object(&f->peer);
    g_socket_service_stop(f->service);
    g_socket_listener_close(G_SOCKET_LISTENER(f->service));
    g_clear_object(&f->service);
    g_unlink(f->path);
    g_rmdir(f->dir);
    g_source_remove(f->watchdog);
    g_main_loop_unref(f->loop);
    g_clear_error(&f->error);
    g_free(f->dir);
    g_free(f->path);
}

static void on_reply(AiotopQmp *qmp G_GNUC_UNUSED,
                     json_object *value G_GNUC_UNUSED, const GError *error,
                     void *opaque)
{
    Fixture *f = opaque;

    g_assert_no_error(error);
    f->replied = true;
    g_main_loop_quit(f->loop);
}

static void test_others_have_their_turn(Fixture *f,
                                        gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GString) text = g_string_new(NULL);

    f->timeouts.reply_ms = 1000 * HANG_S;
    for (unsigned i = 0; i < N_EVENTS; i++) {
        g_string_append(text, EVENT);
    }
    g_string_append(text, "{\"return\":{},\"id\":2}\n");
    aiotop_qmp_execute(f->qmp, "query-event-loops", NULL, false, on_reply, f);
    /* All of it is in the socket before any of it is read */
    send_text(f, text->str);
    /* As the sampler's results */
    g_idle_add_full(G_PRIORITY_LOW, on_idle, f, NULL);
    g_main_loop_run(f->loop);
    g_assert_no_error(f->error);
    g_assert_true(f->replied);
    g_assert_true(f->idle);
}

/* As after the program, or its machine, was stopped for a while */
static void test_what_came_is_not_overdue(Fixture *f,
                                          gconstpointer data G_GNUC_UNUSED)
{
    aiotop_qmp_execute(f->qmp, "query-event-loops", NULL, false, on_reply, f);
    send_text(f, "{\"return\":{},\"id\":2}\n");
    g_usleep(2 * 1000 * f->timeouts.reply_ms);
    g_main_loop_run(f->loop);
    g_assert_no_error(f->error);
    g_assert_true(f->replied);
}

static void test_answer_that_does_not_come(Fixture *f,
                                           gconstpointer data G_GNUC_UNUSED)
{
    aiotop_qmp_execute(f->qmp, "query-event-loops", NULL, false, on_reply, f);
    send_text(f, EVENT "{\"return\":{},\"id\":3}\n" EVENT);
    g_main_loop_run(f->loop);
    g_assert_error(f->error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_TIMEOUT);
    g_assert_false(f->replied);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/connection/others-have-their-turn", test_others_have_their_turn },
        { "/connection/what-came-is-not-overdue",
          test_what_came_is_not_overdue },
        { "/connection/answer-that-does-not-come",
          test_answer_that_does_not_come },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].func,
                   tear_down);
    }
    return g_test_run();
}
