/*
 * Why a process does nothing at all
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_HALTED_H
#define QEMU_AIOTOP_HOST_HALTED_H

#include <glib.h>
#include <qemu-aiotop/model/thread.h>

/**
 * aiotop_halted_why:
 * @root: AIOTOP_PROCFS_ROOT
 * @process: none if it is not known
 *
 * Returns that the process is kept from running, by what, and what lets it go
 * on, in words for the user, to be freed; NULL if that is not so, or not known.
 */
char *aiotop_halted_why(const char *root, const AiotopIdentity *process);

#endif /* QEMU_AIOTOP_HOST_HALTED_H */
