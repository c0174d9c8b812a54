/*
 * The part of the ledger that is about sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_LEDGER_SOURCES_H
#define AIOTOP_FORMAT_LEDGER_SOURCES_H

#include "qemu-aiotop/format/ledger-loop.h"
#include "qemu-aiotop/model/sample.h"

/* An array that frees its AiotopLedgerSource */
GPtrArray *aiotop_ledger_sources_new(void);
/* Those, not owned, by their kind, name and label */
GHashTable *aiotop_ledger_labels_new(void);

/**
 * aiotop_ledger_find_sources:
 * @now_ns: of the reader's own clock: QEMU's may creep
 * @left: how many more places there may be, which it counts down
 *
 * Makes a place for each source of @now, and notes how busy it is.  One for
 * which there is none is booked on the others.
 */
void aiotop_ledger_find_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now, uint64_t now_ns,
                                unsigned *left);

/*
 * Books what they did on those that are shown, and what is left of @all, which
 * is what all of the loop did, on the other one
 */
void aiotop_ledger_book_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now,
                                const AiotopLedgerCounts *all);

/**
 * aiotop_ledger_choose_sources:
 * @loops: AiotopLedgerLoop, or NULL
 * @now_ns: as in aiotop_ledger_find_sources()
 *
 * Says which are shown from now on, and forgets those that have ended.
 */
void aiotop_ledger_choose_sources(const GPtrArray *loops,
                                  const AiotopSample *sample, uint64_t now_ns);

#endif /* AIOTOP_FORMAT_LEDGER_SOURCES_H */
