/*
 * Breaking text into lines
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/text/wrap.h>

/* The lines with a bar behind each */
static char *wrap(const char *text, int width, bool cut)
{
    GString *out = g_string_new(NULL);

    for (const char *next; *text; text = next) {
        const char *end = aiotop_wrap_line(text, width, cut, &next);

        g_string_append_len(out, text, end - text);
        g_string_append_c(out, '|');
    }
    return g_string_free(out, FALSE);
}

static void test_lines(void)
{
    static const struct {
        const char *text;
        int width;
        bool cut;
        const char *lines;
    } wanted[] = {
        { "one two three", 20, true, "one two three|" },
        { "one two three", 13, true, "one two three|" },
        { "one two three", 12, true, "one two|three|" },
        /* The space that is too much is none */
        { "one two three", 7, true, "one two|three|" },
        { "one two three", 6, true, "one|two|three|" },
        { "one ", 3, true, "one|" },
        /* Others stay */
        { " one  two", 5, true, " one |two|" },
        { "  on", 2, true, " |on|" },
        /* Words that are wider than a line */
        { "a longer one", 4, true, "a|long|er|one|" },
        { "a longer one", 4, false, "a|longer|one|" },
        { "longer", 4, false, "longer|" },
        { "longer one", 4, true, "long|er|one|" },
        { "ab", 0, true, "a|b|" },
        /* Cells, not characters or bytes */
        { "ä ö üx", 6, true, "ä ö üx|" },
        { "ä ö üx", 5, true, "ä ö|üx|" },
        { "数据 数据", 9, true, "数据 数据|" },
        { "数据 数据", 8, true, "数据|数据|" },
        { "数据数据", 5, true, "数据|数据|" },
        { "数据", 1, true, "数|据|" },
        /* What combines stays with its character */
        { "e\u0301e\u0301 x", 2, true, "e\u0301e\u0301|x|" },
        { "e\u0301e\u0301x", 2, true, "e\u0301e\u0301|x|" },
        { "数\u0301x", 1, true, "数\u0301|x|" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autofree char *lines =
            wrap(wanted[i].text, wanted[i].width, wanted[i].cut);

        g_assert_cmpstr(lines, ==, wanted[i].lines);
    }
}

/* Whatever the width: all of the text, and no line is too wide */
static void test_nothing_is_lost(void)
{
    static const char text[] =
        "bh 数据数据数据 of iothread数 e\u0301\u0302 took"
        " 1.2s of 3s ääääää";
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autofree char *wanted = g_strjoinv("", words);

    for (int width = 2; width < 60; width++) {
        g_autoptr(GString) all = g_string_new(NULL);
        g_autofree char *wrapped = wrap(text, width, true);
        g_auto(GStrv) lines = g_strsplit(wrapped, "|", -1);

        for (unsigned i = 0; lines[i]; i++) {
            g_auto(GStrv) parts = g_strsplit(lines[i], " ", -1);
            g_autofree char *part = g_strjoinv("", parts);

            g_assert_cmpint(aiotop_text_width(lines[i]), <=, width);
            g_string_append(all, part);
        }
        g_assert_cmpstr(all->str, ==, wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wrap/lines", test_lines);
    g_test_add_func("/wrap/nothing-is-lost", test_nothing_is_lost);
    return g_test_run();
}
