/*
 * Samples a process, though it may be profiled as well
 *
 * For each line on standard input it writes what happened since the last one,
 * as JSON; the first line begins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>

#include <qemu-aiotop/format/sample.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/host-snapshot.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/sampling/sampling.h>
#include <qemu-aiotop/table/query.h>

static AiotopSnapshot *take(AiotopSampling *sampling,
                            const AiotopProcess *process,
                            const AiotopSnapshot *before)
{
    GError *error = NULL;
    AiotopSnapshot *snapshot =
        aiotop_host_snapshot(AIOTOP_PROCFS_ROOT, process, before,
                             g_get_monotonic_time() * UINT64_C(1000), &error);

    g_assert_no_error(error);
    aiotop_sampling_complete(sampling, snapshot);
    g_assert_null(snapshot->sampled.refused);
    return snapshot;
}

int main(int argc, char *argv[])
{
    int64_t pid = argc == 3 ? atoi(argv[1]) : 0;
    g_autoptr(AiotopProcess) process =
        aiotop_discover_process(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling = NULL;
    g_autoptr(AiotopSnapshot) before = NULL;
    g_auto(AiotopQuery) query = { 0 };
    char line[16];

    if (!process) {
        fprintf(stderr, "usage: %s PID HZ, of a QEMU\n", argv[0]);
        return 2;
    }
    aiotop_query_init(&query);
    query.silent = query.exact = true;
    sampling = aiotop_sampling_new(
        &(AiotopIdentity){ pid, process->start_ticks }, atoi(argv[2]), false);
    while (fgets(line, sizeof(line), stdin)) {
        AiotopSnapshot *now = take(sampling, process, before);
        g_autoptr(AiotopSample) sample = aiotop_sample_new(before, now);
        g_autoptr(GString) out = g_string_new(NULL);

        aiotop_format_json(out, sample, &query);
        fputs(out->str, stdout);
        fflush(stdout);
        aiotop_snapshot_unref(before);
        before = now;
    }
    return 0;
}
