/*
 * Registers and stack of this thread, as perf events would have them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_TESTS_TAKEN_H
#define AIOTOP_TESTS_TAKEN_H

#include "sampling/place.h"

/* What was taken where a callback was */
typedef struct Taken {
    AiotopRegisters registers;
    uint64_t start;
    size_t len;
    uint8_t bytes[64 * 1024];
} Taken;

extern Taken taken;
/* How much of the stack is taken at most */
extern size_t taken_most;

/* A callback: takes those of its caller */
void take(void *opaque);

/* Where that was */
void taken_find(AiotopCode *code, AiotopWalk *walk, AiotopPlace *place);

#endif /* AIOTOP_TESTS_TAKEN_H */
