/*
 * The histogram's buckets, and percentiles of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/histogram.h"

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

void aiotop_histogram_subtract(AiotopHistogram *histogram,
                               const AiotopHistogram *other)
{
    histogram->total = 0;
    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        uint64_t *count = &histogram->count[i];

        *count -= MIN(*count, other->count[i]);
        histogram->total += *count;
    }
}

/* The value of @rank, which is in bucket @index, above @below others */
static double interpolate(const AiotopHistogram *histogram, unsigned index,
                          double rank, double below, uint64_t limit_ns)
{
    double lower = aiotop_histogram_lower_ns(index);
    double upper, value;

    if (index == AIOTOP_HISTOGRAM_BUCKETS - 1) {
        return limit_ns == UINT64_MAX ? lower : MAX(limit_ns, lower);
    }
    upper = aiotop_histogram_upper_ns(index);
    value = lower + (upper - lower) * (rank - below) / histogram->count[index];
    return limit_ns == UINT64_MAX ? value : MIN(value, limit_ns);
}

void aiotop_histogram_percentiles_ns(const AiotopHistogram *histogram,
                                     const double *percents, unsigned n,
                                     uint64_t limit_ns, double *values_ns)
{
    uint64_t below = 0;
    unsigned done = 0;

    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS && done < n; i++) {
        uint64_t count = histogram->count[i];

        while (count && done < n) {
            double rank = percents[done] / 100 * histogram->total;

            g_assert(percents[done] > 0 && percents[done] <= 100);
            if (below + count < rank) {
                break;
            }
            values_ns[done++] =
                interpolate(histogram, i, rank, below, limit_ns);
        }
        below += count;
    }
    while (done < n) {
        values_ns[done++] = NAN;
    }
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
            return upper == UINT64_MAX ? (double)aiotop_histogram_lower_ns(i)
                                       : (double)upper;
        }
    }
    return NAN;
}
