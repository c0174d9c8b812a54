/*
 * Stalls: those that are over, and one that goes on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_STALLS_H
#define QEMU_AIOTOP_DIAGNOSE_STALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/snapshot.h>

/* Stalls that are over */
typedef struct AiotopPastStalls {
    unsigned n;
    /* NULL if there is none; as long-lived as the snapshot */
    const AiotopStall *longest;
    /* The one that ended last */
    const AiotopStall *last;
    uint64_t window_ns;
} AiotopPastStalls;

/**
 * aiotop_past_stalls:
 * @stall_ns: stall threshold; 0 for QEMU's own
 * @window_ns: how far to look back
 *
 * Returns what the log has of stalls that reached the threshold and ended
 * within @window_ns before @snapshot.  The log has none below QEMU's own
 * threshold, and not more than the last 128.
 */
AiotopPastStalls aiotop_past_stalls(const AiotopSnapshot *snapshot,
                                    uint64_t stall_ns, uint64_t window_ns);

/*
 * The stall that goes on of a thread that looks, waits or polls for events, and
 * is in no callback; or NULL
 */
const AiotopStall *aiotop_ongoing_look(const AiotopSnapshot *snapshot,
                                       int64_t thread_id);

/* Whether that is what it was, and neither a callback nor a wait for a lock */
bool aiotop_stall_is_look(const AiotopStall *stall);

/* How long before @snapshot it ended; 0 if it is ongoing */
uint64_t aiotop_stall_age_ns(const AiotopSnapshot *snapshot,
                             const AiotopStall *stall);

#endif /* QEMU_AIOTOP_DIAGNOSE_STALLS_H */
