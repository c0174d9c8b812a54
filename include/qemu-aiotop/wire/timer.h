/*
 * A time-out that is set, set anew and cleared, as a GSource
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_TIMER_H
#define QEMU_AIOTOP_WIRE_TIMER_H

#include <glib.h>

/*
 * What comes from a peer has its turn after all that is made of it: however
 * much it sends, samples are delivered (at G_PRIORITY_LOW), drawn, and keys
 * are read.  And nothing is overdue as long as there is something to read.
 */
#define AIOTOP_QMP_PRIORITY_READ (G_PRIORITY_LOW + 10)
#define AIOTOP_QMP_PRIORITY_OVERDUE (G_PRIORITY_LOW + 20)

/* Destroys and forgets it; accepts one that is NULL */
void aiotop_timer_clear(GSource **timer);

/* Sets @timer anew, in the main context @context */
void aiotop_timer_set(GSource **timer, GMainContext *context, unsigned ms,
                      int priority, GSourceFunc func, void *opaque);

#endif /* QEMU_AIOTOP_WIRE_TIMER_H */
