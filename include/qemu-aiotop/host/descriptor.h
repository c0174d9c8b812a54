/*
 * What a process has behind a descriptor: a file, or who is at the other end
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_DESCRIPTOR_H
#define QEMU_AIOTOP_HOST_DESCRIPTOR_H

#include <stdint.h>
#include <glib.h>

/**
 * aiotop_descriptor_describe:
 * @root: AIOTOP_PROCFS_ROOT
 * @deadline_us: g_get_monotonic_time() up to which it is waited
 *
 * Returns "/var/lib/disk.img", "a UNIX socket to /run/nbd.sock, of process 12
 * (qemu-nbd)", "a TCP socket to 10.0.0.1:2049", "a pipe, open in process 12
 * (cat)" or, if it is none of these, what the kernel calls it; escaped.  NULL
 * if it can't be known in time.  The caller frees it, and makes sure that
 * @pid is the process it means before and after.
 *
 * To find another process takes a walk through the descriptors of all; those
 * of other users take CAP_SYS_PTRACE.
 */
char *aiotop_descriptor_describe(const char *root, int64_t pid, int fd,
                                 int64_t deadline_us);

#endif /* QEMU_AIOTOP_HOST_DESCRIPTOR_H */
