/*
 * What differs from processor to processor: registers, and calls in code
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "machine.h"

#include <asm/perf_regs.h>
#include <string.h>

#ifdef __x86_64__

/* By number of perf; -1 is of no use */
static const int8_t from_perf[] = {
    [PERF_REG_X86_AX] = 0,     [PERF_REG_X86_BX] = 3,   [PERF_REG_X86_CX] = 2,
    [PERF_REG_X86_DX] = 1,     [PERF_REG_X86_SI] = 4,   [PERF_REG_X86_DI] = 5,
    [PERF_REG_X86_BP] = 6,     [PERF_REG_X86_SP] = 7,   [PERF_REG_X86_IP] = 16,
    [PERF_REG_X86_FLAGS] = -1, [PERF_REG_X86_CS] = -1,  [PERF_REG_X86_SS] = -1,
    [PERF_REG_X86_DS] = -1,    [PERF_REG_X86_ES] = -1,  [PERF_REG_X86_FS] = -1,
    [PERF_REG_X86_GS] = -1,    [PERF_REG_X86_R8] = 8,   [PERF_REG_X86_R9] = 9,
    [PERF_REG_X86_R10] = 10,   [PERF_REG_X86_R11] = 11, [PERF_REG_X86_R12] = 12,
    [PERF_REG_X86_R13] = 13,   [PERF_REG_X86_R14] = 14, [PERF_REG_X86_R15] = 15,
};

void aiotop_machine_from_ptrace(AiotopRegisters *registers,
                                const struct user_regs_struct *from)
{
    const uint64_t values[] = {
        from->rax, from->rdx, from->rcx, from->rbx, from->rsi, from->rdi,
        from->rbp, from->rsp, from->r8,  from->r9,  from->r10, from->r11,
        from->r12, from->r13, from->r14, from->r15, from->rip,
    };

    *registers = (AiotopRegisters){ .known = 0 };
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        aiotop_register_set(registers, i, values[i]);
    }
}

static int32_t read_displacement(const uint8_t *at)
{
    int32_t displacement;

    memcpy(&displacement, at, sizeof(displacement));
    return displacement;
}

/*
 * Whether the bytes end with a call by a register or memory: FF /2, as long as
 * its operand needs.  By way of the table of the linker (FF 15) is as good as
 * direct.
 */
static bool is_indirect(const uint8_t *end)
{
    /* The operand's byte, and what it means beside its middle bits */
    uint8_t two = end[-1] & 0xc7, three = end[-2] & 0xc7;
    uint8_t six = end[-5] & 0xc7;

    return (end[-2] == 0xff && (end[-1] & 0x38) == 0x10 &&
            (two >= 0xc0 || (two < 0x08 && two != 4 && two != 5))) ||
           (end[-3] == 0xff && (end[-2] & 0x38) == 0x10 &&
            ((three >= 0x40 && three < 0x48 && three != 0x44) || three == 4)) ||
           (end[-4] == 0xff && end[-3] == 0x54) ||
           (end[-6] == 0xff && (end[-5] & 0x38) == 0x10 && six >= 0x80 &&
            six < 0x88 && six != 0x84) ||
           (end[-7] == 0xff && (end[-6] == 0x94 || end[-6] == 0x14));
}

AiotopBranch aiotop_machine_call(const uint8_t *before, uint64_t pc,
                                 uint64_t *target)
{
    const uint8_t *end = before + AIOTOP_CALL_BYTES;

    *target = 0;
    if (end[-5] == 0xe8) {
        *target = pc + read_displacement(end - 4);
        return AIOTOP_BRANCH_DIRECT;
    }
    return is_indirect(end) ? AIOTOP_BRANCH_INDIRECT : AIOTOP_BRANCH_NONE;
}

void aiotop_machine_branches(const uint8_t *code, size_t len, uint64_t address,
                             AiotopBranchVisit *visit, void *opaque)
{
    for (size_t i = 0; i + 5 <= len; i++) {
        if (code[i] == 0xe8 || code[i] == 0xe9) {
            visit(address + i + 5 + read_displacement(code + i + 1), opaque);
        }
    }
}

#else

static const int8_t from_perf[] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
};

void aiotop_machine_from_ptrace(AiotopRegisters *registers,
                                const struct user_regs_struct *from)
{
    *registers = (AiotopRegisters){ .known = 0 };
    for (unsigned i = 0; i < 31; i++) {
        aiotop_register_set(registers, i, from->regs[i]);
    }
    aiotop_register_set(registers, AIOTOP_REGISTER_SP, from->sp);
    aiotop_register_set(registers, AIOTOP_REGISTER_PC, from->pc);
}

static uint32_t read_instruction(const uint8_t *at)
{
    uint32_t instruction;

    memcpy(&instruction, at, sizeof(instruction));
    return instruction;
}

/* Of BL and B: 26 bits of words, with a sign */
static uint64_t branch_target(uint32_t instruction, uint64_t address)
{
    return address + ((int64_t)((uint64_t)instruction << 38) >> 36);
}

AiotopBranch aiotop_machine_call(const uint8_t *before, uint64_t pc,
                                 uint64_t *target)
{
    uint32_t instruction = read_instruction(before + AIOTOP_CALL_BYTES - 4);

    *target = 0;
    if (instruction >> 26 == 0x25) {
        *target = branch_target(instruction, pc - 4);
        return AIOTOP_BRANCH_DIRECT;
    }
    /* BLR, and the same with a pointer that is signed */
    return (instruction & 0xfffffc1f) == 0xd63f0000 ||
                   (instruction & 0xfefff800) == 0xd63f0800
               ? AIOTOP_BRANCH_INDIRECT
               : AIOTOP_BRANCH_NONE;
}

void aiotop_machine_branches(const uint8_t *code, size_t len, uint64_t address,
                             AiotopBranchVisit *visit, void *opaque)
{
    for (size_t i = 0; i + 4 <= len; i += 4) {
        uint32_t instruction = read_instruction(code + i);

        if (instruction >> 26 == 0x25 || instruction >> 26 == 0x05) {
            visit(branch_target(instruction, address + i), opaque);
        }
    }
}

#endif

uint64_t aiotop_machine_perf_mask(void)
{
    uint64_t mask = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(from_perf); i++) {
        mask |= (uint64_t)(from_perf[i] >= 0) << i;
    }
    return mask;
}

void aiotop_machine_from_perf(AiotopRegisters *registers,
                              const uint64_t *values)
{
    *registers = (AiotopRegisters){ .known = 0 };
    for (unsigned i = 0; i < G_N_ELEMENTS(from_perf); i++) {
        if (from_perf[i] >= 0) {
            aiotop_register_set(registers, from_perf[i], *values++);
        }
    }
}
