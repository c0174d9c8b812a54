/*
 * Which thread another one waits for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_OWNER_H
#define AIOTOP_HOST_OWNER_H

#include <stdint.h>
#include "qemu-aiotop/model/thread.h"

/**
 * aiotop_owner_find:
 * @root: AIOTOP_PROCFS_ROOT
 * @tid: a thread of the process, in the system call that @thread has
 *
 * Sets @thread's awaited_tid if it waits for a mutex of glibc's, whose owner
 * stands beside it in memory, or for the end of a thread.  Only for one of the
 * process's own threads.  Waits 50 ms at most.
 */
void aiotop_owner_find(const char *root, int64_t pid, int64_t tid,
                       AiotopThread *thread);

#endif /* AIOTOP_HOST_OWNER_H */
