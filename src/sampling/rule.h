/*
 * How to get from a place in code to what called it, by the file's own tables
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_RULE_H
#define AIOTOP_SAMPLING_RULE_H

#include <stdbool.h>
#include <stdint.h>
#include <elfutils/libdw.h>

#include "machine.h"

/* Of one register of the caller, where its frame is known */
typedef enum AiotopRecovery {
    AIOTOP_RECOVERY_SAME,
    /* There is none: of the return address, nothing has called it */
    AIOTOP_RECOVERY_UNDEFINED,
    /* In memory, so far from the frame */
    AIOTOP_RECOVERY_AT,
    /* The address so far from the frame itself */
    AIOTOP_RECOVERY_IS,
    /* By a program, that leads to an address or to a value */
    AIOTOP_RECOVERY_PROGRAM,
} AiotopRecovery;

typedef struct AiotopRecover {
    AiotopRecovery how;
    int32_t offset;
    /* Of AIOTOP_RECOVERY_PROGRAM; belongs to the file's tables */
    const Dwarf_Op *program;
    size_t n_ops;
} AiotopRecover;

typedef struct AiotopRule {
    /* The tables have none: nothing else is set */
    bool unknown;
    /* What it interrupted was not called: its address is exact */
    bool signal;
    /* Where the caller's frame is: a register and an offset, or a program */
    int16_t frame_register;
    int32_t frame_offset;
    const Dwarf_Op *frame_program;
    size_t n_frame_ops;
    /* Which register has the return address */
    uint8_t return_register;
    AiotopRecover recover[AIOTOP_N_REGISTERS];
} AiotopRule;

/**
 * aiotop_rule_find:
 * @tables: of the file; may be NULL
 * @address: in the file's own addresses
 */
void aiotop_rule_find(AiotopRule *rule, Dwarf_CFI *tables, uint64_t address);

/* The end of a thread's stack, as it was copied */
typedef struct AiotopStackCopy {
    uint64_t start;
    size_t len;
    const uint8_t *bytes;
} AiotopStackCopy;

/* A word of it; false if it is not in there */
bool aiotop_stack_copy_word(const AiotopStackCopy *copy, uint64_t address,
                            uint64_t *word);

/* What became of a step to the caller */
typedef enum AiotopStep {
    AIOTOP_STEP_DONE,
    /* Nothing has called it: the stack is whole */
    AIOTOP_STEP_WHOLE,
    /* What would tell was not copied */
    AIOTOP_STEP_NOT_COPIED,
    /* A register would tell, and is not known */
    AIOTOP_STEP_NO_REGISTER,
    /* The tables have nothing, or nothing that makes sense */
    AIOTOP_STEP_NO_RULE,
} AiotopStep;

/**
 * aiotop_rule_step:
 * @registers: of the callee; set to those of its caller
 * @slot: set to where the return address was, 0 if in a register
 *
 * All of @copy may be anything.
 */
AiotopStep aiotop_rule_step(const AiotopRule *rule, const AiotopStackCopy *copy,
                            AiotopRegisters *registers, uint64_t *slot);

#endif /* AIOTOP_SAMPLING_RULE_H */
