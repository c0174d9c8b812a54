/*
 * Event loop profiler: the thread that answers, on Windows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * It does not answer, as poll() has no equal here for sockets of both kinds:
 * the counters can only be read on a monitor.  It watches for stalls.
 */

#include "qemu/osdep.h"
#include "event-loop-watch.h"
#include "io/event-loop-server.h"
#include "qapi/error.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"

struct EventLoopServer {
    QemuThread thread;
    bool started;
    /* posted when the thread is to end */
    QemuSemaphore quit;
};

static void *server_run(void *opaque)
{
    EventLoopServer *server = opaque;
    int64_t pause_us;

    rcu_register_thread();
    do {
        pause_us = event_loop_watch_look(NULL, NULL);
    } while (qemu_sem_timedwait(&server->quit, pause_us / 1000) < 0);
    rcu_unregister_thread();
    return NULL;
}

EventLoopServer *event_loop_server_new(const EventLoopServerOptions *options,
                                       Error **errp)
{
    EventLoopServer *server;

    if (options->socket) {
        error_setg(errp, "'socket' is not supported on Windows");
        return NULL;
    }
    server = g_new0(EventLoopServer, 1);
    qemu_sem_init(&server->quit, 0);
    return server;
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
        qemu_sem_post(&server->quit);
        qemu_thread_join(&server->thread);
    }
    qemu_sem_destroy(&server->quit);
    g_free(server);
}
