/*
 * A directory like /proc, made up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "proc-tree.h"

#include <inttypes.h>
#include <unistd.h>
#include <glib/gstdio.h>

char *proc_tree_new(void)
{
    g_autoptr(GError) error = NULL;
    char *root = g_dir_make_tmp("aiotop-XXXXXX", &error);

    g_assert_no_error(error);
    return root;
}

static void remove_all(const char *path)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK)
                    ? NULL
                    : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_all(child);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_assert_cmpint(g_remove(path), ==, 0);
}

void proc_tree_free(char *root)
{
    remove_all(root);
    g_free(root);
}

/* The path of a file, whose directory is there */
static char *make_path(const char *root, const char *name)
{
    char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    return path;
}

void proc_tree_write(const char *root, const char *name, const char *text)
{
    g_autofree char *path = make_path(root, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

void proc_tree_link(const char *root, const char *name, const char *target)
{
    g_autofree char *path = make_path(root, name);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

void proc_tree_remove(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);

    remove_all(path);
}

static void write_file(const char *root, const char *dir, const char *name,
                       const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    if (text) {
        proc_tree_write(root, path, text);
    }
}

void proc_tree_thread(const char *root, int64_t pid, const ProcThread *thread)
{
    g_autofree char *process = g_strdup_printf("%" PRId64, pid);
    g_autofree char *dir =
        g_strdup_printf("%" PRId64 "/task/%" PRId64, pid, thread->tid);
    /* Fields 3 to 13, 14 and 15 the CPU time, 16 to 21, 22, 23 to 38, 39 */
    g_autofree char *stat = g_strdup_printf(
        "%" PRId64 " (%s) %c 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 %d"
        " 1 2 3 0 0 0 0 0 0 0 0 0 0 0 0 17 %d 0 0\n",
        thread->tid, thread->comm, thread->state, PROC_TREE_START, thread->cpu);
    g_autofree char *schedstat = g_strdup_printf(
        "%" PRIu64 " %" PRIu64 " 5\n", thread->cpu_ns, thread->run_queue_ns);
    g_autofree char *status =
        g_strdup_printf("Name:\ta\nvoluntary_ctxt_switches:\t%u\n"
                        "nonvoluntary_ctxt_switches:\t%u\n",
                        thread->voluntary, thread->involuntary);

    write_file(root, dir, "stat", stat);
    write_file(root, dir, "schedstat", schedstat);
    write_file(root, dir, "status", status);
    write_file(root, dir, "wchan", thread->wchan);
    write_file(root, dir, "syscall", thread->syscall);
    if (thread->tid == pid) {
        write_file(root, process, "stat", stat);
    }
}
