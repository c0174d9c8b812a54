/*
 * A few bytes of a process's memory, which may not answer
 *
 * The memory map may be held by a thread that sleeps without end, and the
 * process may have a page that it fills in itself, and does not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"

#define READ_US 50000

/* An AiotopPatientRead of "FILE@ADDRESS+MAX" */
static char *read_memory(const char *place, gsize *len)
{
    const char *at = strrchr(place, '@');
    gsize max = g_ascii_strtoull(strrchr(place, '+') + 1, NULL, 16);
    g_autofree char *path = g_strndup(place, at - place);
    g_autofree char *bytes = g_malloc0(max + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;

    if (fd >= 0) {
        n = pread(fd, bytes, max, g_ascii_strtoull(at + 1, NULL, 16));
        close(fd);
    }
    *len = MAX(n, 0);
    return n < 0 ? NULL : g_steal_pointer(&bytes);
}

char *aiotop_memory_read(const char *root, int64_t pid, int64_t tid,
                         uint32_t owner, uint64_t address, gsize max,
                         gsize *len)
{
    g_autofree char *process = g_strdup_printf("%s/%" PRId64, root, pid);
    g_autofree char *place =
        g_strdup_printf("%s/task/%" PRId64 "/mem@%" PRIx64 "+%" PRIx64, process,
                        tid, address, (uint64_t)max);
    bool late = false;

    return aiotop_patience_end(
        aiotop_patience_begin_of(owner, process, place, read_memory),
        g_get_monotonic_time() + READ_US, len, &late);
}
