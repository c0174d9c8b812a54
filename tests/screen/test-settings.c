/*
 * Settings: saved, loaded, and broken
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <glib/gstdio.h>

#include "made-settings.h"

static void test_no_file(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_new();

    load(session, fixture);
    g_assert_false(settings_broken(fixture->path));
}

static void test_round_trip(Fixture *fixture,
                            gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_live("screen");
    g_autoptr(Session) other = session_new();
    g_autoptr(GError) error = NULL;

    /* Order by name reversed, grouped, with silent ones, a column less */
    session_type(session, "NRtac");
    pane_toggle_column(&session->ui->sources,
                       aiotop_table_find(&aiotop_source_table, "avg"));
    session->ui->interval_ms = 250;
    settings_save(session->ui, fixture->path, &error);
    g_assert_no_error(error);

    load(other, fixture);
    g_assert_cmpstr(other->ui->sources.sort->name, ==, "name");
    g_assert_true(other->ui->sources.reverse);
    g_assert_true(other->ui->grouped);
    g_assert_true(other->ui->query.silent);
    g_assert_true(other->ui->feed.cumulative);
    g_assert_cmpuint(other->ui->interval_ms, ==, 250);
    g_assert_false(pane_has_column(
        &other->ui->sources, aiotop_table_find(&aiotop_source_table, "avg")));
    g_assert_true(pane_has_column(
        &other->ui->sources, aiotop_table_find(&aiotop_source_table, "p99")));
}

static void test_command_line_wins(Fixture *fixture,
                                   gconstpointer opaque G_GNUC_UNUSED)
{
    const SettingsGiven given = { true, true, true, true, true };
    g_autoptr(Session) session = session_live("screen");
    g_autoptr(Session) other = session_new();

    session_type(session, "Nzc");
    pane_toggle_column(&session->ui->sources,
                       aiotop_table_find(&aiotop_source_table, "avg"));
    session->ui->interval_ms = 250;
    g_assert_true(settings_save(session->ui, fixture->path, NULL));
    g_assert_true(settings_load(other->ui, fixture->path, &given, NULL));
    g_assert_cmpstr(other->ui->sources.sort->name, ==, "busy");
    g_assert_cmpuint(other->ui->interval_ms, ==, 1000);
    g_assert_true(other->ui->color);
    g_assert_false(other->ui->feed.cumulative);
    g_assert_true(pane_has_column(
        &other->ui->sources, aiotop_table_find(&aiotop_source_table, "avg")));
}

static const char *const broken[] = {
    "no key file",
    "[screen]\nsource-sort=nonsense\n",
    "[screen]\nsource-columns=busy;nonsense;\n",
    "[screen]\ngrouped=perhaps\n",
    "[screen]\ndelay=0\n",
    "[screen]\ndelay=soon\n",
    "[screen]\ndelay=nan\n",
};

static void test_broken(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    const SettingsGiven given = { .delay = false };

    for (unsigned i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(Session) session = session_new();
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_set_contents(fixture->path, broken[i], -1, NULL));
        g_assert_false(
            settings_load(session->ui, fixture->path, &given, &error));
        g_assert_nonnull(error);
        g_assert_true(settings_broken(fixture->path));
        /* None of it was taken */
        g_assert_cmpstr(session->ui->sources.sort->name, ==, "busy");
        g_assert_cmpuint(session->ui->interval_ms, ==, 1000);
        g_assert_false(session->ui->grouped);
    }
}

/* All that is saved, as one text */
static char *describe(const Ui *ui)
{
    const Pane *tables[] = { &ui->loops, &ui->sources };
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_string_append_printf(out, "%s%s", tables[i]->sort->name,
                               tables[i]->reverse ? " reversed" : "");
        for (unsigned j = 0; j < tables[i]->columns->len; j++) {
            const AiotopColumn *column =
                g_ptr_array_index(tables[i]->columns, j);

            g_string_append_printf(out, ",%s", column->name);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "%d %d %d %d %d %d %u", ui->grouped,
                           ui->query.silent, ui->feed.cumulative, ui->color,
                           ui->color_wanted, ui->mouse_wanted, ui->interval_ms);
    return g_string_free(out, FALSE);
}

static char *describe_new(void)
{
    g_autoptr(Session) session = session_new();

    return describe(session->ui);
}

static void test_defaults(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    g_autofree char *wanted = describe_new();
    g_autofree char *found = NULL;
    g_autoptr(Session) session = session_new();
    const Ui *ui = session->ui;

    write_file(fixture, "[screen]\n");
    load(session, fixture);
    found = describe(ui);
    g_assert_cmpstr(found, ==, wanted);
    g_assert_false(ui->grouped || ui->query.silent || ui->feed.cumulative ||
                   ui->sources.reverse);
    g_assert_true(ui->color && ui->color_wanted && ui->mouse_wanted);
    g_assert_cmpuint(ui->interval_ms, ==, 1000);
    g_assert_cmpstr(ui->sources.sort->name, ==, "busy");
    g_assert_null(ui->message);
}

/* A line of the file, and what it makes of the last line of describe() */
static const struct {
    const char *line;
    const char *text;
} lines[] = {
    { "grouped=true", "1 0 0 1 1 1 1000" },
    { "grouped=false", "0 0 0 1 1 1 1000" },
    { "silent=true", "0 1 0 1 1 1 1000" },
    { "silent=false", "0 0 0 1 1 1 1000" },
    { "cumulative=true", "0 0 1 1 1 1 1000" },
    { "cumulative=false", "0 0 0 1 1 1 1000" },
    { "color=true", "0 0 0 1 1 1 1000" },
    { "color=false", "0 0 0 0 0 1 1000" },
    { "mouse=true", "0 0 0 1 1 1 1000" },
    { "mouse=false", "0 0 0 1 1 0 1000" },
    { "delay=0.01", "0 0 0 1 1 1 10" },
    { "delay=86400", "0 0 0 1 1 1 86400000" },
    { "delay=0.0005", NULL },
    { "delay=86401", NULL },
    { "source-sort=name", "name,* 0 0 0 1 1 1 1000" },
    { "source-reverse=true", "busy reversed,* 0 0 0 1 1 1 1000" },
    { "source-columns=name;calls;name", "busy,name,calls 0 0 0 1 1 1 1000" },
    { "loop-sort=cpu", "cpu,* 0 0 0 1 1 1 1000" },
    { "loop-reverse=true", "* reversed,* 0 0 0 1 1 1 1000" },
    { "loop-columns=loop;cpu", "*,loop,cpu 0 0 0 1 1 1 1000" },
};

/* Each by itself: what it says, and nothing else; and it is saved */
static void test_each(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(Session) session = session_new();
        g_autoptr(Session) other = session_new();
        g_autofree char *text =
            g_strdup_printf("[screen]\n%s\n", lines[i].line);
        g_autofree char *found = NULL, *again = NULL;
        const SettingsGiven given = { .delay = false };
        g_auto(GStrv) parts = NULL;
        bool of_loops = g_str_has_prefix(lines[i].line, "loop-");
        bool of_sources = g_str_has_prefix(lines[i].line, "source-");

        g_test_message("%s", lines[i].line);
        write_file(fixture, text);
        if (!lines[i].text) {
            g_assert_false(
                settings_load(session->ui, fixture->path, &given, NULL));
            continue;
        }
        load(session, fixture);
        found = describe(session->ui);
        parts = g_strsplit(found, "\n", 0);
        if (of_loops || of_sources) {
            g_autofree char *line =
                g_strconcat(parts[of_sources], " ", parts[2], NULL);

            g_assert_true(g_pattern_match_simple(lines[i].text, line));
        } else {
            g_assert_cmpstr(parts[2], ==, lines[i].text);
        }
        g_assert_true(settings_save(session->ui, fixture->path, NULL));
        load(other, fixture);
        again = describe(other->ui);
        g_assert_cmpstr(again, ==, found);
    }
}

/* Without colours, for NO_COLOR or for the terminal, they are still wanted */
static void test_color(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_live("screen");
    g_autoptr(Session) other = session_new();
    g_autoptr(Session) mono = session_live("screen");

    session->ui->color = false;
    g_assert_true(settings_save(session->ui, fixture->path, NULL));
    load(other, fixture);
    g_assert_true(other->ui->color);

    /* Nor does the file have them where they can't be */
    session->ui->color = false;
    load(session, fixture);
    g_assert_false(session->ui->color);

    /* A key says what is wanted */
    session_type(session, "zz");
    g_assert_true(settings_save(session->ui, fixture->path, NULL));
    load(mono, fixture);
    g_assert_false(mono->ui->color || mono->ui->color_wanted);

    /* But not where it can't be had */
    mono->ui->color_possible = false;
    session_type(mono, "z");
    g_assert_nonnull(strstr(mono->ui->message, "no colours"));
    g_assert_false(mono->ui->color || mono->ui->color_wanted);
}

static void test_unknown(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    static const char text[] = "# mine\n[screen]\n# why\nfuture=7\n"
                               "grouped=true\n\n[other]\na=b\n";
    g_autoptr(Session) session = session_new();
    g_autofree char *after = NULL;

    write_file(fixture, text);
    load(session, fixture);
    g_assert_true(session->ui->grouped);
    g_assert_nonnull(strstr(session->ui->message, "\"future\""));
    session->ui->grouped = false;
    g_assert_true(settings_save(session->ui, fixture->path, NULL));
    g_assert_true(g_file_get_contents(fixture->path, &after, NULL, NULL));
    g_assert_nonnull(strstr(after, "# mine\n"));
    g_assert_nonnull(strstr(after, "# why\nfuture=7\n"));
    g_assert_nonnull(strstr(after, "[other]\na=b"));
    g_assert_nonnull(strstr(after, "grouped=false\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/settings/no-file", test_no_file);
    add("/settings/round-trip", test_round_trip);
    add("/settings/command-line-wins", test_command_line_wins);
    add("/settings/broken-file-is-reported", test_broken);
    add("/settings/defaults", test_defaults);
    add("/settings/each-by-itself", test_each);
    add("/settings/color-that-is-wanted", test_color);
    add("/settings/unknown-is-kept-and-said", test_unknown);
    return g_test_run();
}
