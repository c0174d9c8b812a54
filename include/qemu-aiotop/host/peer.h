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

#endif /* QEMU_AIOTOP_HOST_PEER_H */
