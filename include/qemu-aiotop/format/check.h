/*
 * Writer: the one line for monitoring systems
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_CHECK_H
#define QEMU_AIOTOP_FORMAT_CHECK_H

#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>

/* Appends the line of aiotop_check_run() with its @result */
void aiotop_format_check(GString *out, const AiotopSample *sample,
                         const AiotopCheck *check,
                         const AiotopCheckResult *result);

/* Appends the line that says that there is no answer, and why */
void aiotop_format_check_unknown(GString *out, const char *reason);

#endif /* QEMU_AIOTOP_FORMAT_CHECK_H */
