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
 * aiotop_freezer_thaw:
 * @root: AIOTOP_PROCFS_ROOT
 *
 * Returns the command that thaws the control group in which the process is
 * frozen, or the one above it that was frozen: "echo 0 >
 * /sys/fs/cgroup/a/cgroup.freeze".  NULL if it is not frozen, or that is not
 * known.  The caller frees it.
 */
char *aiotop_freezer_thaw(const char *root, int64_t pid);

/* Whether a thread that sleeps there in the kernel is frozen */
bool aiotop_freezer_is_place(const char *wchan);

#endif /* AIOTOP_HOST_FREEZER_H */
