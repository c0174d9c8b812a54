/*
 * Writer: CSV for spreadsheets, by RFC 4180
 *
 * One table for both: a record is of a loop or of a source, and has empty
 * fields for what only the other has.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/sample.h"

#include <string.h>

#include "qemu-aiotop/text/csv-writer.h"
#include "cells.h"

/* A field of the record; either column may be NULL */
typedef struct Field {
    const AiotopColumn *of_loop;
    const AiotopColumn *of_source;
} Field;

static void add_column(GArray *fields, const AiotopColumn *column,
                       bool of_source)
{
    Field field = { 0 };

    for (unsigned i = 0; i < fields->len; i++) {
        Field *old = &g_array_index(fields, Field, i);

        if (of_source && old->of_loop &&
            strcmp(old->of_loop->key, column->key) == 0) {
            old->of_source = column;
            return;
        }
    }
    if (of_source) {
        field.of_source = column;
    } else {
        field.of_loop = column;
    }
    g_array_append_val(fields, field);
}

static void add_columns(GArray *fields, const AiotopQuery *query,
                        const AiotopTable *table, GPtrArray *chosen)
{
    unsigned n = chosen ? chosen->len : table->n_columns;

    if (aiotop_query_hides(query, table)) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        add_column(fields, chosen ? chosen->pdata[i] : &table->columns[i],
                   table == &aiotop_source_table);
    }
}

/* Loops' columns, and those of sources that have no namesake there */
static GArray *get_fields(const AiotopQuery *query)
{
    GArray *fields = g_array_new(FALSE, FALSE, sizeof(Field));

    add_columns(fields, query, &aiotop_loop_table, query->loop_columns);
    add_columns(fields, query, &aiotop_source_table, query->source_columns);
    return fields;
}

void aiotop_format_csv_head(GString *out, const AiotopQuery *query)
{
    g_autoptr(GArray) fields = get_fields(query);

    g_string_append(out, AIOTOP_RECORD_FIELDS);
    for (unsigned i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);

        g_string_append_c(out, ',');
        aiotop_csv_append_field(out, field->of_loop ? field->of_loop->key
                                                    : field->of_source->key);
    }
    g_string_append(out, AIOTOP_CSV_END);
}

static void add_record(GString *out, const GString *origin, GArray *fields,
                       const AiotopRow *row)
{
    g_string_append_len(out, origin->str, origin->len);
    g_string_append(out, row->source ? "source" : "loop");
    for (unsigned i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);
        const AiotopColumn *column =
            row->source ? field->of_source : field->of_loop;

        g_string_append_c(out, ',');
        if (column) {
            format_csv_value(out, column, row);
        }
    }
    g_string_append(out, AIOTOP_CSV_END);
}

static void add_records(GString *out, const GString *origin, GArray *fields,
                        GArray *rows)
{
    for (unsigned i = 0; i < rows->len; i++) {
        add_record(out, origin, fields, &g_array_index(rows, AiotopRow, i));
    }
}

void aiotop_format_csv(GString *out, const AiotopSample *sample,
                       const AiotopQuery *query)
{
    g_autoptr(GString) origin = g_string_new(NULL);
    g_autoptr(GArray) fields = get_fields(query);
    g_autoptr(GArray) loops = aiotop_query_loops(query, sample);
    g_autoptr(GArray) sources = aiotop_query_sources(query, sample);

    format_csv_origin(origin, sample);
    if (!aiotop_query_hides(query, &aiotop_loop_table)) {
        add_records(out, origin, fields, loops);
    }
    if (!aiotop_query_hides(query, &aiotop_source_table)) {
        add_records(out, origin, fields, sources);
    }
}
