/*
 * What goes to the user beside the data: one line, and safe to show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_OUTPUT_H
#define AIOTOP_OUTPUT_H

#include <stdbool.h>
#include <glib.h>

/**
 * report_prepare:
 *
 * To be called first of all.  Standard streams that are closed would be given
 * to the next file or socket that is opened, which would get our text; they
 * become such on which each reading or writing fails.  And a reader that
 * leaves is an error of writing, not a signal.
 */
void report_prepare(void);

/* Writes "qemu-aiotop: @message" to stderr, control characters escaped */
void report(const char *message);

/**
 * report_output:
 *
 * Writes all of @out to stdout, and empties it.  Returns false if stdout is
 * gone, without a word if its reader has left, else after a report.
 * @status is then set to the exit code.
 */
bool report_output(GString *out, int *status);

/**
 * report_close:
 *
 * Closes stdout, as some errors come no earlier.  Returns false then, after a
 * report.
 */
bool report_close(void);

#endif /* AIOTOP_OUTPUT_H */
