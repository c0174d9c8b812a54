/*
 * Fuzz target: the text of the settings file
 *
 * What is taken can be saved, and is the same when it is loaded again; what
 * is not leaves all as it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "fuzz.h"
#include "screen/settings.h"

static char *path;
static char *copy;

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    const char *directory;

    fuzz_init();
    directory = fuzz_directory();
    path = g_build_filename(directory, "settings.ini", NULL);
    copy = g_build_filename(directory, "copy.ini", NULL);
    return 0;
}

static Session *begin(void)
{
    Session *session = session_new();

    session->ui->interval_ms = 1000;
    return session;
}

/* All that is saved, as text */
static char *describe(Session *session)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    fuzz_write_file(copy, NULL);
    settings_save(session->ui, copy, &error);
    g_assert_no_error(error);
    g_file_get_contents(copy, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzPart file = { (const char *)data, size };
    g_autoptr(Session) session = begin(), again = begin();
    g_autofree char *before = describe(session);
    g_autofree char *after = NULL, *saved = NULL;
    g_autoptr(GError) error = NULL;
    SettingsGiven given = { 0 };
    bool loaded;

    fuzz_write_file(path, &file);
    loaded = settings_load(session->ui, path, &given, &error);
    g_assert_cmpint(loaded, ==, !error);
    g_assert_cmpint(settings_broken(path), ==, !loaded);
    after = describe(session);
    if (!loaded) {
        g_assert_cmpstr(before, ==, after);
    }
    fuzz_draw(session, 80, 24);
    ui_open(session->ui, UI_COLUMNS);
    fuzz_draw(session, 80, 24);

    g_clear_error(&error);
    settings_save(session->ui, path, &error);
    g_assert_no_error(error);
    settings_load(again->ui, path, &given, &error);
    g_assert_no_error(error);
    saved = describe(again);
    g_assert_cmpstr(saved, ==, after);
    return 0;
}
