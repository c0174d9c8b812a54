/*
 * Registers and stack of this thread, as perf events would have them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "taken.h"

#include <ucontext.h>
#include <unistd.h>

#include <glib.h>

#include "loops.h"
#include "sampling/asleep.h"

Taken taken;
size_t taken_most = sizeof(taken.bytes);

/* Up to the end of the thread's stack, or as much as is asked for */
static size_t copy_stack(uint64_t start, size_t most)
{
    AiotopAsleep here = { .sp = start };
    AiotopStackCopy copy;

    g_assert_true(aiotop_asleep_copy(getpid(), &here, taken.bytes,
                                     MIN(most, sizeof(taken.bytes)), &copy));
    return copy.len;
}

void __attribute__((noinline)) take(void *opaque G_GNUC_UNUSED)
{
    ucontext_t context;

    taken.registers = (AiotopRegisters){ .known = 0 };
    getcontext(&context);
#ifdef __x86_64__
    /* DWARF's numbers; getcontext() keeps what a callee has to */
    const int from[] = {
        [3] = REG_RBX,  [6] = REG_RBP,  [7] = REG_RSP,  [12] = REG_R12,
        [13] = REG_R13, [14] = REG_R14, [15] = REG_R15, [16] = REG_RIP
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++) {
        if (from[i] || i == 3) {
            aiotop_register_set(&taken.registers, i,
                                context.uc_mcontext.gregs[from[i]]);
        }
    }
#else
    for (unsigned i = 0; i < 31; i++) {
        aiotop_register_set(&taken.registers, i, context.uc_mcontext.regs[i]);
    }
    aiotop_register_set(&taken.registers, AIOTOP_REGISTER_SP,
                        context.uc_mcontext.sp);
    aiotop_register_set(&taken.registers, AIOTOP_REGISTER_PC,
                        context.uc_mcontext.pc);
#endif
    taken.start = taken.registers.value[AIOTOP_REGISTER_SP];
    taken.len = copy_stack(taken.start, taken_most);
    AFTER_CALL();
}

void taken_find(AiotopCode *code, AiotopWalk *walk, AiotopPlace *place)
{
    AiotopStackCopy copy = { taken.start, taken.len, taken.bytes };

    aiotop_walk(walk, code, &taken.registers, &copy);
    aiotop_place_find(place, walk);
}
