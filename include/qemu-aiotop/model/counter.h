/*
 * Counters, times and ages, of which each may be unknown
 *
 * What can't be known is AIOTOP_UNKNOWN, or NAN among reals: it is shown as
 * "-", never as 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_COUNTER_H
#define QEMU_AIOTOP_MODEL_COUNTER_H

#include <stdint.h>

/* Value of a counter or time that nobody told */
#define AIOTOP_UNKNOWN UINT64_MAX

/* @b taken from @a, not below 0; unknown if one of them is */
uint64_t aiotop_difference(uint64_t a, uint64_t b);

/* Unknown if one of them is */
uint64_t aiotop_sum(uint64_t a, uint64_t b);

/*
 * How long before @now_ns @since_ns was, 0 if it was later; unknown if one of
 * them is
 */
uint64_t aiotop_age_ns(uint64_t now_ns, uint64_t since_ns);

/* 0 if it is unknown */
uint64_t aiotop_known_or_zero(uint64_t value);

/* NAN if it is unknown */
double aiotop_known_real(uint64_t value);

/* @count in @wall_ns as a rate in 1/s; NAN if one is unknown or 0 time */
double aiotop_rate_hz(uint64_t count, uint64_t wall_ns);

/* @part_ns of @wall_ns in percent; NAN if one is unknown or 0 time */
double aiotop_share_percent(uint64_t part_ns, uint64_t wall_ns);

/* The same of what is never more than the whole, but may be told late */
double aiotop_part_percent(uint64_t part_ns, uint64_t wall_ns);

/* @sum divided by @count; NAN if one is unknown or @count is 0 */
double aiotop_average(uint64_t sum, uint64_t count);

#endif /* QEMU_AIOTOP_MODEL_COUNTER_H */
