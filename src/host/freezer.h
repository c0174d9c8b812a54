/*
 * The freezer of control groups
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_FREEZER_H
#define AIOTOP_HOST_FREEZER_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/**
 * aiotop_freezer_find:
 * @root: AIOTOP_PROCFS_ROOT
 * @thaw: set, if it is frozen, to the command for a shell that thaws the
 *     control group, or the one above it that was frozen: "echo 0 >
 *     '/sys/fs/cgroup/a/cgroup.freeze'".  NULL if that is not known, or its
 *     name is not of printable ASCII characters.  The caller frees it.
 *
 * Returns whether the process is known to be frozen with its control group.
 * May be called in any thread.
 */
bool aiotop_freezer_find(const char *root, int64_t pid, char **thaw);

/* Whether a thread that sleeps there in the kernel is frozen */
bool aiotop_freezer_is_place(const char *wchan);

#endif /* AIOTOP_HOST_FREEZER_H */
