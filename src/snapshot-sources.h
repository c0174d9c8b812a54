/*
 * Of a snapshot: the sources of its loops
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SNAPSHOT_SOURCES_H
#define AIOTOP_SNAPSHOT_SOURCES_H

#include "qemu-aiotop/json.h"
#include "qemu-aiotop/snapshot.h"

/* Reads "sources" in place of those that the loop has */
void aiotop_snapshot_read_sources(AiotopJson *json, AiotopLoop *loop);

/* Adds to @loop, by reference, the sources of @old that it lacks */
void aiotop_snapshot_merge_sources(AiotopLoop *loop, const AiotopLoop *old);

/* Whether there is more in it, all replies together, than any QEMU sends */
bool aiotop_snapshot_is_too_big(const AiotopSnapshot *snapshot);

/* Drops them all */
void aiotop_snapshot_clear_sources(AiotopLoop *loop);

#endif /* AIOTOP_SNAPSHOT_SOURCES_H */
