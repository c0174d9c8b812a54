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

#define NS_PER_MS UINT64_C(1000000)

const char *aiotop_wait_kind_name(WaitKind kind)
{
    static const char *const names[] = {
        [WAIT_UNKNOWN] = NULL,
        [WAIT_NONE] = "cpu",
        [WAIT_HOST_CPU] = "host-cpu",
        [WAIT_STOPPED] = "stopped",
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

/* The innermost wait on the stack; NULL if it is in none */
static const AiotopDispatch *find_wait(const AiotopLoop *loop)
{
    for (unsigned i = loop->stack_depth; i-- > 0;) {
        const AiotopSource *source =
            aiotop_loop_find_source(loop, loop->stack[i].source_id);

        if (aiotop_rule_is_wait(source)) {
            return &loop->stack[i];
        }
        /* What runs in the wait is what does not go on */
        if (!source || strcmp(source->kind, "coroutine") != 0) {
            break;
        }
    }
    return NULL;
}

const AiotopSource *aiotop_wait_source(const AiotopLoop *loop)
{
    const AiotopDispatch *wait = find_wait(loop);

    return wait ? aiotop_loop_find_source(loop, wait->source_id) : NULL;
}

uint64_t aiotop_wait_since_ns(const Diagnosis *d, const AiotopLoop *loop)
{
    const AiotopDispatch *wait = find_wait(loop);

    return wait                ? wait->since_ns
           : loop->stack_depth ? loop->stack[0].since_ns
                               : d->sample->now->bql.held_since_ns;
}

bool aiotop_wait_may_be_for(uint64_t wait_since_ns, uint64_t request_since_ns)
{
    return request_since_ns != AIOTOP_UNKNOWN &&
           (wait_since_ns == AIOTOP_UNKNOWN ||
            request_since_ns <=
                wait_since_ns + AIOTOP_RULE_BEFORE_MS * NS_PER_MS);
}

bool aiotop_wait_is_nested(const AiotopLoop *loop)
{
    return loop->stack_depth && (loop->state == AIOTOP_LOOP_WAITING ||
                                 loop->state == AIOTOP_LOOP_POLLING);
}

/* One that is queued until a drain ends waits for that, not that for it */
static uint64_t awaited_since_ns(const char *stage, uint64_t since_ns)
{
    return aiotop_stage_parse(stage) == AIOTOP_STAGE_DRAINED ? AIOTOP_UNKNOWN
                                                             : since_ns;
}

uint64_t aiotop_wait_oldest_ns(const AiotopAwaited *awaited)
{
    uint64_t oldest_ns = AIOTOP_UNKNOWN;

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];

        oldest_ns =
            MIN(oldest_ns, awaited_since_ns(request->stage, request->since_ns));
    }
    /* Of the younger ones not all are listed */
    for (unsigned i = 0; i < awaited->n_nodes; i++) {
        const AiotopNode *node = &awaited->nodes[i];

        for (unsigned j = 0; j < node->n_stages; j++) {
            const AiotopNodeStage *stage = &node->stages[j];

            if (stage->count) {
                oldest_ns = MIN(
                    oldest_ns, awaited_since_ns(stage->stage, stage->since_ns));
            }
        }
    }
    return oldest_ns;
}

static WaitKind kind_of_condition(const Diagnosis *d, const AiotopLoop *loop)
{
    return aiotop_wait_may_be_for(aiotop_wait_since_ns(d, loop),
                                  d->oldest_awaited_ns)
               ? WAIT_REQUESTS
               : WAIT_CONDITION;
}

static WaitKind kind_of_source(const Diagnosis *d, const AiotopLoop *loop,
                               const AiotopSource *wait)
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
    if (strstr(wait->name, "graph_wrlock")) {
        return WAIT_GRAPH_LOCK;
    }
    /* It is connected to a server of a disk */
    return strstr(wait->name, "establish_connection")
               ? WAIT_CHANNEL
               : kind_of_condition(d, loop);
}

WaitKind aiotop_wait_kind_of_call(const AiotopThread *thread)
{
    const AiotopSyscall *call = &thread->syscall;

    if (aiotop_syscall_is_futex(call)) {
        return WAIT_SOMEONE;
    }
    /* One that has a name is called by that, like a file */
    if (strstr(thread->descriptor, " socket ") ||
        g_str_has_prefix(thread->descriptor, "a pipe") ||
        strstr(thread->wchan, "pipe_")) {
        return WAIT_PEER;
    }
    return *thread->descriptor || *call->path || thread->state == 'D'
               ? WAIT_FILE
               : WAIT_UNKNOWN;
}

/* At both ends of the interval, in which it has not run */
static bool is_stopped(const AiotopLoopSample *loop)
{
    return aiotop_state_is_stopped(loop->now->thread.state) && loop->before &&
           aiotop_state_is_stopped(loop->before->thread.state) &&
           loop->now->thread.cpu_ns == loop->before->thread.cpu_ns;
}

WaitKind aiotop_wait_kind(const Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopThread *thread = &loop->now->thread;
    const AiotopSource *wait = aiotop_wait_source(loop->now);

    if (is_stopped(loop)) {
        return WAIT_STOPPED;
    }
    if (wait) {
        return kind_of_source(d, loop->now, wait);
    }
    if (aiotop_wait_is_nested(loop->now) ||
        (!loop->now->stack_depth &&
         aiotop_rule_loop_stuck_ns(d->sample, loop) == AIOTOP_UNKNOWN)) {
        return kind_of_condition(d, loop->now);
    }
    if (aiotop_rule_starved(loop)) {
        return WAIT_HOST_CPU;
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
    return aiotop_wait_kind_of_call(thread);
}
