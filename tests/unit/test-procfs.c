/*
 * What the kernel tells, from a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <qemu-aiotop/host/load.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/model/snapshot.h>
#include <qemu-aiotop/model/syscall.h>

#include "proc-tree.h"

/* A directory like /proc with process 7 and its thread 8 */
static char *make_root(void)
{
    static const ProcThread threads[] = {
        { .tid = 7, .comm = "a) b", .state = 'S' },
        { 8, "a) b", 'D', 1234567, 89012, 21, 4, 3, "do_poll", "running\n" },
    };
    char *root = proc_tree_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
        proc_tree_thread(root, 7, &threads[i]);
    }
    proc_tree_link(root, "7/fd/3", "socket:[5]");
    return root;
}

static void test_thread(void)
{
    char *root = make_root();
    AiotopThread thread;

    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_cmpstr(thread.comm, ==, "a) b");
    g_assert_cmpint(thread.state, ==, 'D');
    g_assert_cmpuint(thread.cpu_ns, ==, 1234567);
    g_assert_cmpuint(thread.run_queue_ns, ==, 89012);
    g_assert_cmpuint(aiotop_procfs_run_queue_ns(root, 7, 8), ==, 89012);
    g_assert_cmpuint(thread.voluntary_switches, ==, 21);
    g_assert_cmpuint(thread.involuntary_switches, ==, 4);
    g_assert_cmpuint(thread.runs, ==, 5);
    g_assert_cmpint(thread.cpu, ==, 3);
    g_assert_cmpstr(thread.wchan, ==, "do_poll");
    g_assert_false(thread.syscall.known);
    g_assert_false(thread.denied);
    proc_tree_free(root);
}

static void test_thread_without_schedstat(void)
{
    char *root = make_root();
    AiotopThread thread;

    proc_tree_remove(root, "7/task/8/schedstat");
    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_cmpuint(thread.cpu_ns, ==,
                     42 * (UINT64_C(1000000000) / sysconf(_SC_CLK_TCK)));
    g_assert_cmpuint(thread.run_queue_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(aiotop_procfs_run_queue_ns(root, 7, 8), ==,
                     AIOTOP_UNKNOWN);
    g_assert_cmpuint(thread.runs, ==, 21);
    proc_tree_free(root);
}

/* Some kernels have the file, and count nothing */
static void test_runs(void)
{
    g_assert_cmpuint(aiotop_procfs_read_runs("1 2 3\n"), ==, 3);
    g_assert_cmpuint(aiotop_procfs_read_runs("0 0 0\n"), ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(aiotop_procfs_read_runs("1 2"), ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(aiotop_procfs_read_runs(""), ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(
        aiotop_procfs_read_runs("Name:\ta\nvoluntary_ctxt_switches:\t9\n"), ==,
        9);
}

static void test_runs_file(void)
{
    char *root = proc_tree_new();

    g_assert_cmpstr(aiotop_procfs_runs_file(root), ==, "status");
    proc_tree_write(root, "thread-self/schedstat", "0 0 0\n");
    g_assert_cmpstr(aiotop_procfs_runs_file(root), ==, "status");
    proc_tree_write(root, "thread-self/schedstat", "0 0 1\n");
    g_assert_cmpstr(aiotop_procfs_runs_file(root), ==, "schedstat");
    proc_tree_free(root);
}

static void test_thread_is_gone(void)
{
    char *root = make_root();
    AiotopThread thread;

    g_assert_false(aiotop_procfs_thread(root, 7, 9, &thread));
    g_assert_cmpuint(thread.cpu_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(thread.cpu, ==, -1);
    g_assert_true(aiotop_procfs_alive(root, 7));
    g_assert_false(aiotop_procfs_alive(root, 8));
    proc_tree_free(root);
}

/* A name is as long as it may be, and cut where there is no more room */
static void test_long_names(void)
{
    g_autofree char *fits = g_strnfill(63, 'x');
    g_autofree char *long_name = g_strnfill(64, 'x');
    const char *names[] = { "y", fits, long_name };
    char *root = make_root();
    AiotopThread thread;

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        ProcThread named = { .tid = 8, .comm = names[i], .state = 'S' };

        proc_tree_thread(root, 7, &named);
        g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
        g_assert_cmpstr(thread.comm, ==, i == 2 ? fits : names[i]);
    }
    proc_tree_free(root);
}

/* Neither what the kernel hides nor what it does not know is shown */
static void test_wchan_is_not_known(void)
{
    char *root = make_root();
    AiotopThread thread;

    proc_tree_write(root, "7/task/8/wchan", "0");
    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_cmpstr(thread.wchan, ==, "");
    proc_tree_remove(root, "7/task/8/wchan");
    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_cmpstr(thread.wchan, ==, "");
    proc_tree_free(root);
}

/* A kernel without the file is no want of permission */
static void test_syscall_is_not_there(void)
{
    char *root = make_root();
    g_autoptr(GError) error = NULL;
    AiotopThread thread;

    proc_tree_remove(root, "7/task/8/syscall");
    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_false(thread.syscall.known);
    g_assert_false(thread.denied);
    g_assert_null(aiotop_procfs_kernel_stack(root, 7, 8, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_null(strstr(error->message, "CAP_SYS_ADMIN"));
    proc_tree_free(root);
}

/* Files that nobody may read, as root may read any */
static void deny(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);

    g_assert_cmpint(chmod(path, 0), ==, 0);
}

static bool drop_privileges(const char *root)
{
    g_assert_cmpint(chmod(root, 0755), ==, 0);
    return geteuid() == 0 && seteuid(65534) == 0;
}

static void test_permission_is_denied(void)
{
    char *root = make_root();
    g_autoptr(GPtrArray) frames = NULL;
    g_autoptr(GError) error = NULL;
    AiotopThread thread;
    bool dropped, found;

    proc_tree_write(root, "7/task/8/stack", "[<0>] futex_wait+0x5c/0x110\n");
    deny(root, "7/task/8/stack");
    deny(root, "7/task/8/syscall");
    dropped = drop_privileges(root);
    found = aiotop_procfs_thread(root, 7, 8, &thread);
    frames = aiotop_procfs_kernel_stack(root, 7, 8, &error);
    if (dropped) {
        g_assert_cmpint(seteuid(0), ==, 0);
    }
    g_assert_true(found);
    g_assert_true(thread.denied);
    g_assert_false(thread.syscall.known);
    g_assert_cmpuint(thread.cpu_ns, ==, 1234567);
    g_assert_null(frames);
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
    g_assert_nonnull(strstr(error->message, "CAP_SYS_ADMIN"));
    proc_tree_free(root);
}

static void check_text(const AiotopSyscall *call, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    aiotop_syscall_append(text, call);
    g_assert_cmpstr(text->str, ==, expected);
}

static void check_syscall(const char *line, const char *expected, int fd)
{
    ProcThread in_call = { .tid = 8, .comm = "a", .state = 'R' };
    char *root = proc_tree_new();
    AiotopThread thread;

    proc_tree_thread(root, 8, &in_call);
    proc_tree_write(root, "8/task/8/syscall", line);
    g_assert_true(aiotop_procfs_thread(root, 8, 8, &thread));
    check_text(&thread.syscall, expected);
    g_assert_cmpint(aiotop_syscall_fd(&thread.syscall), ==, fd);
    proc_tree_free(root);
}

/* With @number of the architecture in front, and two addresses behind */
static void check_call(long number, const char *args, const char *expected,
                       int fd)
{
    g_autofree char *line = g_strdup_printf(
        "%ld %s 0x0 0x0 0x0 0x0 0x7ffd5e8f4b48 0x7f2c9d1b7a9d\n", number, args);

    check_syscall(line, expected, fd);
}

static void test_syscalls(void)
{
    check_call(SYS_read, "0xc 0x7f00", "read(fd 12)", 12);
    check_call(SYS_pwritev, "0x9 0x7f00", "pwritev(fd 9)", 9);
    check_call(SYS_fdatasync, "0x1f 0x0", "fdatasync(fd 31)", 31);
    check_call(SYS_ppoll, "0x55d0 0x7", "ppoll(7 fds)", -1);
    check_call(SYS_pselect6, "0x14 0x0", "pselect6(fds below 20)", -1);
    check_call(SYS_epoll_pwait, "0x5 0x7f00", "epoll_pwait(fd 5)", 5);
    check_call(SYS_io_uring_enter, "0x1b 0x1", "io_uring_enter(fd 27)", 27);
    check_call(SYS_futex, "0x55d012345678 0x80", "futex(wait, 0x55d012345678)",
               -1);
    check_call(SYS_futex, "0x55d0 0x189", "futex(wait, 0x55d0)", -1);
    check_call(SYS_futex, "0x55d0 0x81", "futex(wake, 0x55d0)", -1);
    check_call(SYS_ioctl, "0x14 0xae80", "ioctl(fd 20, KVM_RUN)", 20);
    check_call(SYS_ioctl, "0x14 0x1234", "ioctl(fd 20, 0x1234)", 20);
    check_call(SYS_openat, "0xffffff9c 0x7f00", "openat", -1);
    check_call(SYS_wait4, "0xffffffffffffffff 0x0", "wait4(-1)", -1);
    check_call(SYS_clock_nanosleep, "0x1 0x0", "clock_nanosleep", -1);
    check_call(99999, "0x1 0x0", "syscall 99999", -1);
}

static void test_no_syscall(void)
{
    check_syscall("running\n", "", -1);
    check_syscall("-1 0x7ffd5e8f4b48 0x7f2c9d1b7a9d\n", "", -1);
    check_syscall("", "", -1);
}

static void test_syscall_without_arguments(void)
{
    g_autofree char *line = g_strdup_printf("%d\n", SYS_read);

    check_syscall(line, "read", -1);
}

static void test_kernel_stack(void)
{
    char *root = make_root();
    g_autoptr(GPtrArray) frames = NULL;
    g_autoptr(GError) error = NULL;

    proc_tree_write(root, "7/task/8/stack",
                    "[<0>] futex_wait+0x5c/0x110\n[<0>] do_syscall_64+0x5f\n");
    frames = aiotop_procfs_kernel_stack(root, 7, 8, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(frames->len, ==, 2);
    g_assert_cmpstr(frames->pdata[0], ==, "futex_wait+0x5c/0x110");
    g_assert_cmpstr(frames->pdata[1], ==, "do_syscall_64+0x5f");
    g_assert_null(aiotop_procfs_kernel_stack(root, 7, 9, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    proc_tree_free(root);
}

static void test_threads(void)
{
    char *root = make_root();
    g_autoptr(GArray) threads = aiotop_procfs_threads(root, 7);
    g_autoptr(GArray) none = aiotop_procfs_threads(root, 6);

    g_assert_cmpuint(threads->len, ==, 2);
    g_assert_cmpint(g_array_index(threads, int64_t, 0), ==, 7);
    g_assert_cmpint(g_array_index(threads, int64_t, 1), ==, 8);
    g_assert_cmpuint(none->len, ==, 0);
    proc_tree_free(root);
}

/* What a kernel has no file of is not known, and costs nothing else */
static void test_load(void)
{
    char *root = proc_tree_new();
    AiotopHostLoad load;

    proc_tree_write(root, "pressure/cpu",
                    "some avg10=1.00 avg60=0.50 avg300=0.10 total=1234567\n"
                    "full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
    proc_tree_write(root, "pressure/io", "some avg10=0.00\n");
    proc_tree_write(root, "stat", "cpu  1 2 3 4 5 6 7 200 0 0\n");
    aiotop_host_load_read(root, 42, &load);
    g_assert_cmpuint(load.time_ns, ==, 42);
    g_assert_cmpuint(load.n_cpus, >, 0);
    g_assert_cmpuint(load.cpu_ns, ==, 1234567000);
    g_assert_cmpuint(load.memory_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(load.io_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(load.steal_ns, ==, aiotop_procfs_steal_ns(root));
    proc_tree_free(root);
}

static void test_steal(void)
{
    char *root = make_root();

    g_assert_cmpuint(aiotop_procfs_steal_ns(root), ==, AIOTOP_UNKNOWN);
    proc_tree_write(root, "stat", "cpu  1 2 3 4 5 6 7 80 9 10\ncpu0 1 2 3\n");
    g_assert_cmpuint(aiotop_procfs_steal_ns(root), ==,
                     80 * (UINT64_C(1000000000) / sysconf(_SC_CLK_TCK)));
    proc_tree_free(root);
}

static void test_start(void)
{
    char *root = make_root();

    g_assert_cmpuint(aiotop_procfs_start_ticks(root, 7), ==, PROC_TREE_START);
    g_assert_cmpuint(aiotop_procfs_start_ticks(root, 9), ==, AIOTOP_UNKNOWN);
    proc_tree_free(root);
}

/* In the thread's memory at 0x10; @expected NULL if it is only the call */
static void check_path(const char *path, char state, const char *expected)
{
    ProcThread waiting = { .tid = 8, .comm = "a", .state = state };
    g_autofree char *line = g_strdup_printf(
        "%d 0xffffff9c 0x10 0x0 0x0 0x0 0x0 0x7ffd 0x7f2c\n", SYS_openat);
    g_autoptr(GString) memory = g_string_new("0123456789abcdef");
    char *root = proc_tree_new();
    AiotopThread thread;

    g_string_append(memory, path);
    proc_tree_thread(root, 8, &waiting);
    proc_tree_write(root, "8/task/8/syscall", line);
    proc_tree_write(root, "8/task/8/mem", memory->str);
    g_assert_true(aiotop_procfs_thread(root, 8, 8, &thread));
    check_text(&thread.syscall, expected ? expected : "openat");
    proc_tree_free(root);
}

static void test_path_of_an_open(void)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_autoptr(GString) end = g_string_new("openat(\"...");

    check_path("/mnt/disk.img", 'S', "openat(\"/mnt/disk.img\")");
    check_path("/mnt/disk.img", 'D', "openat(\"/mnt/disk.img\")");
    check_path("/a\n\x1b[2J", 'D', "openat(\"/a\\n\\x1b[2J\")");
    check_path("/mnt/disk.img", 'R', NULL);
    check_path("", 'D', NULL);
    while (path->len < 4096) {
        g_string_append(path, "/0123456789");
    }
    g_string_truncate(path, 4096);
    g_string_append(
        end, path->str + 4096 -
                 (sizeof(((AiotopSyscall *)0)->path) - strlen("...") - 1));
    g_string_append(end, "\")");
    check_path(path->str, 'D', end->str);
}

static void test_identity(void)
{
    char *root = make_root();
    AiotopIdentity process = aiotop_procfs_identify(root, 7);
    AiotopIdentity none = aiotop_procfs_identify(root, 9);
    AiotopIdentity unknown = { 9, AIOTOP_UNKNOWN };

    g_assert_cmpint(process.pid, ==, 7);
    g_assert_cmpuint(process.start_ticks, ==, PROC_TREE_START);
    g_assert_true(aiotop_procfs_is_same(root, &process));
    process.start_ticks++;
    g_assert_false(aiotop_procfs_is_same(root, &process));
    g_assert_cmpint(none.pid, ==, 0);
    g_assert_false(aiotop_procfs_is_same(root, &none));
    g_assert_false(aiotop_procfs_is_same(root, &unknown));
    proc_tree_free(root);
}

static void test_fd(void)
{
    char *root = make_root();
    g_autoptr(GError) error = NULL;
    g_autofree char *fd = aiotop_procfs_fd(root, 7, 3, NULL);

    g_assert_cmpstr(fd, ==, "socket:[5]");
    g_assert_null(aiotop_procfs_fd(root, 7, 4, &error));
    g_assert_nonnull(error);
    proc_tree_free(root);
}

static void check_inner_pid(const char *root, const char *status, int64_t pid)
{
    proc_tree_write(root, "9/status", status);
    g_assert_cmpint(aiotop_procfs_inner_pid(root, 9), ==, pid);
}

/* What a QEMU says of itself is the last one, as in a container */
static void test_inner_pid(void)
{
    char *root = proc_tree_new();

    check_inner_pid(root, "Name:\tq\nNStgid:\t9\nNSpid:\t8\n", 9);
    check_inner_pid(root, "Name:\tq\nNStgid:\t9\t44\t3\nNSpid:\t9\t44\t2\n", 3);
    check_inner_pid(root, "Name:\tNStgid:\t1\n", 0);
    check_inner_pid(root, "Name:\tq\nNStgid:\t\n", 0);
    g_assert_cmpint(aiotop_procfs_inner_pid(root, 10), ==, 0);
    proc_tree_free(root);
    g_assert_cmpint(aiotop_procfs_inner_pid(AIOTOP_PROCFS_ROOT, getpid()), ==,
                    getpid());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/procfs/thread", test_thread);
    g_test_add_func("/procfs/thread-without-schedstat",
                    test_thread_without_schedstat);
    g_test_add_func("/procfs/runs", test_runs);
    g_test_add_func("/procfs/runs-file", test_runs_file);
    g_test_add_func("/procfs/thread-is-gone", test_thread_is_gone);
    g_test_add_func("/procfs/long-names", test_long_names);
    g_test_add_func("/procfs/wchan-is-not-known", test_wchan_is_not_known);
    g_test_add_func("/procfs/syscall-is-not-there", test_syscall_is_not_there);
    g_test_add_func("/procfs/permission-is-denied", test_permission_is_denied);
    g_test_add_func("/procfs/syscalls", test_syscalls);
    g_test_add_func("/procfs/no-syscall", test_no_syscall);
    g_test_add_func("/procfs/syscall-without-arguments",
                    test_syscall_without_arguments);
    g_test_add_func("/procfs/kernel-stack", test_kernel_stack);
    g_test_add_func("/procfs/threads", test_threads);
    g_test_add_func("/procfs/load", test_load);
    g_test_add_func("/procfs/steal", test_steal);
    g_test_add_func("/procfs/start", test_start);
    g_test_add_func("/procfs/path-of-an-open", test_path_of_an_open);
    g_test_add_func("/procfs/identity", test_identity);
    g_test_add_func("/procfs/fd", test_fd);
    g_test_add_func("/procfs/inner-pid", test_inner_pid);
    return g_test_run();
}
