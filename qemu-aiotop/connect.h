/*
 * From what the user gave to a socket that serves a profile
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_CONNECT_H
#define AIOTOP_CONNECT_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/host/procfs.h>

#include "options.h"

/**
 * connect_resolve:
 * @target: as the user gave it, or NULL
 *
 * The essence of an AiotopSamplerResolve.
 */
char *connect_resolve(const char *target, AiotopIdentity *process,
                      GError **error);

/**
 * connect_enable:
 *
 * Creates an event-loop-profiler object through the QMP monitor of
 * options->target, unless there is one already, and makes options->target
 * the address of its socket.  Blocks meanwhile.
 */
bool connect_enable(Options *options, GError **error);

#endif /* AIOTOP_CONNECT_H */
