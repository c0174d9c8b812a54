/*
 * From the copied end of a stack to its frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_WALK_H
#define AIOTOP_SAMPLING_WALK_H

#include <stdint.h>

#include "code.h"

#define AIOTOP_WALK_FRAMES 128

typedef struct AiotopFrame {
    const AiotopSite *site;
    uint64_t pc;
    /* Where in the stack @pc was; 0: in a register */
    uint64_t slot;
} AiotopFrame;

/* How a walk ended */
typedef enum AiotopWalkEnd {
    /* Where the thread, or coroutine, begins */
    AIOTOP_WALK_WHOLE,
    /* The stack is longer than what was copied */
    AIOTOP_WALK_NOT_COPIED,
    /* Not all registers were known, and one is needed */
    AIOTOP_WALK_NO_REGISTER,
    /* In code that is in no file: made at run time, as TCG does */
    AIOTOP_WALK_NO_FILE,
    /* It is the kernel's own, and has no code */
    AIOTOP_WALK_KERNEL,
    /* In a file without a table for it, or one that makes no sense there */
    AIOTOP_WALK_NO_RULE,
    /* Goes round, or is longer than any that is known */
    AIOTOP_WALK_ENDLESS,
    AIOTOP_WALK_ENDS,
} AiotopWalkEnd;

typedef struct AiotopWalk {
    /* Innermost first */
    AiotopFrame frames[AIOTOP_WALK_FRAMES];
    unsigned n;
    AiotopWalkEnd end;
} AiotopWalk;

/* @registers and @copy may be anything */
void aiotop_walk(AiotopWalk *walk, AiotopCode *code,
                 const AiotopRegisters *registers, const AiotopStackCopy *copy);

#endif /* AIOTOP_SAMPLING_WALK_H */
