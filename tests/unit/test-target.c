/*
 * Targets: what they are not, and which process they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <qemu-aiotop/host/process.h>
#include <qemu-aiotop/host/target.h>

#include "host/unix-diag.h"

static void check_address(const char *text, const char *wanted)
{
    g_autofree char *address = aiotop_target_address(text);

    g_assert_cmpstr(address, ==, wanted);
}

static void make_socket(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, name, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    close(fd);
}

/* A name without a slash is a socket only if there is one */
static void test_socket_here(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *before = g_get_current_dir();

    g_assert_cmpint(g_chdir(dir), ==, 0);
    make_socket("sock");
    g_assert_true(g_file_set_contents("file", "", 0, NULL));
    check_address("sock", "unix:sock");
    check_address("file", NULL);
    check_address("nothing", NULL);
    check_address("name:sock", NULL);
    check_address("host:1", "tcp:host:1");
    check_address("host:65535", "tcp:host:65535");
    check_address("host:65536", NULL);
    check_address("host:0", NULL);
    g_unlink("sock");
    g_unlink("file");
    g_assert_cmpint(g_chdir(before), ==, 0);
    g_rmdir(dir);
}

static void add_process(GPtrArray *processes, int64_t pid,
                        const char *const *argv)
{
    AiotopProcess *process = aiotop_process_parse(pid, argv, "/");

    process->start_ticks = 1000 + pid;
    g_ptr_array_add(processes, process);
}

static GPtrArray *two_processes(void)
{
    static const char *const both[] = {
        "qemu-kvm",
        "-name",
        "both",
        "-qmp",
        "unix:/m,server=on",
        "-object",
        "event-loop-profiler,id=p,socket.type=unix,socket.path=/p",
        NULL,
    };
    static const char *const plain[] = { "qemu-kvm", "-name", "plain", NULL };
    GPtrArray *processes =
        g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_process_free);

    add_process(processes, 1, both);
    add_process(processes, 2, plain);
    return processes;
}

static void check_target(GPtrArray *processes, const char *text, bool monitor,
                         const char *address, int64_t pid)
{
    AiotopTarget target;

    g_assert_true(
        aiotop_target_resolve(text, monitor, processes, &target, NULL));
    g_assert_cmpstr(target.address, ==, address);
    g_assert_cmpint(target.process.pid, ==, pid);
    g_assert_cmpuint(target.process.start_ticks, ==, pid ? 1000 + pid : 0);
    aiotop_target_clear(&target);
    g_assert_null(target.address);
    g_assert_cmpint(target.process.pid, ==, 0);
}

/* A process never comes without the time when it began */
static void test_which_process(void)
{
    g_autoptr(GPtrArray) processes = two_processes();

    check_target(processes, "both", false, "unix:/p", 1);
    check_target(processes, "both", true, "unix:/m", 1);
    check_target(processes, "1", true, "unix:/m", 1);
    check_target(processes, "plain", false, "pid:2", 2);
    check_target(processes, "name:plain", false, "pid:2", 2);
    check_target(processes, "/x", false, "unix:/x", 0);
}

static void check_refusal(GPtrArray *processes, const char *text, bool monitor,
                          const char *words)
{
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_false(
        aiotop_target_resolve(text, monitor, processes, &target, &error));
    g_assert_nonnull(strstr(error->message, words));
    aiotop_target_clear(&target);
}

static void test_why_not(void)
{
    g_autoptr(GPtrArray) processes = two_processes();

    check_refusal(processes, "plain", true, "has no QMP monitor on a socket");
    /* Not every program has -qmp */
    check_refusal(processes, "plain", true,
                  "start it with --object event-loop");
    for (unsigned i = 0; i < 2; i++) {
        AiotopProcess *process = processes->pdata[i];

        g_ptr_array_set_size(process->profilers, 0);
        process->has_object = false;
        process->patches = AIOTOP_PATCHES_NONE;
    }
    check_refusal(processes, "plain", true, "was built without the profiler");
    check_target(processes, "both", true, "unix:/m", 1);
    check_refusal(processes, "name:2", false, "no VM is named 2 here");
    check_refusal(processes, "x", false, "no VM and no socket is named x");
    g_ptr_array_remove_index(processes, 0);
    check_refusal(processes, NULL, false, "no QEMU here is profiled");
    check_refusal(processes, NULL, true, "no QEMU here has a QMP monitor");
    g_ptr_array_remove_index(processes, 0);
    check_refusal(processes, NULL, true, "no QEMU runs here");
}

/* A process of this user, asleep; to be killed */
static pid_t sleeper_of(uid_t user)
{
    int wire[2];
    char byte;
    pid_t pid;

    g_assert_cmpint(pipe(wire), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (!pid) {
        if (setuid(user) == 0 && write(wire[1], "x", 1) == 1) {
            pause();
        }
        _exit(EXIT_FAILURE);
    }
    g_assert_cmpint(read(wire[0], &byte, 1), ==, 1);
    close(wire[0]);
    close(wire[1]);
    return pid;
}

/* In a directory of root or of QEMU's user, but not of a third one */
static void test_profiler_of_another_user(void)
{
    static const struct {
        uid_t owner;
        mode_t mode;
        bool safe;
    } cases[] = {
        { 0, 0755, true },      { 65534, 0755, true },  { 1, 0755, false },
        { 65534, 0777, false }, { 65534, 01777, true }, { 0, 0775, false },
    };
    g_autofree char *dir = NULL;
    g_autofree char *monitor = NULL;
    pid_t pid;

    if (geteuid() != 0) {
        return;
    }
    dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    monitor = g_strconcat("unix:", dir, "/mon", NULL);
    pid = sleeper_of(65534);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = NULL;

        g_assert_cmpint(chown(dir, cases[i].owner, 0), ==, 0);
        g_assert_cmpint(g_chmod(dir, cases[i].mode), ==, 0);
        path = aiotop_profiler_path(monitor, pid, &error);
        if (cases[i].safe) {
            g_assert_no_error(error);
            g_assert_true(g_str_has_prefix(path, dir));
        } else {
            g_assert_error(error, AIOTOP_DISCOVER_ERROR,
                           AIOTOP_DISCOVER_ERROR_UNSAFE);
        }
    }
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_rmdir(dir);
}

static void check_name(const char *name, size_t len, const char *wanted)
{
    AiotopUnixSocket socket = { .name = name, .name_len = len };
    g_autofree char *address = aiotop_unix_diag_address(&socket);

    g_assert_cmpstr(address, ==, wanted);
}

/* As the kernel has them: a NUL first is of an abstract one */
static void test_names_of_sockets(void)
{
    check_name(NULL, 0, NULL);
    check_name("/a", 3, "unix:/a");
    check_name("/a\0b", 5, "unix:/a");
    check_name("\0a", 2, "unix:@a");
    check_name("\0a\0b", 4, NULL);
    check_name("\0", 1, NULL);
    check_name("@a", 3, "unix:./@a");
    check_name("a@", 3, "unix:a@");
    check_name("\0@a", 3, "unix:@@a");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/target/socket-here", test_socket_here);
    g_test_add_func("/target/which-process", test_which_process);
    g_test_add_func("/target/why-not", test_why_not);
    g_test_add_func("/target/profiler-of-another-user",
                    test_profiler_of_another_user);
    g_test_add_func("/target/names-of-sockets", test_names_of_sockets);
    return g_test_run();
}
