/*
 * Times as people write them: "90s", "5m", "1h", "500ms", "0.5"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_DURATION_H
#define QEMU_AIOTOP_TEXT_DURATION_H

#include <stdbool.h>

/**
 * aiotop_number_parse:
 *
 * Reads a decimal number, without exponent, at the beginning of @text, in
 * any locale.  Sets @end to what follows it.  Returns false if there is none,
 * or if it is larger than 10^12.
 */
bool aiotop_number_parse(const char *text, double *number, const char **end);

/**
 * aiotop_duration_parse:
 * @seconds: set to the time; may be negative
 *
 * Reads a number with one of the units ns, us, ms, s, m (minutes), h and d,
 * or without: seconds.  Returns false if @text is anything else.
 */
bool aiotop_duration_parse(const char *text, double *seconds);

#endif /* QEMU_AIOTOP_TEXT_DURATION_H */
