/*
 * What of a sample is shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/format.h"

#include <string.h>

#include "qemu-aiotop/text/pattern.h"
#include "qemu-aiotop/table/rows.h"

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
        const AiotopColumn *column = aiotop_column_find(list[i], &table, error);
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
    const AiotopColumn *column = aiotop_column_find(name, &table, error);

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
    GRegex *regex = aiotop_pattern_new(pattern + negated, error);

    if (!regex) {
        return false;
    }
    g_clear_pointer(&selection->filter, g_regex_unref);
    selection->filter = regex;
    selection->filter_negated = negated;
    return true;
}

AiotopFilter aiotop_selection_filter(const AiotopSelection *selection)
{
    return (AiotopFilter){
        .regex = selection->filter,
        .negated = selection->filter_negated,
        .loop_name = selection->loop_name,
        .silent = selection->silent,
    };
}

GArray *aiotop_selection_loops(const AiotopSelection *selection,
                               const AiotopSample *sample)
{
    const AiotopFilter filter = aiotop_selection_filter(selection);
    const AiotopOrder order = { selection->loop_sort, selection->loop_reverse,
                                selection->exact };

    return aiotop_rows_new(sample, &aiotop_loop_table, &filter, &order);
}

GArray *aiotop_selection_sources(const AiotopSelection *selection,
                                 const AiotopSample *sample)
{
    const AiotopFilter filter = aiotop_selection_filter(selection);
    const AiotopOrder order = { selection->source_sort,
                                selection->source_reverse, selection->exact };
    GArray *rows =
        aiotop_rows_new(sample, &aiotop_source_table, &filter, &order);

    if (selection->top && rows->len > selection->top) {
        g_array_set_size(rows, selection->top);
    }
    return rows;
}

#define MAX_NAMES 16

char *aiotop_selection_no_loop(const AiotopSelection *selection,
                               const AiotopSample *sample)
{
    unsigned n = MIN(sample->n_loops, MAX_NAMES);
    GString *message;

    if (!selection->loop_name) {
        return NULL;
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (strcmp(sample->loops[i].now->name, selection->loop_name) == 0) {
            return NULL;
        }
    }
    message = g_string_new(NULL);
    g_string_append_printf(message, "no loop is named %s",
                           selection->loop_name);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(message, "%s%s", i ? ", " : "; there is ",
                               sample->loops[i].now->name);
    }
    if (sample->n_loops > n) {
        g_string_append_printf(message, " and %u more", sample->n_loops - n);
    }
    return g_string_free(message, FALSE);
}
