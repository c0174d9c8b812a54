/*
 * Stacks of real threads, which go on as if nothing had happened
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/stack.h>
#include <qemu-aiotop/host/thread-copy.h>

#include "blocked.h"
#include "made-captures.h"

/* More than any system call here waits for, in milliseconds */
#define LONG_MS 100000

static int block_in_ppoll(void)
{
    struct pollfd fd = { wires[0], POLLIN, 0 };
    struct timespec timeout = { LONG_MS / 1000, 0 };

    return ppoll(&fd, 1, &timeout, NULL);
}

static int block_in_futex(void)
{
    return sem_wait(&shared->sem) + 1;
}

/* Each call uses more than a page */
static int __attribute__((noinline)) recurse(unsigned depth)
{
    volatile char page[4096];
    int result;

    page[0] = 1;
    result = depth ? recurse(depth - 1) : block_in_read();
    return result * page[0];
}

static int block_deep_down(void)
{
    return recurse(100);
}

static int block_deeper_still(void)
{
    return recurse(1000);
}

/* In what the thread blocks, it goes on to block */
static void test_names_and_goes_on(gconstpointer opaque)
{
    pid_t pid = start_blocked((Block *)opaque);

    for (unsigned i = 0; i < 3; i++) {
        check_capture(pid, pid);
    }
    wait_for_state(pid, pid, 'S');
    g_assert_cmpint(shared->result, ==, 0);
    release(pid);
}

static void test_more_than_is_copied(void)
{
    pid_t pid = start_blocked(block_deep_down);

    check_capture(pid, pid);
    release(pid);
}

static void test_too_many_frames(void)
{
    pid_t pid = start_blocked(block_deeper_still);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) frames = capture(pid, pid, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(frames->len, ==, 129);
    g_assert_true(g_str_has_prefix(frames->pdata[127], "recurse+0x"));
    g_assert_true(g_str_has_prefix(frames->pdata[128], "(it goes on"));
    release(pid);
}

/* As many as the kernel itself shows, and whoever may see them */
static void test_kernel_frames(void)
{
    pid_t pid = start_blocked(block_deep_down);
    g_autoptr(GPtrArray) kernel =
        aiotop_procfs_kernel_stack(AIOTOP_PROCFS_ROOT, pid, pid, NULL);
    g_autoptr(GError) error = NULL;
    AiotopIdentity process = identify(pid);
    g_autoptr(GPtrArray) frames = aiotop_stack_capture(&process, pid, &error);
    unsigned before;

    g_assert_no_error(error);
    before = frames->len;
    drop_kernel(frames);
    g_assert_cmpuint(before - frames->len, ==, kernel ? kernel->len : 0);
    release(pid);
}

static void *other_thread(void *opaque G_GNUC_UNUSED)
{
    shared->other_tid = gettid();
    for (;;) {
        pause();
    }
    return NULL;
}

static int block_beside_other(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, other_thread, NULL);
    wait_until_set(&shared->other_tid);
    return block_in_read();
}

/* A tracer is told whenever its thread stops */
static void test_other_thread_does_not_stop(void)
{
    pid_t pid = start(block_beside_other);
    int status;

    wait_until_set(&shared->other_tid);
    wait_until_blocked(pid);
    g_assert_cmpint(ptrace(PTRACE_SEIZE, shared->other_tid, NULL, NULL), ==, 0);
    check_capture(pid, pid);
    g_assert_cmpint(waitpid(shared->other_tid, &status, __WALL | WNOHANG), ==,
                    0);
    g_assert_cmpint(ptrace(PTRACE_INTERRUPT, shared->other_tid, NULL, NULL), ==,
                    0);
    g_assert_cmpint(waitpid(shared->other_tid, &status, __WALL), ==,
                    shared->other_tid);
    g_assert_cmpint(ptrace(PTRACE_DETACH, shared->other_tid, NULL, NULL), ==,
                    0);
    release(pid);
}

static void *blocked_thread(void *opaque G_GNUC_UNUSED)
{
    shared->result = outer_function(block_in_read);
    _exit(EXIT_SUCCESS);
}

static void G_GNUC_NORETURN leave_to_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, blocked_thread, NULL);
    pthread_exit(NULL);
}

/* Whose main thread has ended: a zombie, without files and memory */
static void test_thread_of_a_dead_leader(void)
{
    g_autoptr(GPtrArray) frames = NULL;
    g_autoptr(GError) error = NULL;
    pid_t pid;

    begin_child();
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (!pid) {
        leave_to_thread();
    }
    wait_until_blocked(pid);
    wait_for_state(pid, pid, 'Z');
    g_assert_cmpint(shared->tid, !=, pid);
    frames = capture(pid, shared->tid, &error);
    g_assert_no_error(error);
    find_frame(frames, "blocked_thread+0x");
    check_fails(pid, pid, AIOTOP_STACK_ERROR_GONE, "ended");
    release(pid);
}

/* Ctrl-Z, or a debugger's doing: it stays stopped */
static void test_stopped_by_a_signal(void)
{
    pid_t pid = start_blocked(block_in_read);
    int status;

    kill(pid, SIGSTOP);
    g_assert_cmpint(waitpid(pid, &status, WUNTRACED), ==, pid);
    g_assert_true(WIFSTOPPED(status));
    check_capture(pid, pid);
    wait_for_state(pid, pid, 'T');
    g_assert_cmpint(write(wires[1], "x", 1), ==, 1);
    g_assert_cmpint(shared->result, ==, 0);
    kill(pid, SIGCONT);
    release(pid);
}

static void on_signal(int signal G_GNUC_UNUSED)
{
    shared->signals++;
}

static int block_with_handler(void)
{
    struct sigaction action = { .sa_handler = on_signal,
                                .sa_flags = SA_RESTART };

    sigaction(SIGRTMIN, &action, NULL);
    shared->other_tid = gettid();
    return block_in_read();
}

static atomic_bool enough_signals;

/* Returns how many */
static gpointer send_signals(gpointer pid)
{
    union sigval value = { 0 };
    int sent = 0;

    while (!enough_signals) {
        sent += sigqueue(GPOINTER_TO_INT(pid), SIGRTMIN, value) == 0;
    }
    return GINT_TO_POINTER(sent);
}

/* Stopped by one of them or by us: none is lost */
static void test_signals_are_delivered(void)
{
    pid_t pid = start(block_with_handler);
    AiotopIdentity process = identify(pid);
    GThread *sender;
    int sent;

    wait_until_set(&shared->other_tid);
    sender = g_thread_new("sender", send_signals, GINT_TO_POINTER(pid));
    for (unsigned i = 0; i < 200; i++) {
        g_autofree AiotopThreadCopy *copy =
            aiotop_thread_copy_new(&process, pid, NULL);

        g_assert_nonnull(copy);
    }
    enough_signals = true;
    sent = GPOINTER_TO_INT(g_thread_join(sender));
    release(pid);
    g_assert_cmpint(shared->signals, ==, sent);
}

/* A newer version takes the executable's place while it runs */
static void test_deleted_executable(gconstpointer program)
{
    g_autofree char *copy = NULL;
    g_autofree char *text = NULL;
    gsize len;
    pid_t pid;
    int fd = g_file_open_tmp("test-stack-XXXXXX", &copy, NULL);

    g_assert_true(g_file_get_contents(program, &text, &len, NULL));
    g_assert_cmpint(write(fd, text, len), ==, (gssize)len);
    fchmod(fd, 0700);
    close(fd);
    begin_child();
    pid = fork();
    if (!pid) {
        dup2(wires[0], STDIN_FILENO);
        execl(copy, copy, "--child", NULL);
        _exit(EXIT_FAILURE);
    }
    /* It reads standard input */
    while (state_of(pid, pid) != 'S') {
        g_usleep(1000);
    }
    unlink(copy);
    check_capture(pid, pid);
    end(pid);
}

int main(int argc, char **argv)
{
    make_shared();
    if (argc > 1 && strcmp(argv[1], "--child") == 0) {
        child_main(block_in_read);
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/stack/read-goes-on", block_in_read,
                         test_names_and_goes_on);
    g_test_add_data_func("/stack/ppoll-goes-on", block_in_ppoll,
                         test_names_and_goes_on);
    g_test_add_data_func("/stack/futex-goes-on", block_in_futex,
                         test_names_and_goes_on);
    g_test_add_func("/stack/more-than-is-copied", test_more_than_is_copied);
    g_test_add_func("/stack/too-many-frames", test_too_many_frames);
    g_test_add_func("/stack/kernel-frames", test_kernel_frames);
    g_test_add_func("/stack/other-thread-does-not-stop",
                    test_other_thread_does_not_stop);
    g_test_add_func("/stack/thread-of-a-dead-leader",
                    test_thread_of_a_dead_leader);
    g_test_add_func("/stack/stopped-by-a-signal", test_stopped_by_a_signal);
    g_test_add_func("/stack/signals-are-delivered", test_signals_are_delivered);
    g_test_add_data_func("/stack/deleted-executable", argv[0],
                         test_deleted_executable);
    return g_test_run();
}
