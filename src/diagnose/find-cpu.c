/*
 * Diagnosis: rules about CPU time that is in no loop, or for nothing, and about
 * a start that hangs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "words.h"

#define NS_PER_S UINT64_C(1000000000)

/* Threads that are named */
#define MAX_SHARES 3

/*
 * It has not gone round yet, whatever was called in its start, and in what
 * that waited for
 */
static bool has_not_gone_round(const AiotopLoop *loop)
{
    return loop->iterations == 0 && loop->wait_ns == 0 && loop->poll_ns == 0 &&
           loop->poll_hits == 0 &&
           (loop->stack_depth || loop->state == AIOTOP_LOOP_RUNNING);
}

/* As a VM is until its start is over, and beyond that with -S or -incoming */
static bool may_start(const AiotopSnapshot *now)
{
    static const char *const states[] = { "preconfig", "prelaunch",
                                          "inmigrate" };
    bool may = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(states); i++) {
        may = may || g_strcmp0(now->run_state, states[i]) == 0;
    }
    return may;
}

/* It is there, but has done nothing so far but wait in its start */
static bool has_only_waited(const AiotopLoop *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        if (!aiotop_rule_is_wait(loop->sources[i])) {
            return false;
        }
    }
    return loop->iterations == 0 && loop->wait_ns == 0 && loop->poll_ns == 0 &&
           loop->poll_hits == 0 && !loop->rest &&
           (loop->n_sources || (loop->dispatches == 0 && !loop->stack_depth)) &&
           loop->state != AIOTOP_LOOP_WAITING &&
           loop->state != AIOTOP_LOOP_POLLING &&
           loop->state != AIOTOP_LOOP_BQL_WAIT;
}

/*
 * For all that is known, profiling began with the process; if the host was
 * suspended, which may have been before, one that starts is taken for such
 */
static bool is_profiled_from_start(const AiotopSnapshot *now)
{
    uint64_t ns = may_start(now) ? aiotop_snapshot_least_before_ns(now)
                                 : aiotop_snapshot_most_before_ns(now);

    return !aiotop_rule_exceeds(ns, AIOTOP_RULE_START_S * NS_PER_S);
}

bool aiotop_find_not_started(Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;
    const AiotopLoopSample *main_loop =
        aiotop_sample_find_loop(d->sample, now->pid);
    uint64_t age_ns = aiotop_age_ns(now->time_ns, now->profiling_since_ns);

    if (now->host_only || !main_loop ||
        !(has_only_waited(main_loop->now) ||
          (may_start(now) && has_not_gone_round(main_loop->now))) ||
        !aiotop_rule_exceeds(age_ns, AIOTOP_RULE_START_S * NS_PER_S) ||
        !is_profiled_from_start(now)) {
        return false;
    }
    aiotop_word_not_started(
        aiotop_diagnose_add_loop(d, AIOTOP_CLASS_NOT_STARTED, main_loop, NULL),
        d, main_loop, age_ns);
    return true;
}

void aiotop_find_livelock(Diagnosis *d, const AiotopLoopSample *loop)
{
    unsigned sources[AIOTOP_RULE_LIVELOCK_MAX];
    unsigned n = aiotop_rule_livelock(d->sample, loop, sources);

    if (n) {
        aiotop_word_livelock(
            aiotop_diagnose_add_loop(
                d, AIOTOP_CLASS_LIVELOCK, loop,
                aiotop_diagnose_source(d, loop, sources[0])->now),
            d, loop, sources, n);
    }
}

static void add_share(GArray *shares, const Diagnosis *d, int64_t thread_id,
                      uint64_t cpu_ns, uint64_t queue_ns)
{
    CpuShare share = { thread_id, cpu_ns, queue_ns };

    if (cpu_ns != AIOTOP_UNKNOWN && (cpu_ns || queue_ns) &&
        !aiotop_sample_is_loop(d->sample, thread_id)) {
        g_array_append_val(shares, share);
    }
}

static int compare_shares(gconstpointer a, gconstpointer b)
{
    const CpuShare *x = a, *y = b;
    uint64_t x_ns = x->cpu_ns + x->queue_ns, y_ns = y->cpu_ns + y->queue_ns;

    return x_ns > y_ns ? -1 : x_ns < y_ns;
}

/* Of CpuShare: threads that are no loops, what asks for most first */
static GArray *get_shares(const Diagnosis *d)
{
    const AiotopSample *sample = d->sample;
    bool sampled = aiotop_snapshot_origin(sample->now) == AIOTOP_ORIGIN_SAMPLED;
    GArray *shares = g_array_new(FALSE, FALSE, sizeof(CpuShare));

    for (unsigned i = 0; i < sample->n_threads; i++) {
        const AiotopThreadSample *thread = &sample->threads[i];

        /* The kernel tells how long that was only once it has a CPU */
        add_share(shares, d, thread->now->thread_id, thread->cpu_ns,
                  thread->starved ? sample->interval_ns
                                  : aiotop_known_or_zero(thread->run_queue_ns));
    }
    for (unsigned i = 0; !sample->n_threads && i < sample->now->n_tasks; i++) {
        int64_t thread_id = sample->now->tasks[i].thread_id;

        add_share(shares, d, thread_id, aiotop_thread_cpu_ns(sample, thread_id),
                  0);
    }
    for (unsigned i = 0; sampled && i < sample->n_loops; i++) {
        add_share(shares, d, sample->loops[i].now->thread_id,
                  sample->loops[i].cpu_ns,
                  aiotop_known_or_zero(sample->loops[i].run_queue_ns));
    }
    g_array_sort(shares, compare_shares);
    return shares;
}

/* AIOTOP_UNKNOWN if neither QEMU nor the host tells */
static uint64_t elsewhere_ns(const Diagnosis *d, const GArray *shares)
{
    const AiotopSample *sample = d->sample;
    uint64_t sum_ns = 0, loops_ns = 0;

    for (unsigned i = 0; i < shares->len; i++) {
        sum_ns += g_array_index(shares, CpuShare, i).cpu_ns;
    }
    if (sample->cpu_ns == AIOTOP_UNKNOWN) {
        return sample->n_threads ? sum_ns : AIOTOP_UNKNOWN;
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (!sample->loops[i].is_thread) {
            loops_ns += aiotop_known_or_zero(sample->loops[i].cpu_ns);
        }
    }
    return MAX(sum_ns, aiotop_difference(sample->cpu_ns, loops_ns));
}

static bool is_never_idle(const Diagnosis *d, const GArray *shares)
{
    for (unsigned i = 0; i < shares->len; i++) {
        const CpuShare *share = &g_array_index(shares, CpuShare, i);

        if (aiotop_share_percent(share->cpu_ns + share->queue_ns,
                                 d->sample->interval_ns) >
            AIOTOP_RULE_NEVER_IDLE_PERCENT) {
            return true;
        }
    }
    return false;
}

void aiotop_find_cpu_elsewhere(Diagnosis *d)
{
    g_autoptr(GArray) shares = NULL;
    uint64_t ns;

    if (aiotop_snapshot_origin(d->sample->now) == AIOTOP_ORIGIN_HOST ||
        d->sample->cumulative) {
        return;
    }
    shares = get_shares(d);
    ns = elsewhere_ns(d, shares);
    if (aiotop_share_percent(ns, d->sample->interval_ns) >
            AIOTOP_RULE_ELSEWHERE_PERCENT ||
        is_never_idle(d, shares)) {
        const CpuShare *first = (const CpuShare *)shares->data;
        const char *name = shares->len
                               ? aiotop_thread_name(d->sample, first->thread_id)
                               : NULL;

        aiotop_word_cpu_elsewhere(
            aiotop_diagnose_add(d, AIOTOP_CLASS_CPU_ELSEWHERE, name,
                                name ? first->thread_id : -1),
            d, ns, first, MIN(shares->len, MAX_SHARES));
    }
}

/* The guest has next to nothing to do, for all that is known */
static bool guest_is_idle(const Diagnosis *d)
{
    const char *state = d->sample->now->run_state;
    g_autoptr(GArray) shares = get_shares(d);
    uint64_t ns = elsewhere_ns(d, shares);

    if (ns == AIOTOP_UNKNOWN) {
        return false;
    }
    /* What would run if it had a CPU is not idle */
    for (unsigned i = 0; i < shares->len; i++) {
        ns += g_array_index(shares, CpuShare, i).queue_ns;
    }
    return state && strcmp(state, "running") == 0 &&
           aiotop_share_percent(ns, d->sample->interval_ns) <
               AIOTOP_RULE_HALTED_PERCENT;
}

void aiotop_find_busy_timer(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *busiest = NULL;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (strcmp(source->now->kind, "timer") == 0 &&
            !aiotop_rule_is_own(source->now) &&
            aiotop_rate_hz(source->calls, loop->wall_ns) >
                AIOTOP_RULE_TIMER_HZ &&
            (!busiest || source->calls > busiest->calls)) {
            busiest = source;
        }
    }
    if (!busiest || d->sample->cumulative || !guest_is_idle(d)) {
        return;
    }
    aiotop_word_busy_timer(aiotop_diagnose_add_loop(d, AIOTOP_CLASS_BUSY_TIMER,
                                                    loop, busiest->now),
                           loop, busiest);
}
