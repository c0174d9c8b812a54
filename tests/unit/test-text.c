/*
 * Values as a person reads them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>
#include <string.h>

#include <qemu-aiotop/table/value.h>
#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/text/figure.h>

typedef struct Number {
    double value;
    const char *text;
} Number;

static void check_numbers(void (*format)(char *out, double value),
                          const Number *numbers, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char text[AIOTOP_TEXT_NUMBER];

        format(text, numbers[i].value);
        g_assert_cmpstr(text, ==, numbers[i].text);
    }
}

static void test_time(void)
{
    static const Number numbers[] = {
        { 0, "0ns" },
        { 1, "1ns" },
        { 999.4, "999ns" },
        { 999.6, "1.00us" },
        { 1234, "1.23us" },
        { 9994, "9.99us" },
        { 9996, "10.0us" },
        { 12345, "12.3us" },
        { 99960, "100us" },
        { 999400, "999us" },
        { 999600, "1.00ms" },
        { 4.5e6, "4.50ms" },
        { 999.6e6, "1.00s" },
        { 6.7e9, "6.70s" },
        { 999e9, "999s" },
        { 1000e9, "16.7min" },
        { 3596e9, "59.9min" },
        { 3598e9, "1.00h" },
        { 7200e9, "2.00h" },
        { 86200e9, "23.9h" },
        { 86390e9, "1.00d" },
        { 86400e9 * 3, "3.00d" },
        { 86400e9 * 1000, "1000d" },
        { 1.8e19, ">9999d" },
        { NAN, "-" },
    };

    check_numbers(aiotop_text_time, numbers, G_N_ELEMENTS(numbers));
}

static void test_count(void)
{
    static const Number numbers[] = {
        { 0, "0" },          { 9999, "9999" },    { 10000, "10.0k" },
        { 999499, "999k" },  { 999501, "1.00M" }, { 1234567, "1.23M" },
        { 1.8e19, "18.0E" }, { NAN, "-" },
    };

    check_numbers(aiotop_text_count, numbers, G_N_ELEMENTS(numbers));
}

static void test_rate(void)
{
    static const Number numbers[] = {
        { 0, "0/s" },       { 0.2, "0.20/s" },    { 12.34, "12.3/s" },
        { 999.4, "999/s" }, { 999.6, "1.00k/s" }, { 1.2e6, "1.20M/s" },
        { NAN, "-" },
    };

    check_numbers(aiotop_text_rate, numbers, G_N_ELEMENTS(numbers));
}

static void test_percent(void)
{
    static const Number numbers[] = {
        { 0, "0.0" },     { 0.04, "0.0" },  { 12.34, "12.3" },
        { 100, "100.0" }, { 1e9, ">9999" }, { NAN, "-" },
    };

    check_numbers(aiotop_text_percent, numbers, G_N_ELEMENTS(numbers));
}

/* From 0.1 ns to 100 years, no number breaks the columns */
static void test_numbers_are_short(void)
{
    for (double value = 0.1; value < 1e20; value *= 1.0007) {
        char text[AIOTOP_TEXT_NUMBER];

        aiotop_text_time(text, value);
        g_assert_cmpuint(strlen(text), <=, 7);
        aiotop_text_count(text, value);
        g_assert_cmpuint(strlen(text), <=, 7);
        aiotop_text_rate(text, value);
        g_assert_cmpuint(strlen(text), <=, 8);
        aiotop_text_percent(text, value);
        g_assert_cmpuint(strlen(text), <=, 6);
    }
}

/* Numbers of one text are the same, and those of others in their order */
static void test_shown_number_is_that_of_the_text(void)
{
    static const AiotopUnit units[] = {
        AIOTOP_UNIT_COUNT,
        AIOTOP_UNIT_RATE,
        AIOTOP_UNIT_TIME,
        AIOTOP_UNIT_PERCENT,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) last = g_string_new("");
        double last_shown = -1;

        for (double value = 0.001; value < 1e20; value *= 1.0003) {
            const AiotopValue number = { AIOTOP_VALUE_REAL, { .real = value } };
            g_autoptr(GString) text = g_string_new(NULL);
            double shown = aiotop_text_shown(units[i], value);

            aiotop_value_append(text, units[i], &number, true);
            g_assert_true((strcmp(text->str, last->str) == 0) ==
                              (shown == last_shown) ||
                          shown == 0);
            g_assert_cmpfloat(shown, >=, last_shown);
            g_string_assign(last, text->str);
            last_shown = shown;
        }
        g_assert_true(isnan(aiotop_text_shown(units[i], NAN)));
    }
    g_assert_cmpfloat(aiotop_text_shown(AIOTOP_UNIT_TIME, 1234), ==, 1230);
    g_assert_cmpfloat(aiotop_text_shown(AIOTOP_UNIT_TIME, 45678), ==, 45700);
    g_assert_cmpfloat(aiotop_text_shown(AIOTOP_UNIT_RATE, 123456), ==, 123000);
    g_assert_cmpfloat(aiotop_text_shown(AIOTOP_UNIT_PERCENT, 99.96), ==, 100);
    g_assert_cmpfloat(aiotop_text_shown(AIOTOP_UNIT_COUNT, 4321), ==, 4321);
    g_assert_cmpfloat(aiotop_text_shown(AIOTOP_UNIT_ID, 123456), ==, 123456);
}

static void test_escape(void)
{
    static const char *const cases[][2] = {
        { "plain", "plain" },
        { "é 漢 😀", "é 漢 😀" },
        { "a\nb\tc", "a\\nb\\tc" },
        { "\x1b[2J\x07\x7f", "\\x1b[2J\\x07\\x7f" },
        { "\xff\xc3", "\\xff\\xc3" },
        { "\xc2\x9b", "\\u{9b}" },
        { "\u202eevil", "\\u{202e}evil" },
        { "\u2028", "\\u{2028}" },
        { "\ufeff", "\\u{feff}" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = aiotop_text_escape(cases[i][0]);

        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void test_every_byte_is_safe(void)
{
    for (unsigned i = 1; i < 256; i++) {
        char raw[] = { 'a', i, 'b', 0 };
        g_autofree char *text = aiotop_text_escape(raw);

        for (const char *p = text; *p; p++) {
            g_assert_true(g_ascii_isprint(*p));
        }
    }
}

static void test_ascii_only(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_text_append(out, "aé漢", true);
    g_assert_cmpstr(out->str, ==, "a\\u{e9}\\u{6f22}");
}

static void test_quote(void)
{
    static const char *const cases[][2] = {
        { "/run/vm", "'/run/vm'" },
        { "machine-qemu\\x2d1.scope", "'machine-qemu\\x2d1.scope'" },
        { "x;curl h|sh;#", "'x;curl h|sh;#'" },
        { "$(id)`id` a", "'$(id)`id` a'" },
        { "a'b", "'a'\\''b'" },
        { "a\nb", NULL },
        { "a\x1b[2J", NULL },
        { "caf\xc3\xa9", NULL },
        { "\xff", NULL },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *quoted = aiotop_text_quote(cases[i][0]);

        g_assert_cmpstr(quoted, ==, cases[i][1]);
    }
}

static void test_width(void)
{
    g_assert_cmpint(aiotop_text_width("abc"), ==, 3);
    g_assert_cmpint(aiotop_text_width("é"), ==, 1);
    g_assert_cmpint(aiotop_text_width("e\u0301"), ==, 1);
    g_assert_cmpint(aiotop_text_width("漢字"), ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/time", test_time);
    g_test_add_func("/text/count", test_count);
    g_test_add_func("/text/rate", test_rate);
    g_test_add_func("/text/percent", test_percent);
    g_test_add_func("/text/numbers-are-short", test_numbers_are_short);
    g_test_add_func("/text/shown-number-is-that-of-the-text",
                    test_shown_number_is_that_of_the_text);
    g_test_add_func("/text/escape", test_escape);
    g_test_add_func("/text/every-byte-is-safe", test_every_byte_is_safe);
    g_test_add_func("/text/ascii-only", test_ascii_only);
    g_test_add_func("/text/quote", test_quote);
    g_test_add_func("/text/width", test_width);
    return g_test_run();
}
