/*
 * Writing JSON text: strings, and members of objects
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_JSON_WRITER_H
#define QEMU_AIOTOP_TEXT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/**
 * aiotop_json_append_string:
 *
 * Appends @text to @out as a JSON string with its quotes.  Bytes that are
 * not UTF-8 become U+FFFD; characters that control a terminal or the
 * direction of text are escaped, so that the result is safe to show.
 */
void aiotop_json_append_string(GString *out, const char *text);

/* Begins a member: a comma unless it is the first, and its name if any */
void aiotop_json_add_key(GString *out, const char *key);

/* Null for UINT64_MAX, which stands for what is not known */
void aiotop_json_add_integer(GString *out, const char *key, uint64_t value);
/* Null for NULL */
void aiotop_json_add_string(GString *out, const char *key, const char *value);
void aiotop_json_add_bool(GString *out, const char *key, bool value);
/* Seconds with microseconds, UTC; nothing if it is 0 */
void aiotop_json_add_time(GString *out, int64_t real_time_us);
/* An array; empty if @strings is */
void aiotop_json_add_strings(GString *out, const char *key,
                             const GPtrArray *strings);

#endif /* QEMU_AIOTOP_TEXT_JSON_WRITER_H */
