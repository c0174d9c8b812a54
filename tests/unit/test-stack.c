/*
 * Stacks of real threads, which go on as if nothing had happened
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/stack.h>

#include "blocked.h"
#include "host/patience.h"
#include <qemu-aiotop/host/thread-copy.h>

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

/* Asleep for a child that shares its memory, which no signal ends */
static int block_in_vfork(void)
{
    char byte;
    pid_t pid = vfork();

    if (pid == 0) {
        _exit(read(wires[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    return pid > 0 && waitpid(pid, NULL, 0) == pid;
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

static unsigned count_fds(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

/* Takes away the kernel's frames, which are there for some and come first */
static void drop_kernel(GPtrArray *frames)
{
    while (frames->len && g_str_has_suffix(frames->pdata[0], " (kernel)")) {
        g_ptr_array_remove_index(frames, 0);
    }
    for (unsigned i = 0; i < frames->len; i++) {
        g_assert_false(g_str_has_suffix(frames->pdata[i], " (kernel)"));
    }
}

static AiotopIdentity identify(int64_t pid)
{
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);

    /* Whether the thread is there is seen in any case */
    process.pid = pid;
    return process;
}

/* Captures, and leaves no file open */
static GPtrArray *capture_of(const AiotopIdentity *process, int64_t tid,
                             GError **error)
{
    unsigned n_fds = count_fds();
    GPtrArray *frames = aiotop_stack_capture(process, tid, error);

    g_assert_cmpuint(count_fds(), ==, n_fds);
    if (frames) {
        drop_kernel(frames);
    }
    return frames;
}

static GPtrArray *capture(int64_t pid, int64_t tid, GError **error)
{
    AiotopIdentity process = identify(pid);

    return capture_of(&process, tid, error);
}

static bool is_traced(pid_t tid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", tid);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return !strstr(text, "\nTracerPid:\t0\n");
}

/* The number of the frame that begins with this, or fails */
static unsigned find_frame(const GPtrArray *frames, const char *function)
{
    for (unsigned i = 0; i < frames->len; i++) {
        if (g_str_has_prefix(frames->pdata[i], function)) {
            return i;
        }
    }
    for (unsigned i = 0; i < frames->len; i++) {
        g_test_message("#%u %s", i, (const char *)frames->pdata[i]);
    }
    g_error("no %s", function);
}

static void check_functions(const GPtrArray *frames)
{
    static const char *const names[] = { "inner_function+0x",
                                         "middle_function+0x",
                                         "inlined_function (inlined) at ",
                                         "outer_function+0x" };
    unsigned first = find_frame(frames, names[0]);

    g_assert_cmpuint(first, >, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_cmpuint(find_frame(frames, names[i]), ==, first + i);
        g_assert_nonnull(strstr(frames->pdata[first + i], "blocked.c:"));
    }
    find_frame(frames, "main+0x");
}

static void check_capture(pid_t pid, pid_t tid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) frames = capture(pid, tid, &error);

    g_assert_no_error(error);
    check_functions(frames);
    g_assert_false(is_traced(tid));
}

static void check_fails(int64_t pid, int64_t tid, AiotopStackError code,
                        const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(capture(pid, tid, &error));
    g_assert_error(error, AIOTOP_STACK_ERROR, (int)code);
    if (!strstr(error->message, words)) {
        g_error("no \"%s\" in: %s", words, error->message);
    }
    g_assert_null(strchr(error->message, '\n'));
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

static void test_gone(void)
{
    pid_t pid = start_blocked(block_in_read);

    end(pid);
    check_fails(pid, pid, AIOTOP_STACK_ERROR_GONE, "no such thread");
}

/* A thread, but not one of this process */
static void test_thread_of_another_process(void)
{
    pid_t pid = start_blocked(block_in_read);
    pid_t other = fork();

    g_assert_cmpint(other, >=, 0);
    if (!other) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
    }
    check_fails(other, pid, AIOTOP_STACK_ERROR_GONE, "no such thread");
    check_fails(pid, pid + (INT64_C(1) << 32), AIOTOP_STACK_ERROR_GONE,
                "no such thread");
    check_fails(-1, -1, AIOTOP_STACK_ERROR_GONE, "no such thread");
    check_fails(0, 0, AIOTOP_STACK_ERROR_GONE, "no such thread");
    kill(other, SIGKILL);
    g_assert_cmpint(waitpid(other, NULL, 0), ==, other);
    release(pid);
}

/*
 * The pid is another process's by now.  A tracer of ours is told if the thread
 * stops: it must not.
 */
static void test_pid_of_another_process(void)
{
    pid_t pid = start_blocked(block_in_read);
    AiotopIdentity before = identify(pid);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) copy_error = NULL;
    int status;

    before.start_ticks--;
    g_assert_cmpint(ptrace(PTRACE_SEIZE, pid, NULL, NULL), ==, 0);
    g_assert_null(capture_of(&before, pid, &error));
    g_assert_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_GONE);
    g_assert_null(aiotop_thread_copy_new(&before, pid, &copy_error));
    g_assert_error(copy_error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_GONE);
    g_assert_cmpint(waitpid(pid, &status, __WALL | WNOHANG), ==, 0);
    release(pid);
}

/* Linked in the place of the real one, which is __real_... */
bool __real_aiotop_procfs_is_same(const char *root,
                                  const AiotopIdentity *process);
bool __wrap_aiotop_procfs_is_same(const char *root,
                                  const AiotopIdentity *process);

char *__real_aiotop_patience_end(AiotopPatientReading *reading,
                                 int64_t deadline_us, gsize *len, bool *late);
char *__wrap_aiotop_patience_end(AiotopPatientReading *reading,
                                 int64_t deadline_us, gsize *len, bool *late);

AiotopPatientReading *__real_aiotop_patience_begin(uint32_t owner,
                                                   const char *path,
                                                   AiotopPatientRead *read);
AiotopPatientReading *__wrap_aiotop_patience_begin(uint32_t owner,
                                                   const char *path,
                                                   AiotopPatientRead *read);

static bool nobody_is_free;
static bool map_is_held;

AiotopPatientReading *__wrap_aiotop_patience_begin(uint32_t owner,
                                                   const char *path,
                                                   AiotopPatientRead *read)
{
    return nobody_is_free ? NULL
                          : __real_aiotop_patience_begin(owner, path, read);
}

char *__wrap_aiotop_patience_end(AiotopPatientReading *reading,
                                 int64_t deadline_us, gsize *len, bool *late)
{
    char *text = __real_aiotop_patience_end(reading, deadline_us, len, late);

    if (map_is_held) {
        g_clear_pointer(&text, g_free);
        *late = true;
    }
    return text;
}

/* Not waited for; the thread is not even stopped */
static void test_map_that_is_held(void)
{
    pid_t pid = start_blocked(block_in_read);

    map_is_held = true;
    check_fails(pid, pid, AIOTOP_STACK_ERROR_FAILED, "holds the map");
    map_is_held = false;
    nobody_is_free = true;
    check_fails(pid, pid, AIOTOP_STACK_ERROR_FAILED, "nobody is free");
    nobody_is_free = false;
    check_capture(pid, pid);
    release(pid);
}

/* How often a thread was looked at that stands still */
static unsigned looks_in_stop;
static bool other_in_stop;

bool __wrap_aiotop_procfs_is_same(const char *root,
                                  const AiotopIdentity *process)
{
    AiotopThread thread;

    aiotop_procfs_thread(root, process->pid, process->pid, &thread);
    if (thread.state == 't') {
        looks_in_stop++;
        if (other_in_stop) {
            return false;
        }
    }
    return __real_aiotop_procfs_is_same(root, process);
}

/* Between the look before and the stop the pid may become another one's */
static void test_pid_of_another_process_in_the_stop(void)
{
    pid_t pid = start_blocked(block_in_read);

    looks_in_stop = 0;
    check_capture(pid, pid);
    g_assert_cmpuint(looks_in_stop, ==, 1);
    other_in_stop = true;
    check_fails(pid, pid, AIOTOP_STACK_ERROR_GONE, "no such thread");
    other_in_stop = false;
    g_assert_false(is_traced(pid));
    release(pid);
}

static void test_zombie(void)
{
    pid_t pid = start_blocked(block_in_read);

    kill(pid, SIGKILL);
    wait_for_state(pid, pid, 'Z');
    check_fails(pid, pid, AIOTOP_STACK_ERROR_GONE, "ended");
    end(pid);
}

static void test_traced_by_another(void)
{
    pid_t pid = start_blocked(block_in_read);
    g_autofree char *words =
        g_strdup_printf("is being traced by %d (", getpid());

    g_assert_cmpint(ptrace(PTRACE_SEIZE, pid, NULL, NULL), ==, 0);
    check_fails(pid, pid, AIOTOP_STACK_ERROR_PERMISSION, words);
    g_assert_true(is_traced(pid));
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

static void test_uninterruptible(void)
{
    pid_t pid = start(block_in_vfork);

    wait_until_set(&shared->tid);
    wait_for_state(pid, pid, 'D');
    check_fails(pid, pid, AIOTOP_STACK_ERROR_FAILED,
                "state D (uninterruptible sleep)");
    g_assert_false(is_traced(pid));
    g_assert_cmpint(state_of(pid, pid), ==, 'D');
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

/* Runs as another user, or looks at another user's first process */
static void G_GNUC_NORETURN be_a_stranger(pid_t pid)
{
    g_autoptr(GError) error = NULL;
    AiotopIdentity process;

    if (getuid() != 0) {
        pid = 1;
    } else if (setresuid(65534, 65534, 65534) < 0) {
        _exit(EXIT_FAILURE);
    }
    process = identify(pid);
    if (aiotop_stack_capture(&process, pid, &error) ||
        !g_error_matches(error, AIOTOP_STACK_ERROR,
                         AIOTOP_STACK_ERROR_PERMISSION) ||
        !strstr(error->message, "another user's: needs CAP_SYS_PTRACE")) {
        _exit(EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}

static void test_not_permitted(void)
{
    pid_t pid = start_blocked(block_in_read);
    pid_t stranger = fork();
    int status;

    g_assert_cmpint(stranger, >=, 0);
    if (!stranger) {
        be_a_stranger(pid);
    }
    g_assert_cmpint(waitpid(stranger, &status, 0), ==, stranger);
    g_assert_cmpint(status, ==, 0);
    release(pid);
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
    g_test_add_func("/stack/gone", test_gone);
    g_test_add_func("/stack/thread-of-another-process",
                    test_thread_of_another_process);
    g_test_add_func("/stack/pid-of-another-process",
                    test_pid_of_another_process);
    g_test_add_func("/stack/pid-of-another-process-in-the-stop",
                    test_pid_of_another_process_in_the_stop);
    g_test_add_func("/stack/map-that-is-held", test_map_that_is_held);
    g_test_add_func("/stack/zombie", test_zombie);
    g_test_add_func("/stack/traced-by-another", test_traced_by_another);
    g_test_add_func("/stack/stopped-by-a-signal", test_stopped_by_a_signal);
    g_test_add_func("/stack/uninterruptible", test_uninterruptible);
    g_test_add_func("/stack/signals-are-delivered", test_signals_are_delivered);
    g_test_add_func("/stack/not-permitted", test_not_permitted);
    g_test_add_data_func("/stack/deleted-executable", argv[0],
                         test_deleted_executable);
    return g_test_run();
}
