/*
 * What GLib's hand-overs order, told to ThreadSanitizer
 *
 * GLib is not instrumented, and its locks are made of system calls: whatever
 * goes to another thread by a GTask would be a race to ThreadSanitizer.  The
 * linker puts these functions in place of GLib's (--wrap).  They do what those
 * do, and say what comes before what; nothing else is ordered by them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

typedef struct Callback {
    GAsyncReadyCallback func;
    gpointer opaque;
} Callback;

/* A task's data: what it is to the program, and who deals with it */
typedef struct Box {
    gpointer data;
    GDestroyNotify destroy;
    GTaskThreadFunc func;
} Box;

#define WRAP(type, name, ...)                                                  \
    type __real_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__)

GTask *__real_g_task_new(gpointer source, GCancellable *cancellable,
                         GAsyncReadyCallback func, gpointer opaque);
gpointer __real_g_task_get_task_data(GTask *task);

static void on_done(GObject *source, GAsyncResult *result, gpointer opaque)
{
    g_autofree Callback *callback = opaque;

    __tsan_acquire(result);
    callback->func(source, result, callback->opaque);
    /* For who frees it */
    __tsan_release(__real_g_task_get_task_data(G_TASK(result)));
}

WRAP(GTask *, g_task_new, gpointer source, GCancellable *cancellable,
     GAsyncReadyCallback func, gpointer opaque)
{
    Callback *callback = g_new(Callback, 1);

    *callback = (Callback){ func, opaque };
    return __real_g_task_new(source, cancellable, on_done, callback);
}

static void free_box(gpointer opaque)
{
    g_autofree Box *box = opaque;

    __tsan_acquire(box);
    box->destroy(box->data);
}

WRAP(void, g_task_set_task_data, GTask *task, gpointer data,
     GDestroyNotify destroy)
{
    Box *box = g_new(Box, 1);

    *box = (Box){ data, destroy, NULL };
    __real_g_task_set_task_data(task, box, free_box);
}

WRAP(gpointer, g_task_get_task_data, GTask *task)
{
    Box *box = __real_g_task_get_task_data(task);

    return box->data;
}

static void run(GTask *task, gpointer source, gpointer opaque,
                GCancellable *cancellable)
{
    Box *box = opaque;

    __tsan_acquire(task);
    box->func(task, source, box->data, cancellable);
    /* For who frees it; who has the result has not waited for this */
    __tsan_release(box);
}

WRAP(void, g_task_run_in_thread, GTask *task, GTaskThreadFunc func)
{
    Box *box = __real_g_task_get_task_data(task);

    box->func = func;
    __tsan_release(task);
    __real_g_task_run_in_thread(task, run);
}

WRAP(void, g_task_return_pointer, GTask *task, gpointer result,
     GDestroyNotify destroy)
{
    __tsan_release(task);
    __real_g_task_return_pointer(task, result, destroy);
}

WRAP(void, g_task_return_boolean, GTask *task, gboolean result)
{
    __tsan_release(task);
    __real_g_task_return_boolean(task, result);
}

WRAP(void, g_task_return_error, GTask *task, GError *error)
{
    __tsan_release(task);
    __real_g_task_return_error(task, error);
}

WRAP(void, g_mutex_lock, GMutex *mutex)
{
    __real_g_mutex_lock(mutex);
    __tsan_acquire(mutex);
}

WRAP(void, g_mutex_unlock, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_mutex_unlock(mutex);
}

WRAP(gboolean, g_cond_wait_until, GCond *cond, GMutex *mutex, gint64 end_time)
{
    gboolean in_time;

    __tsan_release(mutex);
    in_time = __real_g_cond_wait_until(cond, mutex, end_time);
    __tsan_acquire(mutex);
    return in_time;
}

WRAP(void, g_cond_wait, GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_cond_wait(cond, mutex);
    __tsan_acquire(mutex);
}
