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
 * does not report errors (the monitor could be where they go), and looks up
 * no QOM objects.  It has a GMainContext of its own, in which it accepts by
 * itself.  The same thread watches the event loops for stalls.
 *
 * Rejected: an IOThread (its AioContext belongs to the block layer, it would
 * be profiled itself, and it is not in most tools), the monitor's iothread
 * (a monitor can be stuck, too), and a chardev (it serves one client at a
 * time, and the main loop accepts for it).
 */

#include "qemu/osdep.h"
#include "event-loop-connection.h"
#include "event-loop-watch.h"
#include "io/channel-tls.h"
#include "io/event-loop-server.h"
#include "io/net-listener.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "qemu/cutils.h"
#include "qemu/rcu.h"
#include "qemu/sockets.h"
#include "qemu/thread.h"

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

struct EventLoopServer {
    uint32_t max_connections;
    QCryptoTLSCreds *tls_creds;
    QAuthZ *tls_authz;
    const EventLoopOwner *owner;

    QIONetListener *listener;
    GMainContext *context;
    QemuThread thread;
    bool started;
    /* set in the main thread */
    bool quit;

    /* GSource *, and how many; the thread's own */
    GSource *watch;
    GSList *acceptors;
    GSList *connections;
    uint32_t connection_count;
};

typedef struct Acceptor {
    GSource source;
    void *tag;
    QIOChannelSocket *sioc;
    EventLoopServer *server;
} Acceptor;

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
    qemu_socket_set_nonblock(fd);
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

static void connection_closed(GSource *source, void *opaque)
{
    EventLoopServer *server = opaque;

    server->connections = g_slist_remove(server->connections, source);
    server->connection_count--;
    g_source_unref(source);
}

static void refuse(EventLoopServer *server, QIOChannelSocket *sioc)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *reason =
        g_strdup_printf("too many connections: at most %" PRIu32,
                        server->max_connections);

    /* with TLS it would take a handshake to say it */
    if (!server->tls_creds) {
        event_loop_dialogue_refuse(out, reason);
        qio_channel_set_blocking(QIO_CHANNEL(sioc), false, NULL);
        qio_channel_write(QIO_CHANNEL(sioc), out->str, out->len, NULL);
    }
    qio_channel_close(QIO_CHANNEL(sioc), NULL);
}

static void accept_client(EventLoopServer *server, QIOChannelSocket *sioc)
{
    GSource *source;

    if (server->connection_count >= server->max_connections) {
        refuse(server, sioc);
        return;
    }
    source = event_loop_connection_new(sioc, server->tls_creds,
                                       server->tls_authz, server->owner,
                                       connection_closed, server);
    if (source) {
        server->connections = g_slist_prepend(server->connections, source);
        server->connection_count++;
        g_source_attach(source, server->context);
    }
}

static gboolean acceptor_dispatch(GSource *source, GSourceFunc callback,
                                  gpointer user_data)
{
    Acceptor *acceptor = (Acceptor *)source;
    QIOChannelSocket *sioc;

    if (g_source_get_ready_time(source) >= 0) {
        /* the pause is over */
        g_source_set_ready_time(source, -1);
        g_source_modify_unix_fd(source, acceptor->tag, G_IO_IN);
        return G_SOURCE_CONTINUE;
    }
    sioc = qio_channel_socket_accept(acceptor->sioc, NULL);
    if (sioc) {
        accept_client(acceptor->server, sioc);
        object_unref(OBJECT(sioc));
    } else {
        /* out of file descriptors, say: do not spin */
        g_source_modify_unix_fd(source, acceptor->tag, 0);
        g_source_set_ready_time(source, g_source_get_time(source) +
                                        ACCEPT_PAUSE_US);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs acceptor_funcs = {
    .dispatch = acceptor_dispatch,
};

static void add_acceptor(EventLoopServer *server, QIOChannelSocket *sioc)
{
    GSource *source = g_source_new(&acceptor_funcs, sizeof(Acceptor));
    Acceptor *acceptor = (Acceptor *)source;

    acceptor->sioc = sioc;
    acceptor->server = server;
    acceptor->tag = g_source_add_unix_fd(source, sioc->fd, G_IO_IN);
    /* a client may be gone before it is accepted */
    qio_channel_set_blocking(QIO_CHANNEL(sioc), false, NULL);
    server->acceptors = g_slist_prepend(server->acceptors, source);
    g_source_attach(source, server->context);
}

static void send_event(const GString *message, void *opaque)
{
    EventLoopServer *server = opaque;

    for (GSList *iter = server->connections; iter; iter = iter->next) {
        event_loop_connection_send_event(iter->data, message);
    }
}

static void destroy_source(void *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

static void *server_run(void *opaque)
{
    EventLoopServer *server = opaque;

    rcu_register_thread();
    while (!qatomic_read(&server->quit)) {
        g_main_context_iteration(server->context, true);
    }
    g_slist_free_full(g_steal_pointer(&server->connections), destroy_source);
    rcu_unregister_thread();
    return NULL;
}

EventLoopServer *event_loop_server_new(const EventLoopServerOptions *options,
                                       Error **errp)
{
    g_autoptr(EventLoopServer) server = g_new0(EventLoopServer, 1);

    if (!check_socket_file(options->socket, errp)) {
        return NULL;
    }
    server->listener = qio_net_listener_new();
    if (qio_net_listener_open_sync(server->listener, options->socket, BACKLOG,
                                   errp) < 0) {
        return NULL;
    }
    remember_socket_file(options->socket);

    server->max_connections = options->max_connections;
    server->owner = options->owner;
    if (options->tls_creds) {
        object_ref(OBJECT(options->tls_creds));
        server->tls_creds = options->tls_creds;
        /* initialize its class here, where QOM's types may be changed */
        object_class_by_name(TYPE_QIO_CHANNEL_TLS);
    }
    if (options->tls_authz) {
        object_ref(OBJECT(options->tls_authz));
        server->tls_authz = options->tls_authz;
    }
    server->context = g_main_context_new();
    server->watch = event_loop_watch_new(send_event, server);
    g_source_attach(server->watch, server->context);
    for (size_t i = 0; i < server->listener->nsioc; i++) {
        add_acceptor(server, server->listener->sioc[i]);
    }
    return g_steal_pointer(&server);
}

void event_loop_server_start(EventLoopServer *server)
{
    server->started = true;
    qemu_thread_create(&server->thread, "event-loop-prof", server_run, server,
                       QEMU_THREAD_JOINABLE);
}

void event_loop_server_free(EventLoopServer *server)
{
    if (!server) {
        return;
    }
    if (server->started) {
        qatomic_set(&server->quit, true);
        g_main_context_wakeup(server->context);
        qemu_thread_join(&server->thread);
    }
    g_slist_free_full(server->acceptors, destroy_source);
    if (server->watch) {
        destroy_source(server->watch);
    }
    if (server->listener && server->listener->connected) {
        forget_socket_file();
        qio_net_listener_disconnect(server->listener);
    }
    object_unref(OBJECT(server->listener));
    if (server->context) {
        g_main_context_unref(server->context);
    }
    object_unref(OBJECT(server->tls_authz));
    object_unref(OBJECT(server->tls_creds));
    g_free(server);
}
