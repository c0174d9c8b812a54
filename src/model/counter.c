/*
 * Counters, times and ages, of which each may be unknown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/counter.h"

#include <math.h>
#include <stdbool.h>

static bool both_known(uint64_t a, uint64_t b)
{
    return a != AIOTOP_UNKNOWN && b != AIOTOP_UNKNOWN;
}

uint64_t aiotop_difference(uint64_t a, uint64_t b)
{
    return !both_known(a, b) ? AIOTOP_UNKNOWN : a > b ? a - b : 0;
}

uint64_t aiotop_sum(uint64_t a, uint64_t b)
{
    return both_known(a, b) ? a + b : AIOTOP_UNKNOWN;
}

uint64_t aiotop_age_ns(uint64_t now_ns, uint64_t since_ns)
{
    return aiotop_difference(now_ns, since_ns);
}

uint64_t aiotop_known_or_zero(uint64_t value)
{
    return value == AIOTOP_UNKNOWN ? 0 : value;
}

double aiotop_known_real(uint64_t value)
{
    return value == AIOTOP_UNKNOWN ? NAN : value;
}

/* NAN without a divisor, too */
static double quotient(double factor, uint64_t a, uint64_t b)
{
    return both_known(a, b) && b ? a * factor / b : NAN;
}

double aiotop_rate_hz(uint64_t count, uint64_t wall_ns)
{
    return quotient(1e9, count, wall_ns);
}

double aiotop_share_percent(uint64_t part_ns, uint64_t wall_ns)
{
    return quotient(100, part_ns, wall_ns);
}

double aiotop_part_percent(uint64_t part_ns, uint64_t wall_ns)
{
    double percent = aiotop_share_percent(part_ns, wall_ns);

    return percent > 100 ? 100 : percent;
}

double aiotop_average(uint64_t sum, uint64_t count)
{
    return quotient(1, sum, count);
}
