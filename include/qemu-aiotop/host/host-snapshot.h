/*
 * A snapshot of a QEMU that only the kernel of the same host tells of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_HOST_SNAPSHOT_H
#define QEMU_AIOTOP_HOST_HOST_SNAPSHOT_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/host/process.h>
#include <qemu-aiotop/model/snapshot.h>

/**
 * aiotop_host_snapshot:
 * @root: AIOTOP_PROCFS_ROOT
 * @process: of aiotop_discover_process()
 * @before: an earlier one of it, or NULL
 * @time_ns: now, CLOCK_MONOTONIC
 *
 * Returns a host-only snapshot, whose loops are the threads: the main loop,
 * iothreads, vCPUs and others, in this order, each by thread number.  NULL
 * with @error set if the process has ended, also if another one has its pid.
 */
AiotopSnapshot *aiotop_host_snapshot(const char *root,
                                     const AiotopProcess *process,
                                     const AiotopSnapshot *before,
                                     uint64_t time_ns, GError **error);

#endif /* QEMU_AIOTOP_HOST_HOST_SNAPSHOT_H */
