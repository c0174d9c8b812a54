/*
 * A thread's stack, read beside the main loop, as it may take a while
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "capture.h"

#include <gio/gio.h>
#include <qemu-aiotop/host/stack.h>

typedef struct Capture {
    unsigned number;
    AiotopIdentity process;
    int64_t tid;
    CaptureDone *done;
    void *opaque;
} Capture;

static void free_frames(gpointer frames)
{
    g_ptr_array_unref(frames);
}

static void run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer data,
                GCancellable *cancellable G_GNUC_UNUSED)
{
    const Capture *capture = data;
    GError *error = NULL;
    GPtrArray *frames =
        aiotop_stack_capture(&capture->process, capture->tid, &error);

    if (frames) {
        g_task_return_pointer(task, frames, free_frames);
    } else {
        g_task_return_error(task, error);
    }
}

static void on_ready(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                     gpointer opaque G_GNUC_UNUSED)
{
    GTask *task = G_TASK(result);
    const Capture *capture = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    GPtrArray *frames = g_task_propagate_pointer(task, &error);

    capture->done(capture->number, frames, error ? error->message : NULL,
                  capture->opaque);
}

void capture_stack(const UiStack *request, CaptureDone *done, void *opaque)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_ready, NULL);
    Capture *capture = g_new(Capture, 1);

    *capture = (Capture){
        request->number, request->process, request->tid, done, opaque,
    };
    g_task_set_task_data(task, capture, g_free);
    g_task_run_in_thread(task, run);
}
