/*
 * The part of the ledger that is about an interval
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "ledger-interval.h"

#include <math.h>

/* All that is added up over sources */
typedef struct Sums {
    AiotopLedgerCounts counts;
    uint64_t timed_calls;
    uint64_t total_ns;
    AiotopHistogram duration;
    AiotopHistogram delay;
} Sums;

static const AiotopBuckets none;

static void subtract(uint64_t *a, uint64_t b)
{
    *a -= MIN(*a, b);
}

void aiotop_ledger_counts_add(AiotopLedgerCounts *a,
                              const AiotopLedgerCounts *b)
{
    a->calls += b->calls;
    a->busy_ns += b->busy_ns;
    a->delays += b->delays;
    a->delay_ns += b->delay_ns;
}

void aiotop_ledger_counts_subtract(AiotopLedgerCounts *a,
                                   const AiotopLedgerCounts *b)
{
    subtract(&a->calls, b->calls);
    subtract(&a->busy_ns, b->busy_ns);
    subtract(&a->delays, b->delays);
    subtract(&a->delay_ns, b->delay_ns);
}

AiotopLedgerCounts aiotop_ledger_source_counts(const AiotopSourceSample *source)
{
    AiotopLedgerCounts counts = { 0 };

    if (source->calls != AIOTOP_UNKNOWN) {
        counts.calls = source->calls;
        counts.busy_ns = aiotop_known_or_zero(source->busy_ns);
        counts.delays = aiotop_known_or_zero(source->delays);
        counts.delay_ns = aiotop_known_or_zero(source->delay_ns);
    }
    return counts;
}

/* Since profiling began */
static void add_source(Sums *sums, const AiotopSource *source)
{
    uint64_t delays = sums->delay.total;

    aiotop_histogram_add_difference(&sums->duration, source->histogram, none);
    aiotop_histogram_add_difference(&sums->delay, source->delay_histogram,
                                    none);
    sums->counts.calls += aiotop_known_or_zero(source->calls);
    sums->counts.busy_ns += aiotop_known_or_zero(source->busy_ns);
    sums->counts.delays += sums->delay.total - delays;
    sums->counts.delay_ns += aiotop_known_or_zero(source->delay_ns);
    sums->timed_calls += aiotop_known_or_zero(source->timed_calls);
    sums->total_ns += aiotop_known_or_zero(source->total_ns);
}

/* Of all sources, whether they are listed or not */
static void add_loop(Sums *sums, const AiotopLoop *loop)
{
    for (unsigned i = 0; loop && i < loop->n_sources; i++) {
        add_source(sums, loop->sources[i]);
    }
    if (loop && loop->rest) {
        add_source(sums, loop->rest);
    }
}

/* What those did of which it is known */
static void add_listed(Sums *sums, const AiotopSample *sample,
                       const AiotopLoopSample *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[loop->first_source + i];
        const AiotopSource *before = source->before;
        AiotopLedgerCounts counts = aiotop_ledger_source_counts(source);

        if (source->calls == AIOTOP_UNKNOWN) {
            continue;
        }
        aiotop_ledger_counts_add(&sums->counts, &counts);
        sums->timed_calls += aiotop_known_or_zero(source->timed_calls);
        sums->total_ns += aiotop_known_or_zero(source->total_ns);
        aiotop_histogram_add_difference(&sums->duration, source->now->histogram,
                                        before ? before->histogram : none);
        aiotop_histogram_add_difference(
            &sums->delay, source->now->delay_histogram,
            before ? before->delay_histogram : none);
    }
}

static double product(double mean_ns, double n)
{
    return isnan(mean_ns) ? 0 : mean_ns * n;
}

static double listed_duration_ns(const AiotopSample *sample,
                                 const AiotopLoopSample *loop)
{
    double sum_ns = 0;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[loop->first_source + i];

        if (source->calls != AIOTOP_UNKNOWN) {
            sum_ns += product(
                aiotop_source_sample_mean_ns(source, AIOTOP_HISTOGRAM_DURATION),
                aiotop_known_or_zero(source->timed_calls));
        }
    }
    return sum_ns;
}

/* --- What those did that are not listed --- */

/* Takes what was before from @now; false if there was more */
static bool take(uint64_t *now, uint64_t before)
{
    bool enough = *now >= before;

    subtract(now, before);
    return enough;
}

static bool take_histogram(AiotopHistogram *now, const AiotopHistogram *before)
{
    bool enough = true;

    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        enough &= now->count[i] >= before->count[i];
    }
    aiotop_histogram_subtract(now, before);
    return enough;
}

static bool take_sums(Sums *now, const Sums *before)
{
    bool enough = take(&now->counts.calls, before->counts.calls);

    enough &= take(&now->counts.busy_ns, before->counts.busy_ns);
    enough &= take(&now->counts.delays, before->counts.delays);
    enough &= take(&now->counts.delay_ns, before->counts.delay_ns);
    enough &= take(&now->timed_calls, before->timed_calls);
    enough &= take(&now->total_ns, before->total_ns);
    enough &= take_histogram(&now->duration, &before->duration);
    enough &= take_histogram(&now->delay, &before->delay);
    return enough;
}

/* Sets @unlisted to what is left; false if sources have ended */
static bool find_unlisted(Sums *unlisted, const Sums *listed,
                          const AiotopLoopSample *loop)
{
    Sums before = { 0 };

    *unlisted = (Sums){ 0 };
    add_loop(unlisted, loop->now);
    add_loop(&before, loop->before);
    return take_sums(unlisted, &before) && take_sums(unlisted, listed);
}

void aiotop_ledger_interval(AiotopLedgerInterval *interval,
                            const AiotopSample *sample,
                            const AiotopLoopSample *loop)
{
    Sums listed = { 0 }, unlisted;

    add_listed(&listed, sample, loop);
    *interval = (AiotopLedgerInterval){
        .counts = listed.counts,
        .duration = listed.duration,
        .delay = listed.delay,
        .duration_ns = listed_duration_ns(sample, loop),
        .delay_ns = listed.counts.delay_ns,
    };
    if (aiotop_loop_sample_has_rest(loop) &&
        find_unlisted(&unlisted, &listed, loop)) {
        aiotop_ledger_counts_add(&interval->counts, &unlisted.counts);
        aiotop_histogram_add(&interval->duration, &unlisted.duration);
        aiotop_histogram_add(&interval->delay, &unlisted.delay);
        interval->duration_ns +=
            product(aiotop_average(unlisted.total_ns, unlisted.counts.calls),
                    unlisted.timed_calls);
        interval->delay_ns += unlisted.counts.delay_ns;
    }
}
