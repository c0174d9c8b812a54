/*
 * What of a sample is shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/query.h"

#include <string.h>

#include "qemu-aiotop/table/vm-columns.h"
#include "qemu-aiotop/text/pattern.h"

void aiotop_query_init(AiotopQuery *query)
{
    *query = (AiotopQuery){
        .loop_sort =
            aiotop_table_find(&aiotop_loop_table, aiotop_loop_table.sort),
        .source_sort =
            aiotop_table_find(&aiotop_source_table, aiotop_source_table.sort),
        .vm_sort = aiotop_table_find(&aiotop_vm_table, aiotop_vm_table.sort),
    };
}

void aiotop_query_clear(AiotopQuery *query)
{
    g_clear_pointer(&query->loop_columns, g_ptr_array_unref);
    g_clear_pointer(&query->source_columns, g_ptr_array_unref);
    g_clear_pointer(&query->vm_columns, g_ptr_array_unref);
    g_clear_pointer(&query->filter, g_regex_unref);
    g_clear_pointer(&query->loop_name, g_free);
}

static const AiotopColumn *find_column(const AiotopQuery *query,
                                       const char *name,
                                       const AiotopTable **table,
                                       GError **error)
{
    g_autofree char *of_vms = query->of_vms && !strchr(name, '.')
                                  ? g_strconcat("vm.", name, NULL)
                                  : NULL;

    return aiotop_column_find(of_vms ? of_vms : name, table, error);
}

static GPtrArray **columns_of(AiotopQuery *query, const AiotopTable *table)
{
    return table == &aiotop_loop_table ? &query->loop_columns
           : table == &aiotop_vm_table ? &query->vm_columns
                                       : &query->source_columns;
}

bool aiotop_query_set_columns(AiotopQuery *query, const char *names,
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
        const AiotopColumn *column;
        GPtrArray **columns;

        /* There anyway, and named by those who copy the head of CSV */
        if (aiotop_is_record_field(list[i]) && !query->of_vms) {
            continue;
        }
        column = find_column(query, list[i], &table, error);
        if (!column) {
            return false;
        }
        columns = columns_of(query, table);
        if (!*columns) {
            *columns = g_ptr_array_new();
        }
        if (!g_ptr_array_find(*columns, column, NULL)) {
            g_ptr_array_add(*columns, (void *)column);
        }
    }
    if (!query->loop_columns && !query->source_columns && !query->vm_columns) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "-c names nothing but what is of a whole sample, and there"
                    " anyway: -c help lists the columns");
        return false;
    }
    return true;
}

bool aiotop_query_names(const AiotopQuery *query, const AiotopTable *table)
{
    const GPtrArray *columns = table == &aiotop_loop_table ? query->loop_columns
                               : table == &aiotop_vm_table
                                   ? query->vm_columns
                                   : query->source_columns;

    return columns || query->sorted == table;
}

bool aiotop_query_hides(const AiotopQuery *query, const AiotopTable *table)
{
    const GPtrArray *own = table == &aiotop_loop_table ? query->loop_columns
                                                       : query->source_columns;

    return !own && (query->loop_columns || query->source_columns);
}

bool aiotop_query_needs_sources(const AiotopQuery *query)
{
    /* A loop passes the filter by its sources as well */
    return !aiotop_query_hides(query, &aiotop_source_table) || query->filter;
}

static bool needs_histograms(const AiotopQuery *query, const AiotopTable *table,
                             GPtrArray *chosen, bool all)
{
    g_autoptr(GPtrArray) columns = NULL;

    if (aiotop_query_hides(query, table)) {
        return false;
    }
    if (!chosen && all) {
        return true;
    }
    columns = chosen
                  ? g_ptr_array_ref(chosen)
                  : aiotop_table_default_columns(table, AIOTOP_ORIGIN_PROFILED);
    for (unsigned i = 0; i < columns->len; i++) {
        const AiotopColumn *column = columns->pdata[i];

        if (column->basis == AIOTOP_BASIS_HISTOGRAM) {
            return true;
        }
    }
    return false;
}

bool aiotop_query_needs_histograms(const AiotopQuery *query, bool all)
{
    return query->loop_sort->basis == AIOTOP_BASIS_HISTOGRAM ||
           query->source_sort->basis == AIOTOP_BASIS_HISTOGRAM ||
           needs_histograms(query, &aiotop_loop_table, query->loop_columns,
                            all) ||
           needs_histograms(query, &aiotop_source_table, query->source_columns,
                            all);
}

bool aiotop_query_set_sort(AiotopQuery *query, const char *name, bool reverse,
                           GError **error)
{
    const AiotopTable *table;
    const AiotopColumn *column = find_column(query, name, &table, error);

    if (!column) {
        return false;
    }
    query->sorted = table;
    if (table == &aiotop_loop_table) {
        query->loop_sort = column;
        query->loop_reverse = reverse;
    } else if (table == &aiotop_vm_table) {
        query->vm_sort = column;
        query->vm_reverse = reverse;
    } else {
        query->source_sort = column;
        query->source_reverse = reverse;
    }
    return true;
}

bool aiotop_query_set_filter(AiotopQuery *query, const char *pattern,
                             GError **error)
{
    bool negated = pattern[0] == '!';
    GRegex *regex = aiotop_pattern_new(pattern + negated, error);

    if (!regex) {
        return false;
    }
    g_clear_pointer(&query->filter, g_regex_unref);
    query->filter = regex;
    query->filter_negated = negated;
    return true;
}

AiotopFilter aiotop_query_filter(const AiotopQuery *query)
{
    return (AiotopFilter){
        .regex = query->filter,
        .negated = query->filter_negated,
        .loop_name = query->loop_name,
        .silent = query->silent,
    };
}

GArray *aiotop_query_loops(const AiotopQuery *query, const AiotopSample *sample)
{
    const AiotopFilter filter = aiotop_query_filter(query);
    const AiotopOrder order = { query->loop_sort, query->loop_reverse,
                                query->exact };

    return aiotop_rows_new(sample, &aiotop_loop_table, &filter, &order);
}

GArray *aiotop_query_sources(const AiotopQuery *query,
                             const AiotopSample *sample)
{
    const AiotopFilter filter = aiotop_query_filter(query);
    const AiotopOrder order = { query->source_sort, query->source_reverse,
                                query->exact };
    GArray *rows =
        aiotop_rows_new(sample, &aiotop_source_table, &filter, &order);

    if (query->top && rows->len > query->top) {
        g_array_set_size(rows, query->top);
    }
    return rows;
}

#define MAX_NAMES 16

char *aiotop_query_no_loop(const AiotopQuery *query, const AiotopSample *sample)
{
    unsigned n = MIN(sample->n_loops, MAX_NAMES);
    GString *message;

    if (!query->loop_name) {
        return NULL;
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (strcmp(sample->loops[i].now->name, query->loop_name) == 0) {
            return NULL;
        }
    }
    message = g_string_new(NULL);
    g_string_append_printf(message, "no loop is named %s", query->loop_name);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(message, "%s%s", i ? ", " : "; there is ",
                               sample->loops[i].now->name);
    }
    if (sample->n_loops > n) {
        g_string_append_printf(message, " and %u more", sample->n_loops - n);
    }
    return g_string_free(message, FALSE);
}
