/*
 * Settings in a directory that a test has for itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-settings.h"

#include <glib/gstdio.h>

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

void load(Session *session, const Fixture *fixture)
{
    const SettingsGiven given = { .delay = false };
    g_autoptr(GError) error = NULL;

    settings_load(session->ui, fixture->path, &given, &error);
    g_assert_no_error(error);
}

void write_file(const Fixture *fixture, const char *text)
{
    g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
}

void add(const char *path, void (*test)(Fixture *fixture, gconstpointer opaque))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}
