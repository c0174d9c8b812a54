/*
 * Diagnosis: the words about waits for the big QEMU lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words.h"

#include <inttypes.h>

/* What a loop does, as a part of a sentence */
static void append_doing(GString *out, const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;

    if (now->stack_depth) {
        g_string_append(out, ", in ");
        aiotop_word_append_source(out, aiotop_loop_outermost(now));
        if (loop->dispatch_age_ns != AIOTOP_UNKNOWN) {
            g_string_append_printf(out, " for %s", TIME(loop->dispatch_age_ns));
        }
        if (now->stack_depth > 1) {
            g_string_append(out, ", which runs ");
            aiotop_word_append_source(out, loop->running);
        }
        if (aiotop_wait_is_nested(now)) {
            g_string_append(out, ", which waits in a nested event loop");
        }
    } else if (now->state != AIOTOP_LOOP_UNKNOWN) {
        g_string_append_printf(out, "; its loop is %s",
                               aiotop_loop_state_name(now->state));
    }
}

static void append_holder_name(GString *out, const Diagnosis *d)
{
    aiotop_thread_append_name(out, d->sample,
                              d->sample->now->bql.holder_thread_id);
}

static void append_holder(GString *out, const Diagnosis *d)
{
    const AiotopBql *bql = &d->sample->now->bql;
    const AiotopLoopSample *loop;

    if (!bql->known) {
        g_string_append(out, " This QEMU does not tell who holds it.");
        return;
    }
    if (!bql->holder_thread_id) {
        g_string_append(out, " At this instant nobody holds it.");
        return;
    }
    loop = aiotop_sample_find_loop(d->sample, bql->holder_thread_id);
    g_string_append(out, " The lock is held by ");
    append_holder_name(out, d);
    if (aiotop_diagnose_age_ns(d, bql->held_since_ns)) {
        g_string_append_printf(
            out, ", and has been for %s",
            TIME(aiotop_diagnose_age_ns(d, bql->held_since_ns)));
    }
    if (loop) {
        append_doing(out, loop);
    }
    g_string_append_c(out, '.');
    if (loop) {
        aiotop_word_append_thread(out, &loop->now->thread);
    }
}

static void settle_bql_wait(AiotopFinding *finding, GString *evidence,
                            const Diagnosis *d)
{
    const AiotopBql *bql = &d->sample->now->bql;

    if (bql->holder_thread_id) {
        const AiotopLoopSample *loop =
            aiotop_sample_find_loop(d->sample, bql->holder_thread_id);
        bool on_peer =
            loop && aiotop_wait_kind_of_call(&loop->now->thread) == WAIT_PEER;
        g_autoptr(GString) holder = g_string_new(NULL);

        append_holder_name(holder, d);
        aiotop_word_settle(finding, evidence,
                           "Look at %s%s: what it waits for holds up all that"
                           " wait for the lock. Its stack (%s) shows where it"
                           " is.",
                           on_peer ? "the program at the other end of that"
                                     " descriptor, whether it runs and answers,"
                                     " and at "
                                   : "",
                           holder->str, aiotop_word_stack(d));
    } else if (bql->known) {
        aiotop_word_settle(
            finding, evidence,
            "The lock goes from hand to hand, past this thread:"
            " qemu-aiotop -b -n 1 -o json lists under bql how often"
            " and for how long each thread has had it.");
    } else {
        aiotop_word_settle(finding, evidence,
                           "Look for the thread that holds it in the stacks of"
                           " all: gdb -p %" PRId64 " -batch -ex 'thread apply"
                           " all bt', which stops QEMU meanwhile.",
                           d->sample->now->pid);
    }
}

void aiotop_word_bql_wait(AiotopFinding *finding, const Diagnosis *d,
                          const LockWait *wait)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "%s has been waiting for the big QEMU lock"
                           " for %s",
                           wait->name, TIME(wait->age_ns));
    g_string_append_printf(out, ", over the threshold of %s",
                           TIME(d->limit_ns));
    if (wait->n > 1) {
        g_string_append_printf(out, ", and so %s %u more thread%s",
                               wait->n == 2 ? "has" : "have", wait->n - 1,
                               wait->n == 2 ? "" : "s");
    }
    g_string_append_c(out, '.');
    if (finding->source) {
        g_string_append(out, " It does so in ");
        aiotop_word_append_source(out, finding->source);
        g_string_append_c(out, '.');
    }
    append_holder(out, d);
    settle_bql_wait(finding, out, d);
}
