/*
 * What can be selected on a page: findings and stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "state/item.h"
#include "session.h"
#include "views/view.h"

static void assert_shows(Session *session, const char *text)
{
    if (!session_shows(session, text)) {
        g_error("not shown: %s", text);
    }
}

/* The line of the body that is marked as selected; -1 if none is */
static int selected_line(Session *session, int width, int height)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, height);
    StyleLook look = style_look(STYLE_SELECTED, true);

    for (int y = ui_body_y(session->ui); y < height - UI_FOOTER_LINES; y++) {
        const CanvasCell *last = canvas_cell(canvas, y, width - 1);

        if (memcmp(&last->look, &look, sizeof(look)) == 0) {
            return y - ui_body_y(session->ui);
        }
    }
    return -1;
}

static void test_finding_opens(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "D");
    g_assert_cmpint(selected_line(session, 80, 24), ==, 0);
    session_type(session, "{Enter}");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
    g_assert_cmpstr(ui->opened->name, ==, "do_qmp_dispatch_bh");
    g_assert_nonnull(opened_source(ui));
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_DIAGNOSIS);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    /* Whatever the tables show */
    session_type(session, "/no such source{Enter}D{Enter}");
    g_assert_nonnull(opened_source(ui));
}

/* A thread that is no loop has no details, but a stack */
static void test_finding_of_a_thread(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "Dj");
    g_assert_cmpint(selected_line(session, 80, 24), >, 1);
    g_assert_cmpstr(items_selected(ui)->loop, ==, "CPU 0/KVM");
    session_type(session, "s");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    g_assert_cmpuint(ui->wants, ==, UI_WANT_STACK);
    /* It waits for the lock: the holder is the one to look at */
    g_assert_cmpint(ui->stack.tid, ==, 4711);
    g_assert_cmpstr(ui->stack.name, ==, "main-loop");
    assert_shows(session, "reading the stack of thread 4711");
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_DIAGNOSIS);
    g_assert_cmpstr(items_selected(ui)->loop, ==, "CPU 0/KVM");
}

static void test_nothing_to_open(void)
{
    g_autoptr(Session) session = session_live("screen");

    session_type(session, "D{Enter}");
    g_assert_cmpint(session->ui->view, ==, UI_DIAGNOSIS);
    assert_shows(session, "No details: this is about all loops");
    session_type(session, "s");
    g_assert_cmpint(session->ui->view, ==, UI_DIAGNOSIS);
    assert_shows(session, "No stack: this is about no thread");
    session_type(session, "S{Enter}");
    assert_shows(session, "No details: nothing is selected");
    session_type(session, "s");
    assert_shows(session, "No stack: nothing is selected");
    g_assert_cmpuint(session->ui->wants, ==, 0);
}

static void test_stalls_open(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "S{Enter}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_cmpstr(ui->opened->loop, ==, "CPU 0/KVM");
    session_type(session, "{Esc}s");
    g_assert_cmpint(ui->stack.tid, ==, 4713);
    g_assert_cmpstr(ui->stack.name, ==, "CPU 0/KVM");
    session_type(session, "{Esc}j{Enter}");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
    g_assert_cmpstr(ui->opened->name, ==, "do_qmp_dispatch_bh");
    session_type(session, "{Esc}j{Enter}");
    g_assert_cmpstr(ui->opened->label, ==, "vd0/vq0");
    /* A wait for the lock is about no source */
    session_type(session, "{Esc}jjj{Enter}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_cmpstr(ui->opened->loop, ==, "main-loop");
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_STALLS);
    g_assert_cmpstr(items_selected(ui)->identity, ==, "135");
}

static AiotopStall *last_stall(Session *session)
{
    return &session->last->stalls[session->last->n_stalls - 1];
}

/* The thread may have ended, and its number been given again */
static void test_stall_of_what_is_gone(void)
{
    g_autoptr(Session) session = session_live("stuck");

    last_stall(session)->thread_id = 99;
    session->ui->stale = true;
    session_type(session, "Ss");
    assert_shows(session, "No stack: thread 99 has ended");
    session_type(session, "{Enter}");
    assert_shows(session, "No details: CPU 0/KVM is not there any more");
    last_stall(session)->thread_id = 4712;
    session->ui->stale = true;
    session_type(session, "{Enter}");
    assert_shows(session, "No details: CPU 0/KVM is not there any more");
    last_stall(session)[-1].source_id = 1;
    session->ui->stale = true;
    session_type(session, "j{Enter}");
    g_assert_cmpint(session->ui->view, ==, UI_LOOP);
}

/* Newer ones come above; the first is selected until one is chosen */
static void test_selection_stays(void)
{
    g_autoptr(Session) session = session_live("stuck");
    AiotopSnapshot *last = session->last;

    session_type(session, "S");
    last->n_stalls -= 2;
    session->ui->stale = true;
    session_type(session, "");
    g_assert_cmpstr(items_selected(session->ui)->identity, ==, "138");
    last->n_stalls += 1;
    session->ui->stale = true;
    session_type(session, "j");
    g_assert_cmpstr(items_selected(session->ui)->identity, ==, "138");
    last->n_stalls += 1;
    session->ui->stale = true;
    session_type(session, "");
    g_assert_cmpstr(items_selected(session->ui)->identity, ==, "138");
    g_assert_cmpint(selected_line(session, 80, 24), ==, 3);
    /* What is in its place, if it is gone */
    last->n_stalls -= 3;
    session->ui->stale = true;
    session_type(session, "");
    g_assert_cmpstr(items_selected(session->ui)->identity, ==, "135");
    last->n_stalls += 3;
}

/* On a small screen every line of every finding comes into sight */
static void test_every_line_is_seen(void)
{
    static const char *const keys[] = { "j", "{PgDn}" };

    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(Session) session = session_live("stuck");
        Ui *ui = session->ui;
        int seen = 0, top = -1;

        session_type(session, "D");
        for (unsigned j = 0; j < 200; j++) {
            canvas_free(ui_draw(ui, 40, 10));
            g_assert_cmpint(ui->page_top, <=, seen);
            g_assert_cmpint(ui->page_top, >=, top);
            top = ui->page_top;
            seen = MAX(seen, ui->page_top + ui_body_height(ui));
            ui_key(ui, i ? KEYCODE_PAGE_DOWN : KEYCODE_DOWN);
        }
        g_assert_cmpint(ui->page_top + ui_body_height(ui), ==, ui->page_lines);
        g_assert_cmpuint(ui->item, ==, ui->items->len - 1);
        seen = ui->page_top;
        for (unsigned j = 0; j < 200; j++) {
            canvas_free(ui_draw(ui, 40, 10));
            g_assert_cmpint(ui->page_top + ui_body_height(ui), >=, seen);
            seen = MIN(seen, ui->page_top);
            ui_key(ui, i ? KEYCODE_PAGE_UP : KEYCODE_UP);
        }
        g_assert_cmpint(seen, ==, 0);
        g_assert_cmpuint(ui->item, ==, 0);
    }
}

static void test_first_and_last(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "S{End}");
    g_assert_cmpuint(ui->item, ==, ui->items->len - 1);
    g_assert_cmpint(selected_line(session, 80, 24), >, 10);
    session_type(session, "{Home}");
    g_assert_cmpuint(ui->item, ==, 0);
    g_assert_cmpint(ui->page_top, ==, 0);
    session_type(session, "{PgDn}");
    g_assert_cmpint(selected_line(session, 80, 24), >=, 0);
    g_assert_cmpuint(ui->item, >, 5);
}

static void test_mouse(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "S");
    /* Header, head of the columns, two lines */
    ui_mouse(ui, UI_MOUSE_CLICK, ui_body_y(ui) + 3, 10);
    g_assert_cmpuint(ui->item, ==, 2);
    g_assert_cmpint(ui->view, ==, UI_STALLS);
    ui_mouse(ui, UI_MOUSE_CLICK, ui_body_y(ui) + 3, 10);
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
    session_type(session, "{Esc}");
    ui_mouse(ui, UI_MOUSE_CLICK, ui_body_y(ui), 10);
    g_assert_cmpuint(ui->item, ==, 2);
}

static void test_stack_of_a_row(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "/vd0{Enter}s");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    g_assert_cmpint(ui->stack.tid, ==, 4712);
    g_assert_cmpuint(ui->wants, ==, UI_WANT_STACK);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    session_type(session, "{Esc}/no such source{Enter}s");
    assert_shows(session, "No stack: no row is selected");
    session_type(session, "{Enter}");
    assert_shows(session, "No details: no row is selected");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
}

static void test_stack_of_an_ended_row(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "{Tab}{End}");
    session_feed(session, "odd", 2, 2);
    session_type(session, "s");
    assert_shows(session, "No stack: the loop is not there any more");
    g_assert_cmpint(session->ui->view, ==, UI_MAIN);
}

/* However long one goes round, the main view is at the end */
static void test_way_back(void)
{
    g_autoptr(Session) session = session_live("stuck");
    Ui *ui = session->ui;

    session_type(session, "DSDS");
    g_assert_cmpint(ui->view, ==, UI_STALLS);
    session_type(session, "{Esc}{Esc}");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    for (unsigned i = 0; i < 20; i++) {
        session_type(session, "D{Enter}S{End}{Enter}");
    }
    for (unsigned i = 0; i < 16; i++) {
        session_type(session, "{Esc}");
    }
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    /* A page is as it was left */
    session_type(session, "S{End}?{Esc}");
    g_assert_cmpuint(ui->item, ==, ui->items->len - 1);
    g_assert_cmpint(ui->page_top, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/items/finding-opens", test_finding_opens);
    g_test_add_func("/items/finding-of-a-thread", test_finding_of_a_thread);
    g_test_add_func("/items/nothing-to-open", test_nothing_to_open);
    g_test_add_func("/items/stalls-open", test_stalls_open);
    g_test_add_func("/items/stall-of-what-is-gone", test_stall_of_what_is_gone);
    g_test_add_func("/items/selection-stays", test_selection_stays);
    g_test_add_func("/items/every-line-is-seen", test_every_line_is_seen);
    g_test_add_func("/items/first-and-last", test_first_and_last);
    g_test_add_func("/items/mouse", test_mouse);
    g_test_add_func("/items/stack-of-a-row", test_stack_of_a_row);
    g_test_add_func("/items/stack-of-an-ended-row", test_stack_of_an_ended_row);
    g_test_add_func("/items/way-back", test_way_back);
    return g_test_run();
}
