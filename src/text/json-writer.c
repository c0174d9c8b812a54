/*
 * Writing JSON text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/json-writer.h"

#include "qemu-aiotop/text/decimal.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/figure.h"

static void append_escaped(GString *out, gunichar c)
{
    if (c > 0xffff) {
        c -= 0x10000;
        g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
                               0xdc00 + (c & 0x3ff));
    } else {
        g_string_append_printf(out, "\\u%04x", c);
    }
}

void aiotop_json_append_string(GString *out, const char *text)
{
    g_autofree char *valid = NULL;
    const char *p = text;

    if (!g_utf8_validate(text, -1, NULL)) {
        p = valid = g_utf8_make_valid(text, -1);
    }
    g_string_append_c(out, '"');
    while (*p) {
        const char *plain = p;
        gunichar c;

        while (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\') {
            p++;
        }
        g_string_append_len(out, plain, p - plain);
        if (!*p) {
            break;
        }
        c = g_utf8_get_char(p);
        if (c == '"' || c == '\\') {
            g_string_append_c(out, '\\');
            g_string_append_c(out, c);
        } else if (c == '\n') {
            g_string_append(out, "\\n");
        } else if (c == '\t') {
            g_string_append(out, "\\t");
        } else if (aiotop_text_is_unsafe(c)) {
            append_escaped(out, c);
        } else {
            g_string_append_unichar(out, c);
        }
        p = g_utf8_next_char(p);
    }
    g_string_append_c(out, '"');
}

void aiotop_json_add_key(GString *out, const char *key)
{
    char last = out->str[out->len - 1];

    if (last != '{' && last != '[') {
        g_string_append_c(out, ',');
    }
    if (key) {
        g_string_append_c(out, '"');
        g_string_append(out, key);
        g_string_append(out, "\":");
    }
}

void aiotop_json_add_integer(GString *out, const char *key, uint64_t value)
{
    aiotop_json_add_key(out, key);
    if (value == UINT64_MAX) {
        g_string_append(out, "null");
    } else {
        aiotop_decimal_append(out, value);
    }
}

void aiotop_json_add_string(GString *out, const char *key, const char *value)
{
    aiotop_json_add_key(out, key);
    if (value) {
        aiotop_json_append_string(out, value);
    } else {
        g_string_append(out, "null");
    }
}

void aiotop_json_add_bool(GString *out, const char *key, bool value)
{
    aiotop_json_add_key(out, key);
    g_string_append(out, value ? "true" : "false");
}

void aiotop_json_add_time(GString *out, int64_t real_time_us)
{
    if (real_time_us) {
        g_autofree char *time = aiotop_text_timestamp(real_time_us);

        aiotop_json_add_string(out, "time", time);
    }
}

void aiotop_json_add_strings(GString *out, const char *key,
                             const GPtrArray *strings)
{
    aiotop_json_add_key(out, key);
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < strings->len; i++) {
        aiotop_json_add_string(out, NULL, strings->pdata[i]);
    }
    g_string_append_c(out, ']');
}
