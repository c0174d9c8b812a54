/*
 * The process that a target is the number of: numbers are given out again
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_MEANT_H
#define AIOTOP_SCREEN_MEANT_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

/**
 * meant_accept:
 * @meant: none at first, or the one that was picked; set to @process if
 *     @target is its number, and none was meant before
 * @target: as the user gave it, may be NULL
 * @process: what @target stands for now
 *
 * Returns false with @error if that is another process than the one meant.
 */
bool meant_accept(AiotopIdentity *meant, const char *target,
                  const AiotopIdentity *process, GError **error);

#endif /* AIOTOP_SCREEN_MEANT_H */
