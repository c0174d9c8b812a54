/*
 * What a host is short of, as its kernel counts it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_HOST_LOAD_H
#define QEMU_AIOTOP_MODEL_HOST_LOAD_H

#include <stdint.h>
#include <qemu-aiotop/model/counter.h>

/* All that is not known is AIOTOP_UNKNOWN */
typedef struct AiotopHostLoad {
    /* CLOCK_MONOTONIC when it was read; 0 if it was not */
    uint64_t time_ns;
    unsigned n_cpus;
    /*
     * For how long the hypervisor under the host has kept its CPUs, all of them
     * together, from running since boot
     */
    uint64_t steal_ns;
    /*
     * For how long some task of the host was held up by want of a CPU, of
     * memory, by input or output, since boot (PSI)
     */
    uint64_t cpu_ns;
    uint64_t memory_ns;
    uint64_t io_ns;
} AiotopHostLoad;

/*
 * Two of them, an interval apart: what was before has a time of 0 as long as
 * nothing is known of an interval
 */
typedef struct AiotopHostInterval {
    AiotopHostLoad before;
    AiotopHostLoad now;
} AiotopHostInterval;

#endif /* QEMU_AIOTOP_MODEL_HOST_LOAD_H */
