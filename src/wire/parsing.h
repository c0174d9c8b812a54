/*
 * A message that is parsed, here or in another thread
 *
 * It has one owner at a time, as json-c's references are not atomic.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_PARSING_H
#define AIOTOP_WIRE_PARSING_H

#include <gio/gio.h>

#include "qemu-aiotop/wire/framing.h"

/* The text of a message, and what another thread makes of it */
typedef struct AiotopParsing {
    char *text;
    gsize len;
    AiotopQmpMessage message;
} AiotopParsing;

/* Takes @text */
AiotopParsing *aiotop_parsing_new(char *text, gsize len);
void aiotop_parsing_free(gpointer parsing);

/* For g_task_run_in_thread(): returns true, or an error */
void aiotop_parsing_run(GTask *task, gpointer source, gpointer opaque,
                        GCancellable *cancellable);

#endif /* AIOTOP_WIRE_PARSING_H */
