/*
 * Parts of lines for monitoring systems
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_CHECK_PARTS_H
#define AIOTOP_FORMAT_CHECK_PARTS_H

#include <glib.h>

#include "qemu-aiotop/diagnose/check.h"

/* In bytes: what carries the line may cut it at 1 KiB, or 4 */
#define CHECK_MAX_TEXT 480
#define CHECK_MAX_NAME 64

/* Cut where it is too long; escaped; a bar would begin the performance data */
void format_check_plain(GString *out, const char *text, gsize max);

/* "QEMU-AIOTOP OK - " */
void format_check_head(GString *out, AiotopCheckStatus status);

/* A part of the text: a sentence loses its full stop */
void format_check_part(GString *text, const char *part);

/* What is wrong, the worst first */
void format_check_problems(GString *text, const AiotopSample *sample,
                           const AiotopCheck *check,
                           const AiotopCheckResult *result);

/* "=value;warn;crit;least;", as it follows the label; U if it is NAN */
void format_check_figure(GString *out, const AiotopCheck *check,
                         AiotopMetricId id, double value);

#endif /* AIOTOP_FORMAT_CHECK_PARTS_H */
