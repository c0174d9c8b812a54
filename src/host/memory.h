/*
 * A few bytes of a process's memory, which may not answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_MEMORY_H
#define AIOTOP_HOST_MEMORY_H

#include <stdint.h>
#include <glib.h>

/**
 * aiotop_memory_read:
 * @root: AIOTOP_PROCFS_ROOT
 * @tid: a thread of process @pid
 * @owner: aiotop_procfs_owner()
 * @max: bytes, at most
 * @len: set to how many there are
 *
 * Returns them with a NUL behind them, to be freed; NULL if they can't be read,
 * or not in 50 ms, or if others of the process are still being read that could
 * not.  Waits 50 ms at most.
 */
char *aiotop_memory_read(const char *root, int64_t pid, int64_t tid,
                         uint32_t owner, uint64_t address, gsize max,
                         gsize *len);

#endif /* AIOTOP_HOST_MEMORY_H */
