/*
 * Fuzz target: the stack of a thread, and its registers, whatever they are
 *
 * What is walked is this program, whose code and tables are good; a stack is
 * that of a thread of its own, with what the input changes in it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <qemu-aiotop/host/procfs.h>

#include "fuzz.h"
#include "sampling/asleep.h"
#include "sampling/place.h"
#include "sampling/stack-counts.h"

#define STACK_BYTES 8192
#define DEPTH 16

static AiotopCode *code;
static AiotopRegisters registers;
static uint64_t stack_start;
static uint8_t stack_bytes[STACK_BYTES];

/* A stack of some depth, with a pointer's call in it */
static void __attribute__((noinline)) take(unsigned depth)
{
    void (*volatile next)(unsigned) = take;
    AiotopStackCopy copy;

    if (depth) {
        next(depth - 1);
        __asm__ volatile("" ::: "memory");
        return;
    }
    /* As it was when it was called */
    stack_start = (uintptr_t)__builtin_frame_address(0) + sizeof(uint64_t);
    aiotop_register_set(&registers, AIOTOP_REGISTER_SP, stack_start);
    aiotop_register_set(&registers, AIOTOP_REGISTER_PC, (uintptr_t)take);
#ifdef __x86_64__
    /* The caller's frame, which it is found by: %rbp */
    aiotop_register_set(&registers, 6,
                        *(const uint64_t *)__builtin_frame_address(0));
#endif
    /* By way of the kernel, as not all of it is this function's */
    aiotop_asleep_copy(getpid(), &(AiotopAsleep){ .sp = stack_start },
                       stack_bytes, STACK_BYTES, &copy);
}

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    AiotopIdentity self = aiotop_procfs_identify("/proc", getpid());
    GError *error = NULL;
    AiotopWalk walk G_GNUC_UNUSED;

    fuzz_init();
    code = aiotop_code_new(&self, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < AIOTOP_N_REGISTERS; i++) {
        aiotop_register_set(&registers, i, 0);
    }
    take(DEPTH);
#ifdef __x86_64__
    aiotop_walk(&walk, code, &registers,
                &(AiotopStackCopy){ stack_start, STACK_BYTES, stack_bytes });
    g_assert_cmpuint(walk.n, >, DEPTH);
#endif
    return 0;
}

/*
 * Pairs of a place and a value of 16 bits: below the number of registers one of
 * these, else a word of the stack.  A value is an address near to the stack's
 * beginning, or to this function, or a small number.
 */
static void change(AiotopRegisters *changed, uint8_t *bytes, uint16_t place,
                   uint16_t value)
{
    uint64_t address = value % 3 == 0   ? stack_start + value
                       : value % 3 == 1 ? (uintptr_t)take + value
                                        : value;

    if (place < AIOTOP_N_REGISTERS) {
        changed->value[place] = address;
        /* Or it is not known */
        changed->known ^= (uint64_t)(value % 5 == 0) << place;
    } else {
        memcpy(bytes + place * sizeof(address) % (STACK_BYTES - 8), &address,
               sizeof(address));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t all_bytes = 0;
    AiotopStackCounts *counts = aiotop_stack_counts_new(&all_bytes);
    AiotopRegisters changed = registers;
    uint8_t bytes[STACK_BYTES];
    AiotopStackCopy copy = { stack_start, STACK_BYTES, bytes };
    AiotopSampledStack *stack = NULL;
    AiotopPlace place;
    AiotopWalk walk;

    memcpy(bytes, stack_bytes, sizeof(bytes));
    for (; size >= 4; data += 4, size -= 4) {
        change(&changed, bytes, data[0] | data[1] << 8, data[2] | data[3] << 8);
    }
    copy.len -= size ? data[0] * 32 : 0;
    aiotop_walk(&walk, code, &changed, &copy);
    g_assert_cmpuint(walk.n, <=, AIOTOP_WALK_FRAMES);
    g_assert_cmpint(walk.end, <, AIOTOP_WALK_ENDS);
    aiotop_place_find(&place, &walk);
    g_assert_cmpuint(place.n_calls, <=, AIOTOP_PLACE_CALLS);
    for (unsigned i = 0; i < place.n_calls; i++) {
        g_assert_cmpuint(place.calls[i].frame, <, walk.n);
    }
    aiotop_stack_counts_add(counts, &place, &walk, &stack, place.n_calls, false,
                            1);
    aiotop_stack_counts_free(counts);
    aiotop_code_refresh(code);
    return 0;
}
