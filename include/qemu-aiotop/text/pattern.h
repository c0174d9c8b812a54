/*
 * What users type to filter or to search: regular expressions
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_PATTERN_H
#define QEMU_AIOTOP_TEXT_PATTERN_H

#include <glib.h>

/**
 * aiotop_pattern_new:
 * @pattern: a regular expression.  Case matters if it has a capital letter,
 *     other than one after a backslash.
 *
 * Returns NULL with @error, short and in words for the user, if it is none.
 */
GRegex *aiotop_pattern_new(const char *pattern, GError **error);

#endif /* QEMU_AIOTOP_TEXT_PATTERN_H */
