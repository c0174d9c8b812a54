/*
 * What is sampled ends, begins anew, or does not answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <qemu-aiotop/host/host-snapshot.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/sampling/sampling.h>

#include "made-sampled.h"
#include "own-fds.h"
#include "sampling/code.h"

/* What has its number now is not looked at */
static void test_number_again(void)
{
    pid_t pid = sampled_start(1);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling = NULL;

    process.start_ticks--;
    sampling = aiotop_sampling_new(&process, 199, true);
    for (unsigned i = 0; i < 20; i++) {
        g_autoptr(AiotopSnapshot) now = sampled_take(sampling, pid, NULL);

        g_assert_cmpuint(now->sampled.hz, ==, 0);
        g_assert_cmpuint(now->sampled.samples, ==, 0);
        for (unsigned j = 0; j < now->n_loops; j++) {
            g_assert_cmpuint(now->loops[j].n_sources, ==, 0);
            g_assert_cmpint(now->loops[j].state, ==, AIOTOP_LOOP_UNKNOWN);
        }
        g_usleep(10000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static gpointer live_shortly(gpointer opaque)
{
    g_usleep(GPOINTER_TO_INT(opaque));
    return NULL;
}

/* Of threads that have ended nothing is kept, however many there were */
static void test_come_and_go(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    unsigned before = count_fds();
    g_autoptr(AiotopSampling) sampling = aiotop_sampling_new(&self, 199, true);

    for (unsigned i = 0; i < 20; i++) {
        GThread *threads[20];

        for (unsigned j = 0; j < G_N_ELEMENTS(threads); j++) {
            threads[j] = g_thread_new("short", live_shortly,
                                      GINT_TO_POINTER((1 + j % 7) * 10000));
        }
        for (unsigned j = 0; j < G_N_ELEMENTS(threads); j++) {
            g_thread_join(threads[j]);
        }
    }
    while (1) {
        g_autoptr(AiotopSnapshot) now = sampled_take(sampling, getpid(), NULL);

        /* The main thread, the sampling's own, and what reads files */
        if (now->sampled.hz && count_fds() < before + 3 * 20) {
            g_assert_null(now->sampled.refused);
            break;
        }
        g_usleep(1000);
    }
}

AiotopCode *__real_aiotop_code_new(const AiotopIdentity *process,
                                   GError **error);
AiotopCode *__wrap_aiotop_code_new(const AiotopIdentity *process,
                                   GError **error);
gboolean __real_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end_us);
gboolean __wrap_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end_us);

static gint holds, n_begun;
static gint64 last_end_us;

/* What reads a process's memory may take as long as that one likes */
AiotopCode *__wrap_aiotop_code_new(const AiotopIdentity *process,
                                   GError **error)
{
    g_atomic_int_inc(&n_begun);
    while (g_atomic_int_get(&holds)) {
        g_usleep(1000);
    }
    return __real_aiotop_code_new(process, error);
}

gboolean __wrap_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end_us)
{
    if (g_atomic_int_get(&holds)) {
        last_end_us = end_us;
    }
    return __real_g_cond_wait_until(cond, lock, end_us);
}

/* It is waited for once, told of, and not begun with once more */
static void test_stuck(void)
{
    pid_t pid = sampled_start(1);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    AiotopSampling *first, *second;
    gint64 end_us;

    g_atomic_int_set(&n_begun, 0);
    g_atomic_int_set(&holds, 1);
    first = aiotop_sampling_new(&process, 49, false);
    aiotop_snapshot_unref(sampled_take(first, pid, NULL));
    end_us = last_end_us;
    aiotop_snapshot_unref(sampled_take(first, pid, NULL));
    g_assert_cmpint(last_end_us, ==, end_us);
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 1);
    aiotop_sampling_unref(first);
    second = aiotop_sampling_new(&process, 49, false);
    sampled_until_refused(second, pid,
                          "its memory does not answer: no look for");
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 1);
    g_atomic_int_set(&holds, 0);
    while (g_atomic_int_get(&n_begun) < 2) {
        g_usleep(1000);
    }
    aiotop_sampling_unref(second);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Another program is another one to sample */
static void test_exec(void)
{
    g_autofree char *text = NULL, *here = g_get_current_dir();
    g_autofree char *path = g_build_filename(here, "other-XXXXXX", NULL);
    int wires[2], fd = g_mkstemp_full(path, O_WRONLY | O_CLOEXEC, 0700);
    g_autoptr(AiotopSampling) sampling = NULL;
    g_autoptr(AiotopSnapshot) first = NULL;
    AiotopIdentity process;
    gsize len;
    pid_t pid;

    g_assert_true(g_file_get_contents("/proc/self/exe", &text, &len, NULL));
    g_assert_cmpint(write(fd, text, len), ==, len);
    close(fd);
    g_assert_cmpint(pipe(wires), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        wait_for(wires[0]);
        execl(path, path, "--sleeps", NULL);
        _exit(1);
    }
    process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    sampling = aiotop_sampling_new(&process, 199, false);
    do {
        g_clear_pointer(&first, aiotop_snapshot_unref);
        first = sampled_take(sampling, pid, NULL);
    } while (!first->sampled.samples);
    g_assert_cmpint(write(wires[1], "", 1), ==, 1);
    while (1) {
        g_autoptr(AiotopSnapshot) now = sampled_take(sampling, pid, NULL);

        if (now->sampled.hz &&
            now->profiling_since_ns > first->profiling_since_ns) {
            break;
        }
        g_usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_unlink(path);
    close(wires[0]);
    close(wires[1]);
}

static void test_has_ended(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    g_autoptr(AiotopProcess) process =
        aiotop_process_unreadable(getpid(), "test");
    g_autoptr(GError) error = NULL;
    struct rlimit limit;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    g_assert_false(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
    /* No file can be opened */
    set_limit(0);
    g_assert_null(
        aiotop_host_snapshot(AIOTOP_PROCFS_ROOT, process, NULL, 1, &error));
    g_assert_nonnull(strstr(error->message, "raise the limit with ulimit -n"));
    g_assert_false(aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, &self));
    g_assert_false(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    self.start_ticks++;
    g_assert_true(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
    self.pid = INT32_MAX;
    g_assert_true(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--sleeps") == 0) {
        pause();
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sampling-ends/number-again", test_number_again);
    g_test_add_func("/sampling-ends/come-and-go", test_come_and_go);
    g_test_add_func("/sampling-ends/stuck", test_stuck);
    g_test_add_func("/sampling-ends/exec", test_exec);
    g_test_add_func("/sampling-ends/has-ended", test_has_ended);
    return g_test_run();
}
