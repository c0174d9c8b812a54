/*
 * A lookout for the QEMUs of this host, as long as somebody wants to know
 * 
 * It looks in a thread, as it may take its time and keys do not wait.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LOOKOUT_H
#define AIOTOP_SCREEN_LOOKOUT_H

#include <stdbool.h>
#include <glib.h>

typedef struct Lookout Lookout;

/* Takes the list, of AiotopProcess; from the main loop */
typedef void LookoutFound(GPtrArray *processes, void *opaque);
/* Whether to look once more, some time after the last list */
typedef bool LookoutWanted(void *opaque);

Lookout *lookout_new(LookoutFound *found, LookoutWanted *wanted, void *opaque);
/* May be called while it looks.  Accepts NULL. */
void lookout_free(Lookout *lookout);

/* Begins to look, unless it does already */
void lookout_begin(Lookout *lookout);

#endif /* AIOTOP_SCREEN_LOOKOUT_H */
