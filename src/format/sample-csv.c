/*
 * Writer: CSV for spreadsheets, by RFC 4180
 *
 * One table for both: a record is of a loop or of a source, and has empty
 * fields for what only the other has.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/format.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/host/discover.h"
#include "qemu-aiotop/text/figure.h"

#define END_OF_RECORD "\r\n"

/* A field of the record; either column may be NULL */
typedef struct Field {
    const AiotopColumn *of_loop;
    const AiotopColumn *of_source;
} Field;

/* What begins so is a formula to a spreadsheet, which obeys it */
static bool is_formula(const char *text)
{
    return *text && strchr("=+-@", *text);
}

void aiotop_format_csv_time(GString *out, int64_t real_time_us)
{
    if (real_time_us) {
        g_autofree char *time = aiotop_text_timestamp(real_time_us);

        g_string_append(out, time);
    }
    g_string_append_c(out, ',');
}

void aiotop_format_csv_field(GString *out, const char *text)
{
    g_autofree char *plain = aiotop_text_escape(text);
    g_autofree char *safe =
        g_strconcat(is_formula(plain) ? "'" : "", plain, NULL);

    if (!strpbrk(safe, ",\"")) {
        g_string_append(out, safe);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *p = safe; *p; p++) {
        if (*p == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

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

static void add_columns(GArray *fields, const AiotopSelection *selection,
                        const AiotopTable *table, GPtrArray *chosen)
{
    unsigned n = chosen ? chosen->len : table->n_columns;

    if (aiotop_selection_hides(selection, table)) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        add_column(fields, chosen ? chosen->pdata[i] : &table->columns[i],
                   table == &aiotop_source_table);
    }
}

/* Loops' columns, and those of sources that have no namesake there */
static GArray *get_fields(const AiotopSelection *selection)
{
    GArray *fields = g_array_new(FALSE, FALSE, sizeof(Field));

    add_columns(fields, selection, &aiotop_loop_table, selection->loop_columns);
    add_columns(fields, selection, &aiotop_source_table,
                selection->source_columns);
    return fields;
}

void aiotop_format_csv_head(GString *out, const AiotopSelection *selection)
{
    g_autoptr(GArray) fields = get_fields(selection);

    g_string_append(out, "time,time_ns,interval_ns,pid,vm_name,record");
    for (unsigned i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);

        g_string_append_c(out, ',');
        aiotop_format_csv_field(out, field->of_loop ? field->of_loop->key
                                                    : field->of_source->key);
    }
    g_string_append(out, END_OF_RECORD);
}

static void add_value(GString *out, const AiotopColumn *column,
                      const AiotopRow *row)
{
    char buffer[AIOTOP_VALUE_BUFFER], number[G_ASCII_DTOSTR_BUF_SIZE];
    AiotopValue value = column->get(row, buffer);

    switch (value.type) {
    case AIOTOP_VALUE_UNKNOWN:
        break;
    case AIOTOP_VALUE_TEXT:
        aiotop_format_csv_field(out, value.text);
        break;
    case AIOTOP_VALUE_INTEGER:
        g_string_append_printf(out, "%" PRIu64, value.integer);
        break;
    case AIOTOP_VALUE_REAL:
        g_string_append(
            out, g_ascii_formatd(number, sizeof(number), "%.3f", value.real));
        break;
    }
}

static void add_record(GString *out, GArray *fields, const AiotopRow *row)
{
    const AiotopSnapshot *now = row->sample->now;

    aiotop_format_csv_time(out, row->sample->real_time_us);
    g_string_append_printf(out, "%" PRIu64 ",%" PRIu64 ",%" PRId64 ",",
                           now->time_ns, row->sample->interval_ns, now->pid);
    aiotop_format_csv_field(out, now->vm_name ? now->vm_name : "");
    g_string_append(out, row->source ? ",source" : ",loop");
    for (unsigned i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);
        const AiotopColumn *column =
            row->source ? field->of_source : field->of_loop;

        g_string_append_c(out, ',');
        if (column) {
            add_value(out, column, row);
        }
    }
    g_string_append(out, END_OF_RECORD);
}

static void add_records(GString *out, GArray *fields, GArray *rows)
{
    for (unsigned i = 0; i < rows->len; i++) {
        add_record(out, fields, &g_array_index(rows, AiotopRow, i));
    }
}

void aiotop_format_csv(GString *out, const AiotopSample *sample,
                       const AiotopSelection *selection)
{
    g_autoptr(GArray) fields = get_fields(selection);
    g_autoptr(GArray) loops = aiotop_selection_loops(selection, sample);
    g_autoptr(GArray) sources = aiotop_selection_sources(selection, sample);

    if (!aiotop_selection_hides(selection, &aiotop_loop_table)) {
        add_records(out, fields, loops);
    }
    if (!aiotop_selection_hides(selection, &aiotop_source_table)) {
        add_records(out, fields, sources);
    }
}

void aiotop_format_csv_list(GString *out, GPtrArray *processes)
{
    g_string_append(
        out, "pid,program,vm_name,profiled,address,reason" END_OF_RECORD);
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = aiotop_process_reason(process);
        const char *address =
            process->profilers->len  ? process->profilers->pdata[0]
            : process->monitors->len ? process->monitors->pdata[0]
                                     : "";

        g_string_append_printf(out, "%" PRId64 ",", process->pid);
        aiotop_format_csv_field(out, process->program);
        g_string_append_c(out, ',');
        aiotop_format_csv_field(out, process->vm_name ? process->vm_name : "");
        g_string_append_printf(out, ",%s,", reason ? "no" : "yes");
        aiotop_format_csv_field(out, address);
        g_string_append_c(out, ',');
        aiotop_format_csv_field(out, reason ? reason : "");
        g_string_append(out, END_OF_RECORD);
    }
}
