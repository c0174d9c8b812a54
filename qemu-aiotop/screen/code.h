/*
 * Where callbacks are in the source, found beside the main loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_CODE_H
#define AIOTOP_SCREEN_CODE_H

#include <glib.h>
#include <qemu-aiotop/host/procfs.h>

/* Keeps the executable open that was asked for last */
typedef struct Code Code;

Code *code_new(void);
/* May be called while something is being found.  Accepts NULL. */
void code_free(Code *code);

/* Takes what was asked for, and the text or NULL */
typedef void CodeDone(const AiotopIdentity *process, uint64_t callback,
                      const char *text, void *opaque);

/**
 * code_find:
 * @callback: its address in the executable file
 *
 * Calls @done from the main loop.
 */
void code_find(Code *code, const AiotopIdentity *process, uint64_t callback,
               CodeDone *done, void *opaque);

#endif /* AIOTOP_SCREEN_CODE_H */
