/*
 * What the kernel tells, from a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include <qemu-aiotop/procfs.h>
#include <qemu-aiotop/snapshot.h>

#define STAT "(a) b) D 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 555 1 2\n"

/* A directory like /proc with process 7 and its thread 8 */
static char *make_root(bool schedstat)
{
    char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *task = g_build_filename(root, "7/task/8", NULL);
    g_autofree char *fds = g_build_filename(root, "7/fd", NULL);
    g_autofree char *fd = g_build_filename(fds, "3", NULL);
    const char *const files[][2] = {
        { "7/task/8/stat", "8 " STAT },
        { "7/task/8/comm", "a) b\n" },
        { "7/task/8/status", "Name:\ta\nvoluntary_ctxt_switches:\t21\n"
                             "nonvoluntary_ctxt_switches:\t4\n" },
        { "7/stat", "7 " STAT },
        { "7/task/8/schedstat", "1234567 89012 5\n" },
    };

    g_mkdir_with_parents(task, 0700);
    g_mkdir_with_parents(fds, 0700);
    g_assert_cmpint(symlink("socket:[5]", fd), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(files) - !schedstat; i++) {
        g_autofree char *path = g_build_filename(root, files[i][0], NULL);

        g_assert_true(g_file_set_contents(path, files[i][1], -1, NULL));
    }
    return root;
}

static void remove_root(char *root)
{
    static const char *const names[] = {
        "7/task/8/stat",
        "7/task/8/comm",
        "7/task/8/status",
        "7/task/8/schedstat",
        "7/stat",
        "7/fd/3",
        "7/fd",
        "7/task/8",
        "7/task",
        "7",
        "",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(root, names[i], NULL);

        g_remove(path);
    }
    g_free(root);
}

static void test_thread(void)
{
    char *root = make_root(true);
    AiotopThread thread;

    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_cmpstr(thread.comm, ==, "a) b");
    g_assert_cmpint(thread.state, ==, 'D');
    g_assert_cmpuint(thread.cpu_ns, ==, 1234567);
    g_assert_cmpuint(thread.run_queue_ns, ==, 89012);
    g_assert_cmpuint(thread.voluntary_switches, ==, 21);
    g_assert_cmpuint(thread.involuntary_switches, ==, 4);
    g_assert_cmpuint(aiotop_procfs_run_queue_ns(root, 7, 8), ==, 89012);
    remove_root(root);
}

static void test_thread_without_schedstat(void)
{
    char *root = make_root(false);
    AiotopThread thread;

    g_assert_true(aiotop_procfs_thread(root, 7, 8, &thread));
    g_assert_cmpuint(thread.cpu_ns, ==,
                     42 * (UINT64_C(1000000000) / sysconf(_SC_CLK_TCK)));
    g_assert_cmpuint(thread.run_queue_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(aiotop_procfs_run_queue_ns(root, 7, 8), ==,
                     AIOTOP_UNKNOWN);
    remove_root(root);
}

static void test_thread_is_gone(void)
{
    char *root = make_root(true);
    AiotopThread thread;

    g_assert_false(aiotop_procfs_thread(root, 7, 9, &thread));
    g_assert_cmpuint(thread.cpu_ns, ==, AIOTOP_UNKNOWN);
    g_assert_true(aiotop_procfs_alive(root, 7));
    g_assert_false(aiotop_procfs_alive(root, 8));
    remove_root(root);
}

static void test_start(void)
{
    char *root = make_root(true);

    g_assert_cmpuint(aiotop_procfs_start_ticks(root, 7), ==, 555);
    g_assert_cmpuint(aiotop_procfs_start_ticks(root, 9), ==, AIOTOP_UNKNOWN);
    remove_root(root);
}

static void test_fd(void)
{
    char *root = make_root(true);
    g_autoptr(GError) error = NULL;
    g_autofree char *fd = aiotop_procfs_fd(root, 7, 3, NULL);

    g_assert_cmpstr(fd, ==, "socket:[5]");
    g_assert_null(aiotop_procfs_fd(root, 7, 4, &error));
    g_assert_nonnull(error);
    remove_root(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/procfs/thread", test_thread);
    g_test_add_func("/procfs/thread-without-schedstat",
                    test_thread_without_schedstat);
    g_test_add_func("/procfs/thread-is-gone", test_thread_is_gone);
    g_test_add_func("/procfs/start", test_start);
    g_test_add_func("/procfs/fd", test_fd);
    return g_test_run();
}
