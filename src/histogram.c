/*
 * The histogram's buckets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/histogram.h"

#include <math.h>

uint64_t aiotop_histogram_lower_ns(unsigned index)
{
    unsigned octave, quarter;

    g_assert(index < AIOTOP_HISTOGRAM_BUCKETS);
    if (index == 0) {
        return 0;
    }
    octave = (index - 1) / 4;
    quarter = (index - 1) % 4;
    return (UINT64_C(64) << octave) / 4 * (4 + quarter);
}

uint64_t aiotop_histogram_upper_ns(unsigned index)
{
    if (index == AIOTOP_HISTOGRAM_BUCKETS - 1) {
        return UINT64_MAX;
    }
    return aiotop_histogram_lower_ns(index + 1);
}

unsigned aiotop_histogram_index(uint64_t ns)
{
    unsigned octave, quarter, index;

    if (ns < 64) {
        return 0;
    }
    octave = 63 - __builtin_clzll(ns) - 6;
    quarter = (ns >> (octave + 4)) & 3;
    index = 1 + 4 * octave + quarter;
    return MIN(index, AIOTOP_HISTOGRAM_BUCKETS - 1);
}

void aiotop_histogram_add_difference(AiotopHistogram *sum, AiotopBuckets now,
                                     AiotopBuckets before)
{
    unsigned j = 0;

    for (unsigned i = 0; i < now.n; i++) {
        const AiotopBucket *bucket = &now.bucket[i];
        uint64_t count = bucket->count;

        while (j < before.n && before.bucket[j].index < bucket->index) {
            j++;
        }
        if (j < before.n && before.bucket[j].index == bucket->index) {
            uint64_t old = before.bucket[j].count;

            count = count > old ? count - old : 0;
        }
        sum->count[bucket->index] += count;
        sum->total += count;
    }
}

void aiotop_histogram_add(AiotopHistogram *sum, const AiotopHistogram *other)
{
    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        sum->count[i] += other->count[i];
    }
    sum->total += other->total;
}

double aiotop_histogram_percentile_ns(const AiotopHistogram *histogram,
                                      double percent, uint64_t limit_ns)
{
    double rank = percent / 100 * histogram->total;
    double below = 0;
    unsigned i;

    g_assert(percent > 0 && percent <= 100);
    if (!histogram->total) {
        return NAN;
    }
    for (i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        double count = histogram->count[i];

        if (count > 0 && below + count >= rank) {
            double lower = aiotop_histogram_lower_ns(i);
            double upper = aiotop_histogram_upper_ns(i);
            double value;

            if (i == AIOTOP_HISTOGRAM_BUCKETS - 1) {
                return limit_ns == UINT64_MAX ? lower : MAX(limit_ns, lower);
            }
            value = lower + (upper - lower) * (rank - below) / count;
            return limit_ns == UINT64_MAX ? value : MIN(value, limit_ns);
        }
        below += count;
    }
    /* Only if the sum of the counts is less than the total, by rounding */
    return aiotop_histogram_max_ns(histogram, limit_ns);
}

double aiotop_histogram_max_ns(const AiotopHistogram *histogram,
                               uint64_t limit_ns)
{
    for (unsigned i = AIOTOP_HISTOGRAM_BUCKETS; i-- > 0;) {
        if (histogram->count[i]) {
            uint64_t upper = aiotop_histogram_upper_ns(i);

            if (limit_ns != UINT64_MAX) {
                return MIN(upper, limit_ns);
            }
            return upper == UINT64_MAX
                ? (double)aiotop_histogram_lower_ns(i) : (double)upper;
        }
    }
    return NAN;
}
