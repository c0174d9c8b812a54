/*
 * What a target stands for, as the sampler asks for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_SAMPLER_RESOLVE_H
#define QEMU_AIOTOP_SAMPLER_RESOLVE_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

/**
 * AiotopSamplerResolve:
 *
 * Returns the address to connect to, to be freed, or NULL with @error.  If
 * it begins with AIOTOP_HOST_ADDRESS, snapshots are host-only ones of
 * @process.
 * Called before each attempt to connect, so that a VM given by its name is
 * found again after a restart, in a thread of GLib's pool: it may take its time.
 * Sets @process if it knows it; it is none at first.
 */
typedef char *AiotopSamplerResolve(const char *target, AiotopIdentity *process,
                                   GError **error);

/**
 * AiotopSamplerAccept:
 *
 * Returns whether this is the process that is meant, or false with @error.
 */
typedef bool AiotopSamplerAccept(const AiotopIdentity *process, void *opaque,
                                 GError **error);

#endif /* QEMU_AIOTOP_SAMPLER_RESOLVE_H */
