/*
 * Of a reply: what has a file of its own
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_REPLY_PARTS_H
#define AIOTOP_WIRE_REPLY_PARTS_H

#include "members.h"
#include "qemu-aiotop/model/snapshot.h"

/* "sources" of an AiotopLoop, "bql" and "stalls" of an AiotopSnapshot */
ReadValue aiotop_reply_read_sources;
ReadValue aiotop_reply_read_bql;
ReadValue aiotop_reply_read_stalls;

/*
 * As many sources as QEMU tells apart in a loop, and of each kind one for all
 * the others
 */
#define REPLY_MAX_SOURCES (4096 + 64)

#endif /* AIOTOP_WIRE_REPLY_PARTS_H */
