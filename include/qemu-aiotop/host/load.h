/*
 * What this host is short of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_LOAD_H
#define QEMU_AIOTOP_HOST_LOAD_H

#include <qemu-aiotop/model/host-load.h>

/**
 * aiotop_host_load_read:
 * @root: AIOTOP_PROCFS_ROOT
 * @time_ns: now, CLOCK_MONOTONIC
 *
 * Reads what the kernel tells of all of it; three small files, and another one.
 * May be called in any thread.
 */
void aiotop_host_load_read(const char *root, uint64_t time_ns,
                           AiotopHostLoad *load);

#endif /* QEMU_AIOTOP_HOST_LOAD_H */
