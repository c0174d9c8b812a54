/*
 * A time-out that is set, set anew and cleared, as a GSource
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_TIMER_H
#define QEMU_AIOTOP_WIRE_TIMER_H

#include <glib.h>

/* Destroys and forgets it; accepts one that is NULL */
void aiotop_timer_clear(GSource **timer);

/* Sets @timer anew, in the main context @context */
void aiotop_timer_set(GSource **timer, GMainContext *context, unsigned ms,
                      int priority, GSourceFunc func, void *opaque);

#endif /* QEMU_AIOTOP_WIRE_TIMER_H */
