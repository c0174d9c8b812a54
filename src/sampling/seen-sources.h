/*
 * The sources of a thread that is sampled: callbacks that it was seen in, and
 * what else its time went to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_SEEN_SOURCES_H
#define AIOTOP_SAMPLING_SEEN_SOURCES_H

#include "place.h"
#include "qemu-aiotop/model/snapshot.h"

/* What a thread's time went to, since it was first seen */
typedef struct AiotopSeenSource {
    uint32_t id;
    AiotopPlaceKind kind;
    /* NULL: not known, for @end */
    const AiotopFunction *function;
    AiotopWalkEnd end;
    const char *nearest;
    double busy_ns;
    double total_ns;
    uint64_t samples;
} AiotopSeenSource;

/* An empty array of them, by id, which is their place and one more */
GPtrArray *aiotop_seen_sources_new(void);

/**
 * aiotop_seen_sources_get:
 * @call: its function lives as long as @sources
 * @end: of the walk, where the function is not known
 *
 * Returns the one that it is, which @sources owns, a new one if need be; one
 * for all others if there are too many.
 */
AiotopSeenSource *aiotop_seen_sources_get(GPtrArray *sources,
                                          const AiotopCall *call,
                                          AiotopWalkEnd end);

/* Sets the sources of @loop, which has none */
void aiotop_seen_sources_fill(const GPtrArray *sources, AiotopLoop *loop);

/**
 * aiotop_seen_sources_find_profiled:
 * @loop: with sources of QEMU's own
 * @stacks: @n of them, by the ids of @sources
 *
 * Sets their ids to those of QEMU's, by callback; to 0 if it knows none.
 */
void aiotop_seen_sources_find_profiled(const GPtrArray *sources,
                                       const AiotopLoop *loop,
                                       AiotopSampledStack *stacks, unsigned n);

#endif /* AIOTOP_SAMPLING_SEEN_SOURCES_H */
