/*
 * How many files this process may have open
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DESCRIPTORS_H
#define QEMU_AIOTOP_DESCRIPTORS_H

/*
 * As many as it may have without being root: the usual limit is there for
 * programs that can't do with more, and each QEMU that is asked takes one
 */
void descriptors_raise(void);

/* A sixteenth of them, 1 at least, or @max if that is less */
unsigned descriptors_share(unsigned max);

#endif /* QEMU_AIOTOP_DESCRIPTORS_H */
