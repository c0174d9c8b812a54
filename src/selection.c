/*
 * What of a sample is shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format.h"

#include <string.h>

#include "qemu-aiotop/rows.h"

#define LOOP_PREFIX "loop."

void aiotop_selection_init(AiotopSelection *selection)
{
    *selection = (AiotopSelection){
        .loop_sort =
            aiotop_table_find(&aiotop_loop_table, aiotop_loop_table.sort),
        .source_sort =
            aiotop_table_find(&aiotop_source_table, aiotop_source_table.sort),
    };
}

void aiotop_selection_clear(AiotopSelection *selection)
{
    g_clear_pointer(&selection->loop_columns, g_ptr_array_unref);
    g_clear_pointer(&selection->source_columns, g_ptr_array_unref);
    g_clear_pointer(&selection->filter, g_regex_unref);
    g_clear_pointer(&selection->loop_name, g_free);
}

static const AiotopColumn *find_column(const char *name,
                                       const AiotopTable **table,
                                       GError **error)
{
    const AiotopColumn *column;

    *table = &aiotop_source_table;
    if (g_str_has_prefix(name, LOOP_PREFIX)) {
        *table = &aiotop_loop_table;
        name += strlen(LOOP_PREFIX);
    }
    column = aiotop_table_find(*table, name);
    if (!column) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "no column \"%s\" of %ss: -s help lists all", name,
                    (*table)->name);
    }
    return column;
}

bool aiotop_selection_set_columns(AiotopSelection *selection, const char *names,
                                  GError **error)
{
    g_auto(GStrv) list = g_strsplit(names, ",", -1);

    if (!list[0]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "-c names no column: -s help lists all");
        return false;
    }
    for (unsigned i = 0; list[i]; i++) {
        const AiotopTable *table;
        const AiotopColumn *column = find_column(list[i], &table, error);
        GPtrArray **columns;

        if (!column) {
            return false;
        }
        columns = table == &aiotop_loop_table ? &selection->loop_columns
                                              : &selection->source_columns;
        if (!*columns) {
            *columns = g_ptr_array_new();
        }
        if (!g_ptr_array_find(*columns, column, NULL)) {
            g_ptr_array_add(*columns, (void *)column);
        }
    }
    return true;
}

bool aiotop_selection_hides(const AiotopSelection *selection,
                            const AiotopTable *table)
{
    const GPtrArray *own = table == &aiotop_loop_table
                               ? selection->loop_columns
                               : selection->source_columns;

    return !own && (selection->loop_columns || selection->source_columns);
}

bool aiotop_selection_set_sort(AiotopSelection *selection, const char *name,
                               bool reverse, GError **error)
{
    const AiotopTable *table;
    const AiotopColumn *column = find_column(name, &table, error);

    if (!column) {
        return false;
    }
    if (table == &aiotop_loop_table) {
        selection->loop_sort = column;
        selection->loop_reverse = reverse;
    } else {
        selection->source_sort = column;
        selection->source_reverse = reverse;
    }
    return true;
}

bool aiotop_selection_set_filter(AiotopSelection *selection,
                                 const char *pattern, GError **error)
{
    bool negated = pattern[0] == '!';
    g_autoptr(GError) cause = NULL;
    GRegex *regex;

    if (!g_utf8_validate(pattern, -1, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "the filter is not UTF-8");
        return false;
    }
    regex = g_regex_new(pattern + negated, G_REGEX_OPTIMIZE, 0, &cause);
    if (!regex) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "bad regular expression: %s", cause->message);
        return false;
    }
    g_clear_pointer(&selection->filter, g_regex_unref);
    selection->filter = regex;
    selection->filter_negated = negated;
    return true;
}

static bool wants_loop(const AiotopSelection *selection, const AiotopRow *row)
{
    return !selection->loop_name ||
           strcmp(selection->loop_name, row->loop->now->name) == 0;
}

static bool wants_source(const AiotopSelection *selection, const AiotopRow *row)
{
    if (!wants_loop(selection, row) ||
        (!selection->silent && !aiotop_source_sample_active(row->source))) {
        return false;
    }
    return !selection->filter ||
           aiotop_row_matches(row, selection->filter, NULL) !=
               selection->filter_negated;
}

/* Whether the filter lets pass the loop itself or one of its sources */
static bool passes_filter(const AiotopSelection *selection,
                          const AiotopRow *row)
{
    if (!selection->filter) {
        return true;
    }
    if (!selection->filter_negated &&
        aiotop_row_matches(row, selection->filter, NULL)) {
        return true;
    }
    for (unsigned i = 0; i < row->loop->n_sources; i++) {
        AiotopRow source = *row;

        source.source = &row->sample->sources[row->loop->first_source + i];
        if (wants_source(selection, &source)) {
            return true;
        }
    }
    return false;
}

GArray *aiotop_selection_loops(const AiotopSelection *selection,
                               const AiotopSample *sample)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));

    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopRow row = { .sample = sample, .loop = &sample->loops[i] };

        if (wants_loop(selection, &row) && passes_filter(selection, &row)) {
            g_array_append_val(rows, row);
        }
    }
    aiotop_rows_sort(rows, selection->loop_sort, selection->loop_reverse);
    return rows;
}

GArray *aiotop_selection_sources(const AiotopSelection *selection,
                                 const AiotopSample *sample)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));

    for (unsigned i = 0; i < sample->n_sources; i++) {
        AiotopRow row = { .sample = sample, .source = &sample->sources[i] };

        row.loop = &sample->loops[row.source->loop];
        if (wants_source(selection, &row)) {
            g_array_append_val(rows, row);
        }
    }
    aiotop_rows_sort(rows, selection->source_sort, selection->source_reverse);
    if (selection->top && rows->len > selection->top) {
        g_array_set_size(rows, selection->top);
    }
    return rows;
}
