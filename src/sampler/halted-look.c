/*
 * A look whether a process is halted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "halted-look.h"

#include <gio/gio.h>

/* The task's, which frees it */
struct AiotopHaltedLook {
    AiotopHaltedFind *find;
    AiotopIdentity identity;
    /* NULL if nobody waits for it any more */
    AiotopHaltedLookDone *done;
    void *opaque;
};

static void run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer opaque,
                GCancellable *cancellable G_GNUC_UNUSED)
{
    const AiotopHaltedLook *look = opaque;

    g_task_return_pointer(task, look->find(&look->identity),
                          (GDestroyNotify)aiotop_process_free);
}

static void on_looked(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                      gpointer opaque)
{
    AiotopHaltedLook *look = opaque;
    g_autoptr(AiotopProcess) process =
        g_task_propagate_pointer(G_TASK(result), NULL);

    if (look->done) {
        look->done(g_steal_pointer(&process), look->opaque);
    }
}

AiotopHaltedLook *aiotop_halted_look_begin(AiotopHaltedFind *find,
                                           const AiotopIdentity *identity,
                                           AiotopHaltedLookDone *done,
                                           void *opaque)
{
    AiotopHaltedLook *look = g_new(AiotopHaltedLook, 1);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_looked, look);

    *look = (AiotopHaltedLook){ find, *identity, done, opaque };
    g_task_set_task_data(task, look, g_free);
    g_task_run_in_thread(task, run);
    return look;
}

void aiotop_halted_look_cancel(AiotopHaltedLook *look)
{
    if (look) {
        look->done = NULL;
    }
}
