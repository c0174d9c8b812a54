/*
 * Rules: a loop that does not come back from where it looks for events
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/thresholds.h"

#include <string.h>

#include "qemu-aiotop/diagnose/stalls.h"

/* The same wait all the time: it was not woken once */
bool aiotop_rule_blocked(const AiotopLoopSample *loop)
{
    const AiotopThread *now = &loop->now->thread;
    const AiotopThread *before = loop->before ? &loop->before->thread : NULL;

    if (!before || now->voluntary_switches == AIOTOP_UNKNOWN ||
        now->voluntary_switches != before->voluntary_switches) {
        return false;
    }
    return (now->state == 'D' && before->state == 'D') ||
           (now->state == 'S' && now->syscall.known &&
            !aiotop_syscall_is_loop_wait(&now->syscall) &&
            aiotop_syscall_equal(&now->syscall, &before->syscall));
}

/* And so waited for something else than a CPU, as far as is known */
static bool has_slept(const AiotopLoopSample *loop)
{
    return loop->before && aiotop_known_or_zero(aiotop_difference(
                               loop->now->thread.voluntary_switches,
                               loop->before->thread.voluntary_switches)) != 0;
}

/*
 * Nothing keeps it but that the host has no CPU for it.  How long it has been
 * waiting for one is only known once it has got it; and what it had in the
 * interval may have been before the stall.
 */
static bool waits_for_cpu(const AiotopSample *sample,
                          const AiotopLoopSample *loop, uint64_t ns)
{
    if (loop->now->thread.state != 'R') {
        return false;
    }
    return ns >= loop->wall_ns
               ? loop->cpu_ns < MIN(aiotop_rule_stall_ns(sample->now, 0),
                                    loop->wall_ns / 2) &&
                     (aiotop_rule_starved(loop) || !has_slept(loop))
               : aiotop_rule_starved(loop) || loop->cpu_ns < ns / 2;
}

bool aiotop_rule_waits_for_events(const AiotopThread *thread)
{
    return thread->state != 'D' &&
           (!thread->syscall.known ||
            aiotop_syscall_is_loop_wait(&thread->syscall) ||
            aiotop_syscall_is_ring_wait(&thread->syscall));
}

/*
 * In QEMU's own code, where it does not even look for events, all the time; a
 * start is no loop yet
 */
bool aiotop_rule_between_callbacks(const AiotopSample *sample,
                                   const AiotopLoopSample *loop)
{
    return !aiotop_ongoing_look(sample->now, loop->now->thread_id) &&
           loop->state == AIOTOP_LOOP_RUNNING && !loop->now->stack_depth &&
           loop->before && loop->before->state == AIOTOP_LOOP_RUNNING &&
           aiotop_rule_exceeds(loop->state_age_ns, loop->wall_ns) &&
           loop->now->iterations && loop->iterations == 0 &&
           loop->dispatches == 0;
}

uint64_t aiotop_rule_loop_stuck_ns(const AiotopSample *sample,
                                   const AiotopLoopSample *loop)
{
    const AiotopSnapshot *now = sample->now;
    const AiotopStall *stall = aiotop_ongoing_look(now, loop->now->thread_id);

    if (now->host_only || loop->is_thread || loop->now->stack_depth ||
        loop->lock_wait_age_ns != AIOTOP_UNKNOWN ||
        aiotop_rule_nested_wait_ns(now, loop) != AIOTOP_UNKNOWN) {
        return AIOTOP_UNKNOWN;
    }
    if (stall && !waits_for_cpu(sample, loop, stall->duration_ns)) {
        return stall->duration_ns;
    }
    if (aiotop_rule_between_callbacks(sample, loop)) {
        return waits_for_cpu(sample, loop, loop->wall_ns) ? AIOTOP_UNKNOWN
                                                          : loop->state_age_ns;
    }
    return loop->state == AIOTOP_LOOP_WAITING && aiotop_rule_blocked(loop) &&
                   !aiotop_rule_waits_for_events(&loop->now->thread)
               ? MAX(aiotop_known_or_zero(loop->state_age_ns), loop->wall_ns)
               : AIOTOP_UNKNOWN;
}
