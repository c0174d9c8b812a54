/*
 * Two snapshots to a sample
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/sample.h"

#include <math.h>
#include <string.h>

#include "sample-parts.h"

static bool backwards(uint64_t now, uint64_t before)
{
    return now != AIOTOP_UNKNOWN && before != AIOTOP_UNKNOWN && now < before;
}

/* Counters of a loop that can't go backwards while it is the same loop */
static bool loop_restarted(const AiotopLoop *now, const AiotopLoop *before)
{
    return backwards(now->iterations, before->iterations) ||
           backwards(now->dispatches, before->dispatches);
}

static bool source_restarted(const AiotopSource *now,
                             const AiotopSource *before)
{
    return strcmp(now->kind, before->kind) != 0 ||
           strcmp(now->name, before->name) != 0 ||
           backwards(now->calls, before->calls);
}

/* How long the source's outermost dispatch in progress has lasted */
static uint64_t get_running_ns(const AiotopSnapshot *snapshot,
                               const AiotopLoop *loop, uint32_t id)
{
    for (unsigned i = 0; i < loop->stack_depth; i++) {
        if (loop->stack[i].source_id == id) {
            return aiotop_age_ns(snapshot->time_ns, loop->stack[i].since_ns);
        }
    }
    return AIOTOP_UNKNOWN;
}

/* What its dispatches in progress have taken so far, together */
static uint64_t in_progress_ns(const AiotopSnapshot *snapshot,
                               const AiotopLoop *loop, uint32_t id)
{
    uint64_t ns = 0;

    for (unsigned i = 0; i < loop->stack_depth; i++) {
        if (loop->stack[i].source_id == id) {
            ns = aiotop_sum(
                ns, aiotop_age_ns(snapshot->time_ns, loop->stack[i].since_ns));
        }
    }
    return ns;
}

/* What is left of GLib's dispatching without what has a source of its own */
static bool is_remainder(const AiotopSource *source)
{
    return strcmp(source->kind, "glib") == 0 &&
           strcmp(source->name, "g_main_context_dispatch") == 0;
}

/* What all of its calls took that are over */
static uint64_t ended_ns(const AiotopSnapshot *snapshot, const AiotopLoop *loop,
                         const AiotopSource *source)
{
    return aiotop_difference(is_remainder(source) ? source->busy_ns
                                                  : source->total_ns,
                             in_progress_ns(snapshot, loop, source->id));
}

/* Adds up the histograms of a loop's sources on the way */
typedef struct LoopSums {
    AiotopHistogram duration;
    AiotopHistogram delay;
    uint64_t max_ns;
    uint64_t delay_max_ns;
    bool thinned;
} LoopSums;

/* What it did in the interval is in the rest of the snapshot before */
static void sample_unknown(AiotopSourceSample *out)
{
    out->calls = AIOTOP_UNKNOWN;
    out->timed_calls = AIOTOP_UNKNOWN;
    out->busy_ns = AIOTOP_UNKNOWN;
    out->total_ns = AIOTOP_UNKNOWN;
    out->ended_ns = AIOTOP_UNKNOWN;
    out->delay_ns = AIOTOP_UNKNOWN;
    out->delays = AIOTOP_UNKNOWN;
}

static void sample_source(AiotopSample *sample, AiotopSourceSample *out,
                          LoopSums *sums)
{
    const AiotopLoopSample *loop = &sample->loops[out->loop];
    const AiotopSource *now = out->now, *before = out->before;
    AiotopHistogram histogram;

    out->running_ns = get_running_ns(sample->now, loop->now, now->id);
    out->duration = aiotop_no_percentiles;
    out->delay = aiotop_no_percentiles;
    if (!before && loop->before && loop->before->rest) {
        sample_unknown(out);
        return;
    }
    out->calls = aiotop_difference(now->calls, before ? before->calls : 0);
    out->timed_calls =
        aiotop_difference(now->timed_calls, before ? before->timed_calls : 0);
    out->busy_ns =
        aiotop_difference(now->busy_ns, before ? before->busy_ns : 0);
    out->total_ns =
        aiotop_difference(now->total_ns, before ? before->total_ns : 0);
    out->samples = now->samples - (before ? before->samples : 0);
    out->ended_ns = aiotop_difference(
        ended_ns(sample->now, loop->now, now),
        before ? ended_ns(sample->before, loop->before, before) : 0);
    /* Not sent before the first delay */
    out->delay_ns = aiotop_difference(
        now->delay_ns,
        before && before->delay_ns != AIOTOP_UNKNOWN ? before->delay_ns : 0);
    if (before == now) {
        /* It did nothing: the object is shared then */
        out->delays = 0;
        return;
    }

    sums->thinned |= aiotop_calls_thinned(out->calls, out->timed_calls);
    aiotop_source_sample_histogram(out, AIOTOP_HISTOGRAM_DURATION, &histogram);
    if (histogram.total) {
        out->duration = aiotop_percentiles(&histogram, now->max_ns);
        aiotop_histogram_add(&sums->duration, &histogram);
        sums->max_ns = MAX(sums->max_ns, now->max_ns);
    }
    aiotop_source_sample_histogram(out, AIOTOP_HISTOGRAM_DELAY, &histogram);
    out->delays = histogram.total;
    if (histogram.total) {
        out->delay = aiotop_percentiles(&histogram, now->delay_max_ns);
        aiotop_histogram_add(&sums->delay, &histogram);
        sums->delay_max_ns = MAX(sums->delay_max_ns, now->delay_max_ns);
    }
}

/* @restarted: it was there before, but its counters went backwards since */
static void sample_loop_counters(AiotopSample *sample, AiotopLoopSample *out,
                                 bool restarted)
{
    const AiotopLoop *now = out->now, *before = out->before;
    uint64_t start_ns = sample->now->time_ns - sample->interval_ns;

    if (!before && restarted) {
        start_ns =
            MAX(start_ns, now->since_ns == AIOTOP_UNKNOWN ? 0 : now->since_ns);
    } else if (!before) {
        start_ns = now->since_ns;
    }
    out->wall_ns = aiotop_difference(sample->now->time_ns, start_ns);

#define DIFFERENCE(counter)                                                    \
    out->counter = before ? aiotop_difference(now->counter, before->counter)   \
                          : now->counter
    DIFFERENCE(iterations);
    DIFFERENCE(dispatches);
    DIFFERENCE(wait_ns);
    DIFFERENCE(poll_ns);
    DIFFERENCE(dispatch_ns);
    DIFFERENCE(bql_wait_ns);
    DIFFERENCE(poll_hits);
    DIFFERENCE(poll_misses);
    DIFFERENCE(seen_running);
    DIFFERENCE(seen_in_kernel);
#undef DIFFERENCE

    /* These began with the thread, not with the profile */
#define DIFFERENCE(name, counter)                                              \
    out->name = before ? aiotop_difference(now->counter, before->counter)      \
                       : AIOTOP_UNKNOWN
    DIFFERENCE(cpu_ns, cpu_ns);
    DIFFERENCE(run_queue_ns, run_queue_ns);
    DIFFERENCE(voluntary_switches, thread.voluntary_switches);
    DIFFERENCE(involuntary_switches, thread.involuntary_switches);
#undef DIFFERENCE

    out->other_ns = out->wall_ns;
    out->other_ns = aiotop_difference(out->other_ns, out->wait_ns);
    out->other_ns = aiotop_difference(out->other_ns, out->poll_ns);
    out->other_ns = aiotop_difference(out->other_ns, out->dispatch_ns);
    out->other_ns = aiotop_difference(out->other_ns, out->bql_wait_ns);
    if (aiotop_snapshot_origin(sample->now) == AIOTOP_ORIGIN_SAMPLED) {
        /* Samples don't tell what it would have done with a CPU */
        out->other_ns = aiotop_difference(
            out->other_ns, aiotop_known_or_zero(out->run_queue_ns));
    }
    if (now->state == AIOTOP_LOOP_UNKNOWN || out->is_thread) {
        /* A thread that is no event loop: the rest is its own affair */
        out->other_ns = AIOTOP_UNKNOWN;
    }
    if (out->is_thread) {
        out->iterations = AIOTOP_UNKNOWN;
        out->wait_ns = AIOTOP_UNKNOWN;
        out->poll_ns = AIOTOP_UNKNOWN;
        out->poll_hits = AIOTOP_UNKNOWN;
        out->poll_misses = AIOTOP_UNKNOWN;
    }
    out->kernel_ns = aiotop_difference(out->cpu_ns, out->dispatch_ns);
    out->kernel_ns = aiotop_difference(out->kernel_ns, out->poll_ns);
    out->kernel_ns = aiotop_difference(out->kernel_ns, out->other_ns);

    out->dispatch_age_ns = AIOTOP_UNKNOWN;
    if (now->stack_depth) {
        const AiotopDispatch *inner = &now->stack[now->stack_depth - 1];

        out->running = aiotop_loop_find_source(now, inner->source_id);
        out->dispatch_age_ns =
            aiotop_age_ns(sample->now->time_ns, now->stack[0].since_ns);
    }
}

static const AiotopBqlThread *find_thread(const AiotopSnapshot *snapshot,
                                          const AiotopLoop *loop)
{
    const AiotopBql *bql = &snapshot->bql;

    for (unsigned i = 0; i < bql->n_threads; i++) {
        if (bql->threads[i].thread_id == loop->thread_id) {
            return &bql->threads[i];
        }
    }
    return NULL;
}

/* How long the loop's thread waited for the lock, and whether it does so */
static void sample_lock(const AiotopSample *sample, AiotopLoopSample *out)
{
    const AiotopLoop *now = out->now;
    const AiotopBqlThread *thread = find_thread(sample->now, now);
    const AiotopBqlThread *before =
        out->before ? find_thread(sample->before, out->before) : NULL;

    out->state = now->state;
    out->state_age_ns =
        now->state == AIOTOP_LOOP_UNKNOWN
            ? AIOTOP_UNKNOWN
            : aiotop_age_ns(sample->now->time_ns, now->state_since_ns);
    out->lock_wait_ns = out->bql_wait_ns;
    out->lock_wait_age_ns = AIOTOP_UNKNOWN;
    if (!thread) {
        if (now->state == AIOTOP_LOOP_BQL_WAIT) {
            out->lock_wait_age_ns = out->state_age_ns;
        }
        return;
    }
    if (thread->wait_ns != AIOTOP_UNKNOWN) {
        uint64_t ns =
            aiotop_difference(thread->wait_ns, before ? before->wait_ns : 0);

        /* A thread may have waited before it was seen dispatching */
        out->lock_wait_ns = MIN(ns, out->wall_ns);
    }
    out->lock_wait_age_ns =
        aiotop_age_ns(sample->now->time_ns, thread->waiting_since_ns);
    if (out->lock_wait_age_ns != AIOTOP_UNKNOWN &&
        now->state != AIOTOP_LOOP_WAITING &&
        now->state != AIOTOP_LOOP_POLLING) {
        out->state = AIOTOP_LOOP_BQL_WAIT;
        out->state_age_ns = out->lock_wait_age_ns;
    }
}

/* A loop says what it does, from its first round on */
static bool shows_no_loop(const AiotopLoop *loop)
{
    return loop->state == AIOTOP_LOOP_UNKNOWN && loop->iterations &&
           loop->iterations != AIOTOP_UNKNOWN;
}

/*
 * A thread without a loop has no rounds, or some that it did for another: a
 * vCPU's thread waits for requests so.  No rounds has a loop, too, that has
 * been stuck or asleep since profiling began; it is known as one if it waits
 * or polls, or by its number.  Samples tell by what it was seen at.
 */
static bool is_thread(const AiotopSnapshot *snapshot, const AiotopLoop *loop,
                      const AiotopLoop *before)
{
    bool waits = loop->state == AIOTOP_LOOP_WAITING ||
                 loop->state == AIOTOP_LOOP_POLLING;

    if (loop->thread_id == snapshot->pid) {
        return false;
    }
    if (aiotop_snapshot_origin(snapshot) == AIOTOP_ORIGIN_SAMPLED) {
        return loop->dispatch_ns == AIOTOP_UNKNOWN;
    }
    return (loop->iterations == 0 && !(waits && !loop->stack_depth)) ||
           shows_no_loop(loop) || (before && shows_no_loop(before));
}

/* What is not known of each source by itself */
static void sum_with_rest(LoopSums *sums, const AiotopSample *sample,
                          const AiotopLoopSample *loop)
{
    const AiotopSource *rest = loop->now->rest;

    aiotop_loop_sample_histogram(sample, loop, AIOTOP_HISTOGRAM_DURATION,
                                 &sums->duration);
    aiotop_loop_sample_histogram(sample, loop, AIOTOP_HISTOGRAM_DELAY,
                                 &sums->delay);
    for (unsigned i = 0; i < loop->now->n_sources; i++) {
        const AiotopSource *source = loop->now->sources[i];

        sums->max_ns = MAX(sums->max_ns, source->max_ns);
        sums->delay_max_ns =
            MAX(sums->delay_max_ns, aiotop_known_or_zero(source->delay_max_ns));
        sums->thinned |=
            aiotop_calls_thinned(source->calls, source->timed_calls);
    }
    if (rest) {
        sums->max_ns = MAX(sums->max_ns, rest->max_ns);
        sums->delay_max_ns =
            MAX(sums->delay_max_ns, aiotop_known_or_zero(rest->delay_max_ns));
        sums->thinned |= aiotop_calls_thinned(rest->calls, rest->timed_calls);
    }
}

static void sample_loop(AiotopSample *sample, unsigned index)
{
    AiotopLoopSample *out = &sample->loops[index];
    LoopSums sums = { 0 };
    bool restarted = false;
    unsigned j = 0;

    out->now = &sample->now->loops[index];
    if (sample->before) {
        out->before = aiotop_snapshot_find_loop(sample->before, out->now);
    }
    if (out->before && loop_restarted(out->now, out->before)) {
        restarted = true;
        out->before = NULL;
    }
    out->is_thread = is_thread(sample->now, out->now, out->before);
    sample_loop_counters(sample, out, restarted);
    sample_lock(sample, out);
    out->first_source = sample->n_sources;
    out->n_sources = out->now->n_sources;
    for (unsigned i = 0; i < out->now->n_sources; i++) {
        AiotopSourceSample *source = &sample->sources[sample->n_sources++];
        const AiotopLoop *before = out->before;

        source->loop = index;
        source->now = out->now->sources[i];
        while (before && j < before->n_sources &&
               before->sources[j]->id < source->now->id) {
            j++;
        }
        if (before && j < before->n_sources &&
            before->sources[j]->id == source->now->id &&
            !source_restarted(source->now, before->sources[j])) {
            source->before = before->sources[j];
        }
        sample_source(sample, source, &sums);
    }
    if (aiotop_loop_sample_has_rest(out)) {
        sum_with_rest(&sums, sample, out);
    }
    out->thinned = sums.thinned;
    out->duration = aiotop_percentiles(&sums.duration, sums.max_ns);
    out->delay = aiotop_percentiles(&sums.delay, sums.delay_max_ns);
}

/* Whether @now continues @before */
static bool continues(const AiotopSnapshot *before, const AiotopSnapshot *now)
{
    return aiotop_snapshot_same_period(before, now) &&
           now->time_ns > before->time_ns && now->sequence >= before->sequence;
}

AiotopSample *aiotop_sample_new(AiotopSnapshot *before, AiotopSnapshot *now)
{
    AiotopSample *sample = g_new0(AiotopSample, 1);
    unsigned n_sources = 0;

    if (before && !continues(before, now)) {
        before = NULL;
        sample->restarted = true;
    }
    sample->ref_count = 1;
    sample->cumulative = !before;
    sample->now = aiotop_snapshot_ref(now);
    sample->before = before ? aiotop_snapshot_ref(before) : NULL;
    sample->interval_ns = aiotop_difference(
        now->time_ns, before ? before->time_ns : now->profiling_since_ns);
    if (sample->interval_ns == AIOTOP_UNKNOWN) {
        sample->interval_ns = 0;
    }

    for (unsigned i = 0; i < now->n_loops; i++) {
        n_sources += now->loops[i].n_sources;
    }
    sample->n_loops = now->n_loops;
    sample->loops = g_new0(AiotopLoopSample, now->n_loops);
    sample->sources = g_new0(AiotopSourceSample, n_sources);
    for (unsigned i = 0; i < now->n_loops; i++) {
        sample_loop(sample, i);
    }
    aiotop_sample_add_nodes(sample);
    aiotop_sample_add_threads(sample);
    return sample;
}

const AiotopLoopSample *aiotop_sample_find_loop(const AiotopSample *sample,
                                                int64_t thread_id)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (sample->loops[i].now->thread_id == thread_id) {
            return &sample->loops[i];
        }
    }
    return NULL;
}

int64_t aiotop_sample_real_us(const AiotopSample *sample, uint64_t time_ns)
{
    uint64_t now_ns = sample->now->time_ns;

    if (!sample->real_time_us || time_ns > now_ns) {
        return 0;
    }
    return MAX(sample->real_time_us - (int64_t)((now_ns - time_ns) / 1000), 0);
}

AiotopSample *aiotop_sample_ref(AiotopSample *sample)
{
    sample->ref_count++;
    return sample;
}

void aiotop_sample_free(AiotopSample *sample)
{
    if (!sample || --sample->ref_count) {
        return;
    }
    aiotop_snapshot_unref(sample->now);
    aiotop_snapshot_unref(sample->before);
    g_free(sample->loops);
    g_free(sample->sources);
    g_free(sample->nodes);
    g_free(sample->threads);
    g_free(sample);
}

bool aiotop_source_sample_active(const AiotopSourceSample *source)
{
    return source->running_ns != AIOTOP_UNKNOWN || source->samples ||
           (source->calls && source->calls != AIOTOP_UNKNOWN);
}

double aiotop_source_sample_mean_ns(const AiotopSourceSample *source,
                                    AiotopHistogramKind kind)
{
    return kind == AIOTOP_HISTOGRAM_DURATION
               ? aiotop_average(source->ended_ns, source->calls)
               : aiotop_average(source->delay_ns, source->delays);
}
