/*
 * Event loop profiler: GLib sources whose callbacks have names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-glib.h"
#include "qemu/event-loop-label.h"

typedef struct NamedCallback {
    GSourceFunc func;
    gpointer opaque;
    const char *name;
    const char *label;
} NamedCallback;

static void named_callback_free(gpointer data)
{
    NamedCallback *callback = data;

    event_loop_label_unref(callback->label);
    g_free(callback);
}

/* GLib keeps @data until it has returned, even if the source ends in it */
static gboolean call_named(gpointer data)
{
    const NamedCallback *callback = data;
    EventLoopDispatch dispatch;
    gboolean ret;

    event_loop_dispatch_begin(&dispatch, EVENT_LOOP_SOURCE_KIND_GLIB,
                              callback->func, callback->name, callback->label,
                              -1);
    ret = callback->func(callback->opaque);
    event_loop_dispatch_end(&dispatch);
    return ret;
}

void event_loop_source_set_callback_full(GSource *source, GSourceFunc func,
                                         gpointer opaque, const char *name,
                                         const char *label)
{
    NamedCallback *callback = g_new(NamedCallback, 1);

    *callback = (NamedCallback) {
        .func = func,
        .opaque = opaque,
        .name = name,
        .label = event_loop_label_new(label),
    };
    g_source_set_callback(source, call_named, callback, named_callback_free);
}

guint event_loop_source_add_full(GSource *source, GSourceFunc func,
                                 gpointer opaque, const char *name,
                                 const char *label)
{
    guint id;

    event_loop_source_set_callback_full(source, func, opaque, name, label);
    id = g_source_attach(source, NULL);
    g_source_unref(source);
    return id;
}
