/*
 * What a writer of counters remembers of a VM: sums that only grow
 *
 * Prometheus takes a counter that falls for one that began anew, and counts
 * all of it again.  QEMU's own counters of sources do fall when they are added
 * up: sources end, only the busiest are listed, and which these are changes.
 * So what is served of sources is summed here, from one sample to the next,
 * and each increment is booked once:
 *
 * - on its source, if that has series of its own at the time, or else on its
 *   loop's "(other)".  What a source had done before it got series stays in
 *   "(other)", and what it had done when it loses them stays where it was
 *   booked: a sum of rates over sources is right at any time
 * - on its loop's histograms, whatever the source
 *
 * Sources are told apart by kind, callback and label, not by descriptor: those
 * that have these in common are one.  All begins at 0 with the first sample,
 * and anew with another process or profiling period.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_LEDGER_H
#define QEMU_AIOTOP_FORMAT_LEDGER_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/format/ledger-loop.h>
#include <qemu-aiotop/model/sample.h>

/* Loops of a VM that have series, and as many threads that are none */
#define AIOTOP_LEDGER_LOOPS 64
/* Block nodes that do */
#define AIOTOP_LEDGER_NODES 64

typedef struct AiotopLedger AiotopLedger;

AiotopLedger *aiotop_ledger_new(void);
/* Accepts NULL */
void aiotop_ledger_free(AiotopLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopLedger, aiotop_ledger_free)

/**
 * aiotop_ledger_update:
 * @now_ns: of a clock of the reader's own, which only goes forward
 *
 * Books what happened since the sample before this one, whether or not @sample
 * is of that interval.  Takes a reference to its snapshot.
 */
void aiotop_ledger_update(AiotopLedger *ledger, const AiotopSample *sample,
                          uint64_t now_ns);

/*
 * Of loop number @index of the last sample; NULL if it has no series, as there
 * are too many
 */
const AiotopLedgerLoop *aiotop_ledger_loop(const AiotopLedger *ledger,
                                           unsigned index);

typedef struct AiotopLedgerNode {
    /* For a label; no other node of the VM has the same */
    char *name;
    /*
     * The first device that had a request there, "" if none had: which ones
     * have one is another matter in each snapshot
     */
    char *device;
} AiotopLedgerNode;

/* Of the block node of that name; NULL if it has no series */
const AiotopLedgerNode *aiotop_ledger_node(const AiotopLedger *ledger,
                                           const char *name);
/* Requests that were completed at nodes that had no series */
uint64_t aiotop_ledger_other_completed(const AiotopLedger *ledger);

/**
 * aiotop_ledger_stall:
 *
 * Returns the last stall that is over, as of the last sample, or NULL.  Sets
 * @end_us to when it ended, as microseconds since 1970, 0 if that is not known:
 * the same whenever it is asked for, as long as it is the same stall.
 */
const AiotopStall *aiotop_ledger_stall(const AiotopLedger *ledger,
                                       int64_t *end_us);

/* How long threads had the big lock, and waited for it */
uint64_t aiotop_ledger_bql_held_ns(const AiotopLedger *ledger);
uint64_t aiotop_ledger_bql_wait_ns(const AiotopLedger *ledger);

/* In nanoseconds; @index is below AIOTOP_LEDGER_BOUNDS */
uint64_t aiotop_ledger_bound_ns(unsigned index);

#endif /* QEMU_AIOTOP_FORMAT_LEDGER_H */
