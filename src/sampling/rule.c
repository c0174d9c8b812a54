/*
 * How to get from a place in code to what called it, by the file's own tables
 *
 * libdwfl can walk a stack as well, but reads the tables anew for each frame of
 * each sample, needs all registers, and does not tell where return addresses
 * lie.  Here a rule is made once for each place in the code that is seen, and
 * followed as often as that is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "rule.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16

/* libdw takes %rax for the one that callees keep, where that is %rbx */
#ifdef __x86_64__
#define CALLEE_SAVED_UNDEFINED 3
#else
#define CALLEE_SAVED_UNDEFINED AIOTOP_N_REGISTERS
#endif

static bool read_frame_rule(AiotopRule *rule, Dwarf_Frame *frame)
{
    Dwarf_Op *ops;
    size_t n;

    if (dwarf_frame_cfa(frame, &ops, &n) < 0 || !n) {
        return false;
    }
    if (n == 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31) {
        rule->frame_register = ops[0].atom - DW_OP_breg0;
        rule->frame_offset = ops[0].number;
        return true;
    }
    if (n == 1 && ops[0].atom == DW_OP_bregx) {
        /* It is the frame's own, and can't be kept as a program */
        if (ops[0].number >= AIOTOP_N_REGISTERS) {
            return false;
        }
        rule->frame_register = ops[0].number;
        rule->frame_offset = ops[0].number2;
        return true;
    }
    rule->frame_register = -1;
    rule->frame_program = ops;
    rule->n_frame_ops = n;
    return true;
}

static bool read_recovery(AiotopRecover *recover, Dwarf_Frame *frame,
                          unsigned number)
{
    Dwarf_Op memory[3], *ops;
    size_t n;

    if (dwarf_frame_register(frame, number, memory, &ops, &n) < 0) {
        return false;
    }
    if (!n) {
        recover->how = ops && number != CALLEE_SAVED_UNDEFINED
                           ? AIOTOP_RECOVERY_UNDEFINED
                           : AIOTOP_RECOVERY_SAME;
        return true;
    }
    if (ops != memory) {
        recover->how = AIOTOP_RECOVERY_PROGRAM;
        recover->program = ops;
        recover->n_ops = n;
        return true;
    }
    /* At the frame or beside it; in another register it is nowhere */
    recover->how = AIOTOP_RECOVERY_AT;
    if (n > 1 && ops[n - 1].atom == DW_OP_stack_value) {
        recover->how = AIOTOP_RECOVERY_IS;
        n--;
    }
    if (n == 2 && ops[1].atom == DW_OP_plus_uconst) {
        recover->offset = ops[1].number;
        n--;
    }
    return n == 1 && ops[0].atom == DW_OP_call_frame_cfa;
}

void aiotop_rule_find(AiotopRule *rule, Dwarf_CFI *tables, uint64_t address)
{
    Dwarf_Frame *frame = NULL;
    Dwarf_Addr start, end;
    int column;

    *rule = (AiotopRule){ .unknown = true };
    if (!tables || dwarf_cfi_addrframe(tables, address, &frame) < 0) {
        return;
    }
    column = dwarf_frame_info(frame, &start, &end, &rule->signal);
    if (column >= 0 && column < AIOTOP_N_REGISTERS &&
        read_frame_rule(rule, frame)) {
        rule->return_register = column;
        rule->unknown = false;
        for (unsigned i = 0; i < AIOTOP_N_REGISTERS && !rule->unknown; i++) {
            rule->unknown = !read_recovery(&rule->recover[i], frame, i);
        }
    }
    /* The program of a frame is in the tables, too */
    free(frame);
}

bool aiotop_stack_copy_word(const AiotopStackCopy *copy, uint64_t address,
                            uint64_t *word)
{
    uint64_t offset = address - copy->start;

    if (offset >= copy->len || copy->len - offset < sizeof(*word)) {
        return false;
    }
    memcpy(word, copy->bytes + offset, sizeof(*word));
    return true;
}

/* A program of DWARF's, of which CFI needs little */
typedef struct Machine {
    const AiotopStackCopy *copy;
    const AiotopRegisters *registers;
    uint64_t frame;
    uint64_t stack[MAX_DEPTH];
    unsigned depth;
    /* The result is no address, but the value itself */
    bool is_value;
    AiotopStep failure;
} Machine;

static bool stop(Machine *machine, AiotopStep failure)
{
    machine->failure = failure;
    return false;
}

static bool push(Machine *machine, uint64_t value)
{
    if (machine->depth == MAX_DEPTH) {
        return stop(machine, AIOTOP_STEP_NO_RULE);
    }
    machine->stack[machine->depth++] = value;
    return true;
}

static bool push_register(Machine *machine, unsigned number, uint64_t offset)
{
    uint64_t value;

    return aiotop_register_get(machine->registers, number, &value)
               ? push(machine, value + offset)
               : stop(machine, AIOTOP_STEP_NO_REGISTER);
}

static bool compute(Machine *machine, uint8_t atom)
{
    uint64_t a, b, *top;

    if (machine->depth < 2) {
        return stop(machine, AIOTOP_STEP_NO_RULE);
    }
    b = machine->stack[--machine->depth];
    top = &machine->stack[machine->depth - 1];
    a = *top;
    switch (atom) {
    case DW_OP_plus:
        *top = a + b;
        return true;
    case DW_OP_minus:
        *top = a - b;
        return true;
    case DW_OP_mul:
        *top = a * b;
        return true;
    case DW_OP_and:
        *top = a & b;
        return true;
    case DW_OP_or:
        *top = a | b;
        return true;
    case DW_OP_shl:
        *top = b < 64 ? a << b : 0;
        return true;
    case DW_OP_shr:
        *top = b < 64 ? a >> b : 0;
        return true;
    case DW_OP_ge:
        *top = (int64_t)a >= (int64_t)b;
        return true;
    case DW_OP_gt:
        *top = (int64_t)a > (int64_t)b;
        return true;
    case DW_OP_le:
        *top = (int64_t)a <= (int64_t)b;
        return true;
    case DW_OP_lt:
        *top = (int64_t)a < (int64_t)b;
        return true;
    case DW_OP_eq:
        *top = a == b;
        return true;
    case DW_OP_ne:
        *top = a != b;
        return true;
    }
    return stop(machine, AIOTOP_STEP_NO_RULE);
}

static bool dereference(Machine *machine)
{
    uint64_t *top;

    if (!machine->depth) {
        return stop(machine, AIOTOP_STEP_NO_RULE);
    }
    top = &machine->stack[machine->depth - 1];
    return aiotop_stack_copy_word(machine->copy, *top, top) ||
           stop(machine, AIOTOP_STEP_NOT_COPIED);
}

static bool follow(Machine *machine, const Dwarf_Op *op)
{
    if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
        return push_register(machine, op->atom - DW_OP_breg0, op->number);
    }
    if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31) {
        return push(machine, op->atom - DW_OP_lit0);
    }
    switch (op->atom) {
    case DW_OP_call_frame_cfa:
        return push(machine, machine->frame);
    case DW_OP_bregx:
        return push_register(machine, op->number, op->number2);
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8u:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
        return push(machine, op->number);
    case DW_OP_plus_uconst:
        if (!machine->depth) {
            return stop(machine, AIOTOP_STEP_NO_RULE);
        }
        machine->stack[machine->depth - 1] += op->number;
        return true;
    case DW_OP_deref:
        return dereference(machine);
    case DW_OP_stack_value:
        machine->is_value = true;
        return true;
    case DW_OP_nop:
        return true;
    }
    return compute(machine, op->atom);
}

static AiotopStep run(Machine *machine, const Dwarf_Op *ops, size_t n,
                      uint64_t *result)
{
    machine->depth = 0;
    machine->is_value = false;
    for (size_t i = 0; i < n; i++) {
        if (!follow(machine, &ops[i])) {
            return machine->failure;
        }
    }
    if (!machine->depth) {
        return AIOTOP_STEP_NO_RULE;
    }
    *result = machine->stack[machine->depth - 1];
    return AIOTOP_STEP_DONE;
}

static AiotopStep find_frame(const AiotopRule *rule, Machine *machine)
{
    uint64_t value;

    if (rule->frame_register < 0) {
        return run(machine, rule->frame_program, rule->n_frame_ops,
                   &machine->frame);
    }
    if (!aiotop_register_get(machine->registers, rule->frame_register,
                             &value)) {
        return AIOTOP_STEP_NO_REGISTER;
    }
    machine->frame = value + rule->frame_offset;
    return AIOTOP_STEP_DONE;
}

/* One register of the caller; what is not known stays so */
static AiotopStep recover(Machine *machine, const AiotopRecover *how,
                          unsigned number, AiotopRegisters *caller,
                          uint64_t *slot)
{
    uint64_t value = machine->frame + how->offset;
    AiotopStep step = AIOTOP_STEP_DONE;

    *slot = 0;
    switch (how->how) {
    case AIOTOP_RECOVERY_SAME:
        step = aiotop_register_get(machine->registers, number, &value)
                   ? AIOTOP_STEP_DONE
                   : AIOTOP_STEP_NO_REGISTER;
        break;
    case AIOTOP_RECOVERY_UNDEFINED:
        return AIOTOP_STEP_WHOLE;
    case AIOTOP_RECOVERY_IS:
        break;
    case AIOTOP_RECOVERY_PROGRAM:
        step = run(machine, how->program, how->n_ops, &value);
        if (step != AIOTOP_STEP_DONE || machine->is_value) {
            break;
        }
        G_GNUC_FALLTHROUGH;
    case AIOTOP_RECOVERY_AT:
        *slot = value;
        step = aiotop_stack_copy_word(machine->copy, value, &value)
                   ? AIOTOP_STEP_DONE
                   : AIOTOP_STEP_NOT_COPIED;
        break;
    }
    if (step == AIOTOP_STEP_DONE) {
        aiotop_register_set(caller, number, value);
    }
    return step;
}

AiotopStep aiotop_rule_step(const AiotopRule *rule, const AiotopStackCopy *copy,
                            AiotopRegisters *registers, uint64_t *slot)
{
    AiotopRegisters caller = { .known = 0 };
    Machine machine = { .copy = copy, .registers = registers };
    unsigned column = rule->return_register;
    AiotopStep step;
    uint64_t pc;

    if (rule->unknown) {
        return AIOTOP_STEP_NO_RULE;
    }
    step = find_frame(rule, &machine);
    for (unsigned i = 0; i < AIOTOP_N_REGISTERS && step == AIOTOP_STEP_DONE;
         i++) {
        uint64_t unused;

        if (i != column) {
            recover(&machine, &rule->recover[i], i, &caller, &unused);
        }
    }
    if (!(caller.known >> AIOTOP_REGISTER_SP & 1)) {
        aiotop_register_set(&caller, AIOTOP_REGISTER_SP, machine.frame);
    }
    if (step == AIOTOP_STEP_DONE) {
        step = recover(&machine, &rule->recover[column], column, &caller, slot);
    }
    if (step != AIOTOP_STEP_DONE) {
        return step;
    }
    pc = caller.value[column];
    aiotop_register_set(&caller, AIOTOP_REGISTER_PC, pc);
    *registers = caller;
    return pc ? AIOTOP_STEP_DONE : AIOTOP_STEP_WHOLE;
}
