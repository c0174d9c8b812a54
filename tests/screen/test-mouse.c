/*
 * The mouse, and the keys of the last line that it presses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"
#include "views/view.h"

static void test_mouse(void)
{
    g_autoptr(Session) session = session_live("odd");
    PaneSlot slots[PANE_MAX_SLOTS];
    int head = session_find_line(session, "BUSY%", 132, 43);
    bool more;
    unsigned n = pane_fit(&session->ui->sources, 132, slots, &more);
    const AiotopColumn *column = slots[n - 1].column;
    int x = slots[n - 1].x;

    g_assert_true(column != session->ui->sources.sort);
    ui_mouse(session->ui, UI_MOUSE_CLICK, head, x);
    g_assert_true(session->ui->sources.sort == column);
    g_assert_false(session->ui->sources.reverse);
    ui_mouse(session->ui, UI_MOUSE_CLICK, head, x);
    g_assert_true(session->ui->sources.reverse);

    canvas_free(ui_draw(session->ui, 132, 43));
    ui_mouse(session->ui, UI_MOUSE_CLICK, head + 3, 20);
    g_assert_cmpuint(session->ui->sources.cursor, ==, 2);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, head + 3, 20);
    g_assert_cmpuint(session->ui->sources.cursor, ==, 3);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_UP, head + 3, 20);
    ui_mouse(session->ui, UI_MOUSE_CLICK, head + 3, 20);
    g_assert_cmpint(session->ui->view, ==, UI_SOURCE);
}

/* The one below the pointer, whichever has the keys */
static void test_wheel(void)
{
    g_autoptr(Session) session = session_live("odd");
    const Ui *ui = session->ui;
    int sources = session_find_line(session, "BUSY%", 132, 43);
    int loops = session_find_line(session, "DISP%", 132, 43);
    int last = loops;

    g_assert_true(ui->in_sources);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, loops, 20);
    g_assert_cmpuint(ui->loops.cursor, ==, 1);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, sources - 1, 20);
    g_assert_cmpuint(ui->loops.cursor, ==, 2);
    g_assert_cmpuint(ui->sources.cursor, ==, 0);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_UP, loops + 1, 20);
    g_assert_cmpuint(ui->loops.cursor, ==, 1);
    g_assert_true(ui->in_sources);

    session_type(session, "{Tab}");
    canvas_free(ui_draw(session->ui, 132, 43));
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, sources, 20);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, 43 - UI_FOOTER_LINES - 1, 20);
    g_assert_cmpuint(ui->sources.cursor, ==, 2);
    g_assert_cmpuint(ui->loops.cursor, ==, 1);

    /* There is nothing to move in header and footer */
    for (int y = 0; y < 43; y++) {
        if (y < last || y >= 43 - UI_FOOTER_LINES) {
            ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, y, 20);
        }
    }
    g_assert_cmpuint(ui->sources.cursor, ==, 2);
    g_assert_cmpuint(ui->loops.cursor, ==, 1);
    session_type(session, "h");
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, 5, 20);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_DOWN, 5, 20);
    ui_mouse(session->ui, UI_MOUSE_WHEEL_UP, 5, 20);
    canvas_free(ui_draw(session->ui, 132, 43));
    g_assert_cmpint(ui->page_top, ==, 1);
}

/* Where @text begins in the last line, and has the look of a label */
static int find_label(Session *session, const char *text)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, 132, 43);
    StyleLook look = style_look(STYLE_KEY_LABEL, true);

    for (int x = 0; x + strlen(text) <= 132; x++) {
        bool same = true;

        for (unsigned i = 0; text[i] && same; i++) {
            const CanvasCell *cell = canvas_cell(canvas, 42, x + i);

            same = cell->text[0] == text[i] &&
                   memcmp(&cell->look, &look, sizeof(look)) == 0;
        }
        if (same) {
            return x;
        }
    }
    g_error("no label %s", text);
}

/* Every label of every view, at its first and its last cell, and its key */
static void test_key_bar(void)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        const KeyBinding *binding = &key_bindings[i];
        g_autoptr(Session) session = session_live("odd");
        g_autofree char *name = keycode_name(binding->keys[0]);
        int x;

        if (!binding->label || !(binding->where & KEYS_IN_MAIN)) {
            continue;
        }
        x = find_label(session, binding->label);
        for (int at = x - strlen(name); at < x + (int)strlen(binding->label);
             at++) {
            g_assert_cmphex(view_footer_key(session->ui, at), ==,
                            binding->keys[0]);
        }
        g_assert_cmphex(view_footer_key(session->ui, x - strlen(name) - 1), ==,
                        0);
    }
}

static void test_key_bar_click(void)
{
    g_autoptr(Session) session = session_live("odd");
    int x = find_label(session, "Diagnosis");

    ui_mouse(session->ui, UI_MOUSE_CLICK, 41, x);
    g_assert_cmpint(session->ui->view, ==, UI_MAIN);
    ui_mouse(session->ui, UI_MOUSE_CLICK, 42, x);
    g_assert_cmpint(session->ui->view, ==, UI_DIAGNOSIS);
    ui_mouse(session->ui, UI_MOUSE_CLICK, 42, find_label(session, "Back"));
    g_assert_cmpint(session->ui->view, ==, UI_MAIN);
    /* Behind the last key there is none */
    ui_mouse(session->ui, UI_MOUSE_CLICK, 42, 131);
    g_assert_cmpint(session->ui->view, ==, UI_MAIN);
    /* What is typed goes to the prompt: a label is no text */
    session_type(session, "/");
    ui_mouse(session->ui, UI_MOUSE_CLICK, 42, find_label(session, "Quit"));
    g_assert_cmpstr(session->ui->prompt_text->str, ==, "");
    g_assert_cmpuint(session->ui->wants, ==, 0);
}

static void test_mouse_anywhere(void)
{
    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        g_autoptr(Session) session = session_for(view);

        for (int y = 0; y < 24; y++) {
            if (view != UI_VMS || y == 0) {
                session_open(session, view);
            }
            for (int x = 0; x < 80; x += 13) {
                ui_mouse(session->ui, UI_MOUSE_CLICK, y, x);
            }
            canvas_free(ui_draw(session->ui, 80, 24));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mouse/mouse", test_mouse);
    g_test_add_func("/mouse/wheel-moves-what-is-below-it", test_wheel);
    g_test_add_func("/mouse/key-bar-has-the-keys", test_key_bar);
    g_test_add_func("/mouse/key-bar-click", test_key_bar_click);
    g_test_add_func("/mouse/mouse-anywhere", test_mouse_anywhere);
    return g_test_run();
}
