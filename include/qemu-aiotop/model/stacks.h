/*
 * What a sample has of stacks that threads were seen with from outside, and
 * which functions are in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_STACKS_H
#define QEMU_AIOTOP_MODEL_STACKS_H

#include <qemu-aiotop/model/sample.h>

/* A stack, and how often it was seen in the interval */
typedef struct AiotopStackSample {
    const AiotopSampledStack *now;
    uint64_t samples;
    /* Of these, those in which it ran */
    uint64_t running;
} AiotopStackSample;

/**
 * aiotop_stacks_new:
 *
 * Returns an array of AiotopStackSample, of those that were seen in the
 * interval; empty if stacks were not asked for.  Lives as long as @sample.
 */
GArray *aiotop_stacks_new(const AiotopSample *sample);

/*
 * Whether the stack is of that source: its innermost callback is the source's.
 * Sources of one loop that have the same callback can't be told apart, unless it
 * is samples that tell of sources.
 */
bool aiotop_stack_is_of(const AiotopStackSample *stack,
                        const AiotopSample *sample,
                        const AiotopSourceSample *source);

/* A function that is in stacks */
typedef struct AiotopFunctionSample {
    char *name;
    /* How far below the callback it was first seen, which itself is at 0 */
    unsigned depth;
    /* Samples in which it ran itself; it, or what it called; and that slept */
    uint64_t self;
    uint64_t running;
    uint64_t asleep;
} AiotopFunctionSample;

/**
 * aiotop_functions_below:
 * @stacks: of aiotop_stacks_new()
 *
 * Returns an array of AiotopFunctionSample, of the source's callback and what is
 * below it, which frees its elements: what is in most samples comes first, and
 * so does a caller.  The first one, the callback, is in all of them.  Empty if
 * there are none.
 */
GArray *aiotop_functions_below(const GArray *stacks, const AiotopSample *sample,
                               const AiotopSourceSample *source);

#endif /* QEMU_AIOTOP_MODEL_STACKS_H */
