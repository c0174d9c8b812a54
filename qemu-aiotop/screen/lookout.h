/*
 * A look for the QEMUs of this host
 *
 * In a thread, as it may take its time and keys do not wait.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LOOKOUT_H
#define AIOTOP_SCREEN_LOOKOUT_H

#include <glib.h>

typedef struct Lookout Lookout;

/* Of AiotopProcess; from the main loop, once */
typedef void LookoutFound(const GPtrArray *processes, void *opaque);

/* Begins to look */
Lookout *lookout_new(LookoutFound *found, void *opaque);
/* May be called while it looks, and by @found.  Accepts NULL. */
void lookout_free(Lookout *lookout);

#endif /* AIOTOP_SCREEN_LOOKOUT_H */
