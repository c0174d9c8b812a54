/*
 * Which thread another one waits for: real threads of a real process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <host/owner.h>
#include <qemu-aiotop/host/procfs.h>

#include "proc-tree.h"

/* Not asserted: how long it is waited for what has to come */
#define PATIENCE_US (60 * G_TIME_SPAN_SECOND)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *sleep_on(void *opaque)
{
    if (opaque) {
        pthread_mutex_lock(&mutex);
    }
    for (;;) {
        pause();
    }
    return NULL;
}

static void lock_twice(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static void lock_what_another_has(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, sleep_on, &mutex);
    while (pthread_mutex_trylock(&mutex) == 0) {
        pthread_mutex_unlock(&mutex);
        usleep(1000);
    }
    pthread_mutex_lock(&mutex);
}

static void wait_for_an_end(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, sleep_on, NULL);
    pthread_join(thread, NULL);
}

static void wait_for_a_condition(void)
{
    static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

    pthread_mutex_lock(&mutex);
    pthread_cond_wait(&condition, &mutex);
}

static pid_t run(void (*work)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        _exit(1);
    }
    return pid;
}

/* Its first thread, once it sleeps in a futex for good */
static AiotopThread look_at(pid_t pid)
{
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    AiotopThread thread = AIOTOP_THREAD_UNKNOWN;
    uint64_t switches = AIOTOP_UNKNOWN;

    for (;;) {
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        if (aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, pid, pid, &thread) &&
            thread.state == 'S' && aiotop_syscall_is_futex(&thread.syscall) &&
            thread.voluntary_switches == switches) {
            break;
        }
        switches = thread.voluntary_switches;
        g_usleep(100000);
    }
    aiotop_owner_find(AIOTOP_PROCFS_ROOT, pid, pid, &thread);
    return thread;
}

static bool has(const GArray *threads, int64_t tid)
{
    for (unsigned i = 0; i < threads->len; i++) {
        if (g_array_index(threads, int64_t, i) == tid) {
            return true;
        }
    }
    return false;
}

/* @of_itself: the one that it waits for is itself */
static void check(void (*work)(void), AiotopAwaitedOfThread awaited,
                  bool of_itself)
{
    pid_t pid = run(work);
    AiotopThread thread = look_at(pid);
    g_autoptr(GArray) threads = aiotop_procfs_threads(AIOTOP_PROCFS_ROOT, pid);

    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_assert_cmpint(thread.awaited, ==, awaited);
    if (awaited == AIOTOP_AWAITED_UNKNOWN) {
        g_assert_cmpint(thread.awaited_tid, ==, 0);
    } else if (of_itself) {
        g_assert_cmpint(thread.awaited_tid, ==, pid);
    } else {
        /* a sanitizer has threads of its own */
        g_assert_cmpint(thread.awaited_tid, !=, pid);
        g_assert_true(has(threads, thread.awaited_tid));
    }
}

static void test_mutex(void)
{
    check(lock_what_another_has, AIOTOP_AWAITED_MUTEX, false);
}

static void test_own_mutex(void)
{
    check(lock_twice, AIOTOP_AWAITED_MUTEX, true);
}

static void test_end(void)
{
    check(wait_for_an_end, AIOTOP_AWAITED_END, false);
}

/* Nobody has what it waits for */
static void test_condition(void)
{
    check(wait_for_a_condition, AIOTOP_AWAITED_UNKNOWN, false);
}

static unsigned count_readers(void)
{
    g_autoptr(GArray) threads =
        aiotop_procfs_threads(AIOTOP_PROCFS_ROOT, getpid());
    unsigned n = 0;

    for (unsigned i = 0; i < threads->len; i++) {
        g_autofree char *path =
            g_strdup_printf("/proc/self/task/%" PRId64 "/comm",
                            g_array_index(threads, int64_t, i));
        g_autofree char *comm = NULL;

        n += g_file_get_contents(path, &comm, NULL, NULL) &&
             strcmp(comm, "reader\n") == 0;
    }
    return n;
}

/* A pipe that nobody writes to, as a page that the process does not fill in */
static void test_memory_that_does_not_answer(void)
{
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    char *root = proc_tree_new();
    g_autofree char *mem = g_build_filename(root, "7/task/7/mem", NULL);
    int fd;

    proc_tree_thread(root, 7,
                     &(ProcThread){ .tid = 7, .comm = "x", .state = 'S' });
    g_assert_cmpint(mkfifo(mem, 0600), ==, 0);
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *call = g_strdup_printf(
            "%d 0xffffff9c 0x%x 0 0 0 0 0 0", SYS_openat, i << 12);
        AiotopThread thread;

        aiotop_owner_find(
            root, 7, 7,
            &(AiotopThread){
                .syscall = { true, true, SYS_futex, { i << 12, 128 }, "" } });
        proc_tree_write(root, "7/task/7/syscall", call);
        g_assert_true(aiotop_procfs_thread(root, 7, 7, &thread));
        g_assert_cmpstr(thread.syscall.path, ==, "");
    }
    /* Others that are done may not be gone yet */
    while (count_readers() != 1) {
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        g_usleep(1000);
    }
    fd = open(mem, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/owner/mutex", test_mutex);
    g_test_add_func("/owner/own-mutex", test_own_mutex);
    g_test_add_func("/owner/end", test_end);
    g_test_add_func("/owner/condition", test_condition);
    g_test_add_func("/owner/memory-that-does-not-answer",
                    test_memory_that_does_not_answer);
    return g_test_run();
}
