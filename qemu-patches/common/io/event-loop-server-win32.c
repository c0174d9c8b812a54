/*
 * Event loop profiler: the thread that answers, on Windows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A GSource cannot wait for a socket here, so that there is no such thread,
 * and the counters can only be read on a monitor.
 */

#include "qemu/osdep.h"
#include "io/event-loop-server.h"
#include "qapi/error.h"

EventLoopServer *event_loop_server_new(const EventLoopServerOptions *options,
                                       Error **errp)
{
    error_setg(errp, "'socket' is not supported on Windows");
    return NULL;
}

void event_loop_server_start(EventLoopServer *server)
{
    g_assert_not_reached();
}

void event_loop_server_free(EventLoopServer *server)
{
    assert(!server);
}
