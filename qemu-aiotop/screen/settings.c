/*
 * The settings that W saves
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "settings.h"

#include <unistd.h>
#include <qemu-aiotop/table/vm-columns.h>

#include "settings-file.h"

#define GROUP "screen"

/* One table's part of the file */
typedef struct PaneEntries {
    const char *columns;
    const char *sort;
    const char *reverse;
} PaneEntries;

static const PaneEntries loop_entries = {
    "loop-columns",
    "loop-sort",
    "loop-reverse",
};
static const PaneEntries source_entries = {
    "source-columns",
    "source-sort",
    "source-reverse",
};

static const PaneEntries vm_entries = {
    "vm-columns",
    "vm-sort",
    "vm-reverse",
};

/* What a file says, before any of it is taken */
typedef struct PaneSettings {
    GPtrArray *columns;
    const AiotopColumn *sort;
    bool reverse;
} PaneSettings;

char *settings_path(void)
{
    return g_build_filename(g_get_user_config_dir(), "qemu-aiotop",
                            "settings.ini", NULL);
}

static bool is_missing(const GError *error)
{
    return g_error_matches(error, G_KEY_FILE_ERROR,
                           G_KEY_FILE_ERROR_KEY_NOT_FOUND) ||
           g_error_matches(error, G_KEY_FILE_ERROR,
                           G_KEY_FILE_ERROR_GROUP_NOT_FOUND);
}

/* Keeps @value if the key is not there */
static bool read_bool(GKeyFile *file, const char *key, bool *value,
                      GError **error)
{
    g_autoptr(GError) cause = NULL;
    bool read = g_key_file_get_boolean(file, GROUP, key, &cause);

    if (!cause) {
        *value = read;
        return true;
    }
    if (is_missing(cause)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static const AiotopColumn *find_column(const AiotopTable *table,
                                       const char *name, GError **error)
{
    const AiotopColumn *column = aiotop_table_find(table, name);

    if (!column) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "no column \"%s\" of %ss", name, table->name);
    }
    return column;
}

static bool read_pane(GKeyFile *file, const PaneEntries *entries,
                      const AiotopTable *table, PaneSettings *settings,
                      GError **error)
{
    g_auto(GStrv) names =
        g_key_file_get_string_list(file, GROUP, entries->columns, NULL, NULL);
    g_autofree char *sort =
        g_key_file_get_string(file, GROUP, entries->sort, NULL);

    settings->columns = g_ptr_array_new();
    for (unsigned i = 0; names && names[i]; i++) {
        const AiotopColumn *column = find_column(table, names[i], error);

        if (!column) {
            return false;
        }
        if (!g_ptr_array_find(settings->columns, column, NULL)) {
            g_ptr_array_add(settings->columns, (gpointer)column);
        }
    }
    if (sort) {
        settings->sort = find_column(table, sort, error);
        if (!settings->sort) {
            return false;
        }
    }
    return read_bool(file, entries->reverse, &settings->reverse, error);
}

static void apply_pane(Pane *pane, const PaneSettings *settings,
                       const SettingsGiven *given)
{
    if (settings->columns->len && !given->columns) {
        g_ptr_array_set_size(pane->columns, 0);
        g_ptr_array_extend(pane->columns, settings->columns, NULL, NULL);
    }
    if (!given->sort) {
        pane_sort_by(pane, settings->sort ? settings->sort : pane->sort,
                     settings->reverse);
    }
}

static bool read_delay(GKeyFile *file, double *seconds, GError **error)
{
    g_autoptr(GError) cause = NULL;
    double read = g_key_file_get_double(file, GROUP, "delay", &cause);

    if (cause) {
        if (is_missing(cause)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!(read >= AIOTOP_INTERVAL_MIN_S && read <= AIOTOP_INTERVAL_MAX_S)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "delay is not from " AIOTOP_INTERVAL_LIMITS);
        return false;
    }
    *seconds = read;
    return true;
}

/* What is on or off, and where it is */
typedef struct Switches {
    bool grouped;
    bool silent;
    bool cumulative;
    bool color;
    bool mouse;
} Switches;

static Switches get_switches(const Ui *ui)
{
    return (Switches){
        .grouped = ui->grouped,
        .silent = ui->query.silent,
        .cumulative = ui->feed.cumulative,
        .color = ui->color_wanted,
        .mouse = ui->mouse_wanted,
    };
}

static void set_switches(Ui *ui, const Switches *switches,
                         const SettingsGiven *given)
{
    ui->grouped = switches->grouped;
    ui->query.silent = switches->silent;
    ui->color_wanted = switches->color;
    ui->mouse_wanted = switches->mouse;
    if (!given->cumulative) {
        feed_set_cumulative(&ui->feed, switches->cumulative);
    }
    if (!given->color) {
        ui->color = ui->color && switches->color;
    }
}

static bool read_all(Ui *ui, GKeyFile *file, const SettingsGiven *given,
                     PaneSettings *loops, PaneSettings *sources,
                     PaneSettings *vms, GError **error)
{
    Switches switches = get_switches(ui);
    double seconds = 0;

    if (!read_pane(file, &loop_entries, &aiotop_loop_table, loops, error) ||
        !read_pane(file, &source_entries, &aiotop_source_table, sources,
                   error) ||
        !read_pane(file, &vm_entries, &aiotop_vm_table, vms, error) ||
        !read_bool(file, "grouped", &switches.grouped, error) ||
        !read_bool(file, "silent", &switches.silent, error) ||
        !read_bool(file, "cumulative", &switches.cumulative, error) ||
        !read_bool(file, "color", &switches.color, error) ||
        !read_bool(file, "mouse", &switches.mouse, error) ||
        !read_delay(file, &seconds, error)) {
        return false;
    }
    apply_pane(&ui->loops, loops, given);
    apply_pane(&ui->sources, sources, given);
    apply_pane(&ui->vms, vms, given);
    set_switches(ui, &switches, given);
    if (!given->delay && seconds > 0) {
        ui->interval_ms = seconds * 1000 + 0.5;
    }
    return true;
}

static void write_pane(GKeyFile *file, const PaneEntries *entries,
                       const Pane *pane)
{
    GPtrArray *columns = pane->columns_of[AIOTOP_ORIGIN_PROFILED];
    unsigned n = columns->len;
    g_autofree const char **names = g_new0(const char *, n + 1);

    for (unsigned i = 0; i < n; i++) {
        const AiotopColumn *column = g_ptr_array_index(columns, i);

        names[i] = column->name;
    }
    g_key_file_set_string_list(file, GROUP, entries->columns, names, n);
    g_key_file_set_string(file, GROUP, entries->sort, pane->sort->name);
    g_key_file_set_boolean(file, GROUP, entries->reverse, pane->reverse);
}

static void write_all(GKeyFile *file, const Ui *ui)
{
    Switches switches = get_switches(ui);

    write_pane(file, &loop_entries, &ui->loops);
    write_pane(file, &source_entries, &ui->sources);
    write_pane(file, &vm_entries, &ui->vms);
    g_key_file_set_boolean(file, GROUP, "grouped", switches.grouped);
    g_key_file_set_boolean(file, GROUP, "silent", switches.silent);
    g_key_file_set_boolean(file, GROUP, "cumulative", switches.cumulative);
    g_key_file_set_boolean(file, GROUP, "color", switches.color);
    g_key_file_set_boolean(file, GROUP, "mouse", switches.mouse);
    g_key_file_set_double(file, GROUP, "delay", ui->interval_ms / 1000.0);
}

/* A slip, or one of a later version: it is kept, but not without a word */
static void tell_unknown(Ui *ui, GKeyFile *file)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
    g_autoptr(GKeyFile) known = g_key_file_new();

    write_all(known, ui);
    for (unsigned i = 0; keys && keys[i]; i++) {
        if (!g_key_file_has_key(known, GROUP, keys[i], NULL)) {
            ui_say(ui, true, "There is no setting \"%s\"", keys[i]);
            return;
        }
    }
}

/* With what nobody here knows: comments, and other keys */
static GKeyFile *read_file(const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize len;

    text = settings_file_read(path, geteuid(), &len, error);
    if (!text || !g_key_file_load_from_data(file, text, len,
                                            G_KEY_FILE_KEEP_COMMENTS |
                                                G_KEY_FILE_KEEP_TRANSLATIONS,
                                            error)) {
        return NULL;
    }
    return g_steal_pointer(&file);
}

bool settings_load(Ui *ui, const char *path, const SettingsGiven *given,
                   GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GKeyFile) file = read_file(path, &cause);
    PaneSettings loops = { 0 }, sources = { 0 }, vms = { 0 };
    bool ok;

    if (!file) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    ok = read_all(ui, file, given, &loops, &sources, &vms, error);
    g_clear_pointer(&loops.columns, g_ptr_array_unref);
    g_clear_pointer(&sources.columns, g_ptr_array_unref);
    g_clear_pointer(&vms.columns, g_ptr_array_unref);
    if (ok) {
        tell_unknown(ui, file);
    }
    return ok;
}

bool settings_broken(const char *path)
{
    AiotopQuery query;
    SettingsGiven given = { 0 };
    g_autoptr(Ui) scratch = NULL;

    aiotop_query_init(&query);
    scratch = ui_new(&query, &(AiotopTextStyle){ 0 });
    return !settings_load(scratch, path, &given, NULL);
}

bool settings_save(const Ui *ui, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = read_file(path, NULL);
    g_autofree char *text = NULL;
    gsize len;

    if (!file) {
        file = g_key_file_new();
    }
    write_all(file, ui);
    text = g_key_file_to_data(file, &len, NULL);
    return settings_file_write(path, geteuid(), text, len, error);
}
