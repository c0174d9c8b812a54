/*
 * Looks for QEMUs where files can't be had, as too many are open
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/discover.h>

#include "proc-tree.h"

#define PID 7

static void add_qemu(const char *root, const char *comm)
{
    const ProcThread thread = { .tid = PID, .comm = comm, .state = 'S' };

    proc_tree_thread(root, PID, &thread);
    proc_tree_write(root, G_STRINGIFY(PID) "/comm", comm);
}

/* Leaves so many descriptors; returns the limit of before */
static struct rlimit take_descriptors(unsigned left)
{
    struct rlimit before, few;
    int fd = dup(STDIN_FILENO);

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    few = (struct rlimit){ fd + left, before.rlim_max };
    close(fd);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    return before;
}

/* Nobody has looked, so nobody has gone */
static void test_few_descriptors(void)
{
    char *root = proc_tree_new();

    add_qemu(root, "qemu-nbd");
    proc_tree_write(root, G_STRINGIFY(PID) "/cmdline", "qemu-nbd");
    /* None at all, or one that the list takes: whenever it is read again */
    for (unsigned i = 0; i < 2 * AIOTOP_DISCOVER_AGAIN; i++) {
        g_autoptr(GPtrArray) known = aiotop_discover(root), again = NULL;
        const AiotopProcess *process;
        struct rlimit before;

        g_assert_cmpuint(known->len, ==, 1);
        process = known->pdata[0];
        before = take_descriptors(i % 2);
        again = aiotop_discover_again(root, known, i / 2);
        setrlimit(RLIMIT_NOFILE, &before);
        g_assert_cmpuint(again->len, ==, 1);
        g_assert_true(again->pdata[0] == process);
        g_assert_cmpuint(process->start_ticks, ==, PROC_TREE_START);
    }
    proc_tree_free(root);
}

/* It is there all the same */
static void test_no_command_line(void)
{
    char *root = proc_tree_new();
    g_autoptr(GPtrArray) processes = NULL;

    add_qemu(root, "qemu-nbd");
    proc_tree_write(root, G_STRINGIFY(PID) "/cmdline/directory", "");
    processes = aiotop_discover(root);
    g_assert_cmpuint(processes->len, ==, 1);
    g_assert_true(((AiotopProcess *)processes->pdata[0])->unreadable);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discover-short/few-descriptors", test_few_descriptors);
    g_test_add_func("/discover-short/no-command-line", test_no_command_line);
    return g_test_run();
}
