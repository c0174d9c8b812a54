/*
 * Panes: the order of the rows, and which of them hold still
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made.h"

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
    double share = pane->sort->unit == AIOTOP_UNIT_TIME ? 1 : 1.0 / 3;
    bool descending = aiotop_column_descending(pane->sort) != pane->reverse;

    for (unsigned i = 0; i < pane->rows->len; i++) {
        for (unsigned j = i + 1; j < pane->rows->len; j++) {
            double above = pane_row(pane, i)->sort_value;
            double below = pane_row(pane, j)->sort_value;
            double less = descending ? above : below;
            double more = descending ? below : above;

            g_assert_cmpfloat(
                more, <=, less + MAX(less * share, percent ? 0.5 : 0) + 1e-9);
        }
    }
}

/* Times vary most: one leads by as much again */
static void test_times_hold_still_longer(void)
{
    static const char *const sorts[] = { "busy-time", "busy" };

    for (unsigned i = 0; i < G_N_ELEMENTS(sorts); i++) {
        g_autoptr(Session) session = session_new();
        Pane *pane = &session->ui->sources;

        pane_sort_by(pane, aiotop_table_find(pane->table, sorts[i]), false);
        FEED(session, 10, { 1, "a", 0 }, { 2, "b", 0 });
        FEED(session, 11, { 1, "a", 20 }, { 2, "b", 10 });
        check_order(session, "a b");
        FEED(session, 12, { 1, "a", 30 }, { 2, "b", 28 });
        check_order(session, i ? "b a" : "a b");
        FEED(session, 13, { 1, "a", 40 }, { 2, "b", 49 });
        check_order(session, "b a");
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/order/times-hold-still-longer",
                    test_times_hold_still_longer);
    g_test_add_func("/order/loops-keep-their-places",
                    test_loops_keep_their_places);
    g_test_add_func("/order/equal-rows-stay", test_equal_rows_stay);
    g_test_add_func("/order/rows-of-equal-worth-stay",
                    test_rows_of_equal_worth_stay);
    g_test_add_func("/order/reversed-rows-of-equal-worth-stay",
                    test_reversed_rows_of_equal_worth_stay);
    g_test_add_func("/order/new-row-has-its-place", test_new_row_has_its_place);
    g_test_add_func("/order/groups-stay-together", test_groups_stay_together);
    g_test_add_func("/order/row-that-leads-moves-up",
                    test_row_that_leads_moves_up);
    g_test_add_func("/order/order-is-nearly-true", test_order_is_nearly_true);
    g_test_add_func("/order/new-order-is-strict", test_new_order_is_strict);
    g_test_add_func("/order/another-picture-is-strict",
                    test_another_picture_is_strict);
    g_test_add_func("/order/new-equal-row-comes-last",
                    test_new_equal_row_comes_last);
    g_test_add_func("/order/lock-keeps-the-order", test_lock);
    g_test_add_func("/order/reverse", test_reverse);
    g_test_add_func("/order/unknown-comes-last", test_unknown_comes_last);
    g_test_add_func("/order/grouped", test_grouped);
    return g_test_run();
}
