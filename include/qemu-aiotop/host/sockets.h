/*
 * Whose a socket is, as the kernel itself says
 *
 * UNIX sockets not from /proc/net/unix: a socket's name may have line ends in
 * it, and any user can give a socket a name.  The kernel's own list (sock_diag)
 * has lengths instead.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_SOCKETS_H
#define QEMU_AIOTOP_HOST_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

/**
 * aiotop_sockets_peer:
 * @fd: a socket that is connected
 *
 * Returns the process that made the socket at the other end listen, which is
 * none if it is no UNIX socket's, if that process has ended, or if it is in a
 * pid name space that we can't see.
 */
AiotopIdentity aiotop_sockets_peer(const char *root, int fd);

/**
 * aiotop_sockets_is_served_by:
 * @fd: a UNIX socket that is connected, and accepted at the other end
 *
 * Whether the other end is the process's: it made the socket listen, or, as
 * where another one did so on its behalf, it has the connection open.
 */
bool aiotop_sockets_is_served_by(const char *root, int fd,
                                 const AiotopIdentity *process);

/**
 * aiotop_sockets_tcp:
 * @told: set to whether it could be known which sockets the process has, which
 *     its user may, and root
 *
 * Returns the address ("tcp:ADDRESS:PORT") of a TCP socket that the process
 * listens on at this port in our own network name space, without connecting to
 * it; NULL if there is none, or that is not known.  The caller frees it.
 */
char *aiotop_sockets_tcp(const char *root, const AiotopIdentity *process,
                         unsigned port, bool *told);

#endif /* QEMU_AIOTOP_HOST_SOCKETS_H */
