/*
 * Whom one speaks to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/peer.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/sockets.h"
#include "qemu-aiotop/text/escape.h"

G_DEFINE_QUARK(aiotop_peer_error, aiotop_peer_error)

bool aiotop_peer_check(int fd, const char *address,
                       const AiotopIdentity *expected, AiotopIdentity *peer,
                       GError **error)
{
    g_autofree char *shown = aiotop_text_escape(strchr(address, ':') + 1);

    *peer = aiotop_sockets_peer(AIOTOP_PROCFS_ROOT, fd);
    if (!expected->pid) {
        return true;
    }
    if (aiotop_sockets_is_served_by(AIOTOP_PROCFS_ROOT, fd, expected)) {
        *peer = *expected;
        return true;
    }
    if (peer->pid) {
        g_set_error(error, AIOTOP_PEER_ERROR, AIOTOP_PEER_ERROR_UNEXPECTED,
                    "%s is not served by process %" PRId64 " but by %" PRId64
                    ": if that is right, give the path instead",
                    shown, expected->pid, peer->pid);
    } else {
        g_set_error(error, AIOTOP_PEER_ERROR, AIOTOP_PEER_ERROR_UNEXPECTED,
                    "%s is not known to be served by process %" PRId64
                    ": if you trust who serves it, give the path instead",
                    shown, expected->pid);
    }
    return false;
}
