/*
 * Frames: widths, cutting, and what must not get through
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "draw/canvas.h"

static char *row(const Canvas *canvas, int y)
{
    GString *text = g_string_new(NULL);

    for (int x = 0; x < canvas->width; x++) {
        g_string_append(text, canvas_cell(canvas, y, x)->text);
    }
    return g_strchomp(g_string_free(text, FALSE));
}

static void check_row(const Canvas *canvas, int y, const char *wanted)
{
    g_autofree char *text = row(canvas, y);

    g_assert_cmpstr(text, ==, wanted);
}

static void test_wide(void)
{
    g_autoptr(Canvas) canvas = canvas_new(10, 1, false, true);

    g_assert_cmpint(canvas_put(canvas, 0, 0, 10, STYLE_TEXT, "a中b"), ==, 4);
    g_assert_cmpint(canvas_cell(canvas, 0, 1)->width, ==, 2);
    g_assert_cmpint(canvas_cell(canvas, 0, 2)->width, ==, 0);
    g_assert_cmpstr(canvas_cell(canvas, 0, 3)->text, ==, "b");
}

static void test_half_of_wide_is_overwritten(void)
{
    g_autoptr(Canvas) canvas = canvas_new(6, 2, false, true);

    canvas_put(canvas, 0, 0, 6, STYLE_TEXT, "中文字");
    canvas_put(canvas, 0, 1, 1, STYLE_TEXT, "x");
    check_row(canvas, 0, " x文字");
    canvas_put(canvas, 1, 0, 6, STYLE_TEXT, "中文字");
    canvas_put(canvas, 1, 2, 1, STYLE_TEXT, "y");
    check_row(canvas, 1, "中y 字");
}

static void test_wide_is_not_cut_in_half(void)
{
    g_autoptr(Canvas) canvas = canvas_new(10, 2, false, true);

    g_assert_cmpint(canvas_put(canvas, 0, 0, 4, STYLE_TEXT, "a中文字"), ==, 4);
    check_row(canvas, 0, "a中…");
    g_assert_cmpint(canvas_put(canvas, 1, 0, 3, STYLE_TEXT, "a中文字"), ==, 2);
    check_row(canvas, 1, "a…");
}

static void test_combining(void)
{
    g_autoptr(Canvas) canvas = canvas_new(10, 2, false, true);

    g_assert_cmpint(canvas_put(canvas, 0, 0, 10, STYLE_TEXT, "e\u0301x"), ==,
                    2);
    g_assert_cmpstr(canvas_cell(canvas, 0, 0)->text, ==, "e\u0301");
    /* Nothing that it could combine with */
    g_assert_cmpint(canvas_put(canvas, 1, 0, 10, STYLE_TEXT, "\u0301x"), ==, 1);
    check_row(canvas, 1, "x");
}

static void test_many_combining(void)
{
    g_autoptr(Canvas) canvas = canvas_new(4, 1, false, true);
    g_autoptr(GString) text = g_string_new("e");

    for (int i = 0; i < 100; i++) {
        g_string_append(text, "\u0301");
    }
    g_assert_cmpint(canvas_put(canvas, 0, 0, 4, STYLE_TEXT, text->str), ==, 1);
    g_assert_cmpint(g_utf8_strlen(canvas_cell(canvas, 0, 0)->text, -1), ==,
                    1 + CANVAS_COMBINING);
}

static void test_control_characters(void)
{
    g_autoptr(Canvas) canvas = canvas_new(60, 3, false, true);

    canvas_put(canvas, 0, 0, 60, STYLE_TEXT, "\x1b[2J\x07\x7f\xc2\x85");
    check_row(canvas, 0, "\\x1b[2J\\x07\\x7f\\u{85}");
    canvas_put(canvas, 1, 0, 60, STYLE_TEXT, "a\nb\tc\u202ed\u2028e");
    check_row(canvas, 1, "a\\nb\\tc\\u{202e}d\\u{2028}e");
    canvas_put(canvas, 2, 0, 60, STYLE_TEXT, "\xff\xc3(\xe4\xb8");
    check_row(canvas, 2, "\\xff\\xc3(\\xe4\\xb8");
}

static void test_ascii(void)
{
    g_autoptr(Canvas) canvas = canvas_new(40, 2, true, true);

    canvas_put(canvas, 0, 0, 40, STYLE_TEXT, "a中b");
    check_row(canvas, 0, "a\\u{4e2d}b");
    canvas_put(canvas, 1, 0, 4, STYLE_TEXT, "abcdef");
    check_row(canvas, 1, "abc~");
}

static void test_outside(void)
{
    g_autoptr(Canvas) canvas = canvas_new(4, 2, false, true);

    g_assert_cmpint(canvas_put(canvas, -1, 0, 4, STYLE_TEXT, "x"), ==, 0);
    g_assert_cmpint(canvas_put(canvas, 2, 0, 4, STYLE_TEXT, "x"), ==, 0);
    g_assert_cmpint(canvas_put(canvas, 0, 4, 4, STYLE_TEXT, "x"), ==, 0);
    g_assert_cmpint(canvas_put(canvas, 0, 0, 0, STYLE_TEXT, "x"), ==, 0);
    g_assert_cmpint(canvas_put(canvas, 0, 2, 9, STYLE_TEXT, "abcd"), ==, 2);
    canvas_put_glyph(canvas, 5, 5, STYLE_TEXT, GLYPH_UP);
    canvas_restyle(canvas, 7, 0, 4, STYLE_ALARM);
    canvas_restyle(canvas, 0, 2, 40, STYLE_ALARM);
    check_row(canvas, 0, "  a…");
}

static void test_right(void)
{
    g_autoptr(Canvas) canvas = canvas_new(8, 1, false, true);

    canvas_put_right(canvas, 0, 1, 5, STYLE_TEXT, "12");
    check_row(canvas, 0, "    12");
}

/* Lines 5 to 7 of a page, in the middle of a canvas */
static void test_window(void)
{
    g_autoptr(Canvas) canvas = canvas_new(4, 5, true, true);
    Canvas window = canvas_window(canvas, 1, 3, 5);
    static const char *const rows[] = { "", "5#a", "6#b~", "7#c", "" };

    canvas_put(&window, 4, 2, 2, STYLE_TEXT, "x");
    canvas_put(&window, 5, 2, 2, STYLE_TEXT, "a");
    canvas_put(&window, 6, 2, 2, STYLE_TEXT, "bbb");
    canvas_put_right(&window, 7, 0, 3, STYLE_TEXT, "c");
    canvas_put_right(&window, 8, 0, 3, STYLE_TEXT, "x");
    for (int y = 0; y < 12; y++) {
        canvas_printf(&window, y, 0, STYLE_TEXT, "%d", y);
        canvas_put_rising(&window, y, 1, STYLE_TEXT, 8);
        canvas_restyle(&window, y, 3, 1, STYLE_ALARM);
    }
    for (int y = 0; y < 5; y++) {
        bool inside = y >= 1 && y <= 3;

        check_row(canvas, y, rows[y]);
        g_assert_true((canvas_cell(canvas, y, 3)->look.bits != 0) == inside);
    }
    canvas_clear(&window);
    check_row(canvas, 2, "");
}

static void test_size_is_bounded(void)
{
    g_autoptr(Canvas) large = canvas_new(G_MAXINT, G_MAXINT, false, true);
    g_autoptr(Canvas) small = canvas_new(-1, 0, false, true);

    g_assert_cmpint(large->width, ==, CANVAS_MAX_WIDTH);
    g_assert_cmpint(large->height, ==, CANVAS_MAX_HEIGHT);
    g_assert_cmpint(small->width, ==, 1);
    g_assert_cmpint(small->height, ==, 1);
}

static void test_styles_differ_without_colors(void)
{
    static const Style loud[] = { STYLE_ALARM,  STYLE_WARNING, STYLE_SELECTED,
                                  STYLE_BANNER, STYLE_HEAD,    STYLE_ERROR };

    for (unsigned i = 0; i < G_N_ELEMENTS(loud); i++) {
        g_assert_cmpint(style_look(loud[i], false).foreground, ==, COLOR_NONE);
        g_assert_cmpint(style_look(loud[i], false).background, ==, COLOR_NONE);
        g_assert_cmpuint(style_look(loud[i], false).bits, !=, 0);
    }
}

static void check_middle(int width, const char *text, const char *wanted)
{
    g_autoptr(Canvas) canvas = canvas_new(40, 1, false, false);
    g_autoptr(GString) out = g_string_new(NULL);

    canvas_put_middle(canvas, 0, 0, width, STYLE_TEXT, text);
    for (int x = 0; x < width; x++) {
        g_string_append(out, canvas_cell(canvas, 0, x)->text);
    }
    g_assert_cmpstr(canvas_cell(canvas, 0, width)->text, ==, " ");
    g_assert_cmpstr(out->str, ==, wanted);
}

/* The end of a name tells it from others */
static void test_cut_in_the_middle(void)
{
    check_middle(8, "io_read", "io_read ");
    check_middle(7, "io_read", "io_read");
    check_middle(6, "io_read", "i…read");
    check_middle(22, "virtio_queue_host_notifier_read",
                 "virt…ost_notifier_read");
    check_middle(22, "virtio_queue_guest_notifier_read",
                 "virt…est_notifier_read");
    check_middle(2, "io_read", "i…");
    check_middle(6, "更新画面数", "…面数 ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/canvas/wide", test_wide);
    g_test_add_func("/canvas/half-of-wide-is-overwritten",
                    test_half_of_wide_is_overwritten);
    g_test_add_func("/canvas/wide-is-not-cut-in-half",
                    test_wide_is_not_cut_in_half);
    g_test_add_func("/canvas/combining", test_combining);
    g_test_add_func("/canvas/many-combining", test_many_combining);
    g_test_add_func("/canvas/control-characters", test_control_characters);
    g_test_add_func("/canvas/ascii", test_ascii);
    g_test_add_func("/canvas/outside", test_outside);
    g_test_add_func("/canvas/right", test_right);
    g_test_add_func("/canvas/window", test_window);
    g_test_add_func("/canvas/size-is-bounded", test_size_is_bounded);
    g_test_add_func("/canvas/styles-differ-without-colors",
                    test_styles_differ_without_colors);
    g_test_add_func("/canvas/cut-in-the-middle", test_cut_in_the_middle);
    return g_test_run();
}
