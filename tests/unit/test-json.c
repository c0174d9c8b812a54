/*
 * Reading and writing JSON text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/json.h>

#include "quoted.h"

static bool is_valid(const char *text, gsize len)
{
    AiotopJson json;

    aiotop_json_init(&json, text, len);
    aiotop_json_skip(&json, NULL);
    return aiotop_json_finish(&json, NULL);
}

static void test_valid(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "0",
        "-0",
        "12.5e-3",
        "1E+2",
        "true",
        "false",
        "null",
        "\"\"",
        "\"\\u00e4\\n\\\"\"",
        "\"\xc3\xa4\"",
        "{'a':[1,{'b':null}],'c':'d'}",
        "\"\\ud83d\\ude00\"",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = quoted(texts[i]);

        g_test_message("%s", text);
        g_assert_true(is_valid(text, strlen(text)));
    }
}

static void test_invalid(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{,}",
        "{'a'}",
        "{'a':}",
        "{'a':1,}",
        "{a:1}",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "1x",
        "nul",
        "True",
        "'abc",
        "'\\x'",
        "'\\u12'",
        "'\\u12g4'",
        "'\\ud800'",
        "'\\udc00'",
        "'\\u0000'",
        "1 2",
        "{} {}",
        "[1 2]",
        "{'a' 1}",
        "]",
        "}",
        "[}",
        "{]",
        "\"\x01\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\xef\xbb\xbf{}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = quoted(texts[i]);

        g_test_message("case %u", i);
        g_assert_false(is_valid(text, strlen(text)));
    }
}

/* The text is not terminated where it ends, so a sanitizer would notice */
static void test_every_prefix_is_invalid(void)
{
    g_autofree char *text =
        quoted("{'a':[1,-2.5e3,true,null,'x\\n\\u00e4'],'b':{}}");
    gsize len = strlen(text);

    g_assert_true(is_valid(text, len));
    for (gsize i = 0; i < len; i++) {
        g_autofree char *prefix = g_memdup2(text, i ? i : 1);

        g_assert_false(is_valid(prefix, i));
    }
}

static void test_depth_is_bounded(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < 100000; i++) {
        g_string_append_c(text, '[');
    }
    g_assert_false(is_valid(text->str, text->len));

    g_string_truncate(text, AIOTOP_JSON_MAX_DEPTH);
    for (unsigned i = 0; i < AIOTOP_JSON_MAX_DEPTH; i++) {
        g_string_append_c(text, ']');
    }
    g_assert_true(is_valid(text->str, text->len));
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { " 7 ", true, 7 },
        { "9999999999999999999", true, UINT64_C(9999999999999999999) },
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551616", false, 0 },
        { "99999999999999999999", false, 0 },
        { "-1", false, 0 },
        { "1.0", false, 0 },
        { "1e3", false, 0 },
        { "\"1\"", false, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t value = 1;
        AiotopJson json;

        g_test_message("%s", cases[i].text);
        aiotop_json_init(&json, cases[i].text, strlen(cases[i].text));
        g_assert_true(aiotop_json_get_uint64(&json, &value) == cases[i].ok);
        g_assert_true(aiotop_json_finish(&json, NULL) == cases[i].ok);
        if (cases[i].ok) {
            g_assert_cmpuint(value, ==, cases[i].value);
        }
    }
}

static void test_walk(void)
{
    g_autofree char *text = quoted("{'n':[-5,6],'s':'\\u20ac\\ud83d\\ude00',"
                                   "'b':false}");
    AiotopJsonSpan key, value;
    int64_t number;
    bool flag = true;
    AiotopJson json;

    aiotop_json_init(&json, text, strlen(text));
    g_assert_true(aiotop_json_enter_object(&json));
    g_assert_true(aiotop_json_next_member(&json, &key));
    g_assert_true(aiotop_json_span_is(&key, "n"));
    g_assert_true(aiotop_json_enter_array(&json));
    g_assert_true(aiotop_json_next_element(&json));
    g_assert_true(aiotop_json_get_int64(&json, &number));
    g_assert_cmpint(number, ==, -5);
    g_assert_true(aiotop_json_next_element(&json));
    g_assert_true(aiotop_json_get_int64(&json, &number));
    g_assert_false(aiotop_json_next_element(&json));
    g_assert_true(aiotop_json_next_member(&json, &key));
    g_assert_true(aiotop_json_get_string(&json, &value));
    g_assert_true(aiotop_json_span_is(&value, "€😀"));
    g_assert_true(aiotop_json_next_member(&json, &key));
    g_assert_true(aiotop_json_get_bool(&json, &flag));
    g_assert_false(flag);
    g_assert_false(aiotop_json_next_member(&json, &key));
    g_assert_true(aiotop_json_finish(&json, NULL));
}

static void test_first_error_sticks(void)
{
    g_autoptr(GError) error = NULL;
    uint64_t number;
    AiotopJson json;

    aiotop_json_init(&json, "[true,1]", 8);
    aiotop_json_enter_array(&json);
    aiotop_json_next_element(&json);
    g_assert_false(aiotop_json_get_uint64(&json, &number));
    g_assert_false(aiotop_json_next_element(&json));
    g_assert_false(aiotop_json_finish(&json, &error));
    g_assert_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TYPE);
    g_assert_cmpstr(error->message, ==, "byte 1: expected a number");
}

static void test_object_by_its_braces(void)
{
    g_autofree char *text = quoted("{'a':'}\\'{','b':[{}]} tail");
    AiotopJsonBraces braces = { 0 };
    const char *end = NULL;

    g_assert_true(aiotop_json_find_end(&braces, text, text + strlen(text)) ==
                  strchr(text, ' '));

    /* The same, byte by byte */
    braces = (AiotopJsonBraces){ 0 };
    for (const char *p = text; !end; p++) {
        end = aiotop_json_find_end(&braces, p, p + 1);
    }
    g_assert_true(end == strchr(text, ' '));
}

static void test_written_strings_are_safe(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_json_append_string(out, "a\"\\\n\t\x1b[2J\x7f\xc2\x9bé\u202e"
                                   "\U000e0001\xff");
    g_assert_cmpstr(out->str, ==,
                    "\"a\\\"\\\\\\n\\t\\u001b[2J\\u007f\\u009bé\\u202e"
                    "\\udb40\\udc01"
                    "\xef\xbf\xbd\"");
    g_assert_true(is_valid(out->str, out->len));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/valid", test_valid);
    g_test_add_func("/json/invalid", test_invalid);
    g_test_add_func("/json/every-prefix-is-invalid",
                    test_every_prefix_is_invalid);
    g_test_add_func("/json/depth-is-bounded", test_depth_is_bounded);
    g_test_add_func("/json/numbers", test_numbers);
    g_test_add_func("/json/walk", test_walk);
    g_test_add_func("/json/first-error-sticks", test_first_error_sticks);
    g_test_add_func("/json/object-by-its-braces", test_object_by_its_braces);
    g_test_add_func("/json/written-strings-are-safe",
                    test_written_strings_are_safe);
    return g_test_run();
}
