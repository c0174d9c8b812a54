/*
 * Writer: the one line for monitoring systems
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_CHECK_H
#define QEMU_AIOTOP_FORMAT_CHECK_H

#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/diagnose/host-check.h>

/* Appends the line of aiotop_check_run() with its @result */
void aiotop_format_check(GString *out, const AiotopSample *sample,
                         const AiotopCheck *check,
                         const AiotopCheckResult *result);

/*
 * The same for aiotop_host_check_run(): performance data of each QEMU, whose
 * labels are NAME.METRIC, with the user of one who is not to be trusted, and the
 * number of the process where several have a name.  @cause: what of the host is the cause, or NULL.
 */
void aiotop_format_host_check(GString *out, const AiotopCheck *check,
                              const AiotopHostCheck *result,
                              const AiotopHostCause *cause);

/* Appends the line that says that there is no answer, and why */
void aiotop_format_check_unknown(GString *out, const char *reason);

#endif /* QEMU_AIOTOP_FORMAT_CHECK_H */
