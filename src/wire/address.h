/*
 * Where a peer is to be reached, and why it is not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_ADDRESS_H
#define AIOTOP_WIRE_ADDRESS_H

#include <gio/gio.h>

/* @address: as of aiotop_qmp_open().  Returns NULL if it can't be one. */
GSocketConnectable *aiotop_address_parse(const char *address);

/*
 * Returns in words for the user why there is no connection, and what to do
 * about it; @error is GIO's.  The caller frees it.
 */
char *aiotop_address_explain(const char *address, const GError *error);

#endif /* AIOTOP_WIRE_ADDRESS_H */
