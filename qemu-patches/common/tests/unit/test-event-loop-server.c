/*
 * Event loop profiler: tests of the object and the thread that answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A real object on real sockets.  No main loop runs here, ever: whatever is
 * answered is answered without it.
 */

#include "qemu/osdep.h"
#include <sys/un.h>
#include "io/event-loop-dialogue.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-event-loop.h"
#include "qapi/qapi-visit-event-loop.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/cutils.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/sockets.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "qom/object_interfaces.h"

/* A test that waits for longer hangs; milliseconds */
#define PATIENCE_MS 20000

static char *directory;
static char *socket_path;

/* The object */

static bool try_add(const char *id, const char *options, Error **errp)
{
    g_autofree char *str =
        g_strdup_printf("event-loop-profiler,id=%s%s", id, options);

    return user_creatable_add_from_str(str, errp);
}

static char *socket_options(const char *path, const char *more)
{
    return g_strdup_printf(",socket.type=unix,socket.path=%s%s", path, more);
}

static void add_profiler(const char *more)
{
    g_autofree char *options = socket_options(socket_path, more);

    try_add("prof0", options, &error_abort);
}

static void delete_profiler(void)
{
    user_creatable_del("prof0", &error_abort);
    g_assert_false(g_file_test(socket_path, G_FILE_TEST_EXISTS));
}

static void check_refused(const char *id, const char *options,
                          const char *reason)
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

typedef struct Client {
    int fd;
    GString *in;
} Client;

static Client *client_new_fd(int fd)
{
    Client *client = g_new0(Client, 1);

    g_assert_cmpint(fd, >=, 0);
    client->fd = fd;
    client->in = g_string_new(NULL);
    return client;
}

static Client *client_new(void)
{
    return client_new_fd(unix_connect(socket_path, &error_abort));
}

static void client_free(Client *client)
{
    close(client->fd);
    g_string_free(client->in, true);
    g_free(client);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

static void put(Client *client, const char *str)
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
static QDict *get(Client *client)
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

static void check_end(Client *client)
{
    g_assert_null(get(client));
}

static QDict *call(Client *client, const char *request)
{
    QDict *reply;

    put(client, request);
    reply = get(client);
    g_assert_nonnull(reply);
    return reply;
}

static void check_return(QDict *reply)
{
    g_assert_true(qdict_haskey(reply, "return"));
    qobject_unref(reply);
}

static void check_error(QDict *reply, const char *class, const char *desc)
{
    QDict *error = qdict_get_qdict(reply, "error");

    g_assert_nonnull(error);
    g_assert_cmpstr(qdict_get_str(error, "class"), ==, class);
    g_assert_cmpstr(qdict_get_str(error, "desc"), ==, desc);
    qobject_unref(reply);
}

static void check_greeting(Client *client)
{
    g_autoptr(QDict) greeting = get(client);

    g_assert_nonnull(greeting);
    g_assert_true(qdict_haskey(greeting, "QMP"));
}

static Client *client_open(void)
{
    Client *client = client_new();

    check_greeting(client);
    check_return(call(client, "{'execute': 'qmp_capabilities'}"));
    return client;
}

static EventLoopsInfo *query(Client *client)
{
    g_autoptr(QDict) reply = call(client, "{'execute': 'query-event-loops',"
                                          " 'arguments': {'histograms': true}}");
    EventLoopsInfo *info = NULL;
    Visitor *v;

    g_assert_true(qdict_haskey(reply, "return"));
    v = qobject_input_visitor_new(qdict_get(reply, "return"));
    visit_type_EventLoopsInfo(v, NULL, &info, &error_abort);
    visit_free(v);
    return info;
}

/* Tests of the dialogue */

static void test_greeting(void)
{
    g_autoptr(QDict) greeting = NULL;
    QDict *qmp;

    add_profiler("");
    {
        g_autoptr(Client) client = client_new();

        greeting = get(client);
        qmp = qdict_get_qdict(greeting, "QMP");
        g_assert_nonnull(qmp);
        g_assert_true(qdict_haskey(qdict_get_qdict(qmp, "version"), "qemu"));
        g_assert_true(qdict_haskey(qdict_get_qdict(qmp, "version"),
                                   "package"));
        g_assert_true(qlist_empty(qdict_get_qlist(qmp, "capabilities")));
    }
    delete_profiler();
}

static void test_capabilities_first(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_new();

        check_greeting(client);
        check_error(call(client, "{'execute': 'query-version'}"),
                    "CommandNotFound", "Expecting capabilities negotiation "
                    "with 'qmp_capabilities'");
        check_error(call(client, "{'execute': 'qmp_capabilities',"
                                 " 'arguments': {'enable': ['oob']}}"),
                    "GenericError", "Capability oob not available");
        check_return(call(client, "{'execute': 'qmp_capabilities',"
                                  " 'arguments': {'enable': []}}"));
        check_error(call(client, "{'execute': 'qmp_capabilities'}"),
                    "CommandNotFound", "Capabilities negotiation is already "
                    "complete, command ignored");
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_commands(void)
{
    static const char *const names[] = {
        "qmp_capabilities", "query-commands", "query-event-loops",
        "query-version",
    };

    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autoptr(QDict) reply = call(client, "{'execute': 'query-commands'}");
        QList *list = qdict_get_qlist(reply, "return");
        const QListEntry *entry;
        size_t i = 0;

        QLIST_FOREACH_ENTRY(list, entry) {
            QDict *dict = qobject_to(QDict, qlist_entry_obj(entry));

            g_assert_cmpint(i, <, ARRAY_SIZE(names));
            g_assert_cmpstr(qdict_get_str(dict, "name"), ==, names[i++]);
        }
        g_assert_cmpint(i, ==, ARRAY_SIZE(names));

        check_error(call(client, "{'execute': 'quit'}"),
                    "CommandNotFound", "The command quit has not been found");
    }
    delete_profiler();
}

static void test_snapshot(void)
{
    add_profiler(",stall-threshold=7");
    {
        g_autoptr(Client) client = client_open();
        EventLoopsInfo *info = query(client), *next;

        g_assert_cmpint(info->pid, ==, getpid());
        g_assert_cmpint(info->stall_threshold_ns, ==, 7000000);
        g_assert_null(info->run_state);
        g_assert_null(info->vm_name);

        object_property_set_uint(
            object_resolve_path_component(object_get_objects_root(), "prof0"),
            "stall-threshold", 250, &error_abort);
        next = query(client);
        g_assert_cmpint(next->stall_threshold_ns, ==, 250000000);
        g_assert_cmpint(next->sequence, >, info->sequence);
        qapi_free_EventLoopsInfo(info);
        qapi_free_EventLoopsInfo(next);
    }
    delete_profiler();
}

static void test_arguments(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        check_return(call(client, "{'execute': 'query-event-loops',"
                                  " 'arguments': {'since': 1}}"));
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'sinse': 1}}"),
                    "GenericError", "Parameter 'sinse' is unexpected");
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'since': 'a'}}"),
                    "GenericError", "Parameter 'since' expects uint64");
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'histograms': 1}}"),
                    "GenericError",
                    "Invalid parameter type for 'histograms', expected: "
                    "boolean");
        check_error(call(client, "{'execute': 'query-version',"
                                 " 'arguments': {'a': 1}}"),
                    "GenericError", "Parameter 'a' is unexpected");
        check_error(call(client, "{'execute': 'query-commands',"
                                 " 'arguments': {'a': 1}}"),
                    "GenericError", "Parameter 'a' is unexpected");
        check_error(call(client, "{'execute': 'query-version',"
                                 " 'arguments': []}"),
                    "GenericError",
                    "QMP input member 'arguments' must be an object");
    }
    delete_profiler();
}

static void test_not_a_request(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        check_error(call(client, "[]"), "GenericError",
                    "QMP input must be a JSON object");
        check_error(call(client, "{}"), "GenericError",
                    "QMP input lacks member 'execute'");
        check_error(call(client, "{'execute': 1}"), "GenericError",
                    "QMP input member 'execute' must be a string");
        check_error(call(client, "{'exec-oob': 'query-version'}"),
                    "GenericError",
                    "QMP input member 'exec-oob' is unexpected");
        check_error(call(client, "{'execute': 'query-version', 'x': 1}"),
                    "GenericError", "QMP input member 'x' is unexpected");
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_id_is_echoed(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autoptr(QDict) number =
            call(client, "{'execute': 'query-version', 'id': 7}");
        g_autoptr(QDict) object =
            call(client, "{'id': {'a': [1, null, 'x\\u00e9\\\"']},"
                         " 'execute': 'query-event-loops'}");
        g_autoptr(QDict) error =
            call(client, "{'execute': 'quit', 'id': 'q'}");
        g_autoptr(QDict) lacks = call(client, "{'id': 'q'}");
        QList *list = qdict_get_qlist(qdict_get_qdict(object, "id"), "a");

        g_assert_true(qdict_haskey(number, "return"));
        g_assert_cmpint(qdict_get_int(number, "id"), ==, 7);
        g_assert_true(qdict_haskey(object, "return"));
        g_assert_cmpint(qlist_size(list), ==, 3);
        g_assert_true(qdict_haskey(error, "error"));
        g_assert_cmpstr(qdict_get_str(error, "id"), ==, "q");
        g_assert_true(qdict_haskey(lacks, "error"));
        g_assert_cmpstr(qdict_get_str(lacks, "id"), ==, "q");
    }
    delete_profiler();
}

/* Tests of the connection */

static void test_byte_by_byte(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        const char *request = "{'execute': 'query-version', 'id': 1}";

        for (; *request; request++) {
            const char byte[2] = { *request };

            put(client, byte);
        }
        check_return(get(client));
    }
    delete_profiler();
}

static void test_many_in_one_write(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_new();

        put(client, "{'execute': 'qmp_capabilities'}"
                    "{'execute': 'query-version'}\n \n"
                    "{'execute': 'quit'}{'execute': 'query-event-loops'}");
        check_greeting(client);
        check_return(get(client));
        check_return(get(client));
        check_error(get(client), "CommandNotFound",
                    "The command quit has not been found");
        check_return(get(client));
    }
    delete_profiler();
}

static void test_garbage(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        check_error(call(client, "}"), "GenericError",
                    "JSON parse error, expecting value");
        check_error(call(client, "{'a'}"), "GenericError",
                    "JSON parse error, missing : in object pair");
        check_error(call(client, "\xff"), "GenericError",
                    "JSON parse error, stray '\xef\xbf\xbd'");
        check_return(call(client, "\n{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_deep_nesting(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autofree char *deep = g_strnfill(1025, '[');

        check_error(call(client, deep), "GenericError",
                    "JSON nesting depth limit exceeded");
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_request_limit(void)
{
    const char *begin = "{'execute': 'query-version', 'id': '", *end = "'}";
    size_t fits = EVENT_LOOP_REQUEST_MAX - strlen(begin) - strlen(end);

    add_profiler("");
    for (size_t excess = 0; excess < 2; excess++) {
        g_autoptr(Client) client = client_open();
        g_autofree char *id = g_strnfill(fits + excess, 'x');

        put(client, begin);
        put(client, id);
        put(client, end);
        if (!excess) {
            check_return(get(client));
        } else {
            check_error(get(client), "GenericError", "request is too long");
            check_end(client);
        }
    }
    delete_profiler();
}

static void test_white_space_is_no_request(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autofree char *space = g_strnfill(EVENT_LOOP_REQUEST_MAX + 1, ' ');

        put(client, space);
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_max_connections(void)
{
    Client *clients[3];

    add_profiler(",max-connections=3");
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        clients[i] = client_open();
    }
    for (size_t i = 0; i < 100; i++) {
        g_autoptr(Client) refused = client_new();

        check_error(get(refused), "GenericError",
                    "too many connections: at most 3");
        check_end(refused);
    }
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        check_return(call(clients[i], "{'execute': 'query-version'}"));
    }

    /* there is a place once one has left, which the server has to see */
    client_free(clients[0]);
    for (;;) {
        g_autoptr(Client) client = client_new();
        g_autoptr(QDict) message = get(client);

        if (qdict_haskey(message, "QMP")) {
            break;
        }
    }
    client_free(clients[1]);
    client_free(clients[2]);
    delete_profiler();
}

/* Who does not read gets every reply later, and keeps nobody waiting */
static void test_slow_reader(void)
{
    const size_t requests = 20000;

    add_profiler("");
    {
        g_autoptr(Client) slow = client_open();
        g_autoptr(Client) other = client_open();
        size_t asked = 0;

        qemu_socket_set_nonblock(slow->fd);
        while (asked < requests) {
            const char *request = "{'execute': 'query-commands'}";
            ssize_t n = write(slow->fd, request, strlen(request));

            if (n < (ssize_t)strlen(request)) {
                /* neither side takes any more */
                g_assert_cmpint(n, <, 0);
                g_assert_cmpint(errno, ==, EAGAIN);
                break;
            }
            asked++;
        }
        g_assert_cmpint(asked, <, requests);

        qapi_free_EventLoopsInfo(query(other));

        for (size_t i = 0; i < asked; i++) {
            check_return(get(slow));
        }
    }
    delete_profiler();
}

static void test_client_vanishes(void)
{
    add_profiler(",max-connections=64");
    {
        g_autoptr(Client) other = client_open();

        for (size_t i = 0; i < 50; i++) {
            /* before the greeting */
            client_free(client_new());
            /* in a request */
            Client *half = client_open();
            put(half, "{'execute': 'query-ev");
            client_free(half);
            /* before the reply */
            Client *asked = client_open();
            put(asked, "{'execute': 'query-event-loops'}");
            client_free(asked);
        }
        qapi_free_EventLoopsInfo(query(other));
    }
    delete_profiler();
}

static void test_delete_with_clients(void)
{
    add_profiler("");
    {
        g_autoptr(Client) idle = client_open();
        g_autoptr(Client) half = client_open();
        g_autoptr(Client) fresh = client_new();

        put(half, "{'execute': ");
        check_greeting(fresh);
        delete_profiler();
        check_end(idle);
        check_end(half);
        check_end(fresh);
    }
}

static void *ask_from_thread(void *opaque)
{
    g_autoptr(Client) client = client_open();

    qapi_free_EventLoopsInfo(query(client));
    return NULL;
}

/* The main thread does nothing but wait, and holds what it could hold */
static void test_main_thread_is_stuck(void)
{
    QemuThread thread;

    add_profiler("");
    g_assert_true(g_main_context_acquire(NULL));
    qemu_thread_create(&thread, "client", ask_from_thread, NULL,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
    g_main_context_release(NULL);
    delete_profiler();
}

/* Tests of the object */

static void test_monitor(void)
{
    Error *err = NULL;
    EventLoopsInfo *info;

    g_assert_null(qmp_query_event_loops(false, 0, false, false, &err));
    g_assert_nonnull(err);
    g_assert_true(g_str_has_prefix(error_get_pretty(err),
                                   "no event-loop profiler"));
    error_free(err);

    try_add("prof0", "", &error_abort);
    info = qmp_query_event_loops(false, 0, true, true, &error_abort);
    g_assert_cmpint(info->pid, ==, getpid());
    qapi_free_EventLoopsInfo(info);
    user_creatable_del("prof0", &error_abort);
}

static void test_second_profiler(void)
{
    add_profiler("");
    check_refused("prof1", "", "there is an event-loop profiler already: "
                               "'prof0'");
    {
        g_autoptr(Client) client = client_open();

        qapi_free_EventLoopsInfo(query(client));
    }
    delete_profiler();
}

static void test_bad_properties(void)
{
    g_autofree char *options = NULL;

    check_refused("prof0", ",stall-threshold=0",
                  "'stall-threshold' must be from 1 to");
    check_refused("prof0", ",stall-threshold=-1", "stall-threshold");
    check_refused("prof0", ",max-connections=0",
                  "'max-connections' must be from 1 to 256");
    check_refused("prof0", ",max-connections=257",
                  "'max-connections' must be from 1 to 256");
    check_refused("prof0", ",colour=red", "Parameter 'colour' is unexpected");
    check_refused("prof0", ",socket.type=pigeon", "pigeon");
    check_refused("prof0", ",socket.type=unix",
                  "Parameter 'socket.path' is missing");
    check_refused("prof0", ",tls-creds=tls0", "TLS requires 'socket'");

    options = socket_options(socket_path, ",tls-creds=tls0");
    check_refused("prof0", options,
                  "no TLS credentials object with id 'tls0'");
    g_free(options);
    options = socket_options(socket_path, ",tls-authz=auth0");
    check_refused("prof0", options, "'tls-authz' requires 'tls-creds'");
    g_assert_false(g_file_test(socket_path, G_FILE_TEST_EXISTS));
}

static void test_fixed_properties(void)
{
    Error *err = NULL;
    Object *obj;

    add_profiler("");
    obj = object_resolve_path_component(object_get_objects_root(), "prof0");
    object_property_set_uint(obj, "max-connections", 3, &err);
    g_assert_nonnull(err);
    g_assert_cmpstr(error_get_pretty(err), ==,
                    "'max-connections' cannot be changed at run time");
    error_free(err);
    g_assert_cmpint(object_property_get_uint(obj, "max-connections",
                                             &error_abort), ==, 8);
    delete_profiler();
}

static void test_bad_paths(void)
{
    g_autofree char *missing = g_strdup_printf("%s/missing/x", directory);
    g_autofree char *name = g_strnfill(120, 'x');
    g_autofree char *lengthy = g_strdup_printf("%s/%s", directory, name);
    g_autofree char *missing_options = socket_options(missing, "");
    g_autofree char *lengthy_options = socket_options(lengthy, "");
    g_autofree char *options = socket_options(socket_path, "");

    check_refused("prof0", missing_options, "Failed to bind socket to");
    check_refused("prof0", lengthy_options, "is too long");

    /* a file stays what it is */
    g_file_set_contents(socket_path, "precious", -1, NULL);
    check_refused("prof0", options, "exists and is not a socket");
    g_assert_true(g_file_test(socket_path, G_FILE_TEST_IS_REGULAR));
    unlink(socket_path);
}

static void test_path_in_use(void)
{
    g_autofree char *options = socket_options(socket_path, "");
    int fd = unix_listen(socket_path, &error_abort);

    check_refused("prof0", options, "is in use");
    close(fd);

    /* what is left of it is no obstacle */
    g_assert_true(g_file_test(socket_path, G_FILE_TEST_EXISTS));
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        qapi_free_EventLoopsInfo(query(client));
    }
    delete_profiler();
}

static void test_again_and_again(void)
{
    for (int i = 0; i < 20; i++) {
        add_profiler("");
        {
            g_autoptr(Client) client = client_open();

            qapi_free_EventLoopsInfo(query(client));
        }
        delete_profiler();
    }
}

static void test_tcp(void)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(in);
    g_autofree char *options = NULL;
    int fd = qemu_socket(AF_INET, SOCK_STREAM, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&in, len), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&in, &len), ==, 0);
    options = g_strdup_printf(",socket.type=fd,socket.str=%d", fd);
    try_add("prof0", options, &error_abort);
    {
        g_autoptr(Client) client =
            client_new_fd(qemu_socket(AF_INET, SOCK_STREAM, 0));

        g_assert_cmpint(connect(client->fd, (struct sockaddr *)&in, len), ==,
                        0);
        check_greeting(client);
        check_return(call(client, "{'execute': 'qmp_capabilities'}"));
        qapi_free_EventLoopsInfo(query(client));
    }
    user_creatable_del("prof0", &error_abort);
}

int main(int argc, char **argv)
{
    int status;

    module_call_init(MODULE_INIT_QOM);
    qemu_init_main_loop(&error_abort);
    signal(SIGPIPE, SIG_IGN);
    directory = g_dir_make_tmp("event-loop-XXXXXX", NULL);
    g_assert_nonnull(directory);
    socket_path = g_strdup_printf("%s/socket", directory);

    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) \
    g_test_add_func("/event-loop-server/" name, function)
    TEST("greeting", test_greeting);
    TEST("capabilities-first", test_capabilities_first);
    TEST("commands", test_commands);
    TEST("snapshot", test_snapshot);
    TEST("arguments", test_arguments);
    TEST("not-a-request", test_not_a_request);
    TEST("id-is-echoed", test_id_is_echoed);
    TEST("byte-by-byte", test_byte_by_byte);
    TEST("many-in-one-write", test_many_in_one_write);
    TEST("garbage", test_garbage);
    TEST("deep-nesting", test_deep_nesting);
    TEST("request-limit", test_request_limit);
    TEST("white-space-is-no-request", test_white_space_is_no_request);
    TEST("max-connections", test_max_connections);
    TEST("slow-reader", test_slow_reader);
    TEST("client-vanishes", test_client_vanishes);
    TEST("delete-with-clients", test_delete_with_clients);
    TEST("main-thread-is-stuck", test_main_thread_is_stuck);
    TEST("monitor", test_monitor);
    TEST("second-profiler", test_second_profiler);
    TEST("bad-properties", test_bad_properties);
    TEST("fixed-properties", test_fixed_properties);
    TEST("bad-paths", test_bad_paths);
    TEST("path-in-use", test_path_in_use);
    TEST("again-and-again", test_again_and_again);
    TEST("tcp", test_tcp);
#undef TEST
    status = g_test_run();

    rmdir(directory);
    g_free(socket_path);
    g_free(directory);
    return status;
}
