/*
 * Writers: what is awaited, and QEMU's threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/awaited.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/format/sample.h"
#include "qemu-aiotop/text/csv-writer.h"
#include "qemu-aiotop/text/json-writer.h"
#include "cells.h"
#include "json-head.h"

/* What the rows leave out */
static void write_remark(GString *out, const AiotopTable *table,
                         const AiotopSample *sample)
{
    g_autofree char *remark = aiotop_awaited_remark(table, sample);

    if (remark) {
        g_string_append_printf(out, "%s\n", remark);
    }
}

static void write_table(GString *out, const AiotopTable *table,
                        const AiotopSample *sample,
                        const AiotopTextStyle *style)
{
    g_autoptr(GPtrArray) columns =
        aiotop_table_default_columns(table, AIOTOP_ORIGIN_PROFILED);
    g_autoptr(GArray) rows = aiotop_awaited_rows(table, sample);
    const char *none = aiotop_awaited_none(table, sample);

    if (none) {
        g_string_append_printf(out, "\n%s\n", none);
    } else if (rows->len) {
        g_string_append_c(out, '\n');
        format_text_rows(out, columns, rows, style);
        write_remark(out, table, sample);
    }
}

void aiotop_format_text_awaited(GString *out, const AiotopSample *sample,
                                const AiotopTable *const *tables,
                                const AiotopTextStyle *style)
{
    aiotop_format_text_head(out, sample, style);
    for (unsigned i = 0; tables[i]; i++) {
        write_table(out, tables[i], sample, style);
    }
}

/* As QEMU has them; the column is for people */
static void add_stages(GString *out, const AiotopNode *node)
{
    aiotop_json_add_key(out, "stages");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < node->n_stages; i++) {
        const AiotopNodeStage *stage = &node->stages[i];

        aiotop_json_add_key(out, NULL);
        g_string_append_c(out, '{');
        aiotop_json_add_string(out, "stage", stage->stage);
        aiotop_json_add_integer(out, "count", stage->count);
        aiotop_json_add_integer(out, "since_ns", stage->since_ns);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void add_list(GString *out, const AiotopTable *table,
                     const AiotopSample *sample)
{
    g_autofree char *key = g_strconcat(table->name, "s", NULL);
    g_autoptr(GArray) rows = aiotop_awaited_rows(table, sample);

    g_strdelimit(key, "-", '_');
    if (!aiotop_awaited_told(table, sample)) {
        aiotop_json_add_string(out, key, NULL);
        return;
    }
    aiotop_json_add_key(out, key);
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopRow *row = &g_array_index(rows, AiotopRow, i);

        aiotop_json_add_key(out, NULL);
        g_string_append_c(out, '{');
        format_json_columns(out, table, NULL, row);
        if (table == &aiotop_node_table) {
            add_stages(out, ((const AiotopNodeSample *)row->item)->now);
        }
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

void aiotop_format_json_add_awaited(GString *out, const AiotopSample *sample,
                                    const AiotopTable *const *tables)
{
    for (unsigned i = 0; tables[i]; i++) {
        add_list(out, tables[i], sample);
        if (tables[i] == &aiotop_request_table) {
            aiotop_json_add_integer(out, "untracked_requests",
                                    sample->now->awaited.untracked);
        }
    }
}

void aiotop_format_json_awaited(GString *out, const AiotopSample *sample,
                                const AiotopTable *const *tables)
{
    aiotop_format_json_begin(out, sample);
    aiotop_format_json_add_awaited(out, sample, tables);
    g_string_append(out, "}\n");
}

static const AiotopColumn *find_key(const AiotopTable *table, const char *key)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].key, key) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* The keys of all tables, each of them once */
static GPtrArray *get_fields(const AiotopTable *const *tables)
{
    GPtrArray *fields = g_ptr_array_new();

    for (unsigned i = 0; tables[i]; i++) {
        for (unsigned j = 0; j < tables[i]->n_columns; j++) {
            const char *key = tables[i]->columns[j].key;

            if (!g_ptr_array_find_with_equal_func(fields, key, g_str_equal,
                                                  NULL)) {
                g_ptr_array_add(fields, (gpointer)key);
            }
        }
    }
    return fields;
}

static void add_records(GString *out, const AiotopTable *table,
                        const AiotopSample *sample, const GPtrArray *fields)
{
    g_autoptr(GArray) rows = aiotop_awaited_rows(table, sample);

    for (unsigned i = 0; i < rows->len; i++) {
        format_csv_origin(out, sample);
        g_string_append(out, table->name);
        for (unsigned j = 0; j < fields->len; j++) {
            const AiotopColumn *column = find_key(table, fields->pdata[j]);

            g_string_append_c(out, ',');
            if (column) {
                format_csv_value(out, column,
                                 &g_array_index(rows, AiotopRow, i));
            }
        }
        g_string_append(out, AIOTOP_CSV_END);
    }
}

void aiotop_format_csv_awaited(GString *out, const AiotopSample *sample,
                               const AiotopTable *const *tables)
{
    g_autoptr(GPtrArray) fields = get_fields(tables);

    g_string_append(out, AIOTOP_RECORD_FIELDS);
    for (unsigned i = 0; i < fields->len; i++) {
        g_string_append_printf(out, ",%s", (const char *)fields->pdata[i]);
    }
    g_string_append(out, AIOTOP_CSV_END);
    for (unsigned i = 0; tables[i]; i++) {
        add_records(out, tables[i], sample, fields);
    }
}
