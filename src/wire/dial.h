/*
 * The way to a connection: an address is looked up and connected to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_DIAL_H
#define AIOTOP_WIRE_DIAL_H

#include <gio/gio.h>

#include "qemu-aiotop/wire/framing.h"

typedef struct Dial Dial;

/*
 * Takes @connection; or that is NULL, and @why says in words for the user why
 * there is none, of which @code is the kind.  Called once.
 */
typedef void DialDone(GSocketConnection *connection, AiotopQmpError code,
                      const char *why, void *opaque);

/**
 * dial_begin:
 * @address: as of aiotop_qmp_open(); copied
 * @context: the thread's default one, from which @done is called
 */
Dial *dial_begin(const char *address, unsigned timeout_ms,
                 GMainContext *context, DialDone *done, void *opaque);

/* No callback comes after this.  Accepts NULL. */
void dial_free(Dial *dial);

#endif /* AIOTOP_WIRE_DIAL_H */
