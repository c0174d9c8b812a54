/*
 * Text of others, made safe to show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/escape.h"

bool aiotop_text_is_unsafe(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
        return true;
    default:
        return false;
    }
}

void aiotop_text_append(GString *out, const char *text, bool ascii)
{
    const char *p = text;

    while (*p) {
        const char *plain = p;
        gunichar c;

        while (*p >= 0x20 && *p < 0x7f) {
            p++;
        }
        g_string_append_len(out, plain, p - plain);
        if (!*p) {
            break;
        }
        c = g_utf8_get_char_validated(p, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*p);
            p++;
            continue;
        }
        if (c == '\n') {
            g_string_append(out, "\\n");
        } else if (c == '\t') {
            g_string_append(out, "\\t");
        } else if (c < 0x80 && aiotop_text_is_unsafe(c)) {
            g_string_append_printf(out, "\\x%02x", c);
        } else if (aiotop_text_is_unsafe(c) || (ascii && c >= 0x80)) {
            g_string_append_printf(out, "\\u{%x}", c);
        } else {
            g_string_append_len(out, p, g_utf8_next_char(p) - p);
        }
        p = g_utf8_next_char(p);
    }
}

void aiotop_text_append_frame(GString *out, const char *text)
{
    gsize start = out->len;

    aiotop_text_append(out, text, false);
    for (gsize i = start; i < out->len; i++) {
        if (out->str[i] == ';') {
            out->str[i] = ',';
        }
    }
}

char *aiotop_text_escape(const char *text)
{
    GString *out = g_string_new(NULL);

    aiotop_text_append(out, text, false);
    return g_string_free(out, FALSE);
}

char *aiotop_text_quote(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isprint(*p)) {
            return NULL;
        }
    }
    return g_shell_quote(text);
}

int aiotop_text_char_width(gunichar c)
{
    return c < 0x80                   ? 1
           : g_unichar_iszerowidth(c) ? 0
           : g_unichar_iswide(c)      ? 2
                                      : 1;
}

int aiotop_text_width(const char *text)
{
    int width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        width += aiotop_text_char_width(g_utf8_get_char(p));
    }
    return width;
}
