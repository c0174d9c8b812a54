/*
 * What goes to the user beside the data: one line, and safe to show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_REPORT_H
#define QEMU_AIOTOP_REPORT_H

#include <stdbool.h>
#include <glib.h>

/* Writes "qemu-aiotop: @message" to stderr, control characters escaped */
void report(const char *message);

/**
 * report_output:
 *
 * Writes all of @out to stdout and empties it.  Returns false if stdout is
 * gone, without a word if its reader has left, else after a report.
 * @status is then set to the exit code.
 */
bool report_output(GString *out, int *status);

#endif /* QEMU_AIOTOP_REPORT_H */
