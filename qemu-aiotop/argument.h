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
