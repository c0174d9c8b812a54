/*
 * Which sockets a process has open
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_OPEN_SOCKETS_H
#define AIOTOP_HOST_OPEN_SOCKETS_H

#include <stdint.h>
#include <glib.h>

/* So many descriptors are looked at: that is more than a QEMU has */
#define AIOTOP_OPEN_MOST 16384

/*
 * Their inodes' numbers: a set of GUINT_TO_POINTER(); @n_read: how many
 * descriptors could be read, be they no sockets
 */
GHashTable *aiotop_open_sockets(const char *root, int64_t pid,
                                unsigned *n_read);

#endif /* AIOTOP_HOST_OPEN_SOCKETS_H */
