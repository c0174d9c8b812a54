/*
 * A process of this host in place of a connection to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "local.h"

#include "qemu-aiotop/host/discover.h"
#include "qemu-aiotop/host/halted.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/sockets.h"

AiotopProcess *aiotop_local_halted(const AiotopIdentity *identity)
{
    AiotopHalt halt = aiotop_halted_find(AIOTOP_PROCFS_ROOT, identity);
    g_autoptr(AiotopProcess) process =
        halt.kind == AIOTOP_HALT_NONE
            ? NULL
            : aiotop_discover_process(AIOTOP_PROCFS_ROOT, identity->pid);

    return process && process->start_ticks == identity->start_ticks
               ? g_steal_pointer(&process)
               : NULL;
}

AiotopIdentity aiotop_local_peer(const AiotopQmp *qmp)
{
    int fd = qmp ? aiotop_qmp_peer_fd(qmp) : -1;

    return fd >= 0 ? aiotop_sockets_peer(AIOTOP_PROCFS_ROOT, fd)
                   : (AiotopIdentity){ 0 };
}
