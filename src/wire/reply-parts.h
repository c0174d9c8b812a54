/*
 * Of a reply: what has a file of its own
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_REPLY_PARTS_H
#define AIOTOP_WIRE_REPLY_PARTS_H

#include "member-reader.h"
#include "qemu-aiotop/model/snapshot.h"

/* "sources" of an AiotopLoop */
ReadValue aiotop_reply_read_sources;
/* "bql", "stalls", ..., of an AiotopSnapshot */
ReadValue aiotop_reply_read_bql;
ReadValue aiotop_reply_read_stalls;
extern const MemberList aiotop_reply_requests;
extern const MemberList aiotop_reply_nodes;
extern const MemberList aiotop_reply_pools;
extern const MemberList aiotop_reply_groups;
extern const MemberList aiotop_reply_commands;
extern const MemberList aiotop_reply_writers;
extern const MemberList aiotop_reply_threads;

/*
 * As many sources as QEMU tells apart in a loop, and of each kind one for all
 * the others
 */
#define REPLY_MAX_SOURCES (4096 + 64)

#endif /* AIOTOP_WIRE_REPLY_PARTS_H */
