/*
 * Event loop profiler tests: the object, and a client that talks to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-client.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-event-loop.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/sockets.h"
#include "qobject/qjson.h"
#include "qom/object_interfaces.h"

/* A test that waits for longer hangs; milliseconds */
#define PATIENCE_MS 20000

char *directory;
char *socket_path;

/* The object */

bool try_add(const char *id, const char *options, Error **errp)
{
    g_autofree char *str =
        g_strdup_printf("event-loop-profiler,id=%s%s", id, options);

    return user_creatable_add_from_str(str, errp);
}

char *socket_options(const char *path, const char *more)
{
    return g_strdup_printf(",socket.type=unix,socket.path=%s%s", path, more);
}

void add_profiler(const char *more)
{
    g_autofree char *options = socket_options(socket_path, more);

    try_add("prof0", options, &error_abort);
}

void delete_profiler(void)
{
    user_creatable_del("prof0", &error_abort);
    g_assert_false(g_file_test(socket_path, G_FILE_TEST_EXISTS));
}

void check_refused(const char *id, const char *options, const char *reason)
{
    Error *err = NULL;

    g_assert_false(try_add(id, options, &err));
    g_assert_nonnull(err);
    if (!strstr(error_get_pretty(err), reason)) {
        g_test_message("%s", error_get_pretty(err));
        g_assert_cmpstr(error_get_pretty(err), ==, reason);
    }
    error_free(err);
    g_assert_null(object_resolve_path_component(object_get_objects_root(),
                                                id));
}

/* A client */

Client *client_new_fd(int fd)
{
    Client *client = g_new0(Client, 1);

    g_assert_cmpint(fd, >=, 0);
    client->fd = fd;
    client->in = g_string_new(NULL);
    return client;
}

Client *client_new(void)
{
    return client_new_fd(unix_connect(socket_path, &error_abort));
}

void client_free(Client *client)
{
    close(client->fd);
    g_string_free(client->in, true);
    g_free(client);
}

void put(Client *client, const char *str)
{
    g_assert_cmpint(qemu_write_full(client->fd, str, strlen(str)), ==,
                    strlen(str));
}

/* Returns false at the end */
static bool fill(Client *client)
{
    GPollFD poll = { .fd = client->fd, .events = G_IO_IN };
    char buf[4096];
    ssize_t n;

    g_assert_cmpint(g_poll(&poll, 1, PATIENCE_MS), ==, 1);
    n = read(client->fd, buf, sizeof(buf));
    if (n <= 0) {
        return false;
    }
    g_string_append_len(client->in, buf, n);
    return true;
}

/* The next message, or NULL at the end */
QDict *get(Client *client)
{
    g_autofree char *line = NULL;
    char *end;

    while (!(end = strstr(client->in->str, "\r\n"))) {
        if (!fill(client)) {
            g_assert_cmpstr(client->in->str, ==, "");
            return NULL;
        }
    }
    line = g_strndup(client->in->str, end - client->in->str);
    g_string_erase(client->in, 0, end + 2 - client->in->str);
    return qobject_to(QDict, qobject_from_json(line, &error_abort));
}

void check_end(Client *client)
{
    g_assert_null(get(client));
}

QDict *call(Client *client, const char *request)
{
    QDict *reply;

    put(client, request);
    reply = get(client);
    g_assert_nonnull(reply);
    return reply;
}

void check_return(QDict *reply)
{
    g_assert_true(qdict_haskey(reply, "return"));
    qobject_unref(reply);
}

void check_error(QDict *reply, const char *class, const char *desc)
{
    QDict *error = qdict_get_qdict(reply, "error");

    g_assert_nonnull(error);
    g_assert_cmpstr(qdict_get_str(error, "class"), ==, class);
    g_assert_cmpstr(qdict_get_str(error, "desc"), ==, desc);
    qobject_unref(reply);
}

void check_greeting(Client *client)
{
    g_autoptr(QDict) greeting = get(client);

    g_assert_nonnull(greeting);
    g_assert_true(qdict_haskey(greeting, "QMP"));
}

Client *client_open(void)
{
    Client *client = client_new();

    check_greeting(client);
    check_return(call(client, "{'execute': 'qmp_capabilities'}"));
    return client;
}

EventLoopsInfo *query(Client *client)
{
    g_autoptr(QDict) reply =
        call(client, "{'execute': 'query-event-loops',"
                     " 'arguments': {'histograms': true}}");
    EventLoopsInfo *info = NULL;
    Visitor *v;

    g_assert_true(qdict_haskey(reply, "return"));
    v = qobject_input_visitor_new(qdict_get(reply, "return"));
    visit_type_EventLoopsInfo(v, NULL, &info, &error_abort);
    visit_free(v);
    return info;
}

/* The test program */

void init_test(int *argc, char ***argv)
{
    module_call_init(MODULE_INIT_QOM);
    qemu_init_main_loop(&error_abort);
    signal(SIGPIPE, SIG_IGN);
    directory = g_dir_make_tmp("event-loop-XXXXXX", NULL);
    g_assert_nonnull(directory);
    socket_path = g_strdup_printf("%s/socket", directory);
    g_test_init(argc, argv, NULL);
}

int run_test(void)
{
    int status = g_test_run();

    rmdir(directory);
    g_free(socket_path);
    g_free(directory);
    return status;
}
