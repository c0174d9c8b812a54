/*
 * What a loop waits for that does not go on
 *
 * A wait that QEMU tells of says it best; then a mutex or a thread that the
 * kernel and the thread's memory tell of; then the system call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "wait-kind.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "requests.h"

const char *aiotop_wait_kind_name(WaitKind kind)
{
    static const char *const names[] = {
        [WAIT_UNKNOWN] = NULL,
        [WAIT_NONE] = "cpu",
        [WAIT_FILE] = "file",
        [WAIT_PEER] = "peer",
        [WAIT_MUTEX] = "mutex",
        [WAIT_ITSELF] = "itself",
        [WAIT_THREAD] = "thread",
        [WAIT_SOMEONE] = "another-thread",
        [WAIT_RCU] = "rcu",
        [WAIT_VCPUS] = "vcpus",
        [WAIT_GRAPH_LOCK] = "graph-lock",
        [WAIT_REQUESTS] = "requests",
        [WAIT_CONDITION] = "condition",
        [WAIT_CHANNEL] = "channel",
    };

    return names[kind];
}

const AiotopSource *aiotop_wait_source(const AiotopLoop *loop)
{
    for (unsigned i = loop->stack_depth; i-- > 0;) {
        const AiotopSource *source =
            aiotop_loop_find_source(loop, loop->stack[i].source_id);

        if (aiotop_rule_is_wait(source)) {
            return source;
        }
        /* What runs in the wait is what does not go on */
        if (!source || strcmp(source->kind, "coroutine") != 0) {
            break;
        }
    }
    return NULL;
}

bool aiotop_wait_is_nested(const AiotopLoop *loop)
{
    return loop->stack_depth && (loop->state == AIOTOP_LOOP_WAITING ||
                                 loop->state == AIOTOP_LOOP_POLLING);
}

static WaitKind kind_of_condition(const Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;

    for (unsigned i = 0; i < now->awaited.n_nodes; i++) {
        if (now->awaited.nodes[i].in_flight) {
            return WAIT_REQUESTS;
        }
    }
    return WAIT_CONDITION;
}

static WaitKind kind_of_source(const Diagnosis *d, const AiotopSource *wait)
{
    static const struct {
        const char *label;
        WaitKind kind;
    } labels[] = {
        { "RCU readers", WAIT_RCU },
        { "vCPUs", WAIT_VCPUS },
        { "a thread", WAIT_THREAD },
        { "a channel", WAIT_CHANNEL },
    };

    for (unsigned i = 0; wait->label && i < G_N_ELEMENTS(labels); i++) {
        if (strcmp(wait->label, labels[i].label) == 0) {
            return labels[i].kind;
        }
    }
    return strstr(wait->name, "graph_wrlock") ? WAIT_GRAPH_LOCK
                                              : kind_of_condition(d);
}

static WaitKind kind_of_call(const AiotopThread *thread)
{
    const AiotopSyscall *call = &thread->syscall;

    if (aiotop_syscall_is_futex(call)) {
        return WAIT_SOMEONE;
    }
    if (strstr(thread->descriptor, " socket ") ||
        g_str_has_prefix(thread->descriptor, "a pipe")) {
        return WAIT_PEER;
    }
    return *thread->descriptor || *call->path || thread->state == 'D'
               ? WAIT_FILE
               : WAIT_UNKNOWN;
}

WaitKind aiotop_wait_kind(const Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopThread *thread = &loop->now->thread;
    const AiotopSource *wait = aiotop_wait_source(loop->now);

    if (wait) {
        return kind_of_source(d, wait);
    }
    if (aiotop_wait_is_nested(loop->now) || !loop->now->stack_depth) {
        return kind_of_condition(d);
    }
    if (thread->state == 'R' ||
        aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >
            AIOTOP_RULE_CPU_PERCENT) {
        return WAIT_NONE;
    }
    if (thread->awaited_tid) {
        return thread->awaited == AIOTOP_AWAITED_END         ? WAIT_THREAD
               : thread->awaited_tid == loop->now->thread_id ? WAIT_ITSELF
                                                             : WAIT_MUTEX;
    }
    return kind_of_call(thread);
}
