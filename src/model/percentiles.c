/*
 * Percentiles of wall times or delays
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/percentiles.h"

#include <glib.h>
#include <math.h>

const AiotopPercentiles aiotop_no_percentiles = {
    NAN, NAN, NAN, NAN, NAN,
};

AiotopPercentiles aiotop_percentiles(const AiotopHistogram *histogram,
                                     uint64_t limit_ns)
{
    static const double percents[] = { 50, 90, 99, 99.9 };
    double ns[G_N_ELEMENTS(percents)];

    if (!histogram->total) {
        return aiotop_no_percentiles;
    }
    aiotop_histogram_percentiles_ns(histogram, percents, G_N_ELEMENTS(percents),
                                    limit_ns, ns);
    return (AiotopPercentiles){
        .p50_ns = ns[0],
        .p90_ns = ns[1],
        .p99_ns = ns[2],
        .p999_ns = ns[3],
        .max_ns = aiotop_histogram_max_ns(histogram, limit_ns),
    };
}
