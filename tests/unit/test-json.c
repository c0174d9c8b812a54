/*
 * Reading and writing JSON text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/text/json-tree.h>
#include <qemu-aiotop/text/json-writer.h>

#include "quoted.h"

static bool is_valid(const char *text, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_object) tree = aiotop_json_parse(text, len, &error);

    /* One of the two, and the error says something */
    g_assert_true(!tree == !!error);
    if (error) {
        g_assert_true(error->domain == AIOTOP_JSON_ERROR && *error->message);
    }
    return tree;
}

static void test_valid(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "[0,-0,12.5e-3,1E+2,true,false,null,'']",
        "['\\u00e4\\n\\\"\\\\']",
        "['\xc3\xa4','}{][,:']",
        "{'a':[1,{'b':null}],'c':'d'}\r\n",
        "['\\ud83d\\ude00','\\u00010','\\\\u0000']",
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
        "0",
        "''",
        "true",
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
        "[01]",
        "[-]",
        "[.5]",
        "[1e]",
        "[+1]",
        "[1x]",
        "[nul]",
        "[True]",
        "[NaN]",
        "[-Infinity]",
        "['abc",
        "['\\x']",
        "['\\u12']",
        "['\\u12g4']",
        "['\\u0000']",
        "{'a\\u0000b':1}",
        "{} {}",
        "[1 2]",
        "{'a' 1}",
        "[1]x",
        "]",
        "}",
        "[}",
        "{]",
        "[]]",
        "x[]",
        "[\"\x01\"]",
        "[\"\xff\"]",
        "[1/**/]",
        "\xef\xbb\xbf{}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = quoted(texts[i]);

        g_test_message("case %u", i);
        g_assert_false(is_valid(text, strlen(text)));
    }
    /* Not JSON's, though json-c takes them: they would hide what they quote */
    g_assert_false(is_valid("['a']", 5));
    g_assert_false(is_valid("{'a':1}", 7));
    g_assert_false(is_valid("[\"\n\"]", 5));
    g_assert_false(is_valid("[\"a\0\"]", 6));
    g_assert_false(is_valid("[1]\0", 4));
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

static void check_too_big(const char *text, gsize len, const char *expected)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(aiotop_json_parse(text, len, &error));
    g_assert_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TOO_BIG);
    g_assert_cmpstr(error->message, ==, expected);
}

static void test_depth_is_bounded(void)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autoptr(GString) text = g_string_new(NULL);

    check_too_big(deep, 100000, "it nests deeper than 16 levels");
    for (unsigned i = 0; i < 2 * AIOTOP_JSON_MAX_DEPTH; i++) {
        g_string_append_c(text, i < AIOTOP_JSON_MAX_DEPTH ? '[' : ']');
    }
    g_assert_true(is_valid(text->str, text->len));
}

/* Before json-c makes hundreds of bytes of each of them */
static void test_values_are_bounded(void)
{
    static const char *const elements[] = { "0,", "{},", "[],", "{\"\":0}," };

    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++) {
        g_autoptr(GString) text = g_string_new("[");

        while (text->len < AIOTOP_JSON_MAX_BYTES - 16) {
            g_string_append(text, elements[i]);
        }
        g_string_append(text, "0]");
        check_too_big(text->str, text->len, "more than 2097152 values");
    }
}

static void test_bytes_are_bounded(void)
{
    gsize len = AIOTOP_JSON_MAX_BYTES + 1;
    g_autofree char *text = g_strnfill(len, ' ');

    text[0] = '{';
    text[len - 2] = '}';
    g_assert_true(is_valid(text, len - 1));
    check_too_big(text, len, "more than 8 MiB");
}

static void test_error_says_where(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(aiotop_json_parse("[true,nul]", 10, &error));
    g_assert_cmpstr(error->message, ==, "byte 9: null expected");
}

static void test_strings(void)
{
    g_autofree char *text =
        quoted("{'s':'\\u20ac\\ud83d\\ude00','n':1,'o':'\xc0\xaf',"
               "'h':'\xed\xa0\x80','z':null}");
    g_autoptr(json_object) tree = aiotop_json_parse(text, strlen(text), NULL);
    g_autofree char *whole =
        aiotop_json_string(aiotop_json_member(tree, "s"), 7);
    g_autofree char *cut = aiotop_json_string(aiotop_json_member(tree, "s"), 6);

    g_assert_cmpstr(whole, ==, "€😀");
    g_assert_cmpstr(cut, ==, "€");
    g_assert_null(aiotop_json_string(aiotop_json_member(tree, "n"), 7));
    /* Too long for what they stand for, and a half of a pair */
    g_assert_null(aiotop_json_string(aiotop_json_member(tree, "o"), 7));
    g_assert_null(aiotop_json_string(aiotop_json_member(tree, "h"), 7));
    g_assert_null(aiotop_json_string(aiotop_json_member(tree, "z"), 7));
    g_assert_null(aiotop_json_member(tree, "none"));
    g_assert_null(aiotop_json_member(aiotop_json_member(tree, "n"), "s"));
}

/* A text in two pieces ends where it would in one */
static void test_scan_in_pieces(void)
{
    g_autofree char *whole = quoted("{'a':'}\\'{\\\\','b':[{}]} tail");
    const char *end = strchr(whole, ' ');

    for (const char *split = whole; split < end; split++) {
        AiotopJsonScan scan = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_null(aiotop_json_scan(&scan, whole, split, &error));
        g_assert_no_error(error);
        g_assert_true(aiotop_json_scan(&scan, split, whole + strlen(whole),
                                       &error) == end);
    }
}

static void test_written_strings_are_safe(void)
{
    g_autoptr(GString) out = g_string_new("[");

    aiotop_json_append_string(out, "a\"\\\n\t\x1b[2J\x7f\xc2\x9bé\u202e"
                                   "\U000e0001\xff");
    g_string_append_c(out, ']');
    g_assert_cmpstr(out->str, ==,
                    "[\"a\\\"\\\\\\n\\t\\u001b[2J\\u007f\\u009bé\\u202e"
                    "\\udb40\\udc01"
                    "\xef\xbf\xbd\"]");
    g_assert_true(is_valid(out->str, out->len));
}

/* Of the array that is at depth 3 as text: its "n"s; or what is wrong */
static char *read_deep(const char *array)
{
    g_autofree char *text =
        g_strdup_printf("{\"a\":[[{\"n\":9}],%s,[1,2]]}", array);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_object) tree =
        aiotop_json_parse_outline(text, strlen(text), 3, &error);
    GString *out = g_string_new(NULL);
    AiotopJsonElements elements;
    json_object *outer, *element;

    if (!tree) {
        g_string_printf(out, "outline: %s", error->message);
        return g_string_free(out, FALSE);
    }
    outer = aiotop_json_member(tree, "a");
    g_assert_false(aiotop_json_elements_init(
        &elements, text, json_object_array_get_idx(outer, 2)));
    if (!aiotop_json_elements_init(&elements, text,
                                   json_object_array_get_idx(outer, 1))) {
        g_string_append(out, "in the tree");
        return g_string_free(out, FALSE);
    }
    while ((element = aiotop_json_elements_next(&elements, &error))) {
        json_object *n = aiotop_json_member(element, "n");

        g_string_append_printf(out, "%s ", json_object_to_json_string(n));
    }
    if (error) {
        g_string_append(out, error->message);
    }
    aiotop_json_elements_clear(&elements);
    return g_string_free(out, FALSE);
}

static void test_deep_arrays_stay_text(void)
{
    static const char *const cases[][2] = {
        { "[{\"n\":1},{\"n\":2}]", "1 2 " },
        { "[ {\"n\":1} , {\"n\":2}\n]", "1 2 " },
        { "[{\"n\":[{\"n\":3}]},{\"n\":\"]}\\\"[\"}]",
          "[ { \"n\": 3 } ] \"]}\\\"[\" " },
        { "[{}]", "null " },
        /* What is no list of objects is in the tree */
        { "[]", "in the tree" },
        { "[1,{}]", "in the tree" },
        { "[[{}]]", "in the tree" },
        { "{\"b\":[{}]}", "in the tree" },
        /* What is wrong shows when it is read, at its place in the text */
        { "[{\"n\":1},]", "1 byte 25: unexpected character" },
        { "[{\"n\":1} {\"n\":2}]", "1 byte 25: no comma between elements" },
        { "[{\"n\":1},null]", "1 byte 29: null" },
        { "[{\"n\":1,}]", "byte 24: unexpected character" },
        { "[{\"n\":1},2,{\"n\":1}]", "1 null 1 " },
        /* Or if it is around them */
        { "[{\"n\":1}],", "outline: byte 26: unexpected character" },
        { "[{\"n\":1}},[[", "outline: " },
        /* Only this client writes placeholders */
        { "[NaN,0,1]", "outline: byte 0x4e where JSON has none" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *read = read_deep(cases[i][0]);

        g_test_message("%s: %s", cases[i][0], read);
        g_assert_true(g_str_has_prefix(read, cases[i][1]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/valid", test_valid);
    g_test_add_func("/json/invalid", test_invalid);
    g_test_add_func("/json/every-prefix-is-invalid",
                    test_every_prefix_is_invalid);
    g_test_add_func("/json/depth-is-bounded", test_depth_is_bounded);
    g_test_add_func("/json/values-are-bounded", test_values_are_bounded);
    g_test_add_func("/json/bytes-are-bounded", test_bytes_are_bounded);
    g_test_add_func("/json/deep-arrays-stay-text", test_deep_arrays_stay_text);
    g_test_add_func("/json/error-says-where", test_error_says_where);
    g_test_add_func("/json/strings", test_strings);
    g_test_add_func("/json/scan-in-pieces", test_scan_in_pieces);
    g_test_add_func("/json/written-strings-are-safe",
                    test_written_strings_are_safe);
    return g_test_run();
}
