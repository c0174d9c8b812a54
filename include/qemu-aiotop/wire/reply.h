/*
 * The reply to query-event-loops, to a snapshot
 *
 * The only place that knows the members of the wire format: the schema is
 * qapi/event-loop.json in QEMU's tree.  Members that it doesn't know are
 * ignored; members that are missing leave a field unknown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_REPLY_H
#define QEMU_AIOTOP_WIRE_REPLY_H

#include <glib.h>
#include <qemu-aiotop/text/json-tree.h>
#include <qemu-aiotop/model/snapshot.h>

#define AIOTOP_REPLY_ERROR (aiotop_reply_error_quark())
GQuark aiotop_reply_error_quark(void);

typedef enum AiotopReplyError {
    /* It is not what query-event-loops returns */
    AIOTOP_REPLY_ERROR_MALFORMED,
    /* It is, but of another version of QEMU's profiler; that does not pass */
    AIOTOP_REPLY_ERROR_VERSION,
} AiotopReplyError;

/**
 * aiotop_reply_read:
 * @value: of "return", see AiotopQmpMessage; stays the caller's
 * @previous: snapshot whose sequence number was sent as
 *     `after-sequence`, without `max-sources`; or NULL
 *
 * Returns a snapshot with one reference, or NULL with @error set, which names
 * the member.  What @value leaves out is carried over from @previous.
 */
AiotopSnapshot *aiotop_reply_read(json_object *value,
                                  const AiotopSnapshot *previous,
                                  GError **error);

#endif /* QEMU_AIOTOP_WIRE_REPLY_H */
