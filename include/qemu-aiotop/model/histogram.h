/*
 * The histogram's buckets: the one place that knows their bounds
 *
 * Log-linear: four buckets of the same width an octave, from 64 ns up, so
 * that any percentile is within 12.5 % of the truth (half of a bucket's
 * width, relative to its lower bound, is at most 1/8).
 *
 *   bucket 0:          0 .. 63 ns
 *   bucket b, b >= 1:  octave o = (b - 1) / 4, quarter q = (b - 1) % 4,
 *                      from (64 << o) * (4 + q) / 4
 *                      to   (64 << o) * (5 + q) / 4, exclusive
 *   bucket 137:        no upper bound
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_HISTOGRAM_H
#define QEMU_AIOTOP_MODEL_HISTOGRAM_H

#include <stdint.h>
#include <glib.h>

#define AIOTOP_HISTOGRAM_BUCKETS 138

/*
 * A bucket that is not empty.  There are tens of thousands of them in a
 * snapshot, hence the packing; at a dispatch a nanosecond, 56 bits last for
 * two years.
 */
typedef struct AiotopBucket {
    uint64_t index : 8;
    uint64_t count : 56;
} AiotopBucket;

#define AIOTOP_BUCKET_MAX_COUNT ((UINT64_C(1) << 56) - 1)

/*
 * What a source carries: the buckets that are not empty, ascending by index.
 * Does not own them.
 */
typedef struct AiotopBuckets {
    const AiotopBucket *bucket;
    unsigned n;
} AiotopBuckets;

/* All buckets, to add up and to read percentiles from */
typedef struct AiotopHistogram {
    uint64_t total;
    uint64_t count[AIOTOP_HISTOGRAM_BUCKETS];
} AiotopHistogram;

/* Lower bound of bucket @index in nanoseconds, inclusive */
uint64_t aiotop_histogram_lower_ns(unsigned index);

/* Upper bound in nanoseconds, exclusive; UINT64_MAX for the last bucket */
uint64_t aiotop_histogram_upper_ns(unsigned index);

/* The bucket that a time of @ns belongs to */
unsigned aiotop_histogram_index(uint64_t ns);

/**
 * aiotop_histogram_add_difference:
 * @now: what was counted until now
 * @before: what was counted until some time before; empty for a beginning
 *
 * Adds what came in between to @sum.  A bucket that went backwards adds
 * nothing.
 */
void aiotop_histogram_add_difference(AiotopHistogram *sum, AiotopBuckets now,
                                     AiotopBuckets before);

/* Adds one histogram to another */
void aiotop_histogram_add(AiotopHistogram *sum, const AiotopHistogram *other);

/* Takes one from another; what would go below 0 is 0 */
void aiotop_histogram_subtract(AiotopHistogram *histogram,
                               const AiotopHistogram *other);

/**
 * aiotop_histogram_percentiles_ns:
 * @percents: 0 < percent <= 100, ascending
 * @limit_ns: no time was longer than this; UINT64_MAX if not known
 * @values_ns: for each, set to the time in nanoseconds that so many percent of
 *     the values don't exceed; NAN if there are none
 *
 * The value of rank percent/100 * total is taken to lie in its bucket as if
 * the bucket's values were spread evenly:
 *
 *   lower + (upper - lower) * (rank - below) / count
 *
 * with below the count in all lower buckets.  The last bucket has no upper
 * bound: @limit_ns, if known, or else its lower bound stands for it.
 */
void aiotop_histogram_percentiles_ns(const AiotopHistogram *histogram,
                                     const double *percents, unsigned n,
                                     uint64_t limit_ns, double *values_ns);

/**
 * aiotop_histogram_max_ns:
 *
 * Returns the upper bound of the highest bucket that is not empty, or
 * @limit_ns if this is lower, or NAN if all are empty: what the longest time
 * did not exceed.
 */
double aiotop_histogram_max_ns(const AiotopHistogram *histogram,
                               uint64_t limit_ns);

#endif /* QEMU_AIOTOP_MODEL_HISTOGRAM_H */
