/*
 * A sampler, and a QMP server in the same thread for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "served.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

/* A test that hangs fails after this */
#define HANG_S 60

void send_text(Fixture *f, const char *text)
{
    GOutputStream *output =
        g_io_stream_get_output_stream(G_IO_STREAM(f->connection));

    g_output_stream_write_all(output, text, strlen(text), NULL, NULL, NULL);
}

static void read_request(Fixture *f);

/* The request's number, which the client puts at the end */
static unsigned request_id(const char *request)
{
    const char *id = strstr(request, "\"id\":");

    g_assert_nonnull(id);
    return atoi(id + strlen("\"id\":"));
}

static void append_sources(GString *text, uint64_t sequence, unsigned first,
                           bool all)
{
    for (unsigned i = first; i < N_SOURCES; i++) {
        if (all || i % 2) {
            g_string_append_printf(text,
                                   "{\"id\":%u,\"kind\":\"bh\",\"name\":\"cb%"
                                   "u\",\"label\":\"l%u\","
                                   "\"calls\":%" G_GUINT64_FORMAT
                                   ",\"histogram\":{\"buckets\":[3],"
                                   "\"counts\":[%" G_GUINT64_FORMAT "]}},",
                                   i + 1, i % 8, i, sequence, sequence);
        }
    }
    g_string_truncate(text, text->len - 1);
}

static void append_snapshot(GString *text, Fixture *f, bool all)
{
    g_string_append_printf(
        text,
        "\"return\":{\"sequence\":%" G_GUINT64_FORMAT
        ",\"time-ns\":%" G_GUINT64_FORMAT "000,\"pid\":%" G_GUINT64_FORMAT
        ",\"profiling-since-ns\":1,\"loops\":[{\"name\":\"main-loop\","
        "\"thread-id\":1,\"sources\":[",
        f->sequence, f->sequence, f->pid);
    append_sources(text, f->sequence, f->n_forgotten, all);
    g_string_append(text, "]}]}");
}

void answer(Fixture *f, const char *request)
{
    bool query = !strstr(request, "qmp_capabilities");
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "{\"id\":%u,", request_id(request));
    if (!query) {
        g_string_append(text, "\"return\":{}");
    } else {
        f->n_requests++;
        f->n_loops_only += strstr(request, "\"max-sources\":0") != NULL;
        f->sequence++;
        if (f->instead) {
            g_string_append(text, f->instead);
        } else {
            bool all = !strstr(request, "after-sequence");

            f->n_full += all;
            append_snapshot(text, f, all);
        }
    }
    g_string_append(text, "}\n");
    if (!f->silent) {
        send_text(f, text->str);
        if (query && f->on_sent) {
            f->on_sent(f);
        }
    }
}

static void on_request(GObject *input, GAsyncResult *result, gpointer opaque)
{
    g_autofree char *line = g_data_input_stream_read_line_finish(
        G_DATA_INPUT_STREAM(input), result, NULL, NULL);
    Fixture *f = opaque;

    if (line && G_DATA_INPUT_STREAM(input) == f->input) {
        answer(f, line);
    }
    if (line && G_DATA_INPUT_STREAM(input) == f->input) {
        read_request(f);
    }
    g_object_unref(input);
}

static void read_request(Fixture *f)
{
    g_data_input_stream_read_line_async(g_object_ref(f->input), 0, NULL,
                                        on_request, f);
}

static gboolean on_incoming(GSocketService *service G_GNUC_UNUSED,
                            GSocketConnection *connection,
                            GObject *source G_GNUC_UNUSED, gpointer opaque)
{
    Fixture *f = opaque;
    GInputStream *stream =
        g_io_stream_get_input_stream(G_IO_STREAM(connection));

    f->n_connections++;
    g_set_object(&f->connection, connection);
    g_clear_object(&f->input);
    f->input = g_data_input_stream_new(stream);
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(f->input),
                                                FALSE);
    send_text(f, "{\"QMP\":{\"capabilities\":[]}}\n");
    read_request(f);
    return TRUE;
}

void listen_again(Fixture *f)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(f->path);
    g_autoptr(GError) error = NULL;

    f->service = g_socket_service_new();
    g_signal_connect(f->service, "incoming", G_CALLBACK(on_incoming), f);
    g_socket_listener_add_address(
        G_SOCKET_LISTENER(f->service), address, G_SOCKET_TYPE_STREAM,
        G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
    g_assert_no_error(error);
}

void drop_client(Fixture *f)
{
    g_socket_shutdown(g_socket_connection_get_socket(f->connection), TRUE, TRUE,
                      NULL);
    g_clear_object(&f->connection);
    g_clear_object(&f->input);
}

void stop_listening(Fixture *f)
{
    g_socket_service_stop(f->service);
    g_socket_listener_close(G_SOCKET_LISTENER(f->service));
    g_clear_object(&f->service);
    g_unlink(f->path);
}

static char *resolve(const char *target, AiotopIdentity *process G_GNUC_UNUSED,
                     GError **error G_GNUC_UNUSED)
{
    return g_strconcat("unix:", target, NULL);
}

static void on_sample(AiotopSampler *sampler G_GNUC_UNUSED,
                      AiotopSample *sample, void *opaque)
{
    Fixture *f = opaque;

    f->n_samples++;
    f->on_sample(f, sample);
    aiotop_sample_free(sample);
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    Fixture *f = opaque;

    if (f->on_status) {
        f->on_status(f, aiotop_sampler_status(sampler));
    }
}

static gboolean on_hang(gpointer opaque G_GNUC_UNUSED)
{
    g_error("the test hangs");
    return G_SOURCE_REMOVE;
}

void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "s", NULL);
    f->loop = g_main_loop_new(NULL, FALSE);
    f->watchdog = g_timeout_add_seconds(HANG_S, on_hang, NULL);
    f->pid = 1000000000;
    listen_again(f);
}

void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    aiotop_sampler_free(f->sampler);
    if (f->service) {
        stop_listening(f);
    }
    g_clear_object(&f->connection);
    g_clear_object(&f->input);
    while (g_main_context_iteration(NULL, FALSE)) {
        continue;
    }
    g_source_remove(f->watchdog);
    g_main_loop_unref(f->loop);
    g_rmdir(f->dir);
    g_free(f->dir);
    g_free(f->path);
}

void run(Fixture *f, bool reconnect, unsigned interval_ms)
{
    static const AiotopSamplerHandler handler = {
        .sample = on_sample,
        .status = on_status,
    };
    AiotopSamplerConfig config = {
        .resolve = resolve,
        .target = f->path,
        .interval_ms = interval_ms,
        .loops_only = f->loops_only,
        .request_ns = f->request_ns,
        .reconnect = reconnect,
        .sample_hz = f->sample_hz,
        .sample_profiled = f->sample_hz,
        .timeouts = &aiotop_qmp_default_timeouts,
        .handler = &handler,
        .opaque = f,
    };

    f->sampler = aiotop_sampler_new(&config);
    g_assert_cmpint(aiotop_sampler_status(f->sampler)->state, ==,
                    AIOTOP_SAMPLER_CONNECTING);
    g_main_loop_run(f->loop);
}

void no_sample(Fixture *f G_GNUC_UNUSED,
               const AiotopSample *sample G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

void drop_with_second(Fixture *f)
{
    if (f->n_samples == 1) {
        drop_client(f);
    }
}
