/*
 * Of a sample: what became of requests, and where the CPU time went
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "sample-parts.h"

#include <string.h>

#include "qemu-aiotop/model/sample.h"

/* Growth of a counter; one that went backwards began anew */
static uint64_t growth(uint64_t now, uint64_t before)
{
    return before != AIOTOP_UNKNOWN && now < before
               ? now
               : aiotop_difference(now, before);
}

/*
 * The same node in the snapshot before.  They keep their order: @hint is where
 * it is likely to be, and becomes where the next one is.
 */
static const AiotopNode *find_node(const AiotopAwaited *before,
                                   const AiotopNode *node, unsigned *hint)
{
    for (unsigned i = 0; i < before->n_nodes; i++) {
        unsigned at = (*hint + i) % before->n_nodes;

        if (strcmp(before->nodes[at].name, node->name) == 0) {
            *hint = at + 1;
            return &before->nodes[at];
        }
    }
    return NULL;
}

void aiotop_sample_add_nodes(AiotopSample *sample)
{
    const AiotopAwaited *now = &sample->now->awaited;
    const AiotopAwaited *before =
        sample->before ? &sample->before->awaited : NULL;
    unsigned hint = 0;

    sample->n_nodes = now->n_nodes;
    sample->nodes = g_new0(AiotopNodeSample, now->n_nodes);
    for (unsigned i = 0; i < now->n_nodes; i++) {
        AiotopNodeSample *out = &sample->nodes[i];

        out->now = &now->nodes[i];
        if (before && !before->nodes) {
            out->completed = AIOTOP_UNKNOWN;
            continue;
        }
        out->before = before ? find_node(before, out->now, &hint) : NULL;
        out->completed = growth(out->now->completed,
                                out->before ? out->before->completed : 0);
    }
}

static const AiotopQemuThread *find_thread(const AiotopSnapshot *before,
                                           const AiotopQemuThread *thread,
                                           unsigned *hint)
{
    for (unsigned i = 0; i < before->n_threads; i++) {
        unsigned at = (*hint + i) % before->n_threads;

        if (before->threads[at].thread_id == thread->thread_id) {
            *hint = at + 1;
            return &before->threads[at];
        }
    }
    return NULL;
}

/* In the same state at both ends, and it has not run; @old may be NULL */
static bool is_still(const AiotopQemuThread *old, const AiotopQemuThread *now,
                     char state)
{
    return old && old->state == state && now->state == state &&
           old->cpu_ns == now->cpu_ns;
}

/* Its times began with the thread, which may be younger than the interval */
static void sample_thread(AiotopThreadSample *out, const AiotopSnapshot *before,
                          unsigned *hint)
{
    const AiotopQemuThread *old;

    out->cpu_ns = AIOTOP_UNKNOWN;
    out->run_queue_ns = AIOTOP_UNKNOWN;
    if (before && before->threads) {
        old = find_thread(before, out->now, hint);
        out->cpu_ns = growth(out->now->cpu_ns, old ? old->cpu_ns : 0);
        out->run_queue_ns =
            growth(out->now->run_queue_ns, old ? old->run_queue_ns : 0);
        out->stopped = old && aiotop_state_is_stopped(old->state) &&
                       aiotop_state_is_stopped(out->now->state) &&
                       old->cpu_ns == out->now->cpu_ns;
        out->blocked = is_still(old, out->now, 'D');
        out->starved = is_still(old, out->now, 'R');
    }
}

bool aiotop_sample_is_loop(const AiotopSample *sample, int64_t thread_id)
{
    const AiotopLoopSample *loop = aiotop_sample_find_loop(sample, thread_id);

    return loop && !loop->is_thread;
}

void aiotop_sample_add_threads(AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now, *before = sample->before;
    uint64_t sum_ns = 0;
    unsigned hint = 0;

    sample->n_threads = now->n_threads;
    sample->threads = g_new0(AiotopThreadSample, now->n_threads);
    for (unsigned i = 0; i < now->n_threads; i++) {
        AiotopThreadSample *out = &sample->threads[i];

        out->now = &now->threads[i];
        sample_thread(out, before, &hint);
        sum_ns += aiotop_known_or_zero(out->cpu_ns);
    }
    sample->cpu_ns = before ? aiotop_difference(now->cpu_ns, before->cpu_ns)
                            : AIOTOP_UNKNOWN;
    sample->rest_cpu_ns = now->threads && before && before->threads
                              ? aiotop_difference(sample->cpu_ns, sum_ns)
                              : AIOTOP_UNKNOWN;
}
