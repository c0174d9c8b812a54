/*
 * Percentiles of wall times or delays
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_MODEL_PERCENTILES_H
#define AIOTOP_MODEL_PERCENTILES_H

#include <stdint.h>
#include <qemu-aiotop/model/histogram.h>

/* In nanoseconds; all are NAN without values */
typedef struct AiotopPercentiles {
    double p50_ns;
    double p90_ns;
    double p99_ns;
    double p999_ns;
    /* See aiotop_histogram_max_ns() */
    double max_ns;
} AiotopPercentiles;

extern const AiotopPercentiles aiotop_no_percentiles;

/**
 * aiotop_percentiles:
 * @histogram: values; if it has none, the percentiles are NAN
 * @limit_ns: no value was greater, in nanoseconds
 *
 * See aiotop_histogram_percentiles_ns() for how they are computed. Any thread.
 */
AiotopPercentiles aiotop_percentiles(const AiotopHistogram *histogram,
                                     uint64_t limit_ns);

#endif /* AIOTOP_MODEL_PERCENTILES_H */
