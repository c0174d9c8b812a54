/*
 * What options were given: strings, and the numbers in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_ARGUMENT_H
#define AIOTOP_ARGUMENT_H

#include <stdbool.h>
#include <limits.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/thresholds.h>

/* What two commands have, in the words of both */
#define ARGUMENT_STALL_MS_HELP                                                 \
    "A dispatch of N milliseconds is a stall (default: as QEMU has it)"
#define ARGUMENT_REQUEST_S G_STRINGIFY(AIOTOP_RULE_REQUEST_S)
#define ARGUMENT_REQUEST_MB_S G_STRINGIFY(AIOTOP_RULE_REQUEST_MB_S)
#define ARGUMENT_REQUEST_MS_HELP                                               \
    "A block request in flight for N milliseconds is stuck; a large one as"    \
    " much later as " ARGUMENT_REQUEST_MB_S                                    \
    " MB/s take (default: " ARGUMENT_REQUEST_S "000)"

/**
 * arguments_keep:
 * @entries: as they were parsed
 *
 * Returns an array that owns all strings, and vectors of strings, that options
 * were given.
 */
GPtrArray *arguments_keep(const GOptionEntry *entries);

/* A whole number from 1 to @most, which stays as it is without @text */
bool argument_number(guint64 *number, const char *text, const char *option,
                     int most, GError **error);

/* A time, likewise */
bool argument_seconds(double *seconds, const char *text, const char *option,
                      double least, double most, GError **error);

/* What --help shows, to be freed */
char *argument_help(GOptionContext *context);

#endif /* AIOTOP_ARGUMENT_H */
