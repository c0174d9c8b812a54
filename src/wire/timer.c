/*
 * A time-out that is set, set anew and cleared
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/timer.h"

void aiotop_timer_clear(GSource **timer)
{
    if (*timer) {
        g_source_destroy(*timer);
        g_source_unref(*timer);
        *timer = NULL;
    }
}

void aiotop_timer_set(GSource **timer, GMainContext *context, unsigned ms,
                      int priority, GSourceFunc func, void *opaque)
{
    aiotop_timer_clear(timer);
    *timer = g_timeout_source_new(ms);
    g_source_set_priority(*timer, priority);
    g_source_set_callback(*timer, func, opaque, NULL);
    g_source_attach(*timer, context);
}
