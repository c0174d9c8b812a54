/*
 * The user interface: filter, search, pause, mouse, banner, marks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include <qemu-aiotop/diagnose/marks.h>
#include "session.h"
#include "views/view.h"
#include "reply-text.h"

static void test_filter(void)
{
    g_autoptr(Session) session = session_live("odd");
    unsigned all;

    session_type(session, "");
    all = session->ui->sources.rows->len;
    session_type(session, "/nbd");
    g_assert_cmpuint(session->ui->sources.rows->len, ==, 1);
    session_type(session, "{Backspace}{Backspace}{Backspace}!nbd{Enter}");
    g_assert_cmpuint(session->ui->sources.rows->len, ==, all - 1);
    session_type(session, "{Esc}");
    g_assert_cmpuint(session->ui->sources.rows->len, ==, all);
}

/* One of another name looks like a QEMU that does nothing */
static void test_loop_that_is_not_there(void)
{
    static const char error[] = "no loop is named io\\x1b; there is main-loop,";
    g_autoptr(Session) session = session_new();
    g_autofree char *body = NULL, *footer = NULL, *details = NULL;

    session->ui->selection.loop_name = g_strdup("io\33");
    session_feed(session, "odd", 0, 1);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    body = session_line(session, 6);
    footer = session_line(session, 22);
    g_assert_nonnull(strstr(body, error));
    g_assert_true(g_str_has_prefix(footer, error));
    session_type(session, "S");
    details = session_line(session, 22);
    g_assert_null(strstr(details, "no loop"));
}

static void test_loop_that_is_there(void)
{
    g_autoptr(Session) session = session_new();
    g_autofree char *footer = NULL;

    session->ui->selection.loop_name = g_strdup("main-loop");
    session_feed(session, "odd", 0, 1);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    footer = session_line(session, 22);
    g_assert_nonnull(strstr(footer, "loop: main-loop"));
}

/* From 100 columns on, whatever else has to go */
static void test_state_of_a_stuck_loop_is_whole(void)
{
    static const int widths[] = { 100, 120, 132, 200 };
    static const char state[] =
        "dispatching 3.00s: do_qmp_dispatch_bh pmemsave";
    g_autoptr(Session) session = session_live("stuck");

    for (unsigned i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_assert_true(session_shows_at(session, widths[i], state));
    }
    g_assert_cmpint(session->ui->loops.stuck_width, ==, strlen(state));
    session_free(g_steal_pointer(&session));
    session = session_new();
    session->ui->stall_ns = 60 * UINT64_C(1000000000);
    session_feed(session, "stuck", 0, 1);
    session_type(session, "");
    g_assert_cmpint(session->ui->loops.stuck_width, ==, 0);
}

/* As when they are pasted */
static void test_keys_without_frames(void)
{
    static const char keys[] = "/nbd\r\r";
    g_autoptr(Session) session = session_live("odd");

    for (unsigned i = 0; i < strlen(keys); i++) {
        ui_key(session->ui, keys[i]);
    }
    g_assert_cmpint(session->ui->view, ==, UI_SOURCE);
    g_assert_cmpstr(session->ui->opened->name, ==, "nbd_read");
}

static void test_bad_filter_keeps_the_last(void)
{
    g_autoptr(Session) session = session_live("odd");
    g_autofree char *line = NULL;

    session_type(session, "/nbd(");
    g_assert_cmpuint(session->ui->sources.rows->len, ==, 1);
    line = session_line(session, 22);
    g_assert_nonnull(strstr(line, "Filter: nbd("));
    g_assert_nonnull(strstr(line, "missing"));
    session_type(session, "{Enter}");
    g_assert_cmpuint(session->ui->sources.rows->len, ==, 1);
    g_assert_cmpstr(session->ui->filter_text, ==, "nbd");
    /* It goes on with a good one */
    session_type(session, "/bh{Enter}");
    g_assert_cmpstr(session->ui->filter_text, ==, "bh");
}

static void test_search(void)
{
    g_autoptr(Session) session = session_live("odd");
    const PaneRow *row;

    session_type(session, "{F3}timer$|throttle");
    row = pane_selected(&session->ui->sources);
    g_assert_cmpstr(row->track->kind, ==, "timer");
    session_type(session, "{Enter}n");
    g_assert_true(pane_selected(&session->ui->sources) != row);
    row = pane_selected(&session->ui->sources);
    g_assert_cmpstr(row->track->kind, ==, "timer");
    session_type(session, "{F3}(");
    g_assert_nonnull(session->ui->prompt_error);
    g_assert_nonnull(session->ui->search);
}

static void test_unknown_keys(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "M");
    g_assert_true(session_shows(session, "No such key: M; h lists the keys"));
    ui_key(session->ui, KEYCODE_F(9));
    g_assert_true(session_shows(session, "No such key: F9"));
    ui_key(session->ui, 0x6570);
    g_assert_true(session_shows(session, "No such key: 数"));
    ui_key(session->ui, 0x9b);
    g_assert_true(session_shows(session, "No such key: 0x9b"));
    session_type(session, "{Down}");
    g_assert_false(session_shows(session, "No such key"));
    session_type(session, "?t");
    g_assert_true(
        session_shows(session, "t does nothing here; these are the keys"));
    session_type(session, "{Esc}{Enter}t");
    g_assert_true(
        session_shows(session, "t does nothing here; h lists the keys"));
    g_assert_cmpuint(session->ui->wants, ==, 0);
}

/* What has histories is not ended by the key that leaves a page elsewhere */
static void test_q_goes_back(void)
{
    for (UiView view = UI_MAIN + 1; view < UI_PICKER; view++) {
        g_autoptr(Session) session = session_live("odd");

        session_open(session, view);
        session->ui->wants = 0;
        session_type(session, view == UI_STACK ? "qq" : "q");
        g_assert_cmpint(session->ui->view, ==, UI_MAIN);
        g_assert_cmpuint(session->ui->wants, ==, 0);
        session_type(session, "q");
        g_assert_cmpuint(session->ui->wants, ==, UI_WANT_QUIT);
        session->ui->wants = 0;
        session_open(session, view);
        session->ui->wants = 0;
        session_type(session, "{F10}");
        g_assert_cmpuint(session->ui->wants, ==, UI_WANT_QUIT);
    }
}

static void test_details_of_what_is_beside(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    const Track *first, *last;

    session_type(session, "t{Home}{Enter}");
    first = ui->opened;
    session_type(session, "{Left}");
    g_assert_true(ui->opened == first);
    g_assert_true(session_shows(session, "first source in the table"));
    session_type(session, "{Right}");
    g_assert_true(ui->opened != first);
    g_assert_true(ui->opened == ui->sources.selected);
    session_type(session, "p");
    g_assert_true(ui->opened == first);
    /* Over headings, to the end */
    for (unsigned i = 0; i < 100; i++) {
        session_type(session, "n");
        g_assert_nonnull(ui->opened);
    }
    g_assert_true(session_shows(session, "last source in the table"));
    last = ui->opened;
    session_type(session, "{Esc}{End}");
    g_assert_true(ui->sources.selected == last);
    session_type(session, "{Tab}{Home}{Enter}{Right}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_cmpuint(ui->loops.cursor, ==, 1);
}

static void test_columns_are_moved(void)
{
    g_autoptr(Session) session = session_live("odd");
    GPtrArray *columns = session->ui->sources.columns;
    gpointer first = columns->pdata[0], second = columns->pdata[1];
    gpointer last = columns->pdata[columns->len - 1];

    session_type(session, "C[");
    g_assert_true(session_shows(session, "No room to move"));
    session_type(session, "]");
    g_assert_true(columns->pdata[0] == second && columns->pdata[1] == first);
    g_assert_cmpuint(session->ui->list_cursor, ==, 1);
    session_type(session, "[");
    g_assert_true(columns->pdata[0] == first && columns->pdata[1] == second);
    /* One that is hidden goes to the others that are */
    session_type(session, "{Space}");
    g_assert_true(columns->pdata[0] == second);
    g_assert_cmpuint(session->ui->list_cursor, >=, columns->len);
    session_type(session, "]");
    g_assert_true(session_shows(session, "No room to move"));
    session_type(session, "{Enter}");
    g_assert_true(columns->pdata[session->ui->list_cursor] == first);
    while (columns->pdata[session->ui->list_cursor] != last) {
        session_type(session, "{Down}");
    }
    session_type(session, "]");
    g_assert_true(session_shows(session, "No room to move"));
    g_assert_true(columns->pdata[columns->len - 1] == last);
}

static void test_picker_again(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    ui->watching = true;
    session_type(session, "V");
    g_assert_cmpint(ui->view, ==, UI_PICKER);
    g_assert_cmpuint(ui->wants, ==, UI_WANT_PROCESSES);
    ui->wants = 0;
    session_type(session, "q");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    g_assert_cmpuint(ui->wants, ==, 0);
    g_assert_nonnull(feed_shown(&ui->feed));
    session_type(session, "{Space}/bh{Enter}{Enter}sV{Esc}{Esc}V");
    session_processes(session);
    g_assert_true(session_shows(session, "profiled at /run/web1.prof"));
    g_assert_true(session_shows(session, "-name web1 -object"));
    ui->wants = 0;
    session_type(session, "{Down}{Enter}");
    g_assert_cmpuint(ui->wants, ==, UI_WANT_PICKED);
    /* Nothing is left of the one before */
    g_assert_cmpint(ui->view, ==, UI_MAIN);
    g_assert_null(feed_shown(&ui->feed));
    g_assert_null(ui->opened);
    g_assert_null(pane_selected(&ui->sources));
    g_assert_false(ui->feed.paused);
    g_assert_cmpuint(tracks_length(ui->feed.tracks), ==, 0);
    session_type(session, "{Enter}s{Esc}?");
    g_assert_cmpint(ui->view, ==, UI_HELP);
}

/* Below the tables, as long as all rows have their place */
static void test_charts_take_spare_lines(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    bool shown = false;

    session_type(session, "a");
    for (int height = UI_MIN_HEIGHT; height < 70; height++) {
        g_autoptr(Canvas) canvas = ui_draw(ui, 132, height);
        int spare = ui_body_height(ui) - 2 - (int)ui->loops.rows->len -
                    (int)ui->sources.rows->len;
        bool charts = false;

        for (int y = 0; y < height; y++) {
            charts |= strcmp(canvas_cell(canvas, y, 0)->text, "B") == 0 &&
                      strcmp(canvas_cell(canvas, y, 4)->text, ":") == 0;
        }
        g_assert_cmpint(charts, ==, spare >= 8);
        if (charts) {
            g_assert_cmpuint(ui_layout_rows(ui), >=, ui->sources.rows->len);
        }
        shown |= charts;
    }
    g_assert_true(shown);
    g_assert_true(session_shows(session, "Busy: share of the loop's time"));
    session_type(session, "{Tab}");
    g_assert_true(session_shows(session, "Time that it did not wait"));
    g_assert_true(session_shows(session, "Duration: dispatches by time"));
    session_type(session, "/no such source");
    g_assert_false(session_shows(session, "Duration: dispatches by time"));
}

static void test_pause(void)
{
    g_autoptr(Session) session = session_live("odd");
    const AiotopSample *shown = feed_shown(&session->ui->feed);

    session_type(session, "{Space}");
    session_feed(session, "odd", 2, 2);
    canvas_free(ui_draw(session->ui, 80, 24));
    g_assert_true(feed_shown(&session->ui->feed) == shown);
    g_assert_true(session_shows(session, "PAUSED"));
    g_assert_cmpuint(tracks_length(session->ui->feed.tracks), ==, 2);
    session_type(session, "{Space}");
    g_assert_true(feed_shown(&session->ui->feed)->now == session->last);
}

static void test_pause_for_long(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "{Space}");
    session_feed(session, "odd", 2, 2);
    for (unsigned i = 0; i < 1000; i++) {
        ui_take_sample(session->ui,
                       aiotop_sample_new(session->last, session->last));
    }
    session_type(session, "{Tab}N{End}{Enter}");
    g_assert_cmpint(session->ui->view, ==, UI_LOOP);
    session_type(session, "{Esc}{Space}");
    canvas_free(ui_draw(session->ui, 132, 43));
}

static void test_cumulative(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "c");
    g_assert_true(feed_shown(&session->ui->feed)->cumulative);
    g_assert_true(session_shows(session, " CUMULATIVE"));
    g_assert_true(session_shows(session, "s since profiling began"));
    g_assert_true(session_shows(session, "CPU% and RUNQ% are known of"));
    session_type(session, "c");
    g_assert_false(feed_shown(&session->ui->feed)->cumulative);
    g_assert_true(session_shows(session, "The last interval"));
}

static double value_of(Session *session, const char *source, const char *column)
{
    const AiotopSample *sample = feed_shown(&session->ui->feed);
    char buffer[AIOTOP_VALUE_BUFFER];

    for (unsigned i = 0; i < sample->n_sources; i++) {
        const AiotopSourceSample *s = &sample->sources[i];
        AiotopRow row = { sample, &sample->loops[s->loop], s };
        AiotopValue value;

        if (strcmp(s->now->name, source) == 0) {
            value = aiotop_table_find(&aiotop_source_table, column)
                        ->get(&row, buffer);
            return value.type == AIOTOP_VALUE_INTEGER ? value.integer
                   : value.type == AIOTOP_VALUE_REAL  ? value.real
                                                      : 0;
        }
    }
    g_error("no %s", source);
}

static void test_reset(void)
{
    g_autoptr(Session) session = session_live("screen");
    Ui *ui = session->ui;
    const AiotopSnapshot *start = session->last;
    double ever = value_of(session, "co_schedule_bh_cb", "max");
    double delay_ever =
        value_of(session, "thread_pool_completion_bh", "delay-max");

    session_type(session, "0");
    g_assert_true(session_shows(session, "since reset, 0s ago"));
    g_assert_true(session_shows(session, " SINCE RESET"));
    g_assert_false(session_shows(session, " CUMULATIVE"));
    session_feed(session, "screen", 2, 3);
    g_assert_true(feed_shown(&ui->feed)->before == start);
    g_assert_true(session_shows(session, "since reset, 2.0"));
    /* The longest ones are those since, too */
    g_assert_true(feed_shown(&ui->feed)->since_reset);
    g_assert_cmpfloat(value_of(session, "co_schedule_bh_cb", "max"), <, ever);
    g_assert_cmpfloat(
        value_of(session, "thread_pool_completion_bh", "delay-max"), <,
        delay_ever);
    session_type(session, "c");
    g_assert_true(feed_shown(&ui->feed)->cumulative);
    g_assert_false(feed_shown(&ui->feed)->since_reset);
    g_assert_cmpfloat(value_of(session, "co_schedule_bh_cb", "max"), ==, ever);
    g_assert_cmpfloat(
        value_of(session, "thread_pool_completion_bh", "delay-max"), ==,
        delay_ever);
    session_type(session, "c");
    g_assert_false(ui->feed.cumulative);
}

/* Another QEMU has nothing before */
static void test_reset_ends_with_qemu(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_feed(session, "odd", 2, 2);
    session_type(session, "0");
    session_feed(session, "odd", 3, 3);
    g_assert_null(session->ui->feed.start);
    g_assert_true(session_shows(session, "since profiling began"));
    g_assert_true(session_shows(session, " CUMULATIVE"));
}

static void test_no_reset_without_sample(void)
{
    g_autoptr(Session) session = session_new();

    session_type(session, "0");
    g_assert_true(session_shows(session, "No reset: nothing came so far"));
    g_assert_false(session->ui->feed.cumulative);
}

static char *clock_of(int64_t real_time_us)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(real_time_us / 1000000);

    return g_date_time_format(time, "%H:%M:%S");
}

/* For a ticket's screenshot, and the guest's log */
static void test_time_of_day(void)
{
    g_autoptr(Session) session = session_live("stuck");
    AiotopSample *sample = (AiotopSample *)feed_shown(&session->ui->feed);
    int64_t now_us = 1700000000 * INT64_C(1000000);
    g_autofree char *now = clock_of(now_us);
    g_autofree char *header = g_strconcat("qemu-aiotop ", now, "  vm1", NULL);
    g_autofree char *began = clock_of(now_us - 3000000);
    g_autofree char *row = g_strconcat(began, "  ONGOING    3.00s", NULL);

    g_assert_false(session_shows(session, header));
    sample->real_time_us = now_us;
    g_assert_true(session_shows(session, header));
    session_type(session, "S");
    g_assert_true(session_shows(session, row));
    g_assert_true(session_shows(session, "The last 29 of 140 since profiling"
                                         " began, 20.0s ago"));
}

/* Who looked away sees that there were some */
static void test_stalls_that_are_over(void)
{
    g_autoptr(Session) session = session_live("stuck");

    g_assert_true(session_shows(session, "27 stalls, last 18.7s ago"));
    session->last->time_ns += UINT64_C(41200000000);
    g_assert_true(session_shows(session, "1 stall, last "));
    session->last->time_ns += UINT64_C(1000000000);
    g_assert_false(session_shows(session, " stall"));
}

static void test_restart_is_a_beginning(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "N{End}");
    session_feed(session, "odd", 2, 3);
    canvas_free(ui_draw(session->ui, 80, 24));
    g_assert_true(session_shows(session, "pid 5000"));
    g_assert_cmpuint(tracks_length(session->ui->feed.tracks), ==, 0);
    g_assert_nonnull(pane_selected(&session->ui->sources));
}

static int find_line(Session *session, const char *text, int width, int height)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, height);

    for (int y = 0; y < height; y++) {
        g_autoptr(GString) line = g_string_new(NULL);

        for (int x = 0; x < width; x++) {
            g_string_append(line, canvas_cell(canvas, y, x)->text);
        }
        if (strstr(line->str, text)) {
            return y;
        }
    }
    g_error("no %s", text);
}

/* What is not UTF-8, as a file's name may be, ends where its bytes do */
static void test_paragraph(void)
{
    g_autoptr(Canvas) canvas = canvas_new(6, 4, false, true);

    g_assert_cmpint(
        view_paragraph(canvas, 0, 0, STYLE_TEXT, "a\xe4\0what else is there"),
        ==, 1);
    g_assert_cmpstr(canvas_cell(canvas, 0, 1)->text, ==, "\\");
    /* Six characters in nine bytes */
    g_assert_cmpint(view_paragraph(canvas, 1, 0, STYLE_TEXT, "ä ö üx"), ==, 2);
    g_assert_cmpint(view_paragraph(canvas, 2, 0, STYLE_TEXT, "ä ö üxy"), ==, 4);
    /* Seven characters in twelve cells: more than a line has */
    canvas_clear(canvas);
    g_assert_cmpint(view_paragraph(canvas, 0, 0, STYLE_TEXT, "数据数据 数a"),
                    ==, 2);
    g_assert_cmpstr(canvas_cell(canvas, 1, 0)->text, ==, "据");
    g_assert_cmpstr(canvas_cell(canvas, 1, 5)->text, ==, "a");
}

static void test_mouse(void)
{
    g_autoptr(Session) session = session_live("odd");
    PaneSlot slots[PANE_MAX_SLOTS];
    int head = find_line(session, "BUSY%", 132, 43);
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
    int sources = find_line(session, "BUSY%", 132, 43);
    int loops = find_line(session, "DISP%", 132, 43);
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
        g_autoptr(Session) session = session_live("odd");

        for (int y = 0; y < 24; y++) {
            if (view != UI_PICKER || y == 0) {
                session_open(session, view);
            }
            for (int x = 0; x < 80; x += 13) {
                ui_mouse(session->ui, UI_MOUSE_CLICK, y, x);
            }
            canvas_free(ui_draw(session->ui, 80, 24));
        }
    }
}

static void test_every_size(void)
{
    g_autoptr(Session) session = session_live("odd");

    for (UiView view = 0; view < UI_PICKER; view++) {
        session_open(session, view);
        for (int width = 1; width < 240; width += 13) {
            for (int height = 1; height < 70; height += 5) {
                canvas_free(ui_draw(session->ui, width, height));
            }
        }
    }
    session_type(session, "{Esc}");
    g_assert_cmpint(find_line(session, "Too small", 39, 10), ==, 0);
    g_assert_cmpint(find_line(session, "Too small", 40, 9), ==, 0);
}

static void test_banner(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_link(session, AIOTOP_SAMPLER_STALE, NULL);
    g_assert_true(session_shows(session, "No answer for 12s"));
    session_link(session, AIOTOP_SAMPLER_LOST, "it \x1b[31mbroke");
    g_assert_true(session_shows(session, "Connection lost 12s ago, next try"
                                         " in 2s: it \\x1b[31mbroke"));
    /* The last data stay */
    g_assert_true(session_shows(session, "iothread4"));
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    g_assert_false(session_shows(session, "Connection lost"));
}

/* A QEMU that is not profiled can be chosen as well */
static void test_picker(void)
{
    static const char *const keys[] = { "{Enter}", "{Down}{Enter}",
                                        "{Down}{Down}{Enter}" };

    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(Session) session = session_new();

        session_processes(session);
        session_type(session, keys[i]);
        g_assert_cmpuint(session->ui->wants, ==, UI_WANT_PICKED);
        g_assert_cmpint(session->ui->picked_pid, ==, 1001 + i);
    }
}

/* Its loops have the keys, and columns of their own */
static void test_host_only(void)
{
    g_autoptr(Session) session = session_host(false);
    g_autofree char *fd = g_strdup_printf("socket:[%d]", 4711 + 23);

    g_assert_true(session_shows(session, "SYSCALL"));
    g_assert_false(session_shows(session, "DISP/S"));
    g_assert_false(session->ui->in_sources);
    session_type(session, "P");
    g_assert_true(session_shows(session, "Sorted by CPU%"));
    session_type(session, "/iothread0{Enter}");
    g_assert_false(session_shows(session, "worker"));
    session_type(session, "{Enter}");
    g_assert_true(session_shows(session, "system call preadv(fd 23)"));
    g_assert_true(session_shows(session, fd));
}

/* The other columns are as they were when there is a profile again */
static void test_columns_by_kind_of_snapshot(void)
{
    g_autoptr(Session) session = session_host(false);

    session_feed(session, "screen", 0, 1);
    g_assert_true(session_shows(session, "DISP/S"));
    g_assert_false(session_shows(session, "SYSCALL"));
    g_assert_true(session->ui->in_sources);
}

/* Columns that were asked for are said to be empty, once */
static void test_denied_is_said_once(void)
{
    g_autoptr(Session) session = session_live("screen");

    pane_toggle_column(&session->ui->loops,
                       aiotop_table_find(&aiotop_loop_table, "syscall"));
    session->last->denied = true;
    session_feed(session, "screen", 2, 2);
    g_assert_false(session_shows(session, "CAP_SYS_PTRACE"));
    session->last->denied = true;
    session->ui->stale = true;
    g_assert_true(session_shows(session, "CAP_SYS_PTRACE"));
    session_type(session, "{Down}");
    session->ui->stale = true;
    g_assert_false(session_shows(session, "CAP_SYS_PTRACE"));
}

/* The marks of the source, or of the loop if @name is NULL */
static AiotopMarks marks_of(Session *session, const char *loop,
                            const char *name)
{
    const AiotopSample *sample = feed_shown(&session->ui->feed);

    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopRow row = { sample, &sample->loops[i], NULL };

        if (strcmp(row.loop->now->name, loop) != 0) {
            continue;
        }
        if (!name) {
            return aiotop_marks_check(row.sample, row.loop, row.source, 0);
        }
        for (unsigned j = 0; j < row.loop->n_sources; j++) {
            row.source = &sample->sources[row.loop->first_source + j];
            if (strcmp(row.source->now->name, name) == 0) {
                return aiotop_marks_check(row.sample, row.loop, row.source, 0);
            }
        }
    }
    g_error("no %s", name ? name : loop);
}

static void test_marks(void)
{
    g_autoptr(Session) session = session_live("odd");
    const struct {
        const char *loop;
        const char *source;
        AiotopMarks mask;
    } wanted[] = {
        { "main-loop", NULL, 1u << AIOTOP_MARK_STUCK },
        { "iothread0", NULL, 1u << AIOTOP_MARK_STUCK },
        { "iothread0", "virtio_queue_host_notifier_read",
          1u << AIOTOP_MARK_STUCK },
        { "iothread0", "bdrv_drain_bh_cb", 0 },
        { "iothread1", NULL, 1u << AIOTOP_MARK_STALL },
        { "iothread1", "nvme_process_completion", 1u << AIOTOP_MARK_STALL },
        { "iothread1", "luring_process_completions_cb", 1u << AIOTOP_MARK_HOG },
        { "iothread2", "co_schedule_bh_cb", 1u << AIOTOP_MARK_SPIN },
        { "iothread2", NULL, 0 },
        { "iothread3", NULL, 1u << AIOTOP_MARK_WASTE },
        { "iothread4", "qcow2_cache_clean_timer", 1u << AIOTOP_MARK_LATE },
        { "iothread4", NULL, 1u << AIOTOP_MARK_LATE },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        AiotopMarks mask = marks_of(session, wanted[i].loop, wanted[i].source);

        if (mask != wanted[i].mask) {
            g_error("%s %s: 0x%x, not 0x%x", wanted[i].loop,
                    wanted[i].source ? wanted[i].source : "", mask,
                    wanted[i].mask);
        }
    }
}

static void test_mark_says_why(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "/nvme{Enter}{Home}");
    g_assert_true(session_shows(session, "STALL: a dispatch in this interval"
                                         " took up to"));
    session_type(session, "{Enter}");
    g_assert_true(session_shows(session, "over the threshold of 100ms"));
}

static void test_top(void)
{
    AiotopSelection selection;
    g_autoptr(Session) session = session_new();

    ui_free(session->ui);
    aiotop_selection_init(&selection);
    selection.top = 3;
    selection.loop_name = (char *)"main-loop";
    session->ui = ui_new(&selection);
    session_feed(session, "odd", 0, 1);
    canvas_free(ui_draw(session->ui, 80, 24));
    g_assert_cmpuint(session->ui->sources.rows->len, ==, 3);
    g_assert_cmpuint(session->ui->loops.rows->len, ==, 1);
}

static void test_stack(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Tab}N{Home}{Enter}s");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    g_assert_cmpuint(ui->wants, ==, UI_WANT_STACK);
    g_assert_cmpint(ui->stack.process.pid, ==, ui->local.pid);
    g_assert_cmpuint(ui->stack.process.start_ticks, ==, ui->local.start_ticks);
    g_assert_cmpint(ui->stack.tid, ==, opened_loop(ui)->now->thread_id);
    g_assert_true(session_shows(session, "reading the stack of thread"));
    ui->wants = 0;
    session_type(session, "ss");
    g_assert_cmpuint(ui->wants, ==, 0);
    session_stack(session, 2);
    g_assert_true(session_shows(session, "fdmon_poll_wait+0x109 at"));
    g_assert_false(session_shows(session, "reading"));
    session_type(session, "?{Esc}");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
}

static void test_stack_of_a_source(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    const AiotopSourceSample *source;

    session_type(session, "/vd0{Enter}{Enter}");
    source = opened_source(ui);
    session_type(session, "s");
    g_assert_cmpint(ui->stack.tid, ==,
                    feed_shown(&ui->feed)->loops[source->loop].now->thread_id);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
}

static void test_stack_too_late(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    GPtrArray *old = g_ptr_array_new();
    unsigned number;

    session_type(session, "{Enter}s");
    number = ui->stack.number;
    ui->wants = 0;
    session_type(session, "{Esc}{Esc}{Tab}{End}{Enter}s");
    g_assert_cmpuint(ui->wants, ==, UI_WANT_STACK);
    g_ptr_array_add(old, (gpointer) "of_another_thread");
    ui_take_stack(ui, number, old, NULL);
    ui_take_stack(ui, number, NULL, "of another thread");
    g_assert_true(session_shows(session, "reading the stack"));
    session_stack(session, 1);
    g_assert_true(session_shows(session, "ppoll+0xa6"));
    /* And once more */
    session_type(session, "s");
    g_assert_true(session_shows(session, "reading the stack"));
    ui_take_stack(ui, ui->stack.number, NULL, "why \n not");
    g_assert_true(session_shows(session, "why \\n not"));
}

static void test_no_stack(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Enter}");
    ui->local = (AiotopIdentity){ 0 };
    session_type(session, "s");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
    g_assert_true(session_shows(session, "not known to be a process of this"));
    session_link(session, AIOTOP_SAMPLER_LOST, "QEMU has ended");
    session_type(session, "s");
    g_assert_true(session_shows(session, "not connected to QEMU"));
    g_assert_cmpuint(ui->wants, ==, 0);
}

/* Where QEMU has no name, or only that of a variable */
static void test_code_of_a_nameless_source(void)
{
    static const char json[] =
        "{\"sequence\":1,\"time-ns\":1000000000,\"pid\":1,\"loops\":[{"
        "\"name\":\"main-loop\",\"thread-id\":1,\"sources\":[{\"id\":1,"
        "\"kind\":\"bh\",\"name\":\"(unnamed)\",\"callback\":\"0x10\","
        "\"calls\":1,\"busy-ns\":1,\"total-ns\":1}]}]}";
    g_autoptr(Session) session = session_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(AiotopSnapshot) snapshot =
        read_reply(json, strlen(json), NULL, &error);

    g_assert_no_error(error);
    session->ui->local = (AiotopIdentity){ snapshot->pid, 1 };
    ui_take_sample(session->ui, aiotop_sample_new(NULL, snapshot));
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    session_type(session, "{Enter}");
    g_assert_true(session_shows(session, "bh (unnamed)"));
    g_assert_true(session_shows(session, "callback at dir/file.c:123"));
}

static char *not_yet(const AiotopIdentity *process G_GNUC_UNUSED,
                     const char *callback G_GNUC_UNUSED,
                     void *opaque G_GNUC_UNUSED)
{
    return NULL;
}

/* What was asked for last is shown, and nothing else that comes */
static void test_code_comes_later(void)
{
    g_autoptr(Session) session = session_new();
    Ui *ui = session->ui;
    AiotopIdentity other;

    ui->describe_callback = not_yet;
    session_feed(session, "odd", 0, 1);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    session_type(session, "/vd0{Enter}{Enter}");
    g_assert_false(session_shows(session, "at dir/file.c"));
    other = ui->local;
    other.start_ticks++;
    ui_take_code(ui, &other, ui->opened->callback, "a at dir/file.c:1");
    ui_take_code(ui, &ui->local, "0x1", "b at dir/file.c:2");
    g_assert_false(session_shows(session, "at dir/file.c"));
    ui_take_code(ui, &ui->local, ui->opened->callback, "c at dir/file.c:3");
    g_assert_true(session_shows(session, "c at dir/file.c:3"));
}

static void test_loop_ends_in_its_details(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "{Tab}{End}{Enter}");
    g_assert_cmpstr(session->ui->opened->loop, ==, "iothread4");
    session_feed(session, "odd", 2, 2);
    g_assert_true(session_shows(session, "This loop is not there any more"));
}

static void test_no_stack_of_an_ended_loop(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Tab}{End}{Enter}");
    g_assert_cmpstr(ui->opened->loop, ==, "iothread4");
    session_feed(session, "odd", 2, 2);
    session_type(session, "s");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_true(
        session_shows(session, "No stack: the loop is not there any more"));
    g_assert_cmpuint(ui->wants, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ui/filter", test_filter);
    g_test_add_func("/ui/loop-that-is-not-there", test_loop_that_is_not_there);
    g_test_add_func("/ui/loop-that-is-there", test_loop_that_is_there);
    g_test_add_func("/ui/state-of-a-stuck-loop-is-whole",
                    test_state_of_a_stuck_loop_is_whole);
    g_test_add_func("/ui/keys-without-frames", test_keys_without_frames);
    g_test_add_func("/ui/bad-filter-keeps-the-last",
                    test_bad_filter_keeps_the_last);
    g_test_add_func("/ui/search", test_search);
    g_test_add_func("/ui/charts-take-spare-lines",
                    test_charts_take_spare_lines);
    g_test_add_func("/ui/unknown-keys", test_unknown_keys);
    g_test_add_func("/ui/q-goes-back", test_q_goes_back);
    g_test_add_func("/ui/details-of-what-is-beside",
                    test_details_of_what_is_beside);
    g_test_add_func("/ui/columns-are-moved", test_columns_are_moved);
    g_test_add_func("/ui/picker-again", test_picker_again);
    g_test_add_func("/ui/pause", test_pause);
    g_test_add_func("/ui/pause-for-long", test_pause_for_long);
    g_test_add_func("/ui/cumulative", test_cumulative);
    g_test_add_func("/ui/reset", test_reset);
    g_test_add_func("/ui/reset-ends-with-qemu", test_reset_ends_with_qemu);
    g_test_add_func("/ui/no-reset-without-sample",
                    test_no_reset_without_sample);
    g_test_add_func("/ui/time-of-day", test_time_of_day);
    g_test_add_func("/ui/stalls-that-are-over", test_stalls_that_are_over);
    g_test_add_func("/ui/restart-is-a-beginning", test_restart_is_a_beginning);
    g_test_add_func("/ui/paragraph", test_paragraph);
    g_test_add_func("/ui/mouse", test_mouse);
    g_test_add_func("/ui/wheel-moves-what-is-below-it", test_wheel);
    g_test_add_func("/ui/key-bar-has-the-keys", test_key_bar);
    g_test_add_func("/ui/key-bar-click", test_key_bar_click);
    g_test_add_func("/ui/mouse-anywhere", test_mouse_anywhere);
    g_test_add_func("/ui/every-size", test_every_size);
    g_test_add_func("/ui/banner", test_banner);
    g_test_add_func("/ui/picker", test_picker);
    g_test_add_func("/ui/host-only", test_host_only);
    g_test_add_func("/ui/columns-by-kind-of-snapshot",
                    test_columns_by_kind_of_snapshot);
    g_test_add_func("/ui/denied-is-said-once", test_denied_is_said_once);
    g_test_add_func("/ui/marks", test_marks);
    g_test_add_func("/ui/mark-says-why", test_mark_says_why);
    g_test_add_func("/ui/code-of-a-nameless-source",
                    test_code_of_a_nameless_source);
    g_test_add_func("/ui/loop-ends-in-its-details",
                    test_loop_ends_in_its_details);
    g_test_add_func("/ui/code-comes-later", test_code_comes_later);
    g_test_add_func("/ui/stack", test_stack);
    g_test_add_func("/ui/stack-of-a-source", test_stack_of_a_source);
    g_test_add_func("/ui/stack-too-late", test_stack_too_late);
    g_test_add_func("/ui/no-stack", test_no_stack);
    g_test_add_func("/ui/no-stack-of-an-ended-loop",
                    test_no_stack_of_an_ended_loop);
    g_test_add_func("/ui/top-and-loop", test_top);
    return g_test_run();
}
