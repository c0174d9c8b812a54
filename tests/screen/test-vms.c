/*
 * The user interface: all QEMUs of a host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session.h"

/* From one QEMU to all of them, into another one, and back */
static void test_all_and_back(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Space}/bh{Enter}{Enter}s{Esc}{Esc}V");
    g_assert_cmpuint(ui->wants & UI_WANT_VMS, ==, UI_WANT_VMS);
    ui->wants = 0;
    session_vms(session);
    g_assert_cmpint(ui->view, ==, UI_VMS);
    g_assert_null(feed_shown(&ui->feed));
    g_assert_true(session_shows(session, "4 QEMUs: 1 STUCK, 1 SILENT"));
    session_type(session, "/dbhost{Enter}{Down}");
    g_assert_true(session_shows(session, "QEMU 2 of 2  filter: dbhost"));
    session_type(session, "{Enter}");
    g_assert_cmpuint(ui->wants, ==, UI_WANT_PICKED);
    ui->wants = 0;
    /* Nothing is left of the one before, and its filter is not that of QEMUs */
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    g_assert_null(feed_shown(&ui->feed));
    g_assert_null(ui->opened);
    g_assert_null(pane_selected(&ui->sources));
    g_assert_null(ui->filter_text);
    g_assert_false(ui->feed.paused);
    g_assert_cmpuint(tracks_length(ui->feed.tracks), ==, 0);
    session_type(session, "D{Esc}");
    g_assert_cmpuint(ui->wants, ==, 0);
    session_type(session, "{Esc}");
    g_assert_cmpuint(ui->wants, ==, UI_WANT_VMS);
    session_vms(session);
    g_assert_true(session_shows(session, "QEMU 2 of 2  filter: dbhost"));
    /* There Esc leads nowhere */
    ui->wants = 0;
    session_type(session, "{Esc}{Esc}{Esc}");
    g_assert_cmpint(ui->view, ==, UI_VMS);
    g_assert_cmpuint(ui->wants, ==, 0);
    session_type(session, "q");
    g_assert_cmpuint(ui->wants, ==, UI_WANT_QUIT);
}

/* Where it was not chosen among all, Esc does not leave it */
static void test_esc_stays_with_a_target(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "{Esc}{Esc}{Esc}");
    g_assert_cmpuint(session->ui->wants, ==, 0);
}

static void test_columns(void)
{
    g_autoptr(Session) session = session_new();
    Ui *ui = session->ui;

    session_vms(session);
    session_type(session, "C");
    g_assert_true(session_shows(session, "Columns of the QEMUs"));
    session_type(session, "{Space}{Esc}");
    g_assert_cmpint(ui->view, ==, UI_VMS);
    g_assert_false(session_shows(session, "dbhost1"));
    session_type(session, "{F6}");
    g_assert_true(session_shows(session, "Sort the QEMUs by"));
    session_type(session, "{Home}{Down}{Enter}");
    g_assert_cmpstr(ui->vms.sort->name, ==, "pid");
    g_assert_cmpint(ui->view, ==, UI_VMS);
    session_type(session, "?");
    g_assert_cmpint(ui->view, ==, UI_HELP);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_VMS);
}

/* What is shown stays, and the first round after it is that of now */
static void test_paused(void)
{
    g_autoptr(Session) session = session_new();
    g_autoptr(GPtrArray) none = aiotop_vms_new();
    const AiotopHostInterval load = { 0 };

    session_vms(session);
    session_type(session, "{Space}");
    ui_take_vms(session->ui, none, &load);
    g_assert_true(session_shows(session, " PAUSED"));
    g_assert_true(session_shows(session, "4 QEMUs: "));
    g_assert_true(session_shows(session, "dbhost1"));
    session_type(session, "{Space}");
    g_assert_false(session_shows(session, "dbhost1"));
    g_assert_true(session_shows(session, "No QEMU is running here"));
}

/* It is said once, above the rows, which keep their places below it */
static void test_cause_of_the_host(void)
{
    g_autoptr(Session) session = session_new();
    Ui *ui = session->ui;
    int y;

    session_vms(session);
    y = session_find_line(session, "dbhost1", 80, 24);
    ui->cause = g_new0(AiotopHostCause, 1);
    ui->cause->evidence = g_strdup("It is the host: all wait for what there is"
                                   " not enough of, and that for more than 80"
                                   " characters.");
    g_assert_cmpint(session_find_line(session, "It is the host", 80, 24), ==,
                    2);
    g_assert_cmpint(session_find_line(session, "characters.", 80, 24), ==, 3);
    g_assert_cmpint(session_find_line(session, "dbhost1", 80, 24), ==, y + 2);
    ui_mouse(ui, UI_MOUSE_CLICK, y + 2, 0);
    g_assert_cmpint(vms_selected(ui)->vm->process.pid, ==, 1001);
    /* There are few lines, and the rows have a right to some */
    g_assert_cmpint(session_find_line(session, "dbhost1", 40, 10), <, 7);
    /* What is shown while paused is what was then */
    session_type(session, "{Space}");
    session_vms(session);
    g_assert_true(session_shows(session, "It is the host"));
    session_type(session, "{Space}");
    g_assert_false(session_shows(session, "It is the host"));
}

/* The selection is a process, not a place; and why it is as it is stands below */
static void test_selected(void)
{
    g_autoptr(Session) session = session_new();
    Ui *ui = session->ui;

    session_vms(session);
    g_assert_true(session_shows(session, "has been running for"));
    session_type(session, "{End}");
    g_assert_cmpint(vms_selected(ui)->vm->process.pid, ==, 1002);
    g_assert_true(session_shows(session, "built without the profiler"));
    session_type(session, "N");
    g_assert_cmpint(vms_selected(ui)->vm->process.pid, ==, 1002);
}

/* A QEMU that is not profiled, or does not answer, can be watched as well */
static void test_open(void)
{
    static const struct {
        const char *keys;
        int64_t pid;
    } cases[] = {
        { "{Enter}", 1003 },
        { "{Down}{Enter}", 1004 },
        { "{End}{Enter}", 1002 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Session) session = session_new();

        session_vms(session);
        session_type(session, cases[i].keys);
        g_assert_cmpuint(session->ui->wants, ==, UI_WANT_PICKED);
        g_assert_cmpint(session->ui->picked.pid, ==, cases[i].pid);
        g_assert_cmpuint(session->ui->picked.start_ticks, ==,
                         1000 + cases[i].pid);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vms/all-and-back", test_all_and_back);
    g_test_add_func("/vms/esc-stays-with-a-target",
                    test_esc_stays_with_a_target);
    g_test_add_func("/vms/columns", test_columns);
    g_test_add_func("/vms/paused", test_paused);
    g_test_add_func("/vms/cause-of-the-host", test_cause_of_the_host);
    g_test_add_func("/vms/selected", test_selected);
    g_test_add_func("/vms/open", test_open);
    return g_test_run();
}
