/*
 * Processes of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "local.h"

#include <time.h>
#include <unistd.h>

int64_t local_uptime_s(const AiotopIdentity *process)
{
    int64_t start_s = process->start_ticks / sysconf(_SC_CLK_TCK);
    struct timespec now;

    if (!process->pid || clock_gettime(CLOCK_BOOTTIME, &now) < 0) {
        return 0;
    }
    return MAX(now.tv_sec - start_s, 0);
}

char *local_describe_fd(const AiotopIdentity *process, int fd)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        aiotop_procfs_fd(AIOTOP_PROCFS_ROOT, process->pid, fd, &error);

    /* Looked at afterwards: what was read is the process's then */
    if (!aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, process)) {
        return NULL;
    }
    return text ? g_steal_pointer(&text)
                : g_strdup_printf("(%s)", error->message);
}
