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

/* Makes a place for each source of @now, and notes how busy it is */
void aiotop_ledger_find_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now);

/* Books what they did on those that are shown, and the rest on the other one */
void aiotop_ledger_book_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now);

/**
 * aiotop_ledger_choose_sources:
 * @loops: AiotopLedgerLoop, or NULL
 *
 * Says which are shown from now on, and forgets those that have ended.
 */
void aiotop_ledger_choose_sources(const GPtrArray *loops,
                                  const AiotopSample *sample);

/*
 * What all that is in the interval's histogram took together, in nanoseconds.
 * Where not all calls are timed it is what those that are took, as far as their
 * source's mean tells.
 */
double aiotop_ledger_interval_sum_ns(const AiotopSample *sample,
                                     const AiotopLoopSample *loop,
                                     AiotopHistogramKind kind);

#endif /* AIOTOP_FORMAT_LEDGER_SOURCES_H */
