/*
 * A QEMU that has the number of one that has ended
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/host-snapshot.h>

#include "proc-tree.h"

#define PID 7

/* Began at @start, with this on its command line */
static void write_qemu(const char *root, unsigned start, const char *device)
{
    g_autofree char *path = g_strdup_printf("%s/%d/cmdline", root, PID);
    g_autofree char *stat = g_strdup_printf(
        "%d (qemu) S 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 %u 1 2 3\n",
        PID, start);
    g_autofree char *text =
        g_strconcat("qemu-system-x86_64|-device|", device, "|", NULL);
    gsize len = strlen(text);

    proc_tree_write(root, "7/stat", stat);
    g_strdelimit(text, "|", '\0');
    g_assert_true(g_file_set_contents(path, text, len, NULL));
}

static AiotopSnapshot *take(const char *root, const AiotopSnapshot *before)
{
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);
    GError *error = NULL;
    AiotopSnapshot *snapshot =
        aiotop_host_snapshot(root, process, before, 1000, &error);

    g_assert_no_error(error);
    return snapshot;
}

static void test_nothing_is_kept(void)
{
    const ProcThread thread = { .tid = PID, .comm = "qemu", .state = 'S' };
    char *root = proc_tree_new();
    g_autoptr(AiotopSnapshot) first = NULL, same = NULL, other = NULL;

    proc_tree_thread(root, PID, &thread);
    write_qemu(root, 555, "vfio-pci,id=d");
    first = take(root, NULL);
    same = take(root, first);
    g_assert_cmpstr(first->offloaded, ==, "d (vfio-pci)");
    g_assert_true(same->offloaded == first->offloaded);
    write_qemu(root, 666, "virtio-blk,id=e");
    other = take(root, same);
    g_assert_null(other->offloaded);
    g_assert_cmpuint(first->start_ns, ==, same->start_ns);
    g_assert_cmpuint(first->start_ns, <, other->start_ns);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-restart/nothing-is-kept", test_nothing_is_kept);
    return g_test_run();
}
