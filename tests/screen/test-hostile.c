/*
 * The screen with what a peer sends that means no good
 *
 * Whatever it is, each view draws within its canvas, and what it draws can be
 * shown.  A sanitizer sees more of that than the test itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-hostile.h"
#include "session.h"
#include "views/view.h"

/* Dispatches in the stack of a loop: as many as a reply may have */
#define DEEP 256

static void draw(Session *session, int width, int height)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, height);

    session_check_frame(canvas);
}

/* From one end to the other in it, at all sizes, and with all looks */
static void look_around(Session *session, UiView view)
{
    static const int sizes[][2] = {
        { 40, 10 },  { 61, 16 },  { 80, 24 },  { 200, 60 },
        { 40, 200 }, { 1, 1 },    { 0, 0 },    { 39, 10 },
        { 40, 9 },   { 4000, 4 }, { 4, 4000 }, { 1000, 10 },
    };
    static const unsigned keys[] = {
        KEYCODE_PAGE_DOWN,
        KEYCODE_END,
        KEYCODE_RIGHT,
        KEYCODE_HOME,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        session->ui->ascii = i % 2;
        session->ui->color = i % 3;
        for (unsigned j = 0; j < G_N_ELEMENTS(keys); j++) {
            ui_key(session->ui, keys[j]);
            draw(session, sizes[i][0], sizes[i][1]);
        }
    }
    session->ui->ascii = false;
    g_assert_cmpint(session->ui->view, ==, view);
}

static void look_at_all(Session *session)
{
    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        g_test_message("view %s", ui_views[view].title);
        session_open(session, view);
        look_around(session, view);
    }
}

static Session *session_hostile(Hostile hostile)
{
    Session *session = session_new();

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    for (unsigned i = 0; i < 3; i++) {
        hostile.seed = i;
        session_take(session,
                     hostile_make(hostile, (i + 2) * UINT64_C(1000000000),
                                  session->last));
    }
    return session;
}

static void test_strange_values(void)
{
    Hostile hostile = {
        .n_loops = 6,
        .n_sources = 40,
        .n_stalls = 128,
        .depth = 16,
        .first_id = 1,
    };
    g_autoptr(Session) session = session_hostile(hostile);

    look_at_all(session);
}

/* Of @n times @string */
static void check_long_strings(const char *string, unsigned n)
{
    g_autoptr(GString) longer = g_string_new(NULL);
    Hostile hostile = {
        .n_loops = 2,
        .n_sources = 1,
        .n_stalls = 1,
        .depth = 1,
        .first_id = 1,
    };
    g_autoptr(Session) session = NULL;

    for (unsigned i = 0; i < n; i++) {
        g_string_append(longer, string);
    }
    hostile.string = longer->str;
    session = session_hostile(hostile);
    look_at_all(session);
}

static void test_long_strings(void)
{
    check_long_strings("wordy ", 5000);
}

static void test_long_wide_strings(void)
{
    check_long_strings("x\xe6\x95\xb0", 7500);
}

static void test_long_combining_strings(void)
{
    check_long_strings("e\xcc\x81", 10000);
}

static void test_long_controls(void)
{
    check_long_strings("\x1b", 30000);
}

static void test_empty_strings(void)
{
    check_long_strings("", 1);
}

static void test_deep_stack(void)
{
    Hostile hostile = {
        .n_loops = 2,
        .n_sources = 5,
        .depth = DEEP,
        .first_id = 1,
    };
    g_autoptr(Session) session = session_hostile(hostile);

    session_open(session, UI_LOOP);
    g_assert_cmpint(session->ui->page_lines, >, DEEP);
    look_at_all(session);
}

static void test_hundreds_of_loops(void)
{
    Hostile hostile = {
        .n_loops = 400,
        .n_sources = 3,
        .n_stalls = 128,
        .depth = 1,
        .first_id = 1,
    };
    g_autoptr(Session) session = session_hostile(hostile);

    look_at_all(session);
}

static void test_nothing_at_all(void)
{
    g_autoptr(Session) session = session_hostile((Hostile){ .first_id = 1 });

    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        if (view != UI_SOURCE && view != UI_LOOP && view != UI_STACK &&
            view != UI_NODE) {
            session_open(session, view);
            look_around(session, view);
        }
    }
}

/* More stalls than fit on any screen: the oldest is the last line */
static void test_page_has_no_end(void)
{
    Hostile hostile = { .n_stalls = 4000, .string = "x", .first_id = 1 };
    g_autoptr(Session) session = session_hostile(hostile);

    session_open(session, UI_STALLS);
    session_type(session, "{End}");
    g_assert_cmpint(session->ui->page_lines, >=, 4000);
}

static bool is_known(Session *session, const AiotopSnapshot *snapshot)
{
    Tracks *tracks = session->ui->feed.tracks;
    const AiotopLoop *loop = &snapshot->loops[0];
    const Track *track =
        tracks_get_source(tracks, tracks_get_loop(tracks, snapshot, loop),
                          loop->sources[loop->n_sources / 2]);

    return track->seen;
}

/*
 * Other sources in each reply: the ones before are not kept for ever, not
 * even while the screen is paused
 */
static void test_sources_without_end(void)
{
    Hostile hostile = {
        .n_loops = 1, .n_sources = 3000, .distinct = true, .string = "x"
    };
    g_autoptr(AiotopSnapshot) first = NULL;
    g_autoptr(Session) session = session_new();

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    for (unsigned i = 0; i < 7; i++) {
        hostile.first_id = 1 + i * hostile.n_sources;
        session_take(session, hostile_make(hostile, 1000 + i, NULL));
        draw(session, 80, 24);
        if (i == 0 || i == 4) {
            g_clear_pointer(&first, aiotop_snapshot_unref);
            first = aiotop_snapshot_ref(session->last);
        }
        g_assert_true(is_known(session, session->last));
        g_assert_true(is_known(session, first) == (i != 3 && i != 6));
        if (i == 3) {
            session_type(session, "{Space}");
        }
    }
    look_at_all(session);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(void);
    } tests[] = {
        { "/hostile/strange-values", test_strange_values },
        { "/hostile/long-strings", test_long_strings },
        { "/hostile/long-wide-strings", test_long_wide_strings },
        { "/hostile/long-combining-strings", test_long_combining_strings },
        { "/hostile/long-controls", test_long_controls },
        { "/hostile/empty-strings", test_empty_strings },
        { "/hostile/deep-stack", test_deep_stack },
        { "/hostile/hundreds-of-loops", test_hundreds_of_loops },
        { "/hostile/nothing-at-all", test_nothing_at_all },
        { "/hostile/page-has-no-end", test_page_has_no_end },
        { "/hostile/sources-without-end", test_sources_without_end },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].name, tests[i].func);
    }
    return g_test_run();
}
