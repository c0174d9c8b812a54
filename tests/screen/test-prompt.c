/*
 * The prompts: filter, search, delay
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"

/* The prompt's line at 80 columns */
static void assert_line(Session *session, const char *wanted)
{
    g_autofree char *line = session_line(session, 22);

    if (!strstr(line, wanted)) {
        g_error("no \"%s\" in \"%s\"", wanted, line);
    }
}

/* A new number is typed, not one appended to the old one */
static void test_delay(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "d");
    assert_line(session, "Seconds between samples (now 1): ");
    assert_line(session, "Enter: keep, Up: edit");
    session_type(session, "2{Enter}");
    g_assert_cmpuint(ui->interval_ms, ==, 2000);
    g_assert_cmpuint(ui->wants, ==, UI_WANT_INTERVAL);
    ui->wants = 0;
    session_type(session, "d{Enter}");
    g_assert_cmpint(ui->prompt, ==, UI_NO_PROMPT);
    g_assert_cmpuint(ui->interval_ms, ==, 2000);
    g_assert_cmpuint(ui->wants, ==, 0);
    g_assert_null(ui->message);
    session_type(session, "d{Up}.5{Enter}");
    g_assert_cmpuint(ui->interval_ms, ==, 2500);
    session_type(session, "d7{Esc}");
    g_assert_cmpuint(ui->interval_ms, ==, 2500);
}

static void test_delay_bounds(void)
{
    static const struct {
        const char *text;
        unsigned interval_ms;
    } wanted[] = {
        { "0.01", 10 }, { "86400", 86400000 }, { "0.0014", 1000 },
        { "0", 1000 },  { "86401", 1000 },     { "-1", 1000 },
        { "1x", 1000 }, { "nan", 1000 },       { "2 ", 1000 },
        { "x", 1000 },  { "1.2346", 1235 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autoptr(Session) session = session_live("odd");
        Ui *ui = session->ui;
        bool good = wanted[i].interval_ms != 1000;

        session_type(session, "d");
        session_type(session, wanted[i].text);
        g_assert_cmpint(!ui->prompt_error, ==, good);
        session_type(session, "{Enter}");
        g_assert_cmpuint(ui->interval_ms, ==, wanted[i].interval_ms);
        g_assert_cmpint(ui->wants == UI_WANT_INTERVAL, ==, good);
        g_assert_cmpint(ui->message_is_error, ==, !good);
    }
}

static void test_filter_replaces(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "/");
    assert_line(session, "Filter:");
    session_type(session, "nbd{Enter}/");
    assert_line(session, "Filter (now nbd): ");
    assert_line(session, "Enter: none, Up: edit");
    /* As long as nothing is typed it is in force */
    g_assert_cmpuint(ui->sources.rows->len, ==, 1);
    session_type(session, "bh{Enter}");
    g_assert_cmpstr(ui->filter_text, ==, "bh");
    session_type(session, "/{Ctrl-P}");
    assert_line(session, "Filter (now bh): bh");
    session_type(session, "|nbd{Enter}");
    g_assert_cmpstr(ui->filter_text, ==, "bh|nbd");
    session_type(session, "/{Enter}");
    g_assert_null(ui->filter_text);
    /* Nothing to edit */
    session_type(session, "/{Up}");
    g_assert_cmpuint(ui->prompt_text->len, ==, 0);
}

static void test_esc_leaves_all_as_it_was(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "/nbd{Enter}/bh{Esc}");
    g_assert_cmpstr(ui->filter_text, ==, "nbd");
    session_type(session, "/x{Backspace}");
    g_assert_null(ui->filter_text);
    session_type(session, "{Esc}");
    g_assert_cmpstr(ui->filter_text, ==, "nbd");
    session_type(session, "{Esc}{F3}timer{Enter}{F3}bh{Esc}");
    g_assert_cmpstr(ui->search_text, ==, "timer");
    g_assert_nonnull(ui->search);
}

static void test_search_again(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    const Track *first;

    session_type(session, "{F3}timer{Enter}");
    first = ui->sources.selected;
    session_type(session, "{F3}");
    assert_line(session, "Search (now timer): ");
    assert_line(session, "Enter: next, Up: edit");
    session_type(session, "{Enter}");
    g_assert_true(ui->sources.selected != first);
    session_type(session, "p");
    g_assert_true(ui->sources.selected == first);
    session_type(session, "n");
    g_assert_true(ui->sources.selected != first);
    session_type(session, "{Esc}p");
    g_assert_true(session_shows(session, "Nothing to search for yet"));
    session_type(session, "{F3}no such{Enter}");
    g_assert_true(session_shows(session, "Search: no match: no such"));
    session_type(session, "{F3}{Enter}");
    g_assert_true(session_shows(session, "No match: no such"));
}

/* The pattern is seen anyway; why it is no good may be cut */
static void test_reason_first(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "/[");
    assert_line(session, "Filter: [");
    assert_line(session, "missing terminating ]");
    session_type(session, "{Enter}");
    assert_line(session, "Filter: missing terminating ]");
}

/* What is long leaves room for what is typed */
static void test_long_texts(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    g_autoptr(GString) text = g_string_new("/");

    for (unsigned i = 0; i < 300; i++) {
        g_string_append(text, "数");
    }
    session_type(session, text->str);
    g_assert_cmpuint(ui->prompt_text->len, <=, 256);
    session_type(session, "{Enter}/typed");
    assert_line(session, "Filter (now 数数");
    assert_line(session, "...): typed");
    canvas_free(ui_draw(ui, 40, 10));
}

static void test_editing(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "/a数{Backspace}");
    g_assert_cmpstr(ui->prompt_text->str, ==, "a");
    session_type(session, "{Backspace}{Backspace}b数x{Ctrl-U}");
    g_assert_cmpstr(ui->prompt_text->str, ==, "");
    session_type(session, "c{Down}{Tab}d{PgDn}");
    g_assert_cmpstr(ui->prompt_text->str, ==, "cd");
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompt/delay", test_delay);
    g_test_add_func("/prompt/delay-bounds", test_delay_bounds);
    g_test_add_func("/prompt/filter-replaces", test_filter_replaces);
    g_test_add_func("/prompt/esc-leaves-all-as-it-was",
                    test_esc_leaves_all_as_it_was);
    g_test_add_func("/prompt/search-again", test_search_again);
    g_test_add_func("/prompt/reason-first", test_reason_first);
    g_test_add_func("/prompt/long-texts", test_long_texts);
    g_test_add_func("/prompt/editing", test_editing);
    return g_test_run();
}
