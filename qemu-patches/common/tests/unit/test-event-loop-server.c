/*
 * Event loop profiler: tests of the object and the thread that answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A real object on real sockets.  No main loop runs here: whatever is
 * answered is answered without it.
 */

#include "qemu/osdep.h"
#include <poll.h>
#ifdef CONFIG_LINUX
#include <sys/syscall.h>
#endif
#include "block/aio.h"
#include "event-loop-client.h"
#include "io/event-loop-connection.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-event-loop-query.h"
#include "qemu/event-loop-compat.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/main-loop.h"
#include "qemu/sockets.h"
#include "qemu/thread.h"
#include "qobject/qlist.h"
#include "qom/object_interfaces.h"
#include "util/event-loop-profiler-int.h"

static void test_snapshot(void)
{
    add_profiler(",stall-threshold=7");
    {
        g_autoptr(Client) client = client_open();
        EventLoopsInfo *info = query(client), *next;

        g_assert_cmpint(info->pid, ==, getpid());
        g_assert_cmpint(info->stall_threshold_ns, ==, 7000000);
        g_assert_false(info->has_run_state);
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

        qemu_set_blocking(slow->fd, false, NULL);
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

static void test_monitor(void)
{
    Error *err = NULL;
    EventLoopsInfo *info;

    g_assert_null(qmp_query_event_loops(false, 0, false, false, false, 0,
                                        &err));
    g_assert_nonnull(err);
    g_assert_true(g_str_has_prefix(error_get_pretty(err),
                                   "no event-loop profiler"));
    error_free(err);

    try_add("prof0", "", &error_abort);
    info = qmp_query_event_loops(false, 0, true, true, false, 0,
                                 &error_abort);
    g_assert_cmpint(info->pid, ==, getpid());
    qapi_free_EventLoopsInfo(info);
    user_creatable_del("prof0", &error_abort);
}

typedef struct Loop {
    QemuThread thread;
    int number;
    int sources;
    QemuEvent ready;
    QemuEvent end;
} Loop;

static void nothing(void *opaque)
{
}

/* A loop with many sources, each with full histograms */
static void *loop_thread(void *opaque)
{
    Loop *loop = opaque;
    EventLoopSource *s;
    int i, j, k;

    for (i = 0; i < loop->sources; i++) {
        g_autofree char *text = g_strdup_printf("disk%d/vq%d", loop->number,
                                                i);
        const char *label = event_loop_label_new(text);

        event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "nothing", label, -1,
                            event_loop_stamp(), nothing, NULL);
        event_loop_label_unref(label);
    }
    QSIMPLEQ_FOREACH(s, &event_loop_current_thread()->sources, next) {
        for (j = 0; j < EVENT_LOOP_HISTOGRAM__MAX; j++) {
            for (k = 0; k < EVENT_LOOP_BUCKETS; k++) {
                qatomic_set(&s->histograms[j][k], 1);
            }
        }
        elp_set(s->max_ns, UINT32_MAX);
        elp_set(s->busy_ns, UINT32_MAX);
        elp_set(s->delay_ns, UINT32_MAX);
        elp_set(s->delay_max_ns, UINT32_MAX);
    }
    qemu_event_set(&loop->ready);
    qemu_event_wait(&loop->end);
    return NULL;
}

static void start_loop(Loop *loop, int number, int sources)
{
    loop->number = number;
    loop->sources = sources;
    qemu_event_init(&loop->ready, false);
    qemu_event_init(&loop->end, false);
    qemu_thread_create(&loop->thread, "loop", loop_thread, loop,
                       QEMU_THREAD_JOINABLE);
    qemu_event_wait(&loop->ready);
}

static void end_loop(Loop *loop)
{
    qemu_event_set(&loop->end);
    qemu_thread_join(&loop->thread);
    qemu_event_destroy(&loop->ready);
    qemu_event_destroy(&loop->end);
}

/* More than a monitor can be asked to take is refused, and nothing breaks */
static void test_monitor_bound(void)
{
    Loop loops[3];
    Error *err = NULL;
    EventLoopsInfo *info;
    uint64_t sequence;
    size_t i;

    add_profiler("");
    start_loop(&loops[0], 0, 200);
    info = qmp_query_event_loops(false, 0, true, true, false, 0,
                                 &error_abort);
    sequence = info->sequence;
    qapi_free_EventLoopsInfo(info);

    for (i = 1; i < ARRAY_SIZE(loops); i++) {
        start_loop(&loops[i], i, 4900);
    }
    g_assert_null(qmp_query_event_loops(false, 0, true, true, false, 0,
                                        &err));
    g_assert_nonnull(err);
    g_assert_true(g_str_has_prefix(error_get_pretty(err),
                                   "the reply is longer than"));
    error_free(err);

    /* what was refused is not lost, and the server's own clients get all */
    {
        g_autoptr(Client) client = client_open();
        g_autofree char *request =
            g_strdup_printf("{'execute': 'query-event-loops', 'arguments': "
                            "{'after-sequence': %" PRIu64 "}}", sequence);
        g_autoptr(QDict) reply = call(client, request);
        QDict *result = qdict_get_qdict(reply, "return");
        const QListEntry *entry;
        size_t sources = 0;

        QLIST_FOREACH_ENTRY(qdict_get_qlist(result, "loops"), entry) {
            QDict *loop = qobject_to(QDict, qlist_entry_obj(entry));

            sources += qlist_size(qdict_get_qlist(loop, "sources"));
        }
        g_assert_cmpint(sources, ==, 2 * (4096 + 1));
    }
    for (i = 0; i < ARRAY_SIZE(loops); i++) {
        end_loop(&loops[i]);
    }
    info = qmp_query_event_loops(false, 0, true, true, false, 0,
                                 &error_abort);
    qapi_free_EventLoopsInfo(info);
    delete_profiler();
}

#ifdef CONFIG_LINUX
/* The server's thread, wherever it is, is stopped until it is let go */
static QemuSemaphore server_stopped, server_go_on;

static void stop_server(int signal)
{
    qemu_sem_post(&server_stopped);
    qemu_sem_wait(&server_go_on);
}

/* The youngest thread: ids grow, but for once in a while */
static pid_t last_thread_id(void)
{
    GDir *dir = g_dir_open("/proc/self/task", 0, NULL);
    const char *name;
    pid_t id = 0;

    while ((name = g_dir_read_name(dir))) {
        id = MAX(id, atoi(name));
    }
    g_dir_close(dir);
    return id;
}

/* A server that does not go on keeps nobody from going on without it */
static void test_stuck_server(void)
{
    struct sigaction action = { .sa_handler = stop_server };
    pid_t id;

    qemu_sem_init(&server_stopped, 0);
    qemu_sem_init(&server_go_on, 0);
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        /* the only kind of signal that QEMU's threads do not block */
        sigaction(SIGFPE, &action, NULL);
        id = last_thread_id();
        g_assert_cmpint(syscall(SYS_tgkill, getpid(), id, SIGFPE), ==, 0);
        qemu_sem_wait(&server_stopped);
        delete_profiler();
        qemu_sem_post(&server_go_on);
        check_end(client);
    }
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        qapi_free_EventLoopsInfo(query(client));
    }
    delete_profiler();
}

#endif

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

/* The next message must be the event of the first stall */
static void check_stall_event(Client *client, bool ongoing)
{
    g_autoptr(QDict) event = get(client);
    QDict *data = qdict_get_qdict(event, "data"), *stall;

    g_assert_cmpstr(qdict_get_str(event, "event"), ==, "EVENT_LOOP_STALL");
    g_assert_cmpint(qdict_get_int(qdict_get_qdict(event, "timestamp"),
                                  "seconds"), >, 0);
    g_assert_cmpstr(qdict_get_str(data, "phase"), ==,
                    ongoing ? "begin" : "end");
    g_assert_cmpint(qdict_get_int(data, "suppressed"), ==, 0);
    g_assert_cmpint(qdict_get_int(data, "lost"), ==, 0);
    stall = qdict_get_qdict(data, "stall");
    g_assert_cmpint(qdict_get_int(stall, "id"), ==, 1);
    g_assert_cmpstr(qdict_get_str(stall, "name"), ==, "stall_bh");
    g_assert_true(qdict_get_bool(stall, "ongoing") == ongoing);
}

static void stall_bh(void *opaque)
{
    Client **clients = opaque;

    check_stall_event(clients[0], true);
    check_stall_event(clients[1], true);
}

/* Clients hear of a stall as it goes on, and that it is over */
static void test_stall_events(void)
{
    Client *clients[2], *silent;

    add_profiler(",stall-threshold=10");
    clients[0] = client_open();
    clients[1] = client_open();
    silent = client_new();
    check_greeting(silent);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), stall_bh, clients);
    aio_poll(qemu_get_aio_context(), false);
    check_stall_event(clients[0], false);
    check_stall_event(clients[1], false);
    check_return(call(clients[0], "{'execute': 'query-version'}"));
    /* who has not negotiated yet did not get any */
    check_return(call(silent, "{'execute': 'qmp_capabilities'}"));
    client_free(clients[0]);
    client_free(clients[1]);
    client_free(silent);
    delete_profiler();
    while (aio_poll(qemu_get_aio_context(), false)) {
        /* what was left to the main loop, without a profiler by now */
    }
}

/* Does all steps that there are, and takes what they write */
static GString *take_written(EventLoopConnection *conn, int fd)
{
    GString *text = g_string_new(NULL);
    short events;
    ssize_t n;
    int conn_fd;

    do {
        char buf[4096];

        event_loop_connection_step(conn, g_get_monotonic_time());
        event_loop_connection_poll(conn, &conn_fd, &events);
        n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
        if (n > 0) {
            g_string_append_len(text, buf, n);
        }
    } while (n > 0 || events != POLLIN);
    return text;
}

static unsigned count_events(const char *text, const char *lost)
{
    unsigned n = 0;

    for (; (text = strstr(text, lost)); text++) {
        n++;
    }
    return n;
}

/* Who does not read its events is told how many are gone, once it does */
static void test_lost_events(void)
{
    const char *request = "{'execute': 'qmp_capabilities'}";
    EventLoopConnection *conn = event_loop_connection_new(4096);
    EventLoopStallEvent event = { .stall = "{}", .news.suppressed = 2 };
    EventLoopOwner owner = { };
    g_autofree char *lost = NULL;
    unsigned i, kept;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    qemu_set_blocking(fds[0], false, NULL);
    event_loop_connection_open(conn, fds[0], NULL, NULL, &owner);
    g_assert_cmpint(send(fds[1], request, strlen(request), 0), >, 0);
    g_string_free(take_written(conn, fds[1]), true);

    for (i = 0; i < 1000; i++) {
        event_loop_connection_send_event(conn, &event);
    }
    {
        g_autoptr(GString) text = take_written(conn, fds[1]);

        kept = count_events(text->str, "\"lost\": 0}");
        g_assert_cmpint(kept, >, 100);
        g_assert_cmpint(kept, <, 1000);
        g_assert_cmpint(text->len, <=, 64 * 1024);
    }
    /* each of those that are lost stood for two more */
    lost = g_strdup_printf("\"lost\": %u}", 3 * (1000 - kept));
    event_loop_connection_send_event(conn, &event);
    event_loop_connection_send_event(conn, &event);
    {
        g_autoptr(GString) text = take_written(conn, fds[1]);

        g_assert_cmpint(count_events(text->str, lost), ==, 1);
        g_assert_cmpint(count_events(text->str, "\"lost\": 0}"), ==, 1);
    }
    event_loop_connection_free(conn);
    close(fds[1]);
}

int main(int argc, char **argv)
{
    init_test(&argc, &argv);
    g_test_add_func("/event-loop-server/snapshot", test_snapshot);
    g_test_add_func("/event-loop-server/max-connections", test_max_connections);
    g_test_add_func("/event-loop-server/slow-reader", test_slow_reader);
    g_test_add_func("/event-loop-server/client-vanishes", test_client_vanishes);
    g_test_add_func("/event-loop-server/delete-with-clients",
                    test_delete_with_clients);
    g_test_add_func("/event-loop-server/main-thread-is-stuck",
                    test_main_thread_is_stuck);
    g_test_add_func("/event-loop-server/monitor", test_monitor);
    g_test_add_func("/event-loop-server/monitor-bound", test_monitor_bound);
#ifdef CONFIG_LINUX
    g_test_add_func("/event-loop-server/stuck-server", test_stuck_server);
#endif
    g_test_add_func("/event-loop-server/stall-events", test_stall_events);
    g_test_add_func("/event-loop-server/lost-events", test_lost_events);
    g_test_add_func("/event-loop-server/second-profiler", test_second_profiler);
    g_test_add_func("/event-loop-server/bad-properties", test_bad_properties);
    g_test_add_func("/event-loop-server/fixed-properties",
                    test_fixed_properties);
    g_test_add_func("/event-loop-server/bad-paths", test_bad_paths);
    g_test_add_func("/event-loop-server/path-in-use", test_path_in_use);
    g_test_add_func("/event-loop-server/again-and-again", test_again_and_again);
    g_test_add_func("/event-loop-server/tcp", test_tcp);
    return run_test();
}
