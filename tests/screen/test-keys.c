/*
 * Keys: each one in the table does something, everywhere it is said to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"

/* What is done before the key, so that it has something to do */
typedef struct Before {
    Action action;
    const char *keys;
} Before;

static const Before befores[] = {
    { ACTION_CLEAR, "/bh{Enter}" },     { ACTION_SEARCH_NEXT, "{F3}bh{Enter}" },
    { ACTION_SCROLL_LEFT, "{Right}" },  { ACTION_UP, "{Down}{Down}" },
    { ACTION_PAGE_UP, "{PgDn}{PgDn}" }, { ACTION_HOME, "{Down}{Down}{Down}" },
};

static Session *reach(UiView view, const KeyBinding *binding)
{
    Session *session = session_for(view);

    session_open(session, view);
    session->ui->wants = 0;
    /* Nothing is selected that would be chosen without effect */
    if (binding->action == ACTION_LIST_ENTER && view == UI_SORT) {
        session_type(session, "{Down}");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(befores); i++) {
        if (befores[i].action == binding->action) {
            session_type(session, befores[i].keys);
        }
    }
    return session;
}

/* All that a key can change: the screen, and what the program has to do */
static char *fingerprint(Session *session)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, 80, 14);
    GString *out = g_string_new(NULL);

    g_string_printf(out, "%u %d ", session->ui->wants, session->ui->view);
    for (int i = 0; i < canvas->width * canvas->height; i++) {
        const CanvasCell *cell = &canvas->cells[i];

        g_string_append_printf(out, "%s%d.%d.%d ", cell->text,
                               cell->look.foreground, cell->look.background,
                               cell->look.bits);
    }
    return g_string_free(out, FALSE);
}

static void test_key_has_effect(void)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        const KeyBinding *binding = &key_bindings[i];

        for (UiView view = 0; view < UI_N_VIEWS; view++) {
            if (!(binding->where & KEYS_IN(view))) {
                continue;
            }
            for (unsigned j = 0; j < KEYS_MAX && binding->keys[j]; j++) {
                g_autoptr(Session) session = reach(view, binding);
                g_autofree char *name = keycode_name(binding->keys[j]);
                g_autofree char *before = fingerprint(session);
                g_autofree char *after = NULL;

                ui_key(session->ui, binding->keys[j]);
                after = fingerprint(session);
                if (strcmp(before, after) == 0) {
                    g_error("%s (%s) does nothing in view %s", name,
                            binding->help, ui_views[view].title);
                }
            }
        }
    }
}

static void test_no_key_twice(void)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        for (unsigned j = 0; j < KEYS_MAX; j++) {
            for (UiView view = 0; view < UI_N_VIEWS; view++) {
                unsigned key = key_bindings[i].keys[j];

                if (key && (key_bindings[i].where & KEYS_IN(view))) {
                    g_assert_true(binding_find(key, view) == &key_bindings[i]);
                }
            }
        }
    }
}

static void test_any_key_anywhere(void)
{
    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        g_autoptr(Session) session = reach(view, &key_bindings[0]);

        for (unsigned key = 1; key < 0x180; key++) {
            ui_key(session->ui, key);
            ui_key(session->ui, KEYCODE_F(key % 13));
            ui_key(session->ui, KEYCODE_DOWN);
            canvas_free(ui_draw(session->ui, 80, 24));
        }
    }
}

/* Before the first sample, too */
static void test_any_key_without_sample(void)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        g_autoptr(Session) session = session_new();

        ui_key(session->ui, key_bindings[i].keys[0]);
        canvas_free(ui_draw(session->ui, 80, 24));
        ui_key(session->ui, KEYCODE_ENTER);
        ui_key(session->ui, KEYCODE_UP);
        canvas_free(ui_draw(session->ui, 80, 24));
    }
}

static void test_keys_of_the_design(void)
{
    static const struct {
        unsigned key;
        Action action;
    } wanted[] = {
        { 'q', ACTION_QUIT },
        { 'D', ACTION_DIAGNOSIS },
        { 'S', ACTION_STALLS },
        { KEYCODE_F(10), ACTION_QUIT },
        { 'h', ACTION_HELP },
        { '?', ACTION_HELP },
        { KEYCODE_F(1), ACTION_HELP },
        { 'j', ACTION_DOWN },
        { 'k', ACTION_UP },
        { KEYCODE_DOWN, ACTION_DOWN },
        { KEYCODE_UP, ACTION_UP },
        { KEYCODE_PAGE_UP, ACTION_PAGE_UP },
        { KEYCODE_PAGE_DOWN, ACTION_PAGE_DOWN },
        { KEYCODE_HOME, ACTION_HOME },
        { KEYCODE_END, ACTION_END },
        { '<', ACTION_SORT_LEFT },
        { '>', ACTION_SORT_RIGHT },
        { KEYCODE_F(6), ACTION_SORT },
        { 'R', ACTION_REVERSE },
        { 'I', ACTION_REVERSE },
        { 'P', ACTION_SORT_BUSY },
        { 'N', ACTION_SORT_NAME },
        { '/', ACTION_FILTER },
        { KEYCODE_F(4), ACTION_FILTER },
        { KEYCODE_F(3), ACTION_SEARCH },
        { 'Z', ACTION_PAUSE },
        { ' ', ACTION_PAUSE },
        { 'd', ACTION_DELAY },
        { KEYCODE_TAB, ACTION_NEXT_PANE },
        { 't', ACTION_GROUP },
        { 'c', ACTION_CUMULATIVE },
        { 'C', ACTION_COLUMNS },
        { KEYCODE_F(2), ACTION_COLUMNS },
        { KEYCODE_ENTER, ACTION_DETAILS },
        { 'W', ACTION_SAVE },
        { 'z', ACTION_COLOR },
        { 'L', ACTION_LOCK },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const KeyBinding *binding = binding_find(wanted[i].key, UI_MAIN);

        g_assert_nonnull(binding);
        g_assert_true(binding->action == wanted[i].action);
    }
}

/* Text as the manual has it */
static char *as_roff(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", -1);

    return g_strjoinv("\\-", parts);
}

static void test_in_manual(void)
{
    g_autofree char *manual = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(g_getenv("AIOTOP_MANUAL"), &manual, NULL, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < n_key_bindings; i++) {
        g_autofree char *names = binding_keys(&key_bindings[i]);
        g_autofree char *name = as_roff(names);
        g_autofree char *help = as_roff(key_bindings[i].help);
        g_autofree char *entry =
            g_strdup_printf("\n.TP\n.B \"%s\"\n%s.\n", name, help);

        if (!strstr(manual, entry)) {
            g_error("not in the manual: %s", names);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keys/has-effect", test_key_has_effect);
    g_test_add_func("/keys/no-key-twice", test_no_key_twice);
    g_test_add_func("/keys/any-key-anywhere", test_any_key_anywhere);
    g_test_add_func("/keys/any-key-without-sample",
                    test_any_key_without_sample);
    g_test_add_func("/keys/those-of-the-design", test_keys_of_the_design);
    g_test_add_func("/keys/in-manual", test_in_manual);
    return g_test_run();
}
