/*
 * Threads whose stack is not to be had, which are left as they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/stack.h>
#include <qemu-aiotop/host/thread-copy.h>

#include "blocked.h"
#include "host/patience.h"
#include "made-captures.h"

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
/* Nothing is waited for; and only not by the end of it, or not in all */
static bool is_impatient, ends_at_once, is_short;

bool __real_aiotop_patience_wait(AiotopPatientReading *reading,
                                 int64_t quiet_us, int64_t deadline_us);
bool __wrap_aiotop_patience_wait(AiotopPatientReading *reading,
                                 int64_t quiet_us, int64_t deadline_us);

bool __wrap_aiotop_patience_wait(AiotopPatientReading *reading,
                                 int64_t quiet_us, int64_t deadline_us)
{
    return __real_aiotop_patience_wait(reading, is_impatient ? 0 : quiet_us,
                                       is_short ? g_get_monotonic_time()
                                                : deadline_us);
}

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
    bool of_stack = gettid() == getpid();
    char *text = __real_aiotop_patience_end(
        reading, of_stack && (is_impatient || ends_at_once) ? 0 : deadline_us,
        len, late);

    if (map_is_held && !of_stack) {
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

int __real_aiotop_module_file_open_executable(int64_t tid);
int __wrap_aiotop_module_file_open_executable(int64_t tid);

static GMutex file_answers;
static bool is_slow;

int __wrap_aiotop_module_file_open_executable(int64_t tid)
{
    /* As one who reads a little again and again */
    for (unsigned i = 0; is_slow && i < 200; i++) {
        g_usleep(1000);
    }
    g_mutex_lock(&file_answers);
    g_mutex_unlock(&file_answers);
    return __real_aiotop_module_file_open_executable(tid);
}

/* It may be on a disk that hangs, or be its owner's to serve */
static void test_file_that_does_not_answer(void)
{
    pid_t pid = start_blocked(block_in_read);
    AiotopIdentity process = identify(pid);
    g_autoptr(GPtrArray) frames = NULL;

    g_mutex_lock(&file_answers);
    is_impatient = true;
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(aiotop_stack_capture(&process, pid, &error));
        g_assert_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED);
        g_assert_nonnull(strstr(error->message, "does not answer"));
    }
    is_impatient = false;
    g_mutex_unlock(&file_answers);
    while (!(frames = aiotop_stack_capture(&process, pid, NULL))) {
        g_usleep(1000);
    }
    check_capture(pid, pid);
    release(pid);
}

/* A lot to read on storage that is slow is no file that does not answer */
static void test_file_that_is_slow(void)
{
    pid_t pid = start_blocked(block_in_read);
    AiotopIdentity process = identify(pid);
    g_autoptr(GPtrArray) frames = NULL;
    g_autoptr(GError) error = NULL;

    ends_at_once = is_slow = true;
    check_capture(pid, pid);
    is_slow = false;
    g_mutex_lock(&file_answers);
    is_short = true;
    g_assert_null(aiotop_stack_capture(&process, pid, &error));
    g_assert_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "is still being read"));
    is_short = ends_at_once = false;
    g_mutex_unlock(&file_answers);
    while (!(frames = aiotop_stack_capture(&process, pid, NULL))) {
        g_usleep(1000);
    }
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

int main(int argc, char **argv)
{
    make_shared();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stack-refused/gone", test_gone);
    g_test_add_func("/stack-refused/thread-of-another-process",
                    test_thread_of_another_process);
    g_test_add_func("/stack-refused/pid-of-another-process",
                    test_pid_of_another_process);
    g_test_add_func("/stack-refused/pid-of-another-process-in-the-stop",
                    test_pid_of_another_process_in_the_stop);
    g_test_add_func("/stack-refused/map-that-is-held", test_map_that_is_held);
    g_test_add_func("/stack-refused/file-that-does-not-answer",
                    test_file_that_does_not_answer);
    g_test_add_func("/stack-refused/file-that-is-slow", test_file_that_is_slow);
    g_test_add_func("/stack-refused/zombie", test_zombie);
    g_test_add_func("/stack-refused/traced-by-another", test_traced_by_another);
    g_test_add_func("/stack-refused/uninterruptible", test_uninterruptible);
    g_test_add_func("/stack-refused/not-permitted", test_not_permitted);
    return g_test_run();
}
