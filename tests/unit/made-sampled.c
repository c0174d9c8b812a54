/*
 * Processes that are sampled, and snapshots of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-sampled.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <qemu-aiotop/host/host-snapshot.h>
#include <qemu-aiotop/host/procfs.h>

void sampled_clear(AiotopLoop *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        aiotop_source_unref(loop->sources[i]);
    }
    g_free(loop->sources);
    g_free(loop->stack);
    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
}

AiotopSnapshot *sampled_take(AiotopSampling *sampling, pid_t pid,
                             const AiotopSnapshot *before)
{
    g_autoptr(AiotopProcess) process = aiotop_process_unreadable(pid, "test");
    GError *error = NULL;
    AiotopSnapshot *snapshot;

    process->start_ticks = aiotop_procfs_start_ticks("/proc", pid);
    snapshot =
        aiotop_host_snapshot("/proc", process, before,
                             g_get_monotonic_time() * UINT64_C(1000), &error);
    g_assert_no_error(error);
    aiotop_sampling_complete(sampling, snapshot);
    return snapshot;
}

void wait_for(int fd)
{
    char byte;

    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
}

/* Until this is why not all is sampled */
void sampled_until_refused(AiotopSampling *sampling, pid_t pid,
                           const char *words)
{
    for (;;) {
        g_autoptr(AiotopSnapshot) snapshot = sampled_take(sampling, pid, NULL);
        const char *why = snapshot->sampled.refused;

        if (why && strstr(why, words)) {
            return;
        }
        g_usleep(10000);
    }
}

gpointer wait_to_end(gpointer opaque)
{
    wait_for(GPOINTER_TO_INT(opaque));
    return NULL;
}

/* A process with that many threads besides its first one, until it is killed */
pid_t sampled_start(unsigned n)
{
    int wires[2];
    pid_t pid;

    g_assert_cmpint(pipe(wires), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned i = 0; i < n; i++) {
            g_thread_unref(
                g_thread_new("other", wait_to_end, GINT_TO_POINTER(wires[0])));
        }
        pause();
        _exit(0);
    }
    g_assert_cmpint(pid, >, 0);
    close(wires[0]);
    close(wires[1]);
    while (1) {
        g_autoptr(GArray) threads =
            aiotop_procfs_threads(AIOTOP_PROCFS_ROOT, pid);

        if (threads->len == n + 1) {
            return pid;
        }
        g_usleep(1000);
    }
}

void set_limit(rlim_t most)
{
    struct rlimit limit;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    limit.rlim_cur = MIN(most, limit.rlim_max);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}
