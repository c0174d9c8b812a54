/*
 * Histograms of an interval
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/sample.h"

#include <string.h>

bool aiotop_loop_sample_has_rest(const AiotopLoopSample *loop)
{
    return loop->now->rest || (loop->before && loop->before->rest);
}

static AiotopBuckets buckets_of(const AiotopSource *source,
                                AiotopHistogramKind kind)
{
    return kind == AIOTOP_HISTOGRAM_DURATION ? source->histogram
                                             : source->delay_histogram;
}

/* Until this snapshot, of all sources */
static void add_up(AiotopHistogram *histogram, const AiotopLoop *loop,
                   AiotopHistogramKind kind)
{
    static const AiotopBuckets none;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        aiotop_histogram_add_difference(
            histogram, buckets_of(loop->sources[i], kind), none);
    }
    if (loop->rest) {
        aiotop_histogram_add_difference(histogram, buckets_of(loop->rest, kind),
                                        none);
    }
}

/* What there is now, less what there was */
static void compare_sums(AiotopHistogram *histogram,
                         const AiotopLoopSample *loop, AiotopHistogramKind kind)
{
    AiotopHistogram before = { 0 };

    memset(histogram, 0, sizeof(*histogram));
    add_up(histogram, loop->now, kind);
    if (loop->before) {
        add_up(&before, loop->before, kind);
        aiotop_histogram_subtract(histogram, &before);
    }
}

static void add_histogram(const AiotopSourceSample *source,
                          AiotopHistogramKind kind, AiotopHistogram *histogram)
{
    static const AiotopBuckets none;

    if (source->calls == AIOTOP_UNKNOWN) {
        return;
    }
    aiotop_histogram_add_difference(
        histogram, buckets_of(source->now, kind),
        source->before ? buckets_of(source->before, kind) : none);
}

void aiotop_source_sample_histogram(const AiotopSourceSample *source,
                                    AiotopHistogramKind kind,
                                    AiotopHistogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
    add_histogram(source, kind, histogram);
}

void aiotop_loop_sample_histogram(const AiotopSample *sample,
                                  const AiotopLoopSample *loop,
                                  AiotopHistogramKind kind,
                                  AiotopHistogram *histogram)
{
    if (aiotop_loop_sample_has_rest(loop)) {
        compare_sums(histogram, loop, kind);
        return;
    }
    memset(histogram, 0, sizeof(*histogram));
    for (unsigned i = 0; i < loop->n_sources; i++) {
        add_histogram(&sample->sources[loop->first_source + i], kind,
                      histogram);
    }
}
