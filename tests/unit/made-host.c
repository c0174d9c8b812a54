/*
 * A QEMU that is not profiled, in a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-host.h"

#include <string.h>
#include <sys/syscall.h>

#include <qemu-aiotop/host/discover.h>

/* As in /proc/PID/cmdline, but for the NULs */
#define COMMAND_LINE "/usr/bin/qemu-system-x86_64|-name|"

void host_write_cmdline(const char *root, const char *name)
{
    g_autofree char *text = g_strconcat(COMMAND_LINE, name, "|", NULL);
    g_autofree char *path = g_strdup_printf("%s/%d/cmdline", root, PID);
    gsize len = strlen(text);

    g_strdelimit(text, "|", '\0');
    g_assert_true(g_file_set_contents(path, text, len, NULL));
}

/* A process with threads out of order, and its end at @name */
char *host_root(const char *name)
{
    static const ProcThread threads[] = {
        { PID, "qemu-system-x86", 'S', 5 * SECOND, SECOND, 100, 10, 1,
          "do_sys_poll", NULL },
        { 4712, "qemu-system-x86", 'S', 0, 0, 1, 0, 0, "futex_wait", NULL },
        { 4713, "worker", 'S', 0, 0, 1, 0, 0, "futex_wait", NULL },
        { 4715, "CPU 0/KVM", 'R', 9 * SECOND, 0, 3, 900, 1, "0", "running\n" },
        { 4714, "IO iothread0", 'D', 0, 0, 1, 0, 0, "folio_wait_bit", NULL },
        { 4716, "IO mon_iothread", 'S', 0, 0, 1, 0, 0, "ep_poll", NULL },
        { 4717, "\xff\x1b[1m", 'S', 0, 0, 1, 0, 0, "0", NULL },
    };
    g_autofree char *ppoll = g_strdup_printf(
        "%d 0x55d0 0x1b 0x7ffc 0x0 0x0 0x0 0x1 0x2\n", SYS_ppoll);
    char *root = proc_tree_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
        proc_tree_thread(root, PID, &threads[i]);
    }
    proc_tree_write(root, "4711/task/4711/syscall", ppoll);
    host_write_cmdline(root, name);
    return root;
}

AiotopSnapshot *host_take(const char *root, uint64_t time_ns)
{
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot =
        aiotop_host_snapshot(root, process, NULL, time_ns, &error);

    g_assert_no_error(error);
    return snapshot;
}
