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

/* As is in each Diagnosis */
GoneRound aiotop_gone_round(const AiotopSample *sample);

/*
 * The coroutine that has waited longest to send something to a client or a
 * server of a disk, since before the wait that @loop is in: who drains waits
 * for it, though no request of a node is in flight.  NULL if there is none that
 * has for sure as long as a request is stuck, or the wait is younger.
 */
const AiotopWriter *aiotop_writer_awaited(const Diagnosis *d,
                                          const AiotopLoopSample *loop);

#endif /* AIOTOP_DIAGNOSE_WRITERS_H */
