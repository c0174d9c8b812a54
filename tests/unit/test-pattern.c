/*
 * What users type to filter or to search
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/text/pattern.h>

static void check_match(const char *pattern, const char *text, gboolean matches)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GRegex) regex = aiotop_pattern_new(pattern, &error);

    g_assert_no_error(error);
    g_assert_true(g_regex_match(regex, text, 0, NULL) == matches);
}

static void test_case_matters_with_a_capital(void)
{
    check_match("vd1", "VD1/vq0", TRUE);
    check_match("VD1", "VD1/vq0", TRUE);
    check_match("VD1", "vd1/vq0", FALSE);
    check_match("vD1", "vd1/vq0", FALSE);
    check_match("\xc3\xa4", "\xc3\x84", TRUE);
    check_match("\xc3\x84", "\xc3\xa4", FALSE);
}

static void test_escapes_are_no_capitals(void)
{
    check_match("^a\\Sb$", "AxB", TRUE);
    check_match("^a\\SB$", "axb", FALSE);
    check_match("\\\\Xa", "\\xa", FALSE);
}

static void check_error(const char *pattern, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(aiotop_pattern_new(pattern, &error));
    g_assert_cmpstr(error->message, ==, message);
}

/* The reason, and where */
static void test_errors_are_short(void)
{
    check_error("(", "missing terminating ) at character 1");
    check_error("a: 12: (", "missing terminating ) at character 8");
    check_error("\xff", "a regular expression must be UTF-8");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pattern/case-matters-with-a-capital",
                    test_case_matters_with_a_capital);
    g_test_add_func("/pattern/escapes-are-no-capitals",
                    test_escapes_are_no_capitals);
    g_test_add_func("/pattern/errors-are-short", test_errors_are_short);
    return g_test_run();
}
