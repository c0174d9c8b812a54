/*
 * What can't be known of a QEMU, and what it would take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/missing.h"

const char *aiotop_missing_permission(void)
{
    return "wchan and syscall need ptrace permission: the same user and"
           " kernel.yama.ptrace_scope=0, or CAP_SYS_PTRACE";
}

GPtrArray *aiotop_missing_notes(const AiotopSnapshot *snapshot)
{
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);

    if (snapshot->host_only) {
        g_ptr_array_add(notes, g_strconcat("Not profiled, only what the host"
                                           " knows of its threads",
                                           snapshot->unprofiled ? ": " : NULL,
                                           snapshot->unprofiled, NULL));
    }
    if (snapshot->unnamed) {
        g_ptr_array_add(notes,
                        g_strdup("Which threads are iothreads or vCPUs is not"
                                 " known: qemu-system-* names them with -name"
                                 " NAME,debug-threads=on"));
    }
    if (snapshot->denied) {
        g_ptr_array_add(notes, g_strconcat("Not shown: ",
                                           aiotop_missing_permission(), NULL));
    }
    return notes;
}
