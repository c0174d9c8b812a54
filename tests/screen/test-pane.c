/*
 * Panes: which rows there are, and what stays selected
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made.h"

static void test_selection_follows(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 }, { 3, "c", 0 });
    FEED(session, 11, { 1, "a", 30 }, { 2, "b", 20 }, { 3, "c", 10 });
    check_order(session, "a b c");
    session_type(session, "{Home}{Down}");
    check_selected(session, "b");
    FEED(session, 12, { 1, "a", 31 }, { 2, "b", 100 }, { 3, "c", 50 });
    check_order(session, "b c a");
    check_selected(session, "b");
    g_assert_cmpuint(session->ui->sources.cursor, ==, 0);
    /* The details stay with it as well */
    session_type(session, "{Enter}");
    FEED(session, 13, { 1, "a", 90 }, { 2, "b", 101 }, { 3, "c", 51 });
    g_assert_cmpstr(session->ui->opened->name, ==, "b");
}

/* It is the same one with another descriptor, if it has a label */
static void test_labelled_source_stays_selected(void)
{
#define LABELLED(time, fd, calls)                                              \
    "{'sequence':" #time ",'time-ns':" #time "000000000,'pid':1,"              \
    "'profiling-since-ns':1,'loops':[{'name':'l','thread-id':1,'since-ns':1,"  \
    "'sources':[{'id':1,'kind':'fd-read','name':'f','label':'vd0','fd':" #fd   \
    ",'calls':" #calls ",'busy-ns':" #calls "000000}]}]}"
    g_autoptr(Session) session = session_new();
    const Track *track;

    feed_json(session, LABELLED(1, 7, 1));
    feed_json(session, LABELLED(2, 7, 2));
    track = pane_row(&session->ui->sources, 0)->track;
    feed_json(session, LABELLED(3, 8, 3));
    g_assert_true(pane_row(&session->ui->sources, 0)->track == track);
#undef LABELLED
}

#define CROWD 3000

/* Those that are gone are not kept for minutes if there are so many */
static void test_crowds_are_forgotten(void)
{
    g_autoptr(Session) session = session_new();
    g_autofree Made *made = g_new(Made, CROWD);

    for (unsigned number = 10; number < 15; number++) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

        for (unsigned i = 0; i < CROWD; i++) {
            char *name = g_strdup_printf("%u.%u", number, i);

            g_ptr_array_add(names, name);
            made[i] = (Made){ number * CROWD + i, name, 1 };
        }
        g_clear_pointer(&session->last, aiotop_snapshot_unref);
        feed_made(session, number, made, CROWD);
    }
    g_assert_false(tracks_crowded(session->ui->feed.tracks));
}

/* The line of the cursor is on the screen, and no further up than need be */
static void test_lists_scroll(void)
{
    g_autoptr(Session) session = session_live("screen");
    const Ui *ui = session->ui;
    unsigned rows;

    session_open(session, UI_SORT);
    session_type(session, "{Home}");
    for (unsigned i = 1; i < aiotop_source_table.n_columns; i++) {
        session_type(session, "{Down}");
        canvas_free(ui_draw(session->ui, 80, 24));
        rows = ui_body_height(ui) - 1;
        g_assert_cmpuint(ui->list_cursor, ==, i);
        g_assert_cmpuint(ui->list_top, ==, i < rows ? 0 : i - rows + 1);
    }
}

/* What fell silent a while ago stays, and its loop with it */
static void test_loop_of_a_silent_source_stays(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 });
    FEED(session, 11, { 1, "a", 10 });
    session_type(session, "/a{Enter}");
    for (unsigned i = 0; i < TRACK_LINGER; i++) {
        FEED(session, 12 + i, { 1, "a", 10 });
        check_order(session, "a");
        check_loops(session, "l");
    }
    FEED(session, 18, { 1, "a", 10 });
    check_order(session, "");
    check_loops(session, "");
    FEED(session, 19, { 1, "a", 20 });
    check_loops(session, "l");
    session_type(session, "{End}");
    for (unsigned i = 0; i < 2 * TRACK_LINGER; i++) {
        FEED(session, 20 + i, { 1, "a", 20 });
    }
    check_order(session, "a");
    check_loops(session, "l");
}

static void test_silent_stays_a_while(void)
{
    g_autoptr(Session) session = session_new();
    unsigned time = 11;

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 });
    FEED(session, time++, { 1, "a", 10 }, { 2, "b", 5 });
    session_type(session, "{Home}");
    for (unsigned i = 0; i < TRACK_LINGER; i++) {
        FEED(session, time++, { 1, "a", 20 + i }, { 2, "b", 5 });
        check_order(session, "a b");
        g_assert_cmpuint(pane_row(&session->ui->sources, 1)->silent, ==, i + 1);
    }
    FEED(session, time++, { 1, "a", 90 }, { 2, "b", 5 });
    check_order(session, "a");
    session_type(session, "a");
    check_order(session, "a b");
    session_type(session, "a");
    FEED(session, time++, { 1, "a", 91 }, { 2, "b", 6 });
    check_order(session, "a b");
}

static void test_selected_silent_stays(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 });
    FEED(session, 11, { 1, "a", 10 }, { 2, "b", 5 });
    session_type(session, "{End}");
    for (unsigned i = 0; i < 20; i++) {
        FEED(session, 12 + i, { 1, "a", 20 + i }, { 2, "b", 5 });
    }
    check_selected(session, "b");
}

static void test_ended_loop_stays_a_while(void)
{
    g_autoptr(Session) session = session_live("odd");

    g_assert_true(session_shows(session, "iothread4"));
    session_feed(session, "odd", 2, 2);
    g_assert_true(session_shows(session, "iothread4"));
    g_assert_true(session_shows(session, "ended"));
    for (unsigned i = 0; i <= TRACK_LINGER; i++) {
        AiotopSample *same = aiotop_sample_new(session->last, session->last);

        ui_take_sample(session->ui, same);
    }
    g_assert_false(session_shows(session, "iothread4"));
}

static void test_history_is_of_the_source(void)
{
    g_autoptr(Session) session = session_new();
    const Tracks *tracks = session->ui->feed.tracks;
    TrackPoint point;
    const Track *track;

    FEED(session, 10, { 1, "a", 0 });
    FEED(session, 11, { 1, "a", 100 });
    FEED(session, 12, { 1, "a", 100 });
    FEED(session, 13, { 1, "a", 300 });
    track = pane_row(&session->ui->sources, 0)->track;
    g_assert_cmpuint(tracks_length(tracks), ==, 3);
    g_assert_true(tracks_point(tracks, track, 0, &point));
    g_assert_cmpuint(point.source.busy, ==, 2000);
    g_assert_true(tracks_point(tracks, track, 1, &point));
    g_assert_cmpuint(point.source.busy, ==, 0);
    g_assert_true(tracks_point(tracks, track, 2, &point));
    g_assert_cmpuint(point.source.busy, ==, 1000);
    g_assert_false(tracks_point(tracks, track, 3, &point));
    for (unsigned i = 0; i < 2 * TRACK_HISTORY; i++) {
        FEED(session, 14 + i, { 1, "a", 300 + i * 10 });
    }
    g_assert_true(tracks_point(tracks, track, TRACK_HISTORY - 2, &point));
    g_assert_cmpuint(point.source.busy, ==, 100);
    g_assert_false(tracks_point(tracks, track, TRACK_HISTORY - 1, &point));
    g_assert_cmpuint(tracks_age_ns(tracks, 10), ==, 10000000000);
}

/* Workers come and go, and all have one name */
static void test_history_is_of_the_thread(void)
{
    g_autoptr(Tracks) tracks = tracks_new();
    g_autoptr(AiotopSnapshot) snapshot = aiotop_snapshot_new();
    const Track *second;

    snapshot->host_only = true;
    snapshot->pid = 1;
    snapshot->n_loops = 2;
    snapshot->loops = g_new(AiotopLoop, 2);
    for (unsigned i = 0; i < 2; i++) {
        snapshot->loops[i] = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
        snapshot->loops[i].name = g_ref_string_new("worker");
        snapshot->loops[i].thread_id = 10 + i;
    }
    second = tracks_get_loop(tracks, snapshot, &snapshot->loops[1]);
    g_assert_true(tracks_get_loop(tracks, snapshot, &snapshot->loops[0]) !=
                  second);
    g_ref_string_release(snapshot->loops[0].name);
    snapshot->loops[0] = snapshot->loops[1];
    snapshot->n_loops = 1;
    g_assert_true(tracks_get_loop(tracks, snapshot, &snapshot->loops[0]) ==
                  second);
}

/* Ten of a hundred calls had a delay, of a millisecond; a call takes 2 us */
static void test_details_have_the_columns_means(void)
{
#define DELAYED(time, n)                                                       \
    "{'sequence':" #time ",'time-ns':" #time "000000000,'pid':1,"              \
    "'profiling-since-ns':1,'loops':[{'name':'l','thread-id':1,'since-ns':1,"  \
    "'sources':[{'id':1,'kind':'bh','name':'late','calls':" #n "00,"           \
    "'busy-ns':" #n "00000,'total-ns':" #n "00000,'max-ns':1000,"              \
    "'delay-ns':" #n "0000000,'delay-max-ns':1000000,"                         \
    "'histogram':{'buckets':[17],'counts':[" #n "00]},"                        \
    "'delay-histogram':{'buckets':[55],'counts':[" #n "0]}}]}]}"
    g_autoptr(Session) session = session_new();

    feed_json(session, DELAYED(1, 1));
    feed_json(session, DELAYED(2, 3));
    session_type(session, "{Enter}");
    g_assert_true(session_shows(session, "Duration      1.00us"));
    g_assert_true(session_shows(session, "Delay         1.00ms"));
#undef DELAYED
}

/* 3000 rounds a second, 1.5 % in callbacks, 3.5 % its own code */
static void test_loop_that_wakes_too_often(void)
{
#define WAKING(time, rounds, wait, dispatch, cpu)                              \
    "{'sequence':" #time ",'time-ns':" #time "000000000,'pid':1,"              \
    "'profiling-since-ns':1,'loops':[{'name':'main-loop','thread-id':1,"       \
    "'since-ns':1,'state':'waiting','state-since-ns':1,"                       \
    "'iterations':" #rounds ",'cpu-ns':" #cpu "000000,"                        \
    "'wait-ns':" #wait "000000,'dispatch-ns':" #dispatch "000000,"             \
    "'poll-ns':0,'bql-wait-ns':0,'sources':[]}]}"
    g_autoptr(Session) session = session_new();

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    feed_json(session, WAKING(1, 1, 1, 1, 1));
    feed_json(session, WAKING(2, 3001, 951, 16, 130));
    g_assert_false(session_shows(session, "WAKES"));
    feed_json(session, WAKING(3, 6001, 1901, 31, 261));
    g_assert_true(session_shows(session, "1 WAKES"));
    g_assert_true(session_shows(session, "WAKES main-loop"));
    session_type(session, "{Tab}");
    g_assert_true(session_shows(
        session, "WAKES: goes round 3.00k/s, for which the kernel takes 8.1 %"
                 " of a CPU; callbacks take 1.5 %"));
#undef WAKING
}

static void test_filter_case(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "Alpha", 0 }, { 2, "beta", 0 });
    FEED(session, 11, { 1, "Alpha", 30 }, { 2, "beta", 20 });
    session_type(session, "/alp{Enter}");
    check_order(session, "Alpha");
    ui_set_filter(session->ui, NULL, NULL);
    session_type(session, "/aLp{Enter}");
    check_order(session, "");
    ui_set_filter(session->ui, NULL, NULL);
    session_type(session, "{F3}BETA");
    g_assert_true(session_shows(session, "no match"));
    session_type(session, "{Esc}{End}{F3}alpha{Enter}");
    check_selected(session, "Alpha");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pane/selection-follows-the-source",
                    test_selection_follows);
    g_test_add_func("/pane/labelled-source-stays-selected",
                    test_labelled_source_stays_selected);
    g_test_add_func("/pane/crowds-are-forgotten", test_crowds_are_forgotten);
    g_test_add_func("/pane/lists-scroll", test_lists_scroll);
    g_test_add_func("/pane/loop-of-a-silent-source-stays",
                    test_loop_of_a_silent_source_stays);
    g_test_add_func("/pane/silent-stays-a-while", test_silent_stays_a_while);
    g_test_add_func("/pane/selected-silent-stays", test_selected_silent_stays);
    g_test_add_func("/pane/ended-loop-stays-a-while",
                    test_ended_loop_stays_a_while);
    g_test_add_func("/track/history-is-of-the-source",
                    test_history_is_of_the_source);
    g_test_add_func("/pane/history-is-of-the-thread",
                    test_history_is_of_the_thread);
    g_test_add_func("/pane/details-have-the-columns-means",
                    test_details_have_the_columns_means);
    g_test_add_func("/pane/loop-that-wakes-too-often",
                    test_loop_that_wakes_too_often);
    g_test_add_func("/pane/filter-case", test_filter_case);
    return g_test_run();
}
