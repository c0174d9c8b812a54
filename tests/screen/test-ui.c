/*
 * The user interface: filter, search, lists, banner, marks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include <qemu-aiotop/diagnose/marks.h>

#include "session.h"
#include "views/view.h"

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

    session->ui->query.loop_name = g_strdup("io\33");
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

    session->ui->query.loop_name = g_strdup("main-loop");
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
    for (UiView view = UI_MAIN + 1; view < UI_VMS; view++) {
        g_autoptr(Session) session = session_for(view);
        bool twice = view == UI_STACK || view == UI_NODE;

        session_open(session, view);
        session->ui->wants = 0;
        session_type(session, twice ? "qq" : "q");
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

static void test_every_size(void)
{
    g_autoptr(Session) session = session_live("odd");

    for (UiView view = 0; view < UI_VMS; view++) {
        g_autoptr(Session) of_view = session_for(view);

        session_open(of_view, view);
        for (int width = 1; width < 240; width += 13) {
            for (int height = 1; height < 70; height += 5) {
                canvas_free(ui_draw(of_view->ui, width, height));
            }
        }
    }
    g_assert_cmpint(session_find_line(session, "Too small", 39, 10), ==, 0);
    g_assert_cmpint(session_find_line(session, "Too small", 40, 9), ==, 0);
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
    AiotopQuery query;
    g_autoptr(Session) session = session_new();

    ui_free(session->ui);
    aiotop_query_init(&query);
    query.top = 3;
    query.loop_name = (char *)"main-loop";
    session->ui = ui_new(&query, &(AiotopTextStyle){ 0 });
    session_feed(session, "odd", 0, 1);
    canvas_free(ui_draw(session->ui, 80, 24));
    g_assert_cmpuint(session->ui->sources.rows->len, ==, 3);
    g_assert_cmpuint(session->ui->loops.rows->len, ==, 1);
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
    g_test_add_func("/ui/columns-are-moved", test_columns_are_moved);
    g_test_add_func("/ui/paragraph", test_paragraph);
    g_test_add_func("/ui/every-size", test_every_size);
    g_test_add_func("/ui/banner", test_banner);
    g_test_add_func("/ui/host-only", test_host_only);
    g_test_add_func("/ui/columns-by-kind-of-snapshot",
                    test_columns_by_kind_of_snapshot);
    g_test_add_func("/ui/denied-is-said-once", test_denied_is_said_once);
    g_test_add_func("/ui/marks", test_marks);
    g_test_add_func("/ui/mark-says-why", test_mark_says_why);
    g_test_add_func("/ui/top-and-loop", test_top);
    return g_test_run();
}
