/*
 * Whether a process does nothing at all, as it is kept from running
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_HALTED_H
#define QEMU_AIOTOP_HOST_HALTED_H

#include <glib.h>
#include <qemu-aiotop/model/halt.h>
#include <qemu-aiotop/model/thread.h>

/**
 * aiotop_halted_find:
 * @root: AIOTOP_PROCFS_ROOT
 * @process: none if it is not known
 *
 * Returns what keeps all threads of the process from running; none if one of
 * them runs or sleeps of its own accord, or if nothing is known.  May be
 * called in any thread.
 */
AiotopHalt aiotop_halted_find(const char *root, const AiotopIdentity *process);

/**
 * aiotop_halted_why:
 *
 * Returns the same, and what lets the process go on, in words for the user, to
 * be freed; NULL for none.
 */
char *aiotop_halted_why(const char *root, const AiotopIdentity *process);

#endif /* QEMU_AIOTOP_HOST_HALTED_H */
