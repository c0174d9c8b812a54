/*
 * Diagnosis: the words about what is stuck, or stopped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "run-state.h"
#include "words-awaited.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"

/* Sources that are named of those that run in one another */
#define MAX_NESTED 3

static void settle_wait(AiotopFinding *finding, GString *evidence,
                        const Diagnosis *d, const AiotopLoopSample *loop)
{
    WaitKind kind = aiotop_wait_kind(d, loop);
    int64_t who = aiotop_word_append_wait(evidence, d, loop, kind);

    /* In a nested wait it is only that of the wait; and it says no more */
    if (kind != WAIT_HOST_CPU &&
        (!aiotop_wait_source(loop->now) || kind == WAIT_CHANNEL)) {
        aiotop_word_append_thread(evidence, &loop->now->thread);
    }
    finding->awaited = aiotop_wait_kind_name(kind);
    aiotop_word_settle_wait(finding, evidence, d, loop, kind, who);
}

/* From the one in the outermost on: a command of the human monitor's, too */
static void append_nested(GString *out, const AiotopLoop *loop)
{
    unsigned n = MIN(loop->stack_depth, 1 + MAX_NESTED);

    for (unsigned i = 1; i < loop->stack_depth; i++) {
        /* Of many the first ones, and the innermost */
        if (i < n - 1 || i == loop->stack_depth - 1) {
            g_string_append(out, i == 1 ? " In it runs " : ", in that ");
            aiotop_word_append_source(
                out, aiotop_loop_find_source(loop, loop->stack[i].source_id));
        }
    }
    g_string_append(out, n > 1 ? "." : "");
}

void aiotop_word_callback_stuck(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, aiotop_loop_outermost(now));
    g_string_append_printf(out, " has been running for %s",
                           TIME(loop->dispatch_age_ns));
    g_string_append_printf(out,
                           ", over the threshold of %s; all else in this"
                           " loop waits.",
                           TIME(d->limit_ns));
    append_nested(out, now);
    if (aiotop_wait_is_nested(now)) {
        g_string_append_printf(out, " It is in a nested event loop, %s",
                               aiotop_loop_state_name(now->state));
        if (loop->state_age_ns != AIOTOP_UNKNOWN) {
            g_string_append_printf(out, " for %s", TIME(loop->state_age_ns));
        }
        g_string_append_c(out, '.');
    }
    settle_wait(finding, out, d, loop);
}

void aiotop_word_nested_wait(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t age_ns)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        loop->is_thread
            ? "This thread, which is no event loop, has been waiting for %s"
            : "It has been waiting outside of any callback for something else"
              " than its own events for %s",
        TIME(age_ns));
    g_string_append_printf(
        out, ", over the threshold of %s; %s waits.", TIME(d->limit_ns),
        loop->is_thread ? "what else it does, such as to run the guest,"
                        : "all else in this loop");
    if (!loop->now->stack_depth) {
        g_string_append(out, " It has the big QEMU lock all the while, which"
                             " its own wait does not have.");
    }
    settle_wait(finding, out, d, loop);
}

void aiotop_word_loop_stuck(AiotopFinding *finding, const Diagnosis *d,
                            const AiotopLoopSample *loop, uint64_t age_ns)
{
    const AiotopStall *look =
        aiotop_ongoing_look(d->sample->now, loop->now->thread_id);
    GString *out = g_string_new(NULL);

    if (aiotop_rule_between_callbacks(d->sample, loop)) {
        g_string_append_printf(
            out,
            "It has been in QEMU's own code, between two"
            " callbacks%s, for %s",
            aiotop_word_is_main_loop(loop) ? ", as in a reset of the VM" : "",
            TIME(age_ns));
    } else if (!look) {
        g_string_append_printf(out,
                               "It has been blocked in the kernel for %s, where"
                               " it submits requests and waits for events, and"
                               " nothing can wake it there",
                               TIME(age_ns));
    } else if (strcmp(aiotop_stall_cause(look), "poll") == 0) {
        g_string_append_printf(out,
                               "It has not come back from polling for events,"
                               " which is to be short, for %s",
                               TIME(age_ns));
    } else {
        g_string_append_printf(out,
                               "It has not come back from a look for events, or"
                               " a wait that was to be shorter, for %s",
                               TIME(age_ns));
    }
    g_string_append_printf(out,
                           ", over the threshold of %s; it is in no callback,"
                           " and all in this loop waits.",
                           TIME(d->limit_ns));
    if (aiotop_word_is_main_loop(loop)) {
        aiotop_word_append_commands(out, d->sample);
    }
    settle_wait(finding, out, d, loop);
}

void aiotop_word_lost_wakeup(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t bh_ns,
                             uint64_t timer_ns)
{
    GString *out = g_string_new("It");

    if (loop->now->stack_depth) {
        g_string_append(out, ", in a nested event loop of ");
        aiotop_word_append_source(out, aiotop_loop_outermost(loop->now));
        g_string_append_c(out, ',');
    }
    g_string_append_printf(out, " has been asleep in the kernel for %s though",
                           TIME(loop->state_age_ns));
    if (bh_ns) {
        g_string_append_printf(out, " a bottom half has been queued for %s",
                               TIME(bh_ns));
    }
    if (timer_ns) {
        g_string_append_printf(out, "%s a timer has been due for %s",
                               bh_ns ? ", and" : "", TIME(timer_ns));
    }
    g_string_append_c(out, '.');
    aiotop_word_append_thread(out, &loop->now->thread);
    aiotop_word_settle(
        finding, out,
        "Nobody woke the loop, which is a bug in QEMU or in the"
        " kernel: report it, with its stack (%s). Any event of"
        " the loop may wake it%s.",
        aiotop_word_stack(d),
        aiotop_word_is_main_loop(loop) ? ", a command on a monitor too" : "");
}

void aiotop_word_stopped(AiotopFinding *finding, const Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;
    g_autoptr(GString) cure = g_string_new(NULL);
    GString *out = g_string_new("Nothing in it runs, neither a loop nor a vCPU"
                                " nor a monitor: ");

    aiotop_halt_append_why(out, &now->halt, now->pid);
    g_string_append_c(out, '.');
    aiotop_halt_append_cure(cure, &now->halt, now->pid);
    aiotop_word_settle(finding, out, "Unless that was on purpose: %s.",
                       cure->str);
}

void aiotop_word_stopped_thread(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopQemuThread *thread,
                                const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    aiotop_thread_append_name(out, d->sample, thread->thread_id);
    if (thread->state == 'D') {
        g_string_append(out, " is blocked in the kernel, and can't be"
                             " interrupted (state D): this vCPU of the guest"
                             " does not run.");
        aiotop_word_settle(finding, out,
                           "Look at what the guest's memory is on: a file of a"
                           " file system that does not answer or is frozen,"
                           " swap, the limit of its control group's memory,"
                           " or the source of a postcopy migration."
                           " /proc/%" PRId64 "/task/%" PRId64 "/stack says"
                           " where it waits.",
                           d->sample->now->pid, thread->thread_id);
        return;
    }
    g_string_append_printf(
        out,
        " is stopped (state %c), by a debugger or a signal, while other"
        " threads of QEMU's run.%s",
        thread->state,
        loop && !loop->is_thread
            ? " All that its loop is to do waits, disks of the guest's too."
            : "");
    aiotop_word_settle(finding, out,
                       "Unless that was on purpose, let it go on: TracerPid in"
                       " /proc/%" PRId64 "/task/%" PRId64 "/status is the"
                       " process that holds it.",
                       d->sample->now->pid, thread->thread_id);
}

void aiotop_word_guest_stopped(AiotopFinding *finding, const char *run_state)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "The VM's state is %s: QEMU has stopped its guest,"
                           " as %s.",
                           run_state, aiotop_run_state_failure(run_state));
    aiotop_word_settle(finding, out, "%s", aiotop_run_state_advice(run_state));
}

void aiotop_word_main_loop_blocked(AiotopFinding *finding, const Diagnosis *d,
                                   const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "The main thread did not run at all for the"
                           " interval of %s.",
                           TIME(d->sample->interval_ns));
    aiotop_word_append_thread(out, &loop->now->thread);
    aiotop_word_settle(finding, out,
                       "Which callback it is in can't be known without the"
                       " profiler. Its stack (%s) shows where it waits.",
                       aiotop_word_stack(d));
}
