/*
 * Which columns of a pane fit, and how wide they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "made.h"

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

/* With all columns in little room, each name that may be left out is used */
static void test_names_are_of_columns(void)
{
    static const int widths[] = { 40, 99, 100 };

    for (unsigned i = 0; i < 3 * G_N_ELEMENTS(widths); i++) {
        Pane pane;
        PaneSlot slots[PANE_MAX_SLOTS];
        bool more;

        pane_init(&pane, i % 3 ? &aiotop_loop_table : &aiotop_source_table);
        pane.origin = i % AIOTOP_N_ORIGINS;
        for (unsigned j = 0; j < pane.table->n_columns; j++) {
            if (!pane_has_column(&pane, &pane.table->columns[j])) {
                pane_toggle_column(&pane, &pane.table->columns[j]);
            }
        }
        g_assert_cmpuint(pane_fit(&pane, widths[i / 3], slots, &more), >, 0);
        g_assert_true(more);
        pane_clear(&pane);
    }
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
    /* It is not there any longer, and was there a while before */
    for (unsigned i = 0; i <= TRACK_LINGER; i++) {
        FEED(session, time++, { 1, longest, 99 + i }, { 2, "b", 50 },
             { 3, longer, 9 });
    }
    g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longest));
    session_type(session, "a");
    g_assert_cmpint(width_of(session, "name", 160), ==, strlen(longer));
}

/* What nobody needs is for those that do nothing, too, and stays a while */
static void test_room_is_for_all(void)
{
    const char *const longest = "virtio_queue_host_notifier_aio_poll_ready";
    g_autoptr(Session) session = session_new();
    unsigned time = 12;

    FEED(session, 10, { 1, longest, 1 }, { 2, "b", 1 });
    FEED(session, 11, { 1, longest, 2 }, { 2, "b", 20 });
    for (unsigned i = 0; i < TRACK_LINGER; i++) {
        FEED(session, time++, { 1, longest, 2 }, { 2, "b", 30 + i });
    }
    g_assert_cmpint(width_of(session, "name", 200), ==, strlen(longest));
    for (unsigned i = 0; i <= PANE_WIDTH_STAYS; i++) {
        FEED(session, time++, { 1, longest, 2 }, { 2, "b", 100 + i });
    }
    g_assert_cmpint(width_of(session, "name", 200), <, strlen(longest));
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fit/names-are-of-columns", test_names_are_of_columns);
    g_test_add_func("/fit/fit", test_fit);
    g_test_add_func("/fit/what-fits", test_what_fits);
    g_test_add_func("/fit/room-is-for-what-is-cut",
                    test_room_is_for_what_is_cut);
    g_test_add_func("/fit/room-is-for-all", test_room_is_for_all);
    g_test_add_func("/fit/words-have-room", test_words_have_room);
    return g_test_run();
}
