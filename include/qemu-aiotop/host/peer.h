/*
 * Whom one speaks to: what the kernel says, and whether it is who it should be
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_PEER_H
#define QEMU_AIOTOP_HOST_PEER_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

#define AIOTOP_PEER_ERROR (aiotop_peer_error_quark())
GQuark aiotop_peer_error_quark(void);

typedef enum AiotopPeerError {
    /* It is another process than expected, or not known to be that one */
    AIOTOP_PEER_ERROR_UNEXPECTED,
    /* Whose it is may not be known by us */
    AIOTOP_PEER_ERROR_DENIED,
} AiotopPeerError;

/**
 * aiotop_peer_check:
 * @fd: a UNIX socket that is connected, and accepted at the other end
 * @address: as it was connected to, for messages
 * @expected: none stands for anybody
 * @peer: set to the process at the other end; none if that is not known
 *
 * Returns false with @error set, in words for the user, if the other end is
 * not @expected's.
 */
bool aiotop_peer_check(int fd, const char *address,
                       const AiotopIdentity *expected, AiotopIdentity *peer,
                       GError **error);

/**
 * aiotop_peer_address:
 * @address: of a process's command line
 * @process: whose that is
 *
 * Returns where to connect to, to be freed, so that it is @process that
 * answers; or NULL with @error, in words for the user.  A UNIX socket stays as
 * it is, as aiotop_peer_check() sees who is there.  A TCP address is worth
 * nothing but its port: any process may have that of another one, or of another
 * host, on its command line, so that one is returned where this process itself
 * listens.  May read much of /proc: not for the main thread.
 */
char *aiotop_peer_address(const char *address, const AiotopIdentity *process,
                          GError **error);

/**
 * aiotop_peer_is_itself:
 * @pid: that the peer says it has
 * @process: none stands for anybody
 *
 * Returns false with @error set, in words for the user, if that is not
 * @process's, neither here nor in a pid name space of its own.
 */
bool aiotop_peer_is_itself(int64_t pid, const AiotopIdentity *process,
                           GError **error);

#endif /* QEMU_AIOTOP_HOST_PEER_H */
