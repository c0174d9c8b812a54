/*
 * Event loop profiler: what differs between versions of QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The profiler's files are the same in all versions, and written for the
 * newest.  What it has and an older one has not is here.
 */

#ifndef QEMU_EVENT_LOOP_COMPAT_H
#define QEMU_EVENT_LOOP_COMPAT_H

#include "io/net-listener.h"
#include "qemu/sockets.h"

#if QEMU_VERSION_MAJOR == 10 && QEMU_VERSION_MINOR < 2

/* What TypeInfo's class_init gets besides the class */
typedef void EventLoopClassData;

static inline QIOChannelSocket *qio_net_listener_sioc(QIONetListener *listener,
                                                      size_t n)
{
    return listener->sioc[n];
}

static inline bool qemu_set_blocking(int fd, bool block, Error **errp)
{
    if (block) {
        qemu_socket_set_block(fd);
    } else {
        qemu_socket_set_nonblock(fd);
    }
    return true;
}

#else

typedef const void EventLoopClassData;

#endif

#endif /* QEMU_EVENT_LOOP_COMPAT_H */
