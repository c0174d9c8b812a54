/*
 * What is known of a QEMU's row from one round to the next
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_VM_TRACKS_H
#define AIOTOP_STATE_VM_TRACKS_H

#include <glib.h>
#include <qemu-aiotop/model/thread.h>

#include "track.h"

/* Of Track, by process: of which nothing but its place is used */
GHashTable *vm_tracks_new(void);

/* The one of a process; made if it is new */
Track *vm_tracks_get(GHashTable *tracks, const AiotopIdentity *process);

/* Forgets those that were not there at the refresh @now, but for @keep */
void vm_tracks_forget(GHashTable *tracks, unsigned now, const Track *keep);

#endif /* AIOTOP_STATE_VM_TRACKS_H */
