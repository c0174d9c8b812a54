/*
 * What this host is short of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/load.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "qemu-aiotop/host/procfs.h"

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234", in microseconds */
static uint64_t read_pressure(const char *root, const char *of)
{
    g_autofree char *path = g_build_filename(root, "pressure", of, NULL);
    g_autofree char *text = NULL;
    const char *total;
    uint64_t us;

    /* Some kernels have no such file, and others refuse to read it */
    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        !g_str_has_prefix(text, "some ")) {
        return AIOTOP_UNKNOWN;
    }
    total = strstr(text, "total=");
    return total && sscanf(total, "total=%" SCNu64, &us) == 1 ? us * 1000
                                                              : AIOTOP_UNKNOWN;
}

void aiotop_host_load_read(const char *root, uint64_t time_ns,
                           AiotopHostLoad *load)
{
    *load = (AiotopHostLoad){
        .time_ns = time_ns,
        .n_cpus = g_get_num_processors(),
        .steal_ns = aiotop_procfs_steal_ns(root),
        .cpu_ns = read_pressure(root, "cpu"),
        .memory_ns = read_pressure(root, "memory"),
        .io_ns = read_pressure(root, "io"),
    };
}
