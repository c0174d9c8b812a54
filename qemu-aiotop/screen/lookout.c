/*
 * A look for the QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lookout.h"

#include <gio/gio.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/discover.h>

struct Lookout {
    LookoutFound *found;
    void *opaque;
    GCancellable *gone;
};

void lookout_free(Lookout *lookout)
{
    if (lookout) {
        g_cancellable_cancel(lookout->gone);
        g_object_unref(lookout->gone);
        g_free(lookout);
    }
}

static void find_processes(GTask *task, gpointer source G_GNUC_UNUSED,
                           gpointer data G_GNUC_UNUSED,
                           GCancellable *cancellable G_GNUC_UNUSED)
{
    g_task_return_pointer(task, aiotop_discover(AIOTOP_PROCFS_ROOT),
                          (GDestroyNotify)g_ptr_array_unref);
}

static void on_processes(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                         gpointer opaque)
{
    g_autoptr(GPtrArray) processes =
        g_task_propagate_pointer(G_TASK(result), NULL);
    Lookout *lookout = opaque;

    /* Without a list there is no lookout any more */
    if (processes) {
        lookout->found(processes, lookout->opaque);
    }
}

Lookout *lookout_new(LookoutFound *found, void *opaque)
{
    Lookout *lookout = g_new(Lookout, 1);
    g_autoptr(GTask) task = NULL;

    *lookout = (Lookout){
        .found = found,
        .opaque = opaque,
        .gone = g_cancellable_new(),
    };
    task = g_task_new(NULL, lookout->gone, on_processes, lookout);
    g_task_run_in_thread(task, find_processes);
    return lookout;
}
