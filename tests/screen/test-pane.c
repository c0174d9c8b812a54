/*
 * Panes: which rows there are, in which order, and what stays selected
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <string.h>

#include "session.h"
#include "reply-text.h"

/* A source of a made-up loop, with its calls and busy time so far */
typedef struct Made {
    unsigned id;
    const char *name;
    unsigned calls;
} Made;

/* Adds a snapshot, with single quotes for double ones */
static void feed_json(Session *session, const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *now = read_reply(json, strlen(json), session->last, &error);

    g_assert_no_error(error);
    ui_take_sample(session->ui, aiotop_sample_new(session->last, now));
    aiotop_snapshot_unref(session->last);
    session->last = now;
    session_type(session, "");
}

/* Adds snapshot number @number, in seconds, of these sources of a loop */
static void feed_made(Session *session, unsigned number, const Made *made,
                      unsigned n)
{
    g_autoptr(GString) json = g_string_new(NULL);

    g_string_printf(json,
                    "{'sequence':%u,'time-ns':%u000000000,'pid':1,"
                    "'profiling-since-ns':1,'loops':[{'name':'l',"
                    "'thread-id':1,'since-ns':1,'dispatch-ns':%u000,"
                    "'wait-ns':0,'sources':[",
                    number, number, number);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(json,
                               "%s{'id':%u,'kind':'bh','name':'%s',"
                               "'calls':%u,'busy-ns':%" PRIu64 ","
                               "'total-ns':0,'max-ns':0}",
                               i ? "," : "", made[i].id, made[i].name,
                               made[i].calls,
                               made[i].calls * UINT64_C(1000000));
    }
    g_string_append(json, "]}]}");
    feed_json(session, json->str);
}

#define FEED(session, number, ...)                                             \
    do {                                                                       \
        const Made made_[] = { __VA_ARGS__ };                                  \
        feed_made(session, number, made_, G_N_ELEMENTS(made_));                \
    } while (0)

/* The names of the sources in their order, as "a b c" */
static void check_order(Session *session, const char *wanted)
{
    const Pane *pane = &session->ui->sources;
    g_autoptr(GString) out = g_string_new(NULL);

    canvas_free(ui_draw(session->ui, 80, 24));
    for (unsigned i = 0; i < pane->rows->len; i++) {
        const PaneRow *row = pane_row(pane, i);

        g_string_append_printf(out, "%s%s", i ? " " : "",
                               row->heading ? "--" : row->track->name);
    }
    g_assert_cmpstr(out->str, ==, wanted);
}

static void check_selected(Session *session, const char *name)
{
    const PaneRow *row = pane_selected(&session->ui->sources);

    g_assert_nonnull(row);
    g_assert_cmpstr(row->track->name, ==, name);
}

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

/* Three loops, with their dispatching time so far in milliseconds */
static void feed_loops(Session *session, unsigned number, const unsigned ms[3])
{
    static const char *const names[] = { "io10", "io9", "main-loop" };
    g_autoptr(GString) json = g_string_new(NULL);

    g_string_printf(json,
                    "{'sequence':%u,'time-ns':%u000000000,'pid':1,"
                    "'profiling-since-ns':1,'loops':[",
                    number, number);
    for (unsigned i = 0; i < 3; i++) {
        g_string_append_printf(
            json,
            "%s{'name':'%s','thread-id':%u,'since-ns':1,"
            "'iterations':1,'dispatch-ns':%" PRIu64 ",'sources':[]}",
            i ? "," : "", names[i], 3 - i, ms[i] * UINT64_C(1000000));
    }
    g_string_append(json, "]}");
    feed_json(session, json->str);
}

static void check_loops(Session *session, const char *wanted)
{
    const Pane *pane = &session->ui->loops;
    g_autoptr(GString) out = g_string_new(NULL);

    canvas_free(ui_draw(session->ui, 80, 24));
    for (unsigned i = 0; i < pane->rows->len; i++) {
        g_string_append_printf(out, "%s%s", i ? " " : "",
                               pane_row(pane, i)->track->loop);
    }
    g_assert_cmpstr(out->str, ==, wanted);
}

static void test_loops_keep_their_places(void)
{
    g_autoptr(Session) session = session_new();

    feed_loops(session, 10, (unsigned[]){ 0, 0, 0 });
    feed_loops(session, 11, (unsigned[]){ 900, 500, 10 });
    check_loops(session, "main-loop io9 io10");
    feed_loops(session, 12, (unsigned[]){ 950, 1500, 20 });
    check_loops(session, "main-loop io9 io10");
    session_type(session, "{Tab}P");
    check_loops(session, "io9 io10 main-loop");
    session_type(session, "N");
    check_loops(session, "main-loop io9 io10");
}

/* 1 s is watched, and 0.01 % of it does not show */
static void test_equal_rows_stay(void)
{
    g_autoptr(Session) session = session_new();

    feed_loops(session, 10, (unsigned[]){ 0, 0, 0 });
    session_type(session, "{Tab}P");
    feed_loops(session, 11, (unsigned[]){ 100, 200, 50 });
    check_loops(session, "io9 io10 main-loop");
    /* 10.04 %, 10.01 % and 9.96 %: all 10.0 */
    feed_loops(session, 2011,
               (unsigned[]){ 100 + 200800, 200 + 200200, 50 + 199200 });
    check_loops(session, "io9 io10 main-loop");
    /* 10.1 % is more than 10.0 %, but not by much */
    feed_loops(
        session, 4011,
        (unsigned[]){ 200900 + 200000, 200400 + 200000, 199250 + 202000 });
    check_loops(session, "io9 io10 main-loop");
    session_type(session, "P");
    check_loops(session, "main-loop io9 io10");
    feed_loops(
        session, 6011,
        (unsigned[]){ 400900 + 200000, 400400 + 200200, 401250 + 200100 });
    check_loops(session, "main-loop io9 io10");
    session_type(session, "R");
    check_loops(session, "main-loop io9 io10");
}

#define MANY 12

/* Names a, b, ...; how many thousandths of the time each was busy, in @shares */
static void feed_shares(Session *session, unsigned number,
                        const unsigned shares[MANY], unsigned calls[MANY])
{
    static const char names[MANY][2] = { "a", "b", "c", "d", "e", "f",
                                         "g", "h", "i", "j", "k", "l" };
    Made made[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        calls[i] += shares[i];
        made[i] = (Made){ i + 1, names[i], calls[i] };
    }
    feed_made(session, number, made, MANY);
}

/* Up to a sixth more, or a few thousandths; never the same twice */
static unsigned with_noise(unsigned share, GRand *rand)
{
    return share + g_rand_int_range(rand, 0, MAX(share / 6, 4));
}

static void test_rows_of_equal_worth_stay(void)
{
    static const unsigned means[MANY] = { 120, 118, 117, 60, 58, 57,
                                          3,   2,   2,   1,  1,  1 };
    g_autoptr(Session) session = session_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    unsigned calls[MANY] = { 0 };

    feed_shares(session, 10, means, calls);
    feed_shares(session, 11, means, calls);
    check_order(session, "a b c d e f g h i j k l");
    for (unsigned number = 12; number < 72; number++) {
        unsigned shares[MANY];

        for (unsigned i = 0; i < MANY; i++) {
            shares[i] = with_noise(means[i], rand);
        }
        feed_shares(session, number, shares, calls);
        check_order(session, "a b c d e f g h i j k l");
    }
}

/* The names of the sources in their order; to be freed */
static char *order_of(const Session *session)
{
    const Pane *pane = &session->ui->sources;
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < pane->rows->len; i++) {
        g_string_append(out, pane_row(pane, i)->track->name);
    }
    return g_string_free(out, FALSE);
}

static void test_reversed_rows_of_equal_worth_stay(void)
{
    static const unsigned means[MANY] = { 120, 118, 117, 60, 58, 57,
                                          3,   2,   2,   1,  1,  1 };
    g_autoptr(Session) session = session_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autofree char *order = NULL;
    unsigned calls[MANY] = { 0 };

    feed_shares(session, 10, means, calls);
    feed_shares(session, 11, means, calls);
    session_type(session, "R");
    order = order_of(session);
    g_assert_true(g_str_has_suffix(order, "fedcba"));
    for (unsigned number = 12; number < 72; number++) {
        g_autofree char *now = NULL;
        unsigned shares[MANY];

        for (unsigned i = 0; i < MANY; i++) {
            shares[i] = with_noise(means[i], rand);
        }
        feed_shares(session, number, shares, calls);
        now = order_of(session);
        g_assert_cmpstr(now, ==, order);
    }
}

/* It was nowhere before: it needs no lead to stand where it should */
static void test_new_row_has_its_place(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 });
    FEED(session, 11, { 1, "a", 30 }, { 2, "b", 20 });
    FEED(session, 12, { 1, "a", 60 }, { 2, "b", 40 }, { 3, "c", 25 });
    check_order(session, "a c b");
}

/* However busy, no source leaves its group */
static void test_groups_stay_together(void)
{
    g_autoptr(Session) session = session_live("screen");
    const Pane *pane = &session->ui->sources;
    unsigned headings = 0;

    session_type(session, "at");
    session_feed(session, "screen", 2, 3);
    session_type(session, "");
    for (unsigned i = 0; i < pane->rows->len; i++) {
        const PaneRow *row = pane_row(pane, i);

        headings += row->heading;
        g_assert_true(row->heading ||
                      row->loop_track == pane_row(pane, i - 1)->loop_track);
    }
    g_assert_cmpuint(headings, ==, session->ui->loops.rows->len);
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

/* Up past those that it leads by a third or half a percent, and no further */
static void test_row_that_leads_moves_up(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 }, { 3, "c", 0 });
    FEED(session, 11, { 1, "a", 60 }, { 2, "b", 45 }, { 3, "c", 1 });
    check_order(session, "a b c");
    /* 6.0 %, 4.5 % and 6.0 %: a third more than b */
    FEED(session, 12, { 1, "a", 120 }, { 2, "b", 90 }, { 3, "c", 61 });
    check_order(session, "a b c");
    FEED(session, 13, { 1, "a", 180 }, { 2, "b", 135 }, { 3, "c", 122 });
    check_order(session, "a c b");
    /* 0.6 % and 0.1 % */
    FEED(session, 14, { 1, "a", 181 }, { 2, "b", 141 }, { 3, "c", 123 });
    check_order(session, "a c b");
    FEED(session, 15, { 1, "a", 182 }, { 2, "b", 148 }, { 3, "c", 124 });
    check_order(session, "b a c");
}

/* As far as the order may contradict what is shown */
static void check_leads(const Pane *pane)
{
    bool percent = pane->sort->unit == AIOTOP_UNIT_PERCENT;
    bool descending = aiotop_column_descending(pane->sort) != pane->reverse;

    for (unsigned i = 0; i < pane->rows->len; i++) {
        for (unsigned j = i + 1; j < pane->rows->len; j++) {
            double above = pane_row(pane, i)->sort_value;
            double below = pane_row(pane, j)->sort_value;
            double less = descending ? above : below;
            double more = descending ? below : above;

            g_assert_cmpfloat(more, <=,
                              less + MAX(less / 3, percent ? 0.5 : 0) + 1e-9);
        }
    }
}

static void test_order_is_nearly_true(void)
{
    static const char *const sorts[] = { "busy", "busy-time", "rate" };

    for (unsigned i = 0; i < G_N_ELEMENTS(sorts) * 4; i++) {
        g_autoptr(Session) session = session_new();
        g_autoptr(GRand) rand = g_rand_new_with_seed(i);
        Pane *pane = &session->ui->sources;
        unsigned calls[MANY] = { 0 };

        pane_sort_by(pane, aiotop_table_find(pane->table, sorts[i / 4]), i & 1);
        session->ui->grouped = i & 2;
        for (unsigned number = 10; number < 60; number++) {
            unsigned shares[MANY];

            for (unsigned j = 0; j < MANY; j++) {
                shares[j] = g_rand_int_range(rand, 1, number % 2 ? 30 : 90);
            }
            feed_shares(session, number, shares, calls);
            if (i & 2) {
                g_array_remove_index(pane->rows, 0);
            }
            check_leads(pane);
            session->ui->stale = true;
        }
    }
}

/* Where the order is another one it is strict; and so is the first one */
static void test_new_order_is_strict(void)
{
    static const unsigned first[MANY] = { 100, 95, 90, 85, 80, 75,
                                          70,  65, 60, 55, 50, 45 };
    static const unsigned then[MANY] = { 45, 46, 47, 48, 49, 50,
                                         44, 43, 42, 41, 40, 39 };
    g_autoptr(Session) session = session_new();
    unsigned calls[MANY] = { 0 };

    feed_shares(session, 1, first, calls);
    feed_shares(session, 2, first, calls);
    check_order(session, "a b c d e f g h i j k l");
    feed_shares(session, 3, then, calls);
    check_order(session, "a b c d e f g h i j k l");
    session_type(session, "P");
    check_order(session, "f e d c b a g h i j k l");
    session_type(session, "c");
    check_order(session, "a b c d e f g h i j k l");
    session_type(session, "c");
    check_order(session, "f e d c b a g h i j k l");
}

/* More of them than anybody sees move: as if there had been none before */
static void test_another_picture_is_strict(void)
{
    g_autoptr(Session) session = session_new();
    g_autofree Made *made = g_new(Made, 1000);
    const Pane *pane = &session->ui->sources;

    for (unsigned number = 10; number < 13; number++) {
        for (unsigned i = 0; i < 1000; i++) {
            unsigned turn = number == 12 ? 999 - i : i;

            made[i] = (Made){ i + 1, "x", turn + (number - 10) * 1000 };
        }
        feed_made(session, number, made, 1000);
    }
    for (unsigned i = 1; i < pane->rows->len; i++) {
        g_assert_cmpfloat(pane_row(pane, i)->sort_value, <=,
                          pane_row(pane, i - 1)->sort_value);
    }
}

/* One that is new comes after those that show the same */
static void test_new_equal_row_comes_last(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 2, "b", 0 }, { 3, "c", 0 });
    FEED(session, 11, { 2, "b", 5 }, { 3, "c", 9 });
    check_order(session, "c b");
    FEED(session, 12, { 1, "a", 5 }, { 2, "b", 10 }, { 3, "c", 14 });
    check_order(session, "c b a");
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

static void test_lock(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 });
    FEED(session, 11, { 1, "a", 30 }, { 2, "b", 20 });
    session_type(session, "L");
    FEED(session, 12, { 1, "a", 31 }, { 2, "b", 90 }, { 3, "c", 99 });
    check_order(session, "a b c");
    session_type(session, "L");
    check_order(session, "c b a");
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

static void test_reverse(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 }, { 3, "c", 0 });
    FEED(session, 11, { 1, "a", 20 }, { 2, "b", 30 }, { 3, "c", 10 });
    check_order(session, "b a c");
    session_type(session, "R");
    check_order(session, "c a b");
    session_type(session, "N");
    check_order(session, "a b c");
    session_type(session, "I");
    check_order(session, "c b a");
    session_type(session, "P");
    check_order(session, "b a c");
}

static void test_unknown_comes_last(void)
{
    g_autoptr(Session) session = session_live("screen");
    const Pane *pane = &session->ui->sources;
    bool unknown = false;

    pane_toggle_column(&session->ui->sources,
                       aiotop_table_find(&aiotop_source_table, "delay-p50"));
    session->ui->sources.sort =
        aiotop_table_find(&aiotop_source_table, "delay-p50");
    for (unsigned reversed = 0; reversed < 2; reversed++) {
        session_type(session, "R");
        unknown = false;
        for (unsigned i = 0; i < pane->rows->len; i++) {
            bool is_unknown =
                pane_row(pane, i)->sort_value != pane_row(pane, i)->sort_value;

            g_assert_true(is_unknown || !unknown);
            unknown |= is_unknown;
        }
    }
}

static void test_grouped(void)
{
    g_autoptr(Session) session = session_new();

    FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 });
    FEED(session, 11, { 1, "a", 20 }, { 2, "b", 30 });
    session_type(session, "t");
    check_order(session, "-- b a");
    session_type(session, "{Home}");
    check_selected(session, "b");
    session_type(session, "{Up}");
    check_selected(session, "b");
}

static void test_fit(void)
{
    Pane table;
    PaneSlot slots[PANE_MAX_SLOTS];
    bool found = false, more;

    pane_init(&table, &aiotop_source_table);
    for (unsigned i = 0; i < aiotop_source_table.n_columns; i++) {
        table.sort = &aiotop_source_table.columns[i];
        if (!pane_has_column(&table, table.sort)) {
            pane_toggle_column(&table, table.sort);
        }
        for (int width = 40; width < 300; width++) {
            unsigned n = pane_fit(&table, width, slots, &more);

            found = false;
            for (unsigned j = 0; j < n; j++) {
                g_assert_cmpint(slots[j].width, >, 0);
                g_assert_cmpint(slots[j].x + slots[j].width, <=, width);
                g_assert_true(!j ||
                              slots[j].x > slots[j - 1].x + slots[j - 1].width);
                found |= slots[j].column == table.sort;
            }
            g_assert_true(found);
        }
    }
    pane_clear(&table);
}

/* The columns that fit, "NAME NAME ..."; ">" if there are more */
static char *fitting(const Pane *pane, int width)
{
    PaneSlot slots[PANE_MAX_SLOTS];
    GString *out = g_string_new(NULL);
    bool more;
    unsigned n = pane_fit(pane, width, slots, &more);

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "%s%s", i ? " " : "",
                               slots[i].column ? slots[i].column->name : "bar");
        g_assert_cmpint(slots[i].x + slots[i].width, <=,
                        more ? width - 2 : width);
    }
    g_assert_cmpint(slots[0].x, ==, pane_mark_width(pane));
    g_string_append(out, more ? " >" : "");
    return g_string_free(out, FALSE);
}

static void check_fit(const AiotopTable *columns, bool marked, unsigned skip,
                      int width, const char *wanted)
{
    Pane table;
    g_autofree char *names = NULL;

    pane_init(&table, columns);
    table.marked = marked;
    table.skip = skip;
    names = fitting(&table, width);
    g_assert_cmpstr(names, ==, wanted);
    pane_clear(&table);
}

static void test_what_fits(void)
{
    const AiotopTable *loops = &aiotop_loop_table;
    const AiotopTable *sources = &aiotop_source_table;

    for (unsigned marked = 0; marked < 2; marked++) {
        check_fit(loops, marked, 0, 80,
                  "loop dispatch wait bql dispatches cpu p99 state >");
        check_fit(sources, marked, 0, 80, "loop name label rate busy p99 >");
        check_fit(sources, marked, 0, 40, "loop name label busy >");
        check_fit(loops, marked, 0, 160,
                  "loop bar thread dispatch poll wait bql other dispatches cpu"
                  " kernel run-queue p99 delay-p99 state >");
        check_fit(loops, marked, 0, 300,
                  "loop bar thread dispatch poll wait bql other dispatches"
                  " iterations poll-hit-share cpu kernel run-queue p99"
                  " delay-p99 state");
    }
    check_fit(loops, false, 0, 40, "loop dispatch state >");
    check_fit(loops, true, 0, 40, "loop state >");
    /* What says which row it is stays */
    check_fit(sources, false, 2, 80, "loop name label busy avg p50 >");
}

/* Cells of the sources' column, on so wide a screen */
static int width_of(const Session *session, const char *name, int width)
{
    PaneSlot slots[PANE_MAX_SLOTS];
    bool more;
    unsigned n = pane_fit(&session->ui->sources, width, slots, &more);

    for (unsigned i = 0; i < n; i++) {
        if (slots[i].column && strcmp(slots[i].column->name, name) == 0) {
            return slots[i].width;
        }
    }
    return 0;
}

/* What one text does not need is for another that is cut */
static void test_room_is_for_what_is_cut(void)
{
    const char *const longest = "virtio_queue_host_notifier_aio_poll_ready";
    const char *const longer = "a_name_that_is_longer_than_all_others_are_here";
    g_autoptr(Session) session = session_new();
    unsigned time = 11;

    FEED(session, 10, { 1, longest, 1 }, { 2, "b", 1 });
    FEED(session, time++, { 1, longest, 20 }, { 2, "b", 20 });
    g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longest));
    /* There is no label, and no loop's name is longer than its head */
    g_assert_cmpint(width_of(session, "label", 160), ==, strlen("LABEL") + 1);
    g_assert_cmpint(width_of(session, "loop", 80), ==, strlen("LOOP") + 1);
    g_assert_cmpint(width_of(session, "name", 80), ==, strlen(longest));
    FEED(session, time++, { 1, longest, 40 }, { 2, "b", 40 }, { 3, longer, 9 });
    g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longer));
    for (unsigned i = 0; i < PANE_WIDTH_STAYS; i++) {
        FEED(session, time++, { 1, longest, 50 + i }, { 2, "b", 50 },
             { 3, longer, 9 });
        g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longer));
    }
    FEED(session, time++, { 1, longest, 99 }, { 2, "b", 50 }, { 3, longer, 9 });
    g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longest));
    session_type(session, "a");
    g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longer));
}

/* Room for words, from the first one on and a while longer */
static void test_words_have_room(void)
{
    g_autoptr(Session) session = session_new();
    const Pane *pane = &session->ui->sources;
    unsigned time = 11;

    FEED(session, 10, { 1, "a", 0 });
    FEED(session, time++, { 1, "a", 10 });
    g_assert_false(pane->marked);
    FEED(session, time++, { 1, "a", 900 });
    g_assert_true(session_shows(session, "HOG   l"));
    g_assert_true(pane->marked);
    g_assert_true(session->ui->loops.marked);
    for (unsigned i = 0; i < PANE_MARK_STAYS; i++) {
        FEED(session, time++, { 1, "a", 900 });
        g_assert_true(pane->marked);
    }
    FEED(session, time++, { 1, "a", 900 });
    g_assert_false(pane->marked);
    g_assert_false(session->ui->loops.marked);
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
    g_test_add_func("/pane/loops-keep-their-places",
                    test_loops_keep_their_places);
    g_test_add_func("/pane/equal-rows-stay", test_equal_rows_stay);
    g_test_add_func("/pane/rows-of-equal-worth-stay",
                    test_rows_of_equal_worth_stay);
    g_test_add_func("/pane/reversed-rows-of-equal-worth-stay",
                    test_reversed_rows_of_equal_worth_stay);
    g_test_add_func("/pane/new-row-has-its-place", test_new_row_has_its_place);
    g_test_add_func("/pane/groups-stay-together", test_groups_stay_together);
    g_test_add_func("/pane/labelled-source-stays-selected",
                    test_labelled_source_stays_selected);
    g_test_add_func("/pane/crowds-are-forgotten", test_crowds_are_forgotten);
    g_test_add_func("/pane/lists-scroll", test_lists_scroll);
    g_test_add_func("/pane/row-that-leads-moves-up",
                    test_row_that_leads_moves_up);
    g_test_add_func("/pane/order-is-nearly-true", test_order_is_nearly_true);
    g_test_add_func("/pane/new-order-is-strict", test_new_order_is_strict);
    g_test_add_func("/pane/another-picture-is-strict",
                    test_another_picture_is_strict);
    g_test_add_func("/pane/new-equal-row-comes-last",
                    test_new_equal_row_comes_last);
    g_test_add_func("/pane/loop-of-a-silent-source-stays",
                    test_loop_of_a_silent_source_stays);
    g_test_add_func("/pane/lock-keeps-the-order", test_lock);
    g_test_add_func("/pane/silent-stays-a-while", test_silent_stays_a_while);
    g_test_add_func("/pane/selected-silent-stays", test_selected_silent_stays);
    g_test_add_func("/pane/ended-loop-stays-a-while",
                    test_ended_loop_stays_a_while);
    g_test_add_func("/pane/reverse", test_reverse);
    g_test_add_func("/pane/unknown-comes-last", test_unknown_comes_last);
    g_test_add_func("/pane/grouped", test_grouped);
    g_test_add_func("/pane/fit", test_fit);
    g_test_add_func("/pane/what-fits", test_what_fits);
    g_test_add_func("/pane/room-is-for-what-is-cut",
                    test_room_is_for_what_is_cut);
    g_test_add_func("/pane/words-have-room", test_words_have_room);
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
