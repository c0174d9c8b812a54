/*
 * Writing JSON text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_JSON_WRITER_H
#define QEMU_AIOTOP_TEXT_JSON_WRITER_H

#include <glib.h>

/**
 * aiotop_json_append_string:
 *
 * Appends @text to @out as a JSON string with its quotes.  Bytes that are
 * not UTF-8 become U+FFFD; characters that control a terminal or the
 * direction of text are escaped, so that the result is safe to show.
 */
void aiotop_json_append_string(GString *out, const char *text);

#endif /* QEMU_AIOTOP_TEXT_JSON_WRITER_H */
