/*
 * Which threads of a process are looked at, if there are too many
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_CHOICE_H
#define QEMU_AIOTOP_HOST_CHOICE_H

#include <stdint.h>
#include <glib.h>

/*
 * Each takes some files to read, and three descriptors and some hundred KiB
 * where it is sampled
 */
#define AIOTOP_CHOICE_MOST 256
/* Of so many it is looked what they are: the oldest ones */
#define AIOTOP_CHOICE_CANDIDATES 1024

/**
 * aiotop_choice_make:
 * @root: AIOTOP_PROCFS_ROOT
 * @threads: of int64_t, of the process @pid, in order
 * @most: how many may be left of them
 *
 * Leaves those of loops and CPUs, as they are named by QEMU, and the busiest of
 * the others.
 */
void aiotop_choice_make(const char *root, GArray *threads, int64_t pid,
                        unsigned most);

#endif /* QEMU_AIOTOP_HOST_CHOICE_H */
