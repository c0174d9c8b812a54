/*
 * Values as a person reads them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_FIGURE_H
#define QEMU_AIOTOP_TEXT_FIGURE_H

#include <stdint.h>
#include <glib.h>

/* What a value measures, and so how it is shown and sorted */
typedef enum AiotopUnit {
    /* A string; left-aligned; sorts from A to Z */
    AIOTOP_UNIT_TEXT,
    /* A number that names something (thread, fd): shown as it is */
    AIOTOP_UNIT_ID,
    /* A count: 1234, 56.7k, 8.9M */
    AIOTOP_UNIT_COUNT,
    /* Per second: 1.2M/s */
    AIOTOP_UNIT_RATE,
    /* Nanoseconds: 123ns, 12.3us, 4.5ms, 6.7s */
    AIOTOP_UNIT_TIME,
    /* Percent: 12.3 */
    AIOTOP_UNIT_PERCENT,
} AiotopUnit;

/* Large enough for any number that is shown */
#define AIOTOP_TEXT_NUMBER 16

/**
 * aiotop_text_time: aiotop_text_count: aiotop_text_percent:
 * aiotop_text_rate:
 * @out: AIOTOP_TEXT_NUMBER bytes
 *
 * At most seven characters for any value: three digits and a unit ("12.3us",
 * "4.50ms", "999ns", "123s"; "1234", "56.7k"; "12.3").  NAN is "-".
 */
void aiotop_text_time(char *out, double ns);
void aiotop_text_count(char *out, double count);
void aiotop_text_rate(char *out, double hz);
void aiotop_text_percent(char *out, double percent);

/* The number that the text of @value shows: as it is rounded there */
double aiotop_text_shown(AiotopUnit unit, double value);

/**
 * aiotop_text_timestamp:
 * @real_time_us: microseconds since 1970
 *
 * Returns it as RFC 3339 has it: "2023-11-14T22:13:12.000000Z".  The caller
 * frees it.
 */
char *aiotop_text_timestamp(int64_t real_time_us);

#endif /* QEMU_AIOTOP_TEXT_FIGURE_H */
