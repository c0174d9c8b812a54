/*
 * Which threads of a process are sampled, if there are too many
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_CHOICE_H
#define AIOTOP_SAMPLING_CHOICE_H

#include <stdint.h>
#include <glib.h>

/* Each takes three descriptors and some hundred KiB */
#define AIOTOP_CHOICE_MOST 256

/**
 * aiotop_choice_make:
 * @threads: of int64_t, of the process @pid
 * @most: how many may be left of them
 *
 * Leaves those of loops and CPUs, as they are named by QEMU, and the busiest of
 * the others.
 */
void aiotop_choice_make(GArray *threads, int64_t pid, unsigned most);

#endif /* AIOTOP_SAMPLING_CHOICE_H */
