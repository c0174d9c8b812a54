/*
 * What differs from processor to processor: registers, and calls in code
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_MACHINE_H
#define AIOTOP_SAMPLING_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>
#include <glib.h>

/* As DWARF numbers them; the last one is where the thread is */
#ifdef __x86_64__
#define AIOTOP_N_REGISTERS 17
#define AIOTOP_REGISTER_SP 7
#define AIOTOP_REGISTER_PC 16
#else
#define AIOTOP_N_REGISTERS 33
#define AIOTOP_REGISTER_SP 31
#define AIOTOP_REGISTER_PC 32
#endif

typedef struct AiotopRegisters {
    uint64_t value[AIOTOP_N_REGISTERS];
    /* A bit for each that is known */
    uint64_t known;
} AiotopRegisters;

static inline void aiotop_register_set(AiotopRegisters *registers,
                                       unsigned number, uint64_t value)
{
    registers->value[number] = value;
    registers->known |= UINT64_C(1) << number;
}

static inline bool aiotop_register_get(const AiotopRegisters *registers,
                                       unsigned number, uint64_t *value)
{
    *value = number < AIOTOP_N_REGISTERS ? registers->value[number] : 0;
    return number < AIOTOP_N_REGISTERS && registers->known >> number & 1;
}

/* Which registers perf events are to copy, and how many these are */
uint64_t aiotop_machine_perf_mask(void);

/* @values: in perf's order, of that mask */
void aiotop_machine_from_perf(AiotopRegisters *registers,
                              const uint64_t *values);

/* @from: as ptrace has them, all of them */
void aiotop_machine_from_ptrace(AiotopRegisters *registers,
                                const struct user_regs_struct *from);

/* How an instruction leads to another place */
typedef enum AiotopBranch {
    AIOTOP_BRANCH_NONE,
    /* To an address that stands in the code, be it by way of a linker's stub */
    AIOTOP_BRANCH_DIRECT,
    /* By a pointer */
    AIOTOP_BRANCH_INDIRECT,
} AiotopBranch;

/* Bytes before a return address that tell how it was left */
#define AIOTOP_CALL_BYTES 8

/**
 * aiotop_machine_call:
 * @before: AIOTOP_CALL_BYTES bytes of code, up to the address @pc that a call
 *     returns to
 * @target: set to where a direct call leads
 *
 * Which call it was.  A direct one is to be believed if its target is in the
 * same file.
 */
AiotopBranch aiotop_machine_call(const uint8_t *before, uint64_t pc,
                                 uint64_t *target);

/**
 * AiotopBranchVisit:
 * @target: where some bytes would lead if they were a call or jump
 */
typedef void AiotopBranchVisit(uint64_t target, void *opaque);

/*
 * Tells of all direct calls and jumps that may be in @code; on processors with
 * instructions of any length of more than there are
 */
void aiotop_machine_branches(const uint8_t *code, size_t len, uint64_t address,
                             AiotopBranchVisit *visit, void *opaque);

#endif /* AIOTOP_SAMPLING_MACHINE_H */
