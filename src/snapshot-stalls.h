/*
 * Of a snapshot: the big lock and the stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SNAPSHOT_STALLS_H
#define AIOTOP_SNAPSHOT_STALLS_H

#include "qemu-aiotop/json.h"
#include "qemu-aiotop/snapshot.h"

/* Read the value of "bql" and of "stalls"; errors are left in @json */
void aiotop_snapshot_read_bql(AiotopJson *json, AiotopBql *bql);
void aiotop_snapshot_read_stalls(AiotopJson *json, AiotopSnapshot *snapshot);

void aiotop_snapshot_clear_bql(AiotopBql *bql);
void aiotop_snapshot_clear_stalls(AiotopSnapshot *snapshot);

#endif /* AIOTOP_SNAPSHOT_STALLS_H */
