/*
 * How often a thread was seen at which place, and how much time that makes
 *
 * A sample says where, and the kernel's own clocks say how long: what a thread
 * has run is shared out by the samples of it running, and what it has slept by the
 * looks at it asleep.  What it waited for a CPU is in neither.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_TALLY_H
#define AIOTOP_SAMPLING_TALLY_H

#include "place.h"
#include "qemu-aiotop/model/snapshot.h"

typedef struct AiotopTally AiotopTally;

/**
 * aiotop_tally_new:
 * @since_ns: when it was first seen, CLOCK_MONOTONIC
 * @stack_bytes: as for aiotop_stack_counts_new(), if whole stacks are counted,
 *               too; NULL if not
 */
AiotopTally *aiotop_tally_new(uint64_t since_ns, size_t *stack_bytes);
/* Accepts NULL */
void aiotop_tally_free(AiotopTally *tally);

/**
 * aiotop_tally_look:
 * @time_ns: now
 * @runs: as of AiotopThread; AIOTOP_UNKNOWN if not known
 *
 * What is added from now on was seen then, and after that many runs
 * or more.
 */
void aiotop_tally_look(AiotopTally *tally, uint64_t time_ns, uint64_t runs);

/**
 * aiotop_tally_add:
 * @walk: that @place was found by; NULL: it is at the same @stack again
 * @stack: the tally's own, of that place; NULL at first
 * @weight: for how many looks it stands: this one, and those that were left out
 *
 * It was seen there.  The functions of @place live as long as the tally.
 */
void aiotop_tally_add(AiotopTally *tally, const AiotopPlace *place,
                      const AiotopWalk *walk, AiotopSampledStack **stack,
                      bool asleep, unsigned weight);

/* It was seen running, in its own code or in the kernel */
void aiotop_tally_count(AiotopTally *tally, bool in_kernel);

/* It was asleep there, but is no more, while @weight looks were left out */
void aiotop_tally_credit(AiotopTally *tally, const AiotopPlace *place,
                         AiotopSampledStack **stack, unsigned weight);

/* It runs, and where is not known */
void aiotop_tally_runs(AiotopTally *tally);

/**
 * aiotop_tally_fill:
 * @loop: with what the host knows of its thread; its sources and times are set
 * @time_ns: now
 */
void aiotop_tally_fill(AiotopTally *tally, AiotopLoop *loop, uint64_t time_ns);

/**
 * aiotop_tally_add_stacks:
 * @loop: of the tally's thread
 * @profiled: its sources are not the tally's
 *
 * Adds the stacks of it, an AiotopSampledStack each, to @stacks.
 */
void aiotop_tally_add_stacks(const AiotopTally *tally, const AiotopLoop *loop,
                             bool profiled, GArray *stacks);

#endif /* AIOTOP_SAMPLING_TALLY_H */
