/*
 * Text of others, made safe to show, and how wide it is
 *
 * Nothing that came over the wire or from another process reaches a
 * terminal but through aiotop_text_append(), or what calls it here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_ESCAPE_H
#define QEMU_AIOTOP_TEXT_ESCAPE_H

#include <stdbool.h>
#include <glib.h>

/* A control, what changes direction or lines of text, or nobody knows */
bool aiotop_text_is_unsafe(gunichar c);

/**
 * aiotop_text_escape:
 *
 * Returns a copy of @text that is valid UTF-8 and safe on a terminal: bytes
 * that are not UTF-8 become "\xNN", control characters (C0, DEL, C1) and
 * those that change the direction or the lines of text become "\n", "\t",
 * "\xNN" or "\u{NNNN}".  The caller frees it.
 */
char *aiotop_text_escape(const char *text);

/**
 * aiotop_text_append:
 *
 * The same, appended to @out.  With @ascii, all that is not ASCII becomes
 * "\u{NNNN}".
 */
void aiotop_text_append(GString *out, const char *text, bool ascii);

/**
 * aiotop_text_append_frame:
 *
 * The same as aiotop_text_append(), and ';' becomes ',': one frame of those that
 * are in a line, with ';' between them.
 */
void aiotop_text_append_frame(GString *out, const char *text);

/**
 * aiotop_text_quote:
 *
 * Returns @text, of others, as one word for a shell, for a command that the
 * user may copy; the caller frees it.  NULL if it is not only printable ASCII
 * characters, as what is shown would then be another word.
 */
char *aiotop_text_quote(const char *text);

/* Terminal cells of @c: 0 if it is combining, 2 if it is wide */
int aiotop_text_char_width(gunichar c);

/* The same of escaped @text */
int aiotop_text_width(const char *text);

#endif /* QEMU_AIOTOP_TEXT_ESCAPE_H */
