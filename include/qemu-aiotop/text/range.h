/*
 * Ranges, as plug-ins of monitoring systems take them for thresholds
 *
 *   10      alerts below 0 and above 10
 *   10:     below 10
 *   ~:10    above 10
 *   10:20   below 10 and above 20
 *   @10:20  from 10 to 20
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_RANGE_H
#define QEMU_AIOTOP_TEXT_RANGE_H

#include <stdbool.h>
#include <glib.h>

typedef struct AiotopRange {
    /* Both belong to the range; -INFINITY and INFINITY where it is open */
    double low;
    double high;
    /* What lies in the range alerts, instead of what does not */
    bool inside;
} AiotopRange;

/* What the numbers measure */
typedef enum AiotopRangeUnit {
    /* In seconds, or with a unit as aiotop_duration_parse() has them */
    AIOTOP_RANGE_TIME,
    /* In percent, with or without the sign */
    AIOTOP_RANGE_SHARE,
} AiotopRangeUnit;

/* Returns false with @error, in words for the user, if @text is no range */
bool aiotop_range_parse(AiotopRange *range, const char *text,
                        AiotopRangeUnit unit, GError **error);

/* Whether @value, not NAN, is one to alert for */
bool aiotop_range_alerts(const AiotopRange *range, double value);

/* Appends the range as performance data have it, without units */
void aiotop_range_append(GString *out, const AiotopRange *range);

/* Appends a number as performance data have it: digits, at most one point */
void aiotop_range_append_number(GString *out, double number);

#endif /* QEMU_AIOTOP_TEXT_RANGE_H */
