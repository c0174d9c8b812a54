/*
 * Who has something to write, and can't
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_WRITERS_H
#define AIOTOP_DIAGNOSE_WRITERS_H

#include <stdint.h>

#include "diagnosis.h"

/**
 * aiotop_writer_blocked_ns:
 *
 * Returns for how long it has had something to write for sure, in nanoseconds;
 * or 0 if what it waits for is something else.
 */
uint64_t aiotop_writer_blocked_ns(const Diagnosis *d,
                                  const AiotopWriter *writer);

/*
 * Until when all loops have gone round, as is in each Diagnosis: what is ready
 * since then may not have been seen
 */
uint64_t aiotop_gone_round_ns(const AiotopSample *sample);

/*
 * The coroutine that has waited longest to send something to a client or a
 * server of a disk, since before a wait that began then: who drains waits for
 * it, though no request of a node is in flight.  NULL if there is none.
 */
const AiotopWriter *aiotop_writer_awaited(const AiotopSnapshot *now,
                                          uint64_t wait_since_ns);

#endif /* AIOTOP_DIAGNOSE_WRITERS_H */
