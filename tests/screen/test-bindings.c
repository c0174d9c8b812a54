/*
 * Where keys are valid, and what the ones that come in pairs do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "draw/key.h"
#include "session.h"

/* Whether @key asks for @action in each of the views, of which -1 is the last */
static void check_views(unsigned key, Action action, const int *views)
{
    for (unsigned i = 0; views[i] >= 0; i++) {
        const KeyBinding *binding = binding_find(key, views[i]);

        g_assert_nonnull(binding);
        g_assert_cmpint(binding->action, ==, action);
    }
}

static void test_wherever_data_are(void)
{
    static const int views[] = { UI_MAIN,   UI_SOURCE,    UI_LOOP,
                                 UI_STALLS, UI_DIAGNOSIS, -1 };

    check_views('d', ACTION_DELAY, views);
    check_views('W', ACTION_SAVE, views);
    check_views(' ', ACTION_PAUSE, views);
    check_views('Z', ACTION_PAUSE, views);
    check_views('c', ACTION_CUMULATIVE, views);
    check_views('0', ACTION_RESET, views);
}

static void test_everywhere(void)
{
    int views[UI_N_VIEWS + 1];

    for (unsigned i = 0; i < UI_N_VIEWS; i++) {
        views[i] = i;
    }
    views[UI_N_VIEWS] = -1;
    check_views('z', ACTION_COLOR, views);
    check_views('Q', ACTION_QUIT, views);
    check_views(KEYCODE_CTRL('L'), ACTION_REDRAW, views);
    check_views(KEYCODE_UP, ACTION_UP, views);
    check_views(KEYCODE_DOWN, ACTION_DOWN, views);
    check_views(KEYCODE_PAGE_UP, ACTION_PAGE_UP, views);
    check_views(KEYCODE_PAGE_DOWN, ACTION_PAGE_DOWN, views);
    check_views(KEYCODE_HOME, ACTION_HOME, views);
    check_views(KEYCODE_END, ACTION_END, views);
}

/* The column to sort by, where it is among those that are shown */
static unsigned sorted_by(const Session *session)
{
    const Pane *pane = &session->ui->sources;

    for (unsigned i = 0; i < pane->columns->len; i++) {
        if (pane->columns->pdata[i] == pane->sort) {
            return i;
        }
    }
    g_assert_not_reached();
}

static void test_sort_beside(void)
{
    g_autoptr(Session) session = session_live("screen");
    unsigned first = sorted_by(session);

    session_type(session, "<");
    g_assert_cmpuint(sorted_by(session), ==, first - 1);
    session_type(session, ">");
    g_assert_cmpuint(sorted_by(session), ==, first);
    session_type(session, ">");
    g_assert_cmpuint(sorted_by(session), ==, first + 1);
}

static void test_scroll_columns(void)
{
    g_autoptr(Session) session = session_live("screen");
    const Pane *pane = &session->ui->sources;

    session_type(session, "{Left}");
    g_assert_cmpuint(pane->skip, ==, 0);
    session_type(session, "{Right}{Right}");
    g_assert_cmpuint(pane->skip, ==, 2);
    session_type(session, "{Left}");
    g_assert_cmpuint(pane->skip, ==, 1);
}

static void test_move_column(void)
{
    g_autoptr(Session) session = session_live("screen");
    const Pane *pane = &session->ui->sources;
    const AiotopColumn *second = pane->columns->pdata[1];

    session_type(session, "C{Down}[");
    g_assert_true(pane->columns->pdata[0] == second);
    session_type(session, "]");
    g_assert_true(pane->columns->pdata[1] == second);
}

/* Each is asked for alone, and by its own key */
static void test_wants(void)
{
    g_autoptr(Session) session = session_live("screen");

    ui_key(session->ui, 'W');
    g_assert_cmpuint(session->ui->wants, ==, UI_WANT_SAVE);
    session->ui->wants = 0;
    ui_key(session->ui, KEYCODE_CTRL('L'));
    g_assert_cmpuint(session->ui->wants, ==, UI_WANT_REDRAW);
    session->ui->wants = 0;
    ui_key(session->ui, 'Q');
    g_assert_cmpuint(session->ui->wants, ==, UI_WANT_QUIT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bindings/wherever-data-are", test_wherever_data_are);
    g_test_add_func("/bindings/everywhere", test_everywhere);
    g_test_add_func("/bindings/sort-beside", test_sort_beside);
    g_test_add_func("/bindings/scroll-columns", test_scroll_columns);
    g_test_add_func("/bindings/move-column", test_move_column);
    g_test_add_func("/bindings/wants", test_wants);
    return g_test_run();
}
