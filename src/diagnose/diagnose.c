/*
 * Diagnosis: its rules
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/diagnose.h"

#include <math.h>
#include <string.h>

#include "find.h"
#include "held-up.h"
#include "run-state.h"
#include "wait-kind.h"
#include "words.h"
#include "writers.h"
#include "qemu-aiotop/diagnose/thresholds.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

static void free_finding(gpointer opaque)
{
    AiotopFinding *finding = opaque;

    g_free(finding->loop);
    g_free(finding->node);
    g_free(finding->evidence);
    g_free(finding->next_step);
    g_clear_pointer(&finding->stack, g_ptr_array_unref);
    g_free(finding);
}

AiotopFinding *aiotop_diagnose_add(Diagnosis *d, AiotopClassId id,
                                   const char *name, int64_t thread_id)
{
    AiotopFinding *finding = g_new0(AiotopFinding, 1);

    finding->id = id;
    finding->loop = g_strdup(name);
    finding->thread_id = thread_id;
    finding->stack_thread_id = thread_id;
    g_ptr_array_add(d->findings, finding);
    return finding;
}

AiotopFinding *aiotop_diagnose_add_loop(Diagnosis *d, AiotopClassId id,
                                        const AiotopLoopSample *loop,
                                        const AiotopSource *source)
{
    AiotopFinding *finding =
        aiotop_diagnose_add(d, id, loop->now->name, loop->now->thread_id);

    finding->source = source;
    return finding;
}

static bool is_stuck(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return aiotop_rule_callback_stuck(loop, d->limit_ns);
}

static bool waits_nested(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return aiotop_rule_exceeds(aiotop_rule_nested_wait_ns(d->sample->now, loop),
                               d->limit_ns);
}

static bool is_loop_stuck(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return aiotop_rule_exceeds(aiotop_rule_loop_stuck_ns(d->sample, loop),
                               d->limit_ns);
}

/* All that is late in it, and all of its time, is told of with that */
static bool explains_all(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return is_stuck(d, loop) || waits_nested(d, loop) || is_loop_stuck(d, loop);
}

/* A callback that waits for the lock is not at fault: that is a bql-wait */
static void find_callback_stuck(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (is_stuck(d, loop) &&
        !aiotop_rule_exceeds(loop->lock_wait_age_ns, d->limit_ns)) {
        const AiotopLoop *now = loop->now;

        aiotop_word_callback_stuck(
            aiotop_diagnose_add_loop(
                d, AIOTOP_CLASS_CALLBACK_STUCK, loop,
                aiotop_loop_find_source(now, now->stack[0].source_id)),
            d, loop);
    }
}

static void find_nested_wait(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (waits_nested(d, loop)) {
        aiotop_word_nested_wait(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_NESTED_WAIT, loop,
                                     aiotop_wait_source(loop->now)),
            d, loop, aiotop_rule_nested_wait_ns(d->sample->now, loop));
    }
}

static void find_stall_in_histogram(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *source = aiotop_diagnose_stalled_source(d, loop);

    if (source) {
        aiotop_word_stalled(aiotop_diagnose_add_loop(d, AIOTOP_CLASS_STALLED,
                                                     loop, source->now),
                            d, source);
    }
}

typedef void FindInLoop(Diagnosis *d, const AiotopLoopSample *loop);

static void in_each_loop(Diagnosis *d, FindInLoop *find)
{
    for (unsigned i = 0; i < d->sample->n_loops; i++) {
        find(d, &d->sample->loops[i]);
    }
}

/* The log has them if its threshold is not above ours */
static void find_stalled(Diagnosis *d, uint64_t window_ns)
{
    AiotopPastStalls past = aiotop_past_stalls(
        d->sample->now, d->limit_ns,
        MAX(window_ns, d->sample->cumulative ? 0 : d->sample->interval_ns));
    const AiotopLoopSample *loop;
    AiotopFinding *finding;

    if (!past.n) {
        in_each_loop(d, find_stall_in_histogram);
        return;
    }
    finding = aiotop_diagnose_add(d, AIOTOP_CLASS_STALLED, past.longest->loop,
                                  past.longest->thread_id);
    loop = aiotop_sample_find_loop(d->sample, past.longest->thread_id);
    if (loop && past.longest->source_id) {
        finding->source =
            aiotop_loop_find_source(loop->now, past.longest->source_id);
    }
    aiotop_word_stalls(finding, d, &past);
}

static bool spins_empty(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >=
               AIOTOP_RULE_CPU_PERCENT &&
           aiotop_rate_hz(loop->iterations, loop->wall_ns) >
               AIOTOP_RULE_SPIN_HZ &&
           aiotop_share_percent(aiotop_rule_dispatches(d->sample, loop),
                                loop->iterations) < AIOTOP_RULE_IDLE_PERCENT &&
           !(aiotop_share_percent(loop->poll_ns, loop->wall_ns) >
             AIOTOP_RULE_WASTE_PERCENT);
}

static bool is_livelock(const Diagnosis *d, const AiotopLoopSample *loop)
{
    unsigned sources[AIOTOP_RULE_LIVELOCK_MAX];

    return aiotop_rule_livelock(d->sample, loop, sources);
}

/* No other one can make up nearly all that its loop dispatches */
static const AiotopSourceSample *most_called(const Diagnosis *d,
                                             const AiotopLoopSample *loop)
{
    const AiotopSourceSample *most = NULL;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (source->calls != AIOTOP_UNKNOWN &&
            !aiotop_rule_is_part(source->now) &&
            (!most || source->calls > most->calls)) {
            most = source;
        }
    }
    return most;
}

static void find_spinning(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *source;

    if (aiotop_snapshot_origin(d->sample->now) == AIOTOP_ORIGIN_SAMPLED) {
        aiotop_find_spinning_sampled(d, loop);
        return;
    }
    if (is_livelock(d, loop)) {
        return;
    }
    source = most_called(d, loop);
    if (source && aiotop_rule_spins(d->sample, loop, source)) {
        aiotop_word_spinning_source(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_SPINNING, loop,
                                     source->now),
            d, loop, source);
    }
    if (spins_empty(d, loop)) {
        aiotop_word_spinning_loop(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_SPINNING, loop, NULL), d,
            loop);
    }
}

/* All that it does takes longer for that */
static bool is_short_of_cpu(const AiotopLoopSample *loop)
{
    return aiotop_rule_starved(loop) ||
           aiotop_share_percent(loop->run_queue_ns, loop->wall_ns) >
               AIOTOP_RULE_QUEUE_PERCENT;
}

/* One that is stuck for it is told of with that */
static void find_not_scheduled(Diagnosis *d, const AiotopLoopSample *loop)
{
    if ((is_stuck(d, loop) || is_loop_stuck(d, loop)) &&
        aiotop_wait_kind(d, loop) == WAIT_HOST_CPU) {
        return;
    }
    if (is_short_of_cpu(loop)) {
        aiotop_word_not_scheduled(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_NOT_SCHEDULED, loop, NULL),
            loop);
    }
}

/* A call that goes on takes at least half of the interval, whatever it does */
static bool is_in_one_call(const Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;

    return now->stack_depth &&
           aiotop_rule_exceeds(
               aiotop_age_ns(d->sample->now->time_ns, now->stack[0].since_ns),
               loop->wall_ns / 2);
}

/*
 * How long it was in callbacks for sure.  Of rounds that are not timed, QEMU
 * takes for that what their waits and its own work leave: time without a CPU,
 * too.
 */
static uint64_t callbacks_ns(const AiotopLoopSample *loop)
{
    uint64_t ns = loop->dispatch_ns;
    uint64_t less_ns = aiotop_known_or_zero(loop->run_queue_ns);

    return loop->thinned && ns != AIOTOP_UNKNOWN ? ns - MIN(less_ns, ns) : ns;
}

static void find_overloaded(Diagnosis *d, const AiotopLoopSample *loop)
{
    bool spins = d->sample->now->host_only &&
                 aiotop_diagnose_has(d, AIOTOP_CLASS_SPINNING, loop);
    uint64_t ns = callbacks_ns(loop);

    if (explains_all(d, loop) || is_livelock(d, loop) ||
        is_in_one_call(d, loop) || spins || is_short_of_cpu(loop)) {
        return;
    }
    if (aiotop_share_percent(ns, loop->wall_ns) >
        AIOTOP_RULE_OVERLOAD_PERCENT) {
        aiotop_word_overloaded(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_OVERLOADED, loop, NULL), d,
            loop, ns);
    } else if (d->sample->now->host_only &&
               aiotop_diagnose_is_main_thread(d, loop) &&
               aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >
                   AIOTOP_RULE_OVERLOAD_PERCENT) {
        aiotop_word_cpu_bound(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_OVERLOADED, loop, NULL),
            loop);
    }
}

/*
 * The source of the loop, other than @except, with the longest dispatch.  What
 * is a part of another one's, may be one of @except's.
 */
static const AiotopSourceSample *slowest(const Diagnosis *d,
                                         const AiotopLoopSample *loop,
                                         const AiotopSourceSample *except)
{
    const AiotopSourceSample *slow = NULL;
    double longest_ns = AIOTOP_RULE_LATE_MS * 1e6 / 2;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (source != except && source->duration.max_ns >= longest_ns &&
            !aiotop_rule_is_own(source->now) &&
            !aiotop_rule_is_part(source->now)) {
            longest_ns = source->duration.max_ns;
            slow = source;
        }
    }
    return slow;
}

/* What is late behind what is stuck, stalled, or not run, is told of with that */
static void find_late_neighbour(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *late = NULL, *slow, *next;
    unsigned n = 0;

    if (explains_all(d, loop) || is_livelock(d, loop) ||
        is_short_of_cpu(loop) || aiotop_diagnose_stalled_source(d, loop)) {
        return;
    }
    slow = slowest(d, loop, NULL);
    next = slow ? slowest(d, loop, slow) : NULL;
    for (unsigned i = 0; slow && i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (aiotop_rule_late(&source->delay) &&
            !aiotop_rule_is_own(source->now) && (source != slow || next)) {
            n++;
            if (!late || source->delay.p99_ns > late->delay.p99_ns) {
                late = source;
            }
        }
    }
    if (late) {
        slow = late == slow ? next : slow;
        aiotop_word_late_neighbour(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_LATE_NEIGHBOUR, loop,
                                     slow->now),
            d, loop, late, slow, n);
    }
}

static void find_polling_waste(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (aiotop_rule_wastes(loop)) {
        aiotop_word_polling_waste(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_POLLING_WASTE, loop, NULL),
            loop);
    }
}

static void find_wakes_too_often(Diagnosis *d, const AiotopLoopSample *loop)
{
    /* A timer that is the reason is told of itself */
    if (aiotop_rule_wakes_too_often(loop) &&
        !aiotop_diagnose_has(d, AIOTOP_CLASS_BUSY_TIMER, loop)) {
        aiotop_word_wakes_too_often(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_WAKES_TOO_OFTEN, loop,
                                     NULL),
            d, loop);
    }
}

/* It explains all else */
static bool find_stopped(Diagnosis *d)
{
    if (d->sample->now->halt.kind == AIOTOP_HALT_NONE) {
        return false;
    }
    aiotop_word_stopped(aiotop_diagnose_add(d, AIOTOP_CLASS_STOPPED, NULL, -1),
                        d);
    return true;
}

/* It has the big lock, and is told of with those that wait for that */
static bool is_waited_for(const Diagnosis *d, int64_t thread_id)
{
    const AiotopBql *bql = &d->sample->now->bql;
    unsigned n = thread_id == bql->holder_thread_id ? bql->n_threads : 0;

    for (unsigned i = 0; i < n; i++) {
        uint64_t since_ns = bql->threads[i].waiting_since_ns;

        if (aiotop_rule_exceeds(aiotop_diagnose_age_ns(d, since_ns),
                                d->limit_ns)) {
            return true;
        }
    }
    return false;
}

static bool is_blocked_vcpu(const Diagnosis *d,
                            const AiotopThreadSample *thread)
{
    return thread->blocked && aiotop_thread_is_vcpu(thread->now->name) &&
           aiotop_rule_exceeds(d->sample->interval_ns,
                               AIOTOP_RULE_BLOCKED_MS * NS_PER_MS) &&
           !is_waited_for(d, thread->now->thread_id);
}

/* One that is in a callback is told of with that */
static void find_stopped_threads(Diagnosis *d)
{
    for (unsigned i = 0; i < d->sample->n_threads; i++) {
        const AiotopThreadSample *thread = &d->sample->threads[i];
        const AiotopLoopSample *loop =
            aiotop_sample_find_loop(d->sample, thread->now->thread_id);

        if (!(thread->stopped || is_blocked_vcpu(d, thread)) ||
            (loop && loop->now->stack_depth)) {
            continue;
        }
        aiotop_word_stopped_thread(aiotop_diagnose_add(d, AIOTOP_CLASS_STOPPED,
                                                       thread->now->name,
                                                       thread->now->thread_id),
                                   d, thread->now, loop);
    }
}

static void find_guest_stopped(Diagnosis *d)
{
    const char *state = d->sample->now->run_state;

    if (state && aiotop_run_state_failure(state)) {
        aiotop_word_guest_stopped(
            aiotop_diagnose_add(d, AIOTOP_CLASS_GUEST_STOPPED, NULL, -1),
            state);
    }
}

/* What only warns is after all that is stuck */
static int compare_findings(gconstpointer a, gconstpointer b)
{
    const AiotopFinding *const *x = a, *const *y = b;

    return aiotop_finding_is_stuck(*y) - aiotop_finding_is_stuck(*x);
}

static void find_nothing(Diagnosis *d)
{
    if (d->sample->now->host_only) {
        aiotop_word_unknown(
            aiotop_diagnose_add(d, AIOTOP_CLASS_UNKNOWN, NULL, -1), d);
    } else {
        aiotop_word_healthy(
            aiotop_diagnose_add(d, AIOTOP_CLASS_HEALTHY, NULL, -1), d);
    }
}

bool aiotop_diagnose_can(const AiotopSample *sample)
{
    return !sample->cumulative || sample->now->halt.kind != AIOTOP_HALT_NONE;
}

GPtrArray *aiotop_diagnose(const AiotopSample *sample,
                           const AiotopDiagnoseOptions *options)
{
    Diagnosis d = {
        .sample = sample,
        .limit_ns = aiotop_rule_stall_ns(sample->now, options->stall_ns),
        .request_ns = aiotop_rule_request_ns(options->request_ns),
        .surface = options->surface,
        .gone_round = aiotop_gone_round(sample),
        .oldest_awaited_ns = aiotop_wait_oldest_ns(&sample->now->awaited),
        .findings = g_ptr_array_new_with_free_func(free_finding),
    };

    if (find_stopped(&d) || aiotop_find_not_started(&d)) {
        return d.findings;
    }
    find_stopped_threads(&d);
    aiotop_find_awaited(&d);
    in_each_loop(&d, find_callback_stuck);
    in_each_loop(&d, find_nested_wait);
    in_each_loop(&d, aiotop_find_loop_stuck);
    aiotop_find_bql_wait(&d);
    in_each_loop(&d, aiotop_find_lost_wakeup);
    if (sample->now->host_only) {
        in_each_loop(&d, aiotop_find_main_loop_blocked);
    }
    find_guest_stopped(&d);
    aiotop_find_transfer(&d);
    aiotop_held_up_fold(&d);
    aiotop_find_back_pressure(&d);
    find_stalled(&d, options->window_ns
                         ? options->window_ns
                         : AIOTOP_RULE_STALL_WINDOW_S * NS_PER_S);
    in_each_loop(&d, aiotop_find_livelock);
    in_each_loop(&d, find_spinning);
    in_each_loop(&d, find_not_scheduled);
    in_each_loop(&d, find_overloaded);
    in_each_loop(&d, find_late_neighbour);
    in_each_loop(&d, find_polling_waste);
    in_each_loop(&d, aiotop_find_busy_timer);
    in_each_loop(&d, find_wakes_too_often);
    aiotop_find_cpu_elsewhere(&d);
    if (!d.findings->len) {
        find_nothing(&d);
    }
    /* It is stable */
    g_ptr_array_sort(d.findings, compare_findings);
    return d.findings;
}
