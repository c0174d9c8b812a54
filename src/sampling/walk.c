/*
 * From the copied end of a stack to its frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "walk.h"

static AiotopWalkEnd end_of(AiotopStep step)
{
    switch (step) {
    case AIOTOP_STEP_WHOLE:
        return AIOTOP_WALK_WHOLE;
    case AIOTOP_STEP_NOT_COPIED:
        return AIOTOP_WALK_NOT_COPIED;
    case AIOTOP_STEP_NO_REGISTER:
        return AIOTOP_WALK_NO_REGISTER;
    default:
        return AIOTOP_WALK_NO_RULE;
    }
}

static bool has_start(const AiotopSite *site)
{
    return site->function && site->function->roles & AIOTOP_ROLE_START;
}

/* Who made the stack may have put its own beginning there, as if it had called */
static bool is_start(AiotopCode *code, AiotopFrame *frame)
{
    if (frame->site->rule.unknown && !has_start(frame->site)) {
        const AiotopSite *exact = aiotop_code_site(code, frame->pc, false);

        frame->site = has_start(exact) ? exact : frame->site;
    }
    return has_start(frame->site);
}

void aiotop_walk(AiotopWalk *walk, AiotopCode *code,
                 const AiotopRegisters *registers, const AiotopStackCopy *copy)
{
    AiotopRegisters now = *registers;
    bool returns = false;
    uint64_t slot = 0;

    walk->n = 0;
    for (;;) {
        uint64_t pc = now.value[AIOTOP_REGISTER_PC];
        uint64_t sp = now.value[AIOTOP_REGISTER_SP];
        AiotopFrame *frame = &walk->frames[walk->n++];
        AiotopStep step;

        *frame = (AiotopFrame){
            .site = aiotop_code_site(code, pc, returns),
            .pc = pc,
            .slot = slot,
        };
        if (!frame->site->function) {
            walk->end =
                registers->known ? AIOTOP_WALK_NO_FILE : AIOTOP_WALK_KERNEL;
            return;
        }
        if (is_start(code, frame)) {
            walk->end = AIOTOP_WALK_WHOLE;
            return;
        }
        if (walk->n == AIOTOP_WALK_FRAMES) {
            walk->end = AIOTOP_WALK_ENDLESS;
            return;
        }
        step = aiotop_rule_step(&frame->site->rule, copy, &now, &slot);
        if (step != AIOTOP_STEP_DONE) {
            walk->end = end_of(step);
            return;
        }
        /* A signal may have a stack of its own; else callers are further out */
        returns = !frame->site->rule.signal;
        if (returns && now.value[AIOTOP_REGISTER_SP] < sp) {
            walk->end = AIOTOP_WALK_ENDLESS;
            return;
        }
    }
}
