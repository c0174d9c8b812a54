/*
 * Keys: each one in the table does something, everywhere it is said to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "screen/actions.h"
#include "session.h"

/* What is done before the key, so that it has something to do */
typedef struct Before {
    void (*action)(Ui *ui);
    const char *keys;
} Before;

static const Before befores[] = {
    { action_clear, "/bh{Enter}" },     { action_search_next, "{F3}bh{Enter}" },
    { action_scroll_left, "{Right}" },  { action_up, "{Down}{Down}" },
    { action_page_up, "{PgDn}{PgDn}" }, { action_home, "{Down}{Down}{Down}" },
};

static Session *reach(UiView view, const KeyBinding *binding)
{
    /* One that is fine has little to be told of */
    bool about_faults = view == UI_DIAGNOSIS || view == UI_STALLS;
    Session *session = session_live(about_faults ? "stuck" : "screen");

    session_open(session, view);
    session->ui->wants = 0;
    /* Nothing is selected that would be chosen without effect */
    if (binding->run == action_list_enter && view == UI_SORT) {
        session_type(session, "{Down}");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(befores); i++) {
        if (befores[i].action == binding->run) {
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
                            binding->help, ui_view_ops(view)->title);
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
        void (*run)(Ui *ui);
    } wanted[] = {
        { 'q', action_quit },
        { 'D', action_diagnosis },
        { 'S', action_stalls },
        { KEYCODE_F(10), action_quit },
        { 'h', action_help },
        { '?', action_help },
        { KEYCODE_F(1), action_help },
        { 'j', action_down },
        { 'k', action_up },
        { KEYCODE_DOWN, action_down },
        { KEYCODE_UP, action_up },
        { KEYCODE_PAGE_UP, action_page_up },
        { KEYCODE_PAGE_DOWN, action_page_down },
        { KEYCODE_HOME, action_home },
        { KEYCODE_END, action_end },
        { '<', action_sort_left },
        { '>', action_sort_right },
        { KEYCODE_F(6), action_sort },
        { 'R', action_reverse },
        { 'I', action_reverse },
        { 'P', action_sort_busy },
        { 'N', action_sort_name },
        { '/', action_filter },
        { KEYCODE_F(4), action_filter },
        { KEYCODE_F(3), action_search },
        { 'Z', action_pause },
        { ' ', action_pause },
        { 'd', action_delay },
        { KEYCODE_TAB, action_next_pane },
        { 't', action_group },
        { 'c', action_cumulative },
        { 'C', action_columns },
        { KEYCODE_F(2), action_columns },
        { KEYCODE_ENTER, action_details },
        { 'W', action_save },
        { 'z', action_color },
        { 'L', action_lock },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const KeyBinding *binding = binding_find(wanted[i].key, UI_MAIN);

        g_assert_nonnull(binding);
        g_assert_true(binding->run == wanted[i].run);
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
