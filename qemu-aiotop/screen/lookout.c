/*
 * A lookout for QEMUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lookout.h"

#include <gio/gio.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/discover.h>

/* Between two looks */
#define INTERVAL_MS 2000

struct Lookout {
    LookoutFound *found;
    LookoutWanted *wanted;
    void *opaque;
    bool looking;
    guint next_source;
    GCancellable *gone;
};

Lookout *lookout_new(LookoutFound *found, LookoutWanted *wanted, void *opaque)
{
    Lookout *lookout = g_new(Lookout, 1);

    *lookout = (Lookout){
        .found = found,
        .wanted = wanted,
        .opaque = opaque,
        .gone = g_cancellable_new(),
    };
    return lookout;
}

void lookout_free(Lookout *lookout)
{
    if (lookout) {
        g_cancellable_cancel(lookout->gone);
        g_object_unref(lookout->gone);
        g_clear_handle_id(&lookout->next_source, g_source_remove);
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

static gboolean on_due(gpointer opaque);

static void on_processes(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                         gpointer opaque)
{
    Lookout *lookout = opaque;
    GPtrArray *processes = g_task_propagate_pointer(G_TASK(result), NULL);

    /* Without a list there is no lookout any more */
    if (processes) {
        lookout->found(processes, lookout->opaque);
        lookout->next_source = g_timeout_add(INTERVAL_MS, on_due, lookout);
    }
}

static void look(Lookout *lookout)
{
    g_autoptr(GTask) task =
        g_task_new(NULL, lookout->gone, on_processes, lookout);

    g_task_run_in_thread(task, find_processes);
}

static gboolean on_due(gpointer opaque)
{
    Lookout *lookout = opaque;

    lookout->next_source = 0;
    lookout->looking = lookout->wanted(lookout->opaque);
    if (lookout->looking) {
        look(lookout);
    }
    return G_SOURCE_REMOVE;
}

void lookout_begin(Lookout *lookout)
{
    if (!lookout->looking) {
        lookout->looking = true;
        look(lookout);
    }
}
