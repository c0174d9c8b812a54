/*
 * Settings: saved, loaded, and broken
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <string.h>

#include "session.h"
#include "settings.h"

typedef struct Fixture {
    char *directory;
    char *path;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    fixture->directory = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "settings.ini", NULL);
}

static void tear_down(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    g_unlink(fixture->path);
    g_rmdir(fixture->directory);
    g_free(fixture->path);
    g_free(fixture->directory);
}

static void load(Session *session, const Fixture *fixture)
{
    const SettingsGiven given = { .delay = false };
    g_autoptr(GError) error = NULL;

    settings_load(session->ui, fixture->path, &given, &error);
    g_assert_no_error(error);
}

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
    table_toggle_column(&session->ui->sources,
                        aiotop_table_find(&aiotop_source_table, "avg"));
    session->ui->interval_ms = 250;
    settings_save(session->ui, fixture->path, &error);
    g_assert_no_error(error);

    load(other, fixture);
    g_assert_cmpstr(other->ui->sources.sort->name, ==, "name");
    g_assert_true(other->ui->sources.reverse);
    g_assert_true(other->ui->grouped);
    g_assert_true(other->ui->selection.silent);
    g_assert_true(other->ui->feed.cumulative);
    g_assert_cmpuint(other->ui->interval_ms, ==, 250);
    g_assert_false(table_has_column(
        &other->ui->sources, aiotop_table_find(&aiotop_source_table, "avg")));
    g_assert_true(table_has_column(
        &other->ui->sources, aiotop_table_find(&aiotop_source_table, "p99")));
}

static void test_command_line_wins(Fixture *fixture,
                                   gconstpointer opaque G_GNUC_UNUSED)
{
    const SettingsGiven given = { true, true, true, true, true };
    g_autoptr(Session) session = session_live("screen");
    g_autoptr(Session) other = session_new();

    session_type(session, "Nzc");
    session->ui->interval_ms = 250;
    g_assert_true(settings_save(session->ui, fixture->path, NULL));
    g_assert_true(settings_load(other->ui, fixture->path, &given, NULL));
    g_assert_cmpstr(other->ui->sources.sort->name, ==, "busy");
    g_assert_cmpuint(other->ui->interval_ms, ==, 1000);
    g_assert_true(other->ui->color);
    g_assert_false(other->ui->feed.cumulative);
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

static void test_not_writable(Fixture *fixture,
                              gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_new();
    g_autofree char *below = g_build_filename(fixture->path, "x", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(fixture->path, "", -1, NULL));
    g_assert_false(settings_save(session->ui, below, &error));
    g_assert_nonnull(error);
}

static void add(const char *path,
                void (*test)(Fixture *fixture, gconstpointer opaque))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/settings/no-file", test_no_file);
    add("/settings/round-trip", test_round_trip);
    add("/settings/command-line-wins", test_command_line_wins);
    add("/settings/broken-file-is-reported", test_broken);
    add("/settings/not-writable", test_not_writable);
    return g_test_run();
}
