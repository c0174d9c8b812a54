/*
 * Values as a person reads them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text.h"

#include <math.h>

typedef struct Scale {
    double factor;
    const char *unit;
} Scale;

/* Three digits, with as many of them after the point as fit */
static void three_digits(char *out, double value, const char *unit)
{
    unsigned n;

    /* By integers: printing reals takes most of the time of a table */
    if (value < 9.995) {
        n = value * 100 + 0.5;
        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%u.%02u%s", n / 100, n % 100,
                   unit);
    } else if (value < 99.95) {
        n = value * 10 + 0.5;
        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%u.%u%s", n / 10, n % 10, unit);
    } else {
        n = value + 0.5;
        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%u%s", n, unit);
    }
}

/* The largest unit of which there is one at least, after rounding */
static void scaled(char *out, double value, const Scale *scale, unsigned n)
{
    unsigned i = 0;

    while (i + 1 < n &&
           value / scale[i + 1].factor >=
               1 - 0.0005 * scale[i].factor * 1000 / scale[i + 1].factor) {
        i++;
    }
    value /= scale[i].factor;
    if (value > 9999) {
        g_snprintf(out, AIOTOP_TEXT_NUMBER, ">9999%s", scale[i].unit);
    } else {
        three_digits(out, value, scale[i].unit);
    }
}

void aiotop_text_time(char *out, double ns)
{
    static const Scale scale[] = {
        { 1e3, "us" },   { 1e6, "ms" },   { 1e9, "s" },
        { 60e9, "min" }, { 3600e9, "h" }, { 86400e9, "d" },
    };

    if (isnan(ns)) {
        g_strlcpy(out, "-", AIOTOP_TEXT_NUMBER);
    } else if (ns < 999.5) {
        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%.0fns", ns);
    } else if (ns >= 1e9 && ns < 999.5e9) {
        /* Seconds are read more easily than minutes, to a point */
        three_digits(out, ns / 1e9, "s");
    } else {
        scaled(out, ns, scale, G_N_ELEMENTS(scale));
    }
}

static const Scale counts[] = {
    { 1e3, "k" },  { 1e6, "M" },  { 1e9, "G" },
    { 1e12, "T" }, { 1e15, "P" }, { 1e18, "E" },
};

void aiotop_text_count(char *out, double count)
{
    if (isnan(count)) {
        g_strlcpy(out, "-", AIOTOP_TEXT_NUMBER);
    } else if (count < 9999.5) {
        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%.0f", count);
    } else {
        scaled(out, count, counts, G_N_ELEMENTS(counts));
    }
}

void aiotop_text_rate(char *out, double hz)
{
    char number[AIOTOP_TEXT_NUMBER];

    if (isnan(hz)) {
        g_strlcpy(out, "-", AIOTOP_TEXT_NUMBER);
        return;
    }
    if (hz == 0) {
        g_strlcpy(number, "0", sizeof(number));
    } else if (hz < 999.5) {
        three_digits(number, hz, "");
    } else {
        scaled(number, hz, counts, G_N_ELEMENTS(counts));
    }
    g_snprintf(out, AIOTOP_TEXT_NUMBER, "%s/s", number);
}

void aiotop_text_percent(char *out, double percent)
{
    if (isnan(percent)) {
        g_strlcpy(out, "-", AIOTOP_TEXT_NUMBER);
    } else if (percent < 9999) {
        unsigned n = percent * 10 + 0.5;

        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%u.%u", n / 10, n % 10);
    } else {
        g_strlcpy(out, ">9999", AIOTOP_TEXT_NUMBER);
    }
}

static bool is_unsafe(gunichar c)
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
        } else if (c < 0x80 && is_unsafe(c)) {
            g_string_append_printf(out, "\\x%02x", c);
        } else if (is_unsafe(c) || (ascii && c >= 0x80)) {
            g_string_append_printf(out, "\\u{%x}", c);
        } else {
            g_string_append_len(out, p, g_utf8_next_char(p) - p);
        }
        p = g_utf8_next_char(p);
    }
}

char *aiotop_text_escape(const char *text)
{
    GString *out = g_string_new(NULL);

    aiotop_text_append(out, text, false);
    return g_string_free(out, FALSE);
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

void aiotop_text_value(GString *out, AiotopUnit unit, const AiotopValue *value,
                       bool ascii)
{
    char number[AIOTOP_TEXT_NUMBER];
    double real = NAN;

    switch (value->type) {
    case AIOTOP_VALUE_UNKNOWN:
        g_string_append_c(out, '-');
        return;
    case AIOTOP_VALUE_TEXT:
        aiotop_text_append(out, value->text, ascii);
        return;
    case AIOTOP_VALUE_INTEGER:
        real = value->integer;
        break;
    case AIOTOP_VALUE_REAL:
        real = value->real;
        break;
    }
    switch (unit) {
    case AIOTOP_UNIT_TEXT:
    case AIOTOP_UNIT_ID:
        g_string_append_printf(out, "%.0f", real);
        return;
    case AIOTOP_UNIT_COUNT:
        aiotop_text_count(number, real);
        break;
    case AIOTOP_UNIT_RATE:
        aiotop_text_rate(number, real);
        break;
    case AIOTOP_UNIT_TIME:
        aiotop_text_time(number, real);
        break;
    case AIOTOP_UNIT_PERCENT:
        aiotop_text_percent(number, real);
        break;
    }
    g_string_append(out, number);
}
