/*
 * How often which stack was seen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_STACK_COUNTS_H
#define AIOTOP_SAMPLING_STACK_COUNTS_H

#include "place.h"
#include "qemu-aiotop/model/snapshot.h"

typedef struct AiotopStackCounts AiotopStackCounts;

/*
 * @bytes: what all stacks of the process take, which is bounded; lives as long
 */
AiotopStackCounts *aiotop_stack_counts_new(size_t *bytes);
/* Accepts NULL */
void aiotop_stack_counts_free(AiotopStackCounts *counts);

/**
 * aiotop_stack_counts_add:
 * @walk: of @place; NULL: it is the same @stack again
 * @stack: set to what it is counted as
 * @source_id: that its innermost call is; 0 if it has none
 * @asleep: or else it ran
 */
void aiotop_stack_counts_add(AiotopStackCounts *counts,
                             const AiotopPlace *place, const AiotopWalk *walk,
                             AiotopSampledStack **stack, uint32_t source_id,
                             bool asleep, unsigned weight);

/* Adds an AiotopSampledStack for each to @stacks */
void aiotop_stack_counts_list(const AiotopStackCounts *counts,
                              int64_t thread_id, GArray *stacks);

#endif /* AIOTOP_SAMPLING_STACK_COUNTS_H */
