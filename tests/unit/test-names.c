/*
 * Targets: of the QEMUs that run here, which one is meant
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>

#include <qemu-aiotop/wire/commands.h>
#include <qemu-aiotop/host/target.h>

#include "proc-tree.h"
#include "processes.h"

static void test_target_is_an_address(void)
{
    static const char *const cases[][2] = {
        { "/run/a.sock", "unix:/run/a.sock" },
        { "./a", "unix:./a" },
        { "unix:a", "unix:a" },
        { "host:44", "tcp:host:44" },
        { "[::1]:44", "tcp:[::1]:44" },
        { ":44", "tcp:localhost:44" },
        { "4711", NULL },
        { "vm1", NULL },
        { "vm:x", NULL },
        { "vm:99999", NULL },
        { "name:web:80", NULL },
        { "name:/a/b", NULL },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *address = aiotop_target_address(cases[i][0]);

        g_assert_cmpstr(address, ==, cases[i][1]);
    }
}

static GPtrArray *some_processes(void)
{
    GPtrArray *processes =
        g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_process_free);

    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "a", "-object",
                                       "event-loop-profiler,id=p,"
                                       "socket.type=unix,socket.path=/p"));
    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "b", "-qmp",
                                       "unix:/m,server=on"));
    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "c"));
    ((AiotopProcess *)processes->pdata[1])->pid = 8;
    ((AiotopProcess *)processes->pdata[2])->pid = 9;
    return processes;
}

static void check_target(GPtrArray *processes, const char *text, bool monitor,
                         const char *expected)
{
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_true(
        aiotop_target_resolve(text, monitor, processes, &target, &error));
    g_assert_cmpstr(target.address, ==, expected);
    aiotop_target_clear(&target);
}

static void check_no_target(GPtrArray *processes, const char *text,
                            bool monitor, AiotopDiscoverError code)
{
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_false(
        aiotop_target_resolve(text, monitor, processes, &target, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR, (int)code);
    g_assert_null(strchr(error->message, '\n'));
    aiotop_target_clear(&target);
}

/*
 * As libvirt starts one, with its files in @dir: its monitor has a path where
 * libvirt is old.  Its user is ours.
 */
static AiotopProcess *domain_of_libvirt(const char *dir)
{
    g_autofree char *key =
        g_strdup_printf("{\"qom-type\":\"secret\",\"id\":\"masterKey0\","
                        "\"file\":\"%s/master-key.aes\"}",
                        dir);
    AiotopProcess *process =
        PROCESS("qemu-kvm", "-name", "guest=d,debug-threads=on", "-object", key,
                "-chardev", "socket,id=charmonitor,path=/m,server=on", "-mon",
                "chardev=charmonitor,id=monitor,mode=control");

    process->pid = getpid();
    return process;
}

static void test_libvirt(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *path =
        g_strdup_printf("%s/qemu-aiotop-%d.sock", dir, getpid());
    g_autoptr(GPtrArray) processes = some_processes();
    AiotopProcess *process = domain_of_libvirt(dir);
    g_autoptr(GError) error = NULL;
    AiotopTarget target;

    g_assert_cmpuint(process->monitors->len, ==, 0);
    g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                    AIOTOP_UNPROFILED_LIBVIRT);
    g_ptr_array_add(processes, process);
    g_assert_false(
        aiotop_target_resolve("d", true, processes, &target, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_LIBVIRT);
    g_assert_cmpstr(target.libvirt_uri, ==, "qemu:///session");
    g_assert_cmpstr(target.domain, ==, "d");
    g_assert_cmpstr(target.profiler_path, ==, path);
    aiotop_target_clear(&target);

    /* There is nothing to add to these */
    process->patches = AIOTOP_PATCHES_NONE;
    check_no_target(processes, "d", true, AIOTOP_DISCOVER_ERROR_NOT_PROFILED);
    process->patches = AIOTOP_PATCHES_THERE;
    process->has_object = true;
    check_no_target(processes, "d", true, AIOTOP_DISCOVER_ERROR_NOT_PROFILED);
    process->has_object = false;

    /* One of our own beside it may be had */
    aiotop_process_add_address(process->monitors, g_strdup("unix:/m"));
    check_target(processes, "d", true, "unix:/m");
    g_rmdir(dir);
}

static void check_not_libvirts(const char *dir)
{
    g_autoptr(GPtrArray) processes = some_processes();

    g_ptr_array_add(processes, domain_of_libvirt(dir));
    check_no_target(processes, "d", true, AIOTOP_DISCOVER_ERROR_UNSAFE);
}

/* Any process may say that libvirt runs it, and where */
static void test_not_libvirt(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *up = g_strconcat(dir, "/../", strrchr(dir, '/') + 1, NULL);
    g_autofree char *none = g_strconcat(dir, "/none", NULL);

    check_not_libvirts(up);
    check_not_libvirts(none);
    check_not_libvirts(strchr(dir, '/') + 1);
    g_assert_cmpint(g_chmod(dir, 0777), ==, 0);
    check_not_libvirts(dir);
    g_rmdir(dir);
    if (geteuid() != 0) {
        check_not_libvirts("/usr");
    }
}

static void test_target(void)
{
    g_autoptr(GPtrArray) processes = some_processes();

    check_target(processes, "a", false, "unix:/p");
    check_target(processes, "7", false, "unix:/p");
    check_target(processes, NULL, false, "unix:/p");
    check_target(processes, "/x", false, "unix:/x");
    check_target(processes, "b", true, "unix:/m");
    check_target(processes, NULL, true, "unix:/m");
    check_target(processes, "b", false, "pid:8");
    check_target(processes, "8", false, "pid:8");
    check_no_target(processes, "c", true, AIOTOP_DISCOVER_ERROR_NOT_PROFILED);
    check_no_target(processes, "d", false, AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    check_no_target(processes, "2147483647", false,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND);

    g_ptr_array_add(processes, PROCESS("qemu-kvm", "-name", "a", "-object",
                                       "event-loop-profiler,id=p,"
                                       "socket.type=unix,socket.path=/q"));
    check_no_target(processes, "a", false, AIOTOP_DISCOVER_ERROR_AMBIGUOUS);
    check_no_target(processes, NULL, false, AIOTOP_DISCOVER_ERROR_AMBIGUOUS);
    g_ptr_array_set_size(processes, 0);
    check_no_target(processes, NULL, false, AIOTOP_DISCOVER_ERROR_NOT_FOUND);
}

/* One whose name looks like something else */
static AiotopProcess *named(int64_t pid, const char *name)
{
    AiotopProcess *process =
        PROCESS("qemu-kvm", "-name", name, "-object",
                "event-loop-profiler,id=p,socket.type=unix,socket.path=/n");

    process->pid = pid;
    return process;
}

static void test_names_that_look_like_something_else(void)
{
    g_autoptr(GPtrArray) processes = some_processes();

    g_ptr_array_add(processes, named(20, "web:80"));
    g_ptr_array_add(processes, named(21, "8"));
    g_ptr_array_add(processes, named(22, "a/b"));
    g_ptr_array_add(processes, named(23, "name:a"));
    check_target(processes, "name:web:80", false, "unix:/n");
    check_target(processes, "name:8", false, "unix:/n");
    check_target(processes, "8", false, "pid:8");
    check_target(processes, "name:a/b", false, "unix:/n");
    check_target(processes, "name:name:a", false, "unix:/n");
    check_target(processes, "name:a", false, "unix:/p");
    check_no_target(processes, "name:7", false,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    check_no_target(processes, "name:", false, AIOTOP_DISCOVER_ERROR_NOT_FOUND);
}

/* Where a profiler of this very process would listen */
static char *own_path(const char *dir, GError **error)
{
    g_autofree char *monitor = g_strconcat("unix:", dir, "/mon", NULL);

    return aiotop_profiler_path(monitor, getpid(), error);
}

static void check_own_path(const char *monitor_dir, const char *expected_dir)
{
    g_autofree char *expected =
        g_strdup_printf("%s/qemu-aiotop-%d.sock", expected_dir, getpid());
    g_autofree char *path = own_path(monitor_dir, NULL);

    g_assert_cmpstr(path, ==, expected);
}

static void test_profiler_in_the_runtime_directory(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *run = g_build_filename(dir, "run", NULL);
    g_autofree char *monitor = g_build_filename(dir, "monitor", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    static const mode_t too_open[] = { 0755, 0750, 0770, 01777 };

    g_assert_cmpint(g_mkdir(run, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(monitor, 0700), ==, 0);
    g_assert_cmpint(symlink(run, link), ==, 0);
    g_setenv("XDG_RUNTIME_DIR", run, TRUE);
    check_own_path(monitor, run);
    for (unsigned i = 0; i < G_N_ELEMENTS(too_open); i++) {
        g_assert_cmpint(chmod(run, too_open[i]), ==, 0);
        check_own_path(monitor, monitor);
    }
    g_assert_cmpint(chmod(run, 0700), ==, 0);
    g_setenv("XDG_RUNTIME_DIR", link, TRUE);
    check_own_path(monitor, monitor);
    g_setenv("XDG_RUNTIME_DIR", "run", TRUE);
    check_own_path(monitor, monitor);
    /* Somebody could put another one in its place */
    g_setenv("XDG_RUNTIME_DIR", run, TRUE);
    g_assert_cmpint(chmod(dir, 0777), ==, 0);
    g_assert_null(own_path(monitor, NULL));
    g_assert_cmpint(chmod(dir, 0700), ==, 0);
    if (geteuid() == 0) {
        g_assert_cmpint(chown(run, 65534, 65534), ==, 0);
        check_own_path(monitor, monitor);
    }
    g_unsetenv("XDG_RUNTIME_DIR");
    check_own_path(monitor, monitor);
    proc_tree_free(g_steal_pointer(&dir));
}

static void test_profiler_beside_the_monitor(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;

    g_unsetenv("XDG_RUNTIME_DIR");
    check_own_path(dir, dir);
    g_assert_cmpint(chmod(dir, 01777), ==, 0);
    check_own_path(dir, dir);
    g_assert_cmpint(chmod(dir, 0777), ==, 0);
    g_assert_null(own_path(dir, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_UNSAFE);
    g_assert_nonnull(strstr(error->message, dir));
    g_clear_error(&error);
    if (geteuid() == 0) {
        g_assert_cmpint(chmod(dir, 0700), ==, 0);
        g_assert_cmpint(chown(dir, 65534, 65534), ==, 0);
        g_assert_null(own_path(dir, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_assert_null(aiotop_profiler_path("unix:@m", getpid(), &error));
    g_assert_no_error(error);
    g_assert_null(aiotop_profiler_path("tcp:h:1", getpid(), &error));
    g_assert_no_error(error);
    proc_tree_free(g_steal_pointer(&dir));
}

static void test_profiler_object(void)
{
    g_autofree char *object = aiotop_command_object_add("/a\"b", 50);
    g_autofree char *plain = aiotop_command_object_add(NULL, 0);

    g_assert_cmpstr(object, ==,
                    "{\"qom-type\":\"event-loop-profiler\","
                    "\"id\":\"qemu-aiotop\",\"socket\":{\"type\":\"unix\","
                    "\"path\":\"/a\\\"b\"},\"stall-threshold\":50}");
    g_assert_cmpstr(plain, ==,
                    "{\"qom-type\":\"event-loop-profiler\","
                    "\"id\":\"qemu-aiotop\"}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/target-is-an-address", test_target_is_an_address);
    g_test_add_func("/names/target", test_target);
    g_test_add_func("/names/libvirt", test_libvirt);
    g_test_add_func("/names/not-libvirt", test_not_libvirt);
    g_test_add_func("/names/names-that-look-like-something-else",
                    test_names_that_look_like_something_else);
    g_test_add_func("/names/profiler-in-the-runtime-directory",
                    test_profiler_in_the_runtime_directory);
    g_test_add_func("/names/profiler-beside-the-monitor",
                    test_profiler_beside_the_monitor);
    g_test_add_func("/names/profiler-object", test_profiler_object);
    return g_test_run();
}
