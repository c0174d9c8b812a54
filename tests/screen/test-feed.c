/*
 * Which sample is shown: paused, cumulative, since a reset, after a restart
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"

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
    g_assert_true(session_shows(session, "No reset: no sample came so far"));
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/feed/pause", test_pause);
    g_test_add_func("/feed/pause-for-long", test_pause_for_long);
    g_test_add_func("/feed/cumulative", test_cumulative);
    g_test_add_func("/feed/reset", test_reset);
    g_test_add_func("/feed/reset-ends-with-qemu", test_reset_ends_with_qemu);
    g_test_add_func("/feed/no-reset-without-sample",
                    test_no_reset_without_sample);
    g_test_add_func("/feed/time-of-day", test_time_of_day);
    g_test_add_func("/feed/stalls-that-are-over", test_stalls_that_are_over);
    g_test_add_func("/feed/restart-is-a-beginning",
                    test_restart_is_a_beginning);
    return g_test_run();
}
