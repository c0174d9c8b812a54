/*
 * The part of the ledger that is about an interval: what a loop did in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_LEDGER_INTERVAL_H
#define AIOTOP_FORMAT_LEDGER_INTERVAL_H

#include "qemu-aiotop/format/ledger-loop.h"
#include "qemu-aiotop/model/sample.h"

/* All of it is of the same sources, so that it adds up */
typedef struct AiotopLedgerInterval {
    AiotopLedgerCounts counts;
    AiotopHistogram duration;
    AiotopHistogram delay;
    /*
     * What all that is in these took together, in nanoseconds.  Where not all
     * calls are timed it is what those that are took, as far as their source's
     * mean tells.
     */
    double duration_ns;
    double delay_ns;
} AiotopLedgerInterval;

/**
 * aiotop_ledger_interval:
 *
 * Where QEMU lists some of the sources only, that is what the sum over all of
 * them has grown by.  If sources have ended it has fallen, or grown by less
 * than those that are listed did: then it is what these did, and what the
 * others did is not known.
 */
void aiotop_ledger_interval(AiotopLedgerInterval *interval,
                            const AiotopSample *sample,
                            const AiotopLoopSample *loop);

/* All 0 if it is not known what it did by itself: the rest has it */
AiotopLedgerCounts aiotop_ledger_source_counts(
    const AiotopSourceSample *source);

void aiotop_ledger_counts_add(AiotopLedgerCounts *a,
                              const AiotopLedgerCounts *b);
/* Not below 0 */
void aiotop_ledger_counts_subtract(AiotopLedgerCounts *a,
                                   const AiotopLedgerCounts *b);

#endif /* AIOTOP_FORMAT_LEDGER_INTERVAL_H */
