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

static unsigned port_of(const char *address)
{
    guint64 port;

    return g_ascii_string_to_unsigned(strrchr(address, ':') + 1, 10, 1,
                                      UINT16_MAX, &port, NULL)
               ? port
               : 0;
}

char *aiotop_peer_address(const char *address, const AiotopIdentity *process,
                          GError **error)
{
    g_autofree char *shown = NULL;
    char *own;
    bool told;

    if (!g_str_has_prefix(address, "tcp:")) {
        return g_strdup(address);
    }
    own = aiotop_sockets_tcp(AIOTOP_PROCFS_ROOT, process, port_of(address),
                             &told);
    if (own) {
        return own;
    }
    shown = aiotop_text_escape(strchr(address, ':') + 1);
    if (told) {
        g_set_error(error, AIOTOP_PEER_ERROR, AIOTOP_PEER_ERROR_UNEXPECTED,
                    "process %" PRId64 " has no socket of its own to reach at"
                    " %s: if you trust who listens there, give the address"
                    " instead",
                    process->pid, shown);
    } else {
        g_set_error(error, AIOTOP_PEER_ERROR, AIOTOP_PEER_ERROR_DENIED,
                    "it can't be known whether process %" PRId64 " listens at"
                    " %s: run as its user or as root, or if you trust who"
                    " listens there, give the address instead",
                    process->pid, shown);
    }
    return NULL;
}

bool aiotop_peer_is_itself(int64_t pid, const AiotopIdentity *process,
                           GError **error)
{
    int64_t inner;

    if (!process->pid) {
        return true;
    }
    inner = aiotop_procfs_inner_pid(AIOTOP_PROCFS_ROOT, process->pid);
    if (!inner || inner == pid ||
        !aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, process)) {
        return true;
    }
    g_set_error(error, AIOTOP_PEER_ERROR, AIOTOP_PEER_ERROR_UNEXPECTED,
                "process %" PRId64 " serves the profile of another one, which"
                " has pid %" PRId64,
                process->pid, pid);
    return false;
}
