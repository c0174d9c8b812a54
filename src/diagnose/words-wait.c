/*
 * Diagnosis: the words for what is waited for, and the advice that follows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words.h"

#include <inttypes.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "suspects.h"
#include "wait-kind.h"
#include "words-awaited.h"
#include "writers.h"

/* What the kernel says of the thread, as a sentence; nothing if unknown */
void aiotop_word_append_thread(GString *out, const AiotopThread *thread)
{
    if (thread->state == 'R') {
        g_string_append(out, " Its thread runs, or waits for a CPU.");
        return;
    }
    if (aiotop_state_is_stopped(thread->state)) {
        g_string_append_printf(out, " Its thread is stopped (state %c).",
                               thread->state);
        return;
    }
    if (!thread->syscall.known && !*thread->wchan && thread->state != 'D') {
        return;
    }
    g_string_append(out, " Its thread is");
    if (thread->syscall.known) {
        g_string_append(out, " in the system call ");
        aiotop_syscall_append(out, &thread->syscall);
    } else {
        g_string_append(out, " in the kernel");
    }
    if (*thread->wchan) {
        g_string_append_printf(out, ", asleep in %s", thread->wchan);
    }
    if (thread->state == 'D') {
        g_string_append(out, ", and can't be interrupted (state D)");
    }
    g_string_append_c(out, '.');
    if (*thread->descriptor) {
        g_string_append_printf(out, " Its descriptor %d is %s.",
                               aiotop_syscall_fd(&thread->syscall),
                               thread->descriptor);
    }
}

static const char *of_what(WaitKind kind)
{
    switch (kind) {
    case WAIT_RCU:
        return "all threads that read under RCU to pass: one that does not,"
               " holds it up";
    case WAIT_VCPUS:
        return "a vCPU to stop, or to do what it is told";
    case WAIT_THREAD:
        return "the end of another thread";
    case WAIT_CHANNEL:
        return "the other end of a channel";
    case WAIT_GRAPH_LOCK:
        return "those who read the graph of block nodes, which is locked"
               " against changes as long as requests are in flight";
    default:
        return "something to end, as a drain or a synchronous request does";
    }
}

static void append_owner(GString *out, const Diagnosis *d, WaitKind kind,
                         const AiotopThread *thread)
{
    if (kind == WAIT_ITSELF) {
        g_string_append(out, " The mutex that it waits for is its own already:"
                             " it has locked up itself.");
    } else {
        g_string_append(out, kind == WAIT_MUTEX
                                 ? " The mutex that it waits for is held by "
                                 : " It waits for the end of ");
        aiotop_thread_append_name(out, d->sample, thread->awaited_tid);
        g_string_append_c(out, '.');
    }
}

static int64_t append_who(GString *out, const Diagnosis *d,
                          const AiotopLoopSample *loop, WaitKind kind)
{
    int64_t thread_id = loop->now->thread_id;
    const AiotopWriter *writer;

    switch (kind) {
    case WAIT_HOST_CPU:
        g_string_append_c(out, ' ');
        aiotop_word_append_starved(out, loop);
        return -1;
    case WAIT_MUTEX:
    case WAIT_ITSELF:
        append_owner(out, d, kind, &loop->now->thread);
        return loop->now->thread.awaited_tid;
    case WAIT_THREAD:
        if (loop->now->thread.awaited_tid) {
            append_owner(out, d, kind, &loop->now->thread);
            return loop->now->thread.awaited_tid;
        }
        return aiotop_suspects_append(out, d, thread_id, false);
    case WAIT_RCU:
    case WAIT_SOMEONE:
        return aiotop_suspects_append(out, d, thread_id, false);
    case WAIT_VCPUS:
        return aiotop_suspects_append(out, d, thread_id, true);
    case WAIT_REQUESTS:
    case WAIT_GRAPH_LOCK:
        aiotop_word_append_in_flight(out, d, loop->now);
        return -1;
    case WAIT_CONDITION:
        writer = aiotop_writer_awaited(d, loop);
        if (writer) {
            g_string_append(out, " No request is known that it may wait for,"
                                 " but it may wait for a channel: ");
            aiotop_word_append_blocked(out, d, writer);
        }
        return -1;
    default:
        return -1;
    }
}

int64_t aiotop_word_append_wait(GString *out, const Diagnosis *d,
                                const AiotopLoopSample *loop, WaitKind kind)
{
    const AiotopSource *wait = aiotop_wait_source(loop->now);

    if (wait) {
        g_string_append_printf(out, " It waits in %s", wait->name);
        if (wait->label && (kind == WAIT_REQUESTS || kind == WAIT_CONDITION)) {
            g_string_append_printf(out, ", while %s,", wait->label);
        }
        g_string_append_printf(out, " for %s.", of_what(kind));
    }
    return append_who(out, d, loop, kind);
}

static char *describe_thread(const Diagnosis *d, int64_t thread_id)
{
    GString *name = g_string_new(NULL);

    aiotop_thread_append_name(name, d->sample, thread_id);
    return g_string_free(name, FALSE);
}

/* @who: the thread that it waits for; -1 if that is not known */
static void settle_thread(AiotopFinding *finding, GString *evidence,
                          const Diagnosis *d, int64_t who, const char *else_)
{
    const char *stack = aiotop_word_stack(d);

    if (who > 0) {
        g_autofree char *name = describe_thread(d, who);

        finding->stack_thread_id = who;
        aiotop_word_settle(finding, evidence,
                           "Look at %s: as long as that does not go on, this"
                           " does not. Its stack (%s) shows where it is.",
                           name, stack);
    } else {
        aiotop_word_settle(finding, evidence,
                           "%s Its stack (%s) shows where it waits.", else_,
                           stack);
    }
}

void aiotop_word_settle_wait(AiotopFinding *finding, GString *evidence,
                             const Diagnosis *d, const AiotopLoopSample *loop,
                             WaitKind kind, int64_t who)
{
    const AiotopThread *thread = &loop->now->thread;
    const char *stack = aiotop_word_stack(d);

    switch (kind) {
    case WAIT_NONE:
        aiotop_word_settle(finding, evidence,
                           "It is not blocked: its stack (%s), or perf top -t"
                           " %" PRId64 ", shows what it does.",
                           stack, loop->now->thread_id);
        break;
    case WAIT_HOST_CPU:
        aiotop_word_settle(finding, evidence, "%s", aiotop_word_host_cpu);
        break;
    case WAIT_STOPPED:
        aiotop_word_settle(finding, evidence,
                           "A debugger or a signal keeps this thread from"
                           " running: see TracerPid in /proc/%" PRId64
                           "/status, and let it go on.",
                           loop->now->thread_id);
        break;
    case WAIT_ITSELF:
        aiotop_word_settle(finding, evidence,
                           "That is a bug in QEMU, and it will not go on:"
                           " report it, with its stack (%s).",
                           stack);
        break;
    case WAIT_MUTEX:
    case WAIT_THREAD:
    case WAIT_RCU:
    case WAIT_SOMEONE:
        settle_thread(finding, evidence, d, who,
                      "It waits for another thread of QEMU, not for a file or a"
                      " peer: look for one that is stopped, is itself blocked,"
                      " or takes a whole CPU.");
        break;
    case WAIT_VCPUS:
        settle_thread(finding, evidence, d, who,
                      "Look for a vCPU that does not stop: one that is held by"
                      " a debugger, or that is in the kernel for long.");
        break;
    case WAIT_CHANNEL:
        aiotop_word_settle(finding, evidence,
                           "Look at the program at the other end, whether it"
                           " runs and answers. Its stack (%s) shows which"
                           " channel that is.",
                           stack);
        break;
    case WAIT_REQUESTS:
    case WAIT_GRAPH_LOCK:
        aiotop_word_settle(finding, evidence,
                           "Look at the storage behind the disks: as soon as"
                           " these requests are over it goes on. Its stack"
                           " (%s) shows who waits.",
                           stack);
        break;
    case WAIT_CONDITION:
        aiotop_word_settle(finding, evidence,
                           "It waits for something to end, as a drain or a"
                           " synchronous request does, most often for requests"
                           " in flight: look at the storage behind the disks."
                           "%s Its stack (%s) shows who waits.",
                           aiotop_writer_awaited(d, loop)
                               ? " Look, too, at the program at the other end"
                                 " of that channel, a client or a server of a"
                                 " disk, which does not read."
                               : "",
                           stack);
        break;
    case WAIT_PEER:
        aiotop_word_settle(finding, evidence,
                           "It is blocked: look at the program at the other"
                           " end, whether it runs and answers. Its stack (%s)"
                           " shows where it waits.",
                           stack);
        break;
    case WAIT_FILE:
    case WAIT_UNKNOWN:
        aiotop_word_settle(finding, evidence,
                           "It %s blocked: look at what %s, a file, a server"
                           " or a peer that does not answer. Its stack (%s)"
                           " shows where it waits.",
                           thread->state ? "is" : "seems to be",
                           loop->now->stack_depth ? "this callback works on"
                           : aiotop_rule_between_callbacks(d->sample, loop)
                               ? "QEMU waits for there"
                               : "this loop's requests go to",
                           stack);
        break;
    }
}
