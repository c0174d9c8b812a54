/*
 * Event loop profiler: GLib sources whose callbacks have names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * GLib has no hook for what it dispatches, so that a source's callback is
 * called by one that tells the profiler of it.
 */

#ifndef QEMU_EVENT_LOOP_GLIB_H
#define QEMU_EVENT_LOOP_GLIB_H

#include "qemu/event-loop-profiler.h"

/**
 * event_loop_source_set_callback_full:
 * @source: a timeout, an idle source, or another one with such a callback
 * @func: its callback
 * @opaque: the argument of that
 * @name: name of @func, for debugging purposes: a string literal
 * @label: what it works for, which is copied; or NULL
 *
 * The same as g_source_set_callback().
 */
void event_loop_source_set_callback_full(GSource *source, GSourceFunc func,
                                         gpointer opaque, const char *name,
                                         const char *label);

/* The same, called like the callback */
#define event_loop_source_set_callback(source, func, opaque, label)         \
    event_loop_source_set_callback_full((source), (func), (opaque),         \
                                        stringify(func), (label))

/* The same of a source that was made for this, and is given away with it */
guint event_loop_source_add_full(GSource *source, GSourceFunc func,
                                 gpointer opaque, const char *name,
                                 const char *label);

/*
 * As g_timeout_add() and g_idle_add() do, it is attached to the default
 * context.  Returns its ID.
 */
#define event_loop_source_add(source, func, opaque, label)                  \
    event_loop_source_add_full((source), (func), (opaque), stringify(func), \
                               (label))

#endif /* QEMU_EVENT_LOOP_GLIB_H */
