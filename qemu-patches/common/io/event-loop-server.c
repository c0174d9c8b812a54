/*
 * Event loop profiler: the thread that answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Invariant, and the reason why there is a thread: it answers a client that
 * connects after the main loop, all iothreads and the holder of the big lock
 * are stuck.  Therefore nothing that runs here takes a lock that another
 * thread may hold while it runs a callback: not the big lock, not
 * monitor_lock, no AioContext.  It does not wait for an RCU grace period,
 * does not report errors (the monitor could be where they go), and, without
 * TLS, has nothing to do with QOM, trace events or GLib's main contexts: it is
 * a loop around poll(), with memory that is there from the beginning.  The
 * same thread watches the event loops for stalls, also if nobody can connect.
 *
 * What it does not do without is the heap, for requests and for what is too
 * long for its buffers, and with it the kernel's lock of the address space.
 * Nobody runs a callback with these locks; but a thread can be stopped with
 * one of them, as by a page that is swapped out to a disk that is gone.
 *
 * Rejected: an IOThread (its AioContext belongs to the block layer, it would
 * be profiled itself, and it is not in most tools), the monitor's iothread
 * (a monitor can be stuck, too), and a chardev (it serves one client at a
 * time, and the main loop accepts for it).
 */

#include "qemu/osdep.h"
#include <poll.h>
#include "event-loop-connection.h"
#include "event-loop-watch.h"
#include "io/channel-tls.h"
#include "io/event-loop-server.h"
#include "io/net-listener.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/event-loop-compat.h"
#include "qemu/event_notifier.h"
#include "qemu/rcu.h"
#include "qemu/sockets.h"
#include "qemu/thread.h"
#include "qemu/units.h"

#define BACKLOG 16

/* How long nobody is accepted after that has failed; microseconds */
#define ACCEPT_PAUSE_US (G_USEC_PER_SEC / 10)

/* The file of a UNIX socket, so as to remove it, and no one else's */
typedef struct SocketFile {
    char *path;
    dev_t dev;
    ino_t ino;
    pid_t pid;
} SocketFile;

/* What each of the first connections has for replies from the beginning */
#define REPLY_SIZE (256 * KiB)
#define REPLY_CONNECTIONS 8

/* How long the end of the thread is waited for; milliseconds */
#define END_TIMEOUT_MS 2000

struct EventLoopServer {
    /* one of the main thread, and one of the server's: for this memory */
    unsigned refs;
    QCryptoTLSCreds *tls_creds;
    QAuthZ *tls_authz;
    EventLoopOwner owner;

    /* NULL: nobody can connect */
    QIONetListener *listener;
    /* wakes the thread up */
    EventNotifier notifier;
    bool started;
    /* set in the main thread */
    bool quit;
    /* posted by the thread when it ends */
    QemuSemaphore ended;

    /* The thread's own */
    int64_t accept_us;
    EventLoopConnection **connections;
    uint32_t max_connections;
    /* the notifier, the listening sockets, and the connections */
    struct pollfd *fds;
};

/*
 * Most tools do not destroy their objects when they exit, and QEMU does not
 * do so when its start fails; this removes the socket all the same.
 */
static SocketFile socket_file;

static bool is_abstract(const SocketAddress *addr)
{
#ifdef CONFIG_LINUX
    return addr->u.q_unix.has_abstract && addr->u.q_unix.abstract;
#else
    return false;
#endif
}

static void forget_socket_file(void)
{
    struct stat st;

    if (!socket_file.path || socket_file.pid != getpid()) {
        return;
    }
    if (!lstat(socket_file.path, &st) && S_ISSOCK(st.st_mode) &&
        st.st_dev == socket_file.dev && st.st_ino == socket_file.ino) {
        unlink(socket_file.path);
    }
    g_clear_pointer(&socket_file.path, free);
}

static void remember_socket_file(const SocketAddress *addr)
{
    static bool registered;
    struct stat st;

    if (addr->type != SOCKET_ADDRESS_TYPE_UNIX || is_abstract(addr)) {
        return;
    }
    /* the working directory may be another one later: -daemonize */
    socket_file.path = realpath(addr->u.q_unix.path, NULL);
    if (!socket_file.path || lstat(socket_file.path, &st)) {
        g_clear_pointer(&socket_file.path, free);
        return;
    }
    socket_file.dev = st.st_dev;
    socket_file.ino = st.st_ino;
    socket_file.pid = getpid();
    if (!registered) {
        atexit(forget_socket_file);
        registered = true;
    }
}

/* Whether somebody listens there, or might do so */
static bool is_in_use(const struct sockaddr_un *un)
{
    int fd = qemu_socket(PF_UNIX, SOCK_STREAM, 0);
    bool unused;

    if (fd < 0) {
        return true;
    }
    /* it would wait for a listener that does not accept */
    qemu_set_blocking(fd, false, NULL);
    unused = connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 &&
             (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !unused;
}

/*
 * socket_listen() removes whatever is in the way.  That is right for a socket
 * that was left behind, but not for one where somebody listens, and not for
 * a file.
 */
static bool check_socket_file(const SocketAddress *addr, Error **errp)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    const UnixSocketAddress *saddr = &addr->u.q_unix;
    struct stat st;

    if (addr->type != SOCKET_ADDRESS_TYPE_UNIX ||
        strlen(saddr->path) >= sizeof(un.sun_path) ||
        lstat(saddr->path, &st)) {
        return true;
    }
    if (is_abstract(addr)) {
        /* socket_listen_cleanup() takes the name for a path */
        error_setg(errp, "'%s' exists as a file, which an abstract socket "
                   "of this name would remove when it is closed",
                   saddr->path);
        return false;
    }
    if (!S_ISSOCK(st.st_mode)) {
        error_setg(errp, "'%s' exists and is not a socket", saddr->path);
        return false;
    }
    pstrcpy(un.sun_path, sizeof(un.sun_path), saddr->path);
    if (is_in_use(&un)) {
        error_setg(errp, "socket '%s' is in use", saddr->path);
        return false;
    }
    return true;
}

static QIOChannelSocket *listener(const EventLoopServer *server, size_t i)
{
    return qio_net_listener_sioc(server->listener, i);
}

static size_t listening(const EventLoopServer *server)
{
    return server->listener ? server->listener->nsioc : 0;
}

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static void refuse(EventLoopServer *server, int fd)
{
    /* with TLS it would take a handshake to say it */
    if (!server->tls_creds) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *reason =
            g_strdup_printf("too many connections: at most %" PRIu32,
                            server->max_connections);
        ssize_t unused;

        event_loop_dialogue_refuse(out, reason);
        unused = send(fd, out->str, out->len, MSG_NOSIGNAL);
        (void)unused;
    }
    close(fd);
}

static void accept_client(EventLoopServer *server, int listening_fd)
{
    int fd = qemu_accept(listening_fd, NULL, NULL);
    uint32_t i;

    if (fd < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
            errno != ECONNABORTED) {
            /* out of file descriptors, say: do not spin */
            server->accept_us = g_get_monotonic_time() + ACCEPT_PAUSE_US;
        }
        return;
    }
    qemu_set_blocking(fd, false, NULL);
    /* no error: a UNIX socket has none */
    socket_set_nodelay(fd);
    for (i = 0; i < server->max_connections; i++) {
        if (!event_loop_connection_is_open(server->connections[i])) {
            event_loop_connection_open(server->connections[i], fd,
                                       server->tls_creds, server->tls_authz,
                                       &server->owner);
            return;
        }
    }
    refuse(server, fd);
}

static void send_event(const EventLoopStallEvent *event, void *opaque)
{
    EventLoopServer *server = opaque;
    uint32_t i;

    for (i = 0; i < server->max_connections; i++) {
        if (event_loop_connection_is_open(server->connections[i])) {
            event_loop_connection_send_event(server->connections[i], event);
        }
    }
}

/* Fills in what is waited for. Returns until when, at the latest. */
static int64_t prepare(EventLoopServer *server, int64_t until_us)
{
    size_t listeners = listening(server), i;
    struct pollfd *fd = server->fds;

    fd->fd = event_notifier_get_fd(&server->notifier);
    fd->events = POLLIN;
    fd++;
    for (i = 0; i < listeners; i++, fd++) {
        fd->fd = listener(server, i)->fd;
        fd->events = POLLIN;
        if (server->accept_us) {
            fd->fd = -1;
            until_us = MIN(until_us, server->accept_us);
        }
    }
    for (i = 0; i < server->max_connections; i++, fd++) {
        const EventLoopConnection *conn = server->connections[i];

        fd->fd = -1;
        fd->events = 0;
        if (event_loop_connection_is_open(conn)) {
            int64_t us = event_loop_connection_poll(conn, &fd->fd,
                                                    &fd->events);

            if (us >= 0) {
                until_us = MIN(until_us, us);
            }
        }
    }
    return until_us;
}

/* What has to be done by now */
static void serve(EventLoopServer *server)
{
    size_t listeners = listening(server), i;
    struct pollfd *fd = server->fds;
    int64_t now_us = g_get_monotonic_time();

    if (fd->revents) {
        event_notifier_test_and_clear(&server->notifier);
    }
    fd += 1 + listeners;
    for (i = 0; i < server->max_connections; i++, fd++) {
        EventLoopConnection *conn = server->connections[i];
        int64_t until_us;
        short events;
        int unused;

        if (!event_loop_connection_is_open(conn)) {
            continue;
        }
        until_us = event_loop_connection_poll(conn, &unused, &events);
        if (fd->revents || (until_us >= 0 && now_us >= until_us)) {
            event_loop_connection_step(conn, now_us);
        }
    }
    /* last, so that who left has made room */
    for (i = 0; i < listeners; i++) {
        if (server->fds[1 + i].revents) {
            accept_client(server, listener(server, i)->fd);
        }
    }
    if (server->accept_us && now_us >= server->accept_us) {
        server->accept_us = 0;
    }
}

static void unref_server(EventLoopServer *server)
{
    uint32_t i;

    if (qatomic_fetch_dec(&server->refs) != 1) {
        return;
    }
    for (i = 0; i < server->max_connections; i++) {
        event_loop_connection_free(server->connections[i]);
    }
    g_free(server->connections);
    g_free(server->fds);
    qemu_sem_destroy(&server->ended);
    g_free(server);
}

static void *server_run(void *opaque)
{
    EventLoopServer *server = opaque;
    nfds_t fds = 1 + listening(server) + server->max_connections;
    int64_t look_us = 0;

    rcu_register_thread();
    while (!qatomic_read(&server->quit)) {
        int64_t now_us = g_get_monotonic_time(), wait_us;

        if (now_us >= look_us) {
            look_us = now_us + event_loop_watch_look(send_event, server);
        }
        wait_us = MAX(prepare(server, look_us) - now_us, 0);
        if (poll(server->fds, fds, DIV_ROUND_UP(wait_us, 1000)) >= 0) {
            serve(server);
        }
    }
    for (uint32_t i = 0; i < server->max_connections; i++) {
        event_loop_connection_close(server->connections[i]);
    }
    rcu_unregister_thread();
    qemu_sem_post(&server->ended);
    unref_server(server);
    return NULL;
}

static bool start_listening(EventLoopServer *server,
                            const EventLoopServerOptions *options,
                            Error **errp)
{
    size_t i;

    if (!check_socket_file(options->socket, errp)) {
        return false;
    }
    server->listener = qio_net_listener_new();
    if (qio_net_listener_open_sync(server->listener, options->socket, BACKLOG,
                                   errp) < 0) {
        return false;
    }
    remember_socket_file(options->socket);
    for (i = 0; i < server->listener->nsioc; i++) {
        /* a client may be gone before it is accepted */
        qio_channel_set_blocking(QIO_CHANNEL(listener(server, i)), false,
                                 NULL);
    }
    if (options->tls_creds) {
        object_ref(OBJECT(options->tls_creds));
        server->tls_creds = options->tls_creds;
        /* initialize the classes here, where QOM's types may be changed */
        object_class_by_name(TYPE_QIO_CHANNEL_TLS);
        object_class_by_name(TYPE_QIO_CHANNEL_SOCKET);
    }
    if (options->tls_authz) {
        object_ref(OBJECT(options->tls_authz));
        server->tls_authz = options->tls_authz;
    }
    server->connections = g_new0(EventLoopConnection *,
                                 options->max_connections);
    for (i = 0; i < options->max_connections; i++) {
        server->connections[i] =
            event_loop_connection_new(i < REPLY_CONNECTIONS ? REPLY_SIZE : 1);
    }
    server->max_connections = options->max_connections;
    return true;
}

EventLoopServer *event_loop_server_new(const EventLoopServerOptions *options,
                                       Error **errp)
{
    EventLoopServer *server = g_new0(EventLoopServer, 1);
    int ret;

    server->refs = 1;
    server->owner = *options->owner;
    qemu_sem_init(&server->ended, 0);
    ret = event_notifier_init(&server->notifier, false);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot make an event notifier");
        unref_server(server);
        return NULL;
    }
    if (options->socket && !start_listening(server, options, errp)) {
        event_loop_server_free(server);
        return NULL;
    }
    server->fds = g_new0(struct pollfd,
                         1 + listening(server) + server->max_connections);
    return server;
}

void event_loop_server_start(EventLoopServer *server)
{
    QemuThread thread;

    server->started = true;
    server->refs++;
    qemu_thread_create(&thread, "event-loop-prof", server_run, server,
                       QEMU_THREAD_DETACHED);
}

void event_loop_server_free(EventLoopServer *server)
{
    bool ended = true;

    if (!server) {
        return;
    }
    if (server->started) {
        qatomic_set(&server->quit, true);
        event_notifier_set(&server->notifier);
        ended = !qemu_sem_timedwait(&server->ended, END_TIMEOUT_MS);
    }
    if (server->listener && server->listener->connected) {
        forget_socket_file();
    }
    if (ended) {
        if (server->listener && server->listener->connected) {
            qio_net_listener_disconnect(server->listener);
        }
        object_unref(OBJECT(server->listener));
        object_unref(OBJECT(server->tls_authz));
        object_unref(OBJECT(server->tls_creds));
        event_notifier_cleanup(&server->notifier);
    } else {
        /*
         * It does not go on, and may never do.  What it uses is left to it,
         * but its memory, as nobody else could tell when it has ended.
         */
        warn_report("the event loop profiler's thread is stuck; it is left "
                    "behind");
    }
    unref_server(server);
}
