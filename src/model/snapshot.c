/*
 * The model: all that is known of a QEMU's loops at one instant
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/snapshot.h"

#include <string.h>

static const char *const state_names[] = {
    [AIOTOP_LOOP_RUNNING] = "running",
    [AIOTOP_LOOP_WAITING] = "waiting",
    [AIOTOP_LOOP_POLLING] = "polling",
    [AIOTOP_LOOP_DISPATCHING] = "dispatching",
    [AIOTOP_LOOP_BQL_WAIT] = "bql-wait",
};

static void drop(GRefString *string)
{
    g_clear_pointer(&string, g_ref_string_release);
}

static AiotopSource *source_ref(AiotopSource *source)
{
    g_atomic_int_inc(&source->ref_count);
    return source;
}

AiotopSnapshot *aiotop_snapshot_new(void)
{
    AiotopSnapshot *snapshot = g_new0(AiotopSnapshot, 1);

    snapshot->ref_count = 1;
    snapshot->time_ns = AIOTOP_UNKNOWN;
    snapshot->profiling_since_ns = AIOTOP_UNKNOWN;
    snapshot->stall_threshold_ns = AIOTOP_UNKNOWN;
    snapshot->max_overhead = AIOTOP_UNKNOWN;
    snapshot->stall_count = AIOTOP_UNKNOWN;
    snapshot->bql.held_since_ns = AIOTOP_UNKNOWN;
    snapshot->steal_ns = AIOTOP_UNKNOWN;
    snapshot->start_ns = AIOTOP_UNKNOWN;
    snapshot->suspended_ns = AIOTOP_UNKNOWN;
    snapshot->cpu_ns = AIOTOP_UNKNOWN;
    snapshot->awaited.untracked = AIOTOP_UNKNOWN;
    snapshot->saver = (AiotopThread)AIOTOP_THREAD_UNKNOWN;
    return snapshot;
}

AiotopSnapshot *aiotop_snapshot_ref(AiotopSnapshot *snapshot)
{
    g_atomic_int_inc(&snapshot->ref_count);
    return snapshot;
}

static void clear_loop(AiotopLoop *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        aiotop_source_unref(loop->sources[i]);
    }
    aiotop_source_unref(loop->rest);
    g_free(loop->sources);
    g_free(loop->stack);
    drop(loop->name);
}

static void clear_stall(AiotopStall *stall)
{
    drop(stall->loop);
    drop(stall->cause);
    drop(stall->kind);
    drop(stall->name);
    drop(stall->label);
}

void aiotop_snapshot_unref(AiotopSnapshot *snapshot)
{
    if (!snapshot || !g_atomic_int_dec_and_test(&snapshot->ref_count)) {
        return;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        clear_loop(&snapshot->loops[i]);
    }
    for (unsigned i = 0; i < snapshot->bql.n_threads; i++) {
        drop(snapshot->bql.threads[i].name);
    }
    for (unsigned i = 0; i < snapshot->n_stalls; i++) {
        clear_stall(&snapshot->stalls[i]);
    }
    for (unsigned i = 0; i < snapshot->n_threads; i++) {
        drop(snapshot->threads[i].name);
    }
    aiotop_awaited_clear(&snapshot->awaited);
    g_free(snapshot->loops);
    g_free(snapshot->bql.threads);
    g_free(snapshot->threads);
    g_free(snapshot->tasks);
    g_free(snapshot->stalls);
    drop(snapshot->vm_name);
    drop(snapshot->qemu_version);
    drop(snapshot->offloaded);
    drop(snapshot->sender);
    drop(snapshot->build_id);
    drop(snapshot->run_state);
    drop(snapshot->clock);
    drop(snapshot->sampled.refused);
    for (unsigned i = 0; i < snapshot->n_sampled_stacks; i++) {
        drop(snapshot->sampled_stacks[i].text);
    }
    g_free(snapshot->sampled_stacks);
    g_free(snapshot);
}

/* Both are sorted */
static void carry_over_sources(AiotopLoop *loop, const AiotopLoop *old)
{
    unsigned i = 0, j = 0, n = 0;
    AiotopSource **merged;

    if (!old->n_sources) {
        return;
    }
    merged = g_new(AiotopSource *, loop->n_sources + old->n_sources);
    while (i < loop->n_sources || j < old->n_sources) {
        if (j == old->n_sources ||
            (i < loop->n_sources &&
             loop->sources[i]->id <= old->sources[j]->id)) {
            if (j < old->n_sources &&
                loop->sources[i]->id == old->sources[j]->id) {
                j++;
            }
            merged[n++] = loop->sources[i++];
        } else {
            merged[n++] = source_ref(old->sources[j++]);
        }
    }
    g_free(loop->sources);
    loop->sources = g_renew(AiotopSource *, merged, n);
    loop->n_sources = n;
}

/* Mostly they are in the same order */
static const AiotopQemuThread *find_thread(const AiotopSnapshot *snapshot,
                                           int64_t thread_id, unsigned hint)
{
    for (unsigned i = 0; i < snapshot->n_threads; i++) {
        const AiotopQemuThread *thread =
            &snapshot->threads[(hint + i) % snapshot->n_threads];

        if (thread->thread_id == thread_id) {
            return thread;
        }
    }
    return NULL;
}

/* Numbers of threads are given again, but not with the same CPU time */
void aiotop_snapshot_carry_over_idle(AiotopSnapshot *snapshot,
                                     const AiotopSnapshot *before)
{
    if (!aiotop_snapshot_same_period(before, snapshot)) {
        return;
    }
    for (unsigned i = 0; i < snapshot->n_threads; i++) {
        AiotopQemuThread *thread = &snapshot->threads[i];
        const AiotopQemuThread *old = find_thread(before, thread->thread_id, i);

        if (old && old->cpu_ns == thread->cpu_ns &&
            thread->cpu_ns != AIOTOP_UNKNOWN) {
            thread->idle_since_ns = MIN(old->idle_since_ns, before->time_ns);
        }
    }
}

void aiotop_snapshot_carry_over(AiotopSnapshot *snapshot,
                                const AiotopSnapshot *previous)
{
    if (!aiotop_snapshot_same_period(previous, snapshot)) {
        return;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        AiotopLoop *loop = &snapshot->loops[i];
        const AiotopLoop *old = aiotop_snapshot_find_loop(previous, loop);

        /* What the rest stands for is not left out */
        if (old && !loop->rest) {
            carry_over_sources(loop, old);
        }
    }
}

AiotopOrigin aiotop_snapshot_origin(const AiotopSnapshot *snapshot)
{
    return !snapshot->host_only   ? AIOTOP_ORIGIN_PROFILED
           : snapshot->sampled.hz ? AIOTOP_ORIGIN_SAMPLED
                                  : AIOTOP_ORIGIN_HOST;
}

uint64_t aiotop_snapshot_least_before_ns(const AiotopSnapshot *snapshot)
{
    return aiotop_difference(snapshot->profiling_since_ns, snapshot->start_ns);
}

uint64_t aiotop_snapshot_most_before_ns(const AiotopSnapshot *snapshot)
{
    return aiotop_difference(
        aiotop_sum(snapshot->profiling_since_ns, snapshot->suspended_ns),
        snapshot->start_ns);
}

bool aiotop_snapshot_same_period(const AiotopSnapshot *a,
                                 const AiotopSnapshot *b)
{
    return a->pid == b->pid && a->profiling_since_ns == b->profiling_since_ns;
}

const AiotopLoop *aiotop_snapshot_find_loop(const AiotopSnapshot *snapshot,
                                            const AiotopLoop *loop)
{
    if (loop->since_ns != AIOTOP_UNKNOWN &&
        loop->since_ns > snapshot->time_ns) {
        return NULL;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        const AiotopLoop *other = &snapshot->loops[i];

        if (other->thread_id == loop->thread_id &&
            strcmp(other->name, loop->name) == 0) {
            return other;
        }
    }
    return NULL;
}

const AiotopSource *aiotop_loop_outermost(const AiotopLoop *loop)
{
    return loop->stack_depth
               ? aiotop_loop_find_source(loop, loop->stack[0].source_id)
               : NULL;
}

const char *aiotop_stall_cause(const AiotopStall *stall)
{
    return stall->cause ? stall->cause : "dispatch";
}

const char *aiotop_snapshot_no_stall(const AiotopSnapshot *snapshot)
{
    return snapshot->stalls ? "No stall since profiling began"
                            : "This QEMU keeps no log of stalls";
}

const AiotopSource *aiotop_loop_find_source(const AiotopLoop *loop, uint32_t id)
{
    unsigned low = 0, high = loop->n_sources;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const AiotopSource *source = loop->sources[middle];

        if (source->id == id) {
            return source;
        }
        if (source->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const char *aiotop_loop_state_name(AiotopLoopState state)
{
    return state_names[state];
}

AiotopLoopState aiotop_loop_state_parse(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(state_names); i++) {
        if (state_names[i] && strcmp(state_names[i], name) == 0) {
            return i;
        }
    }
    return AIOTOP_LOOP_UNKNOWN;
}
