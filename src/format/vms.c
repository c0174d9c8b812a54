/*
 * Writers: this host's QEMUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/vms.h"

#include "qemu-aiotop/diagnose/verdict.h"
#include "qemu-aiotop/text/csv-writer.h"
#include "qemu-aiotop/text/json-writer.h"
#include "cells.h"
#include "json-head.h"

char *aiotop_vms_summary(const GPtrArray *verdicts)
{
    GString *out = g_string_new(NULL);
    const char *separator = ": ";

    g_string_append_printf(out, "%u QEMU%s", verdicts->len,
                           verdicts->len == 1 ? "" : "s");
    for (unsigned i = 0; i < AIOTOP_N_VERDICTS; i++) {
        unsigned n = aiotop_verdicts_count(verdicts, i);

        if (n) {
            g_string_append_printf(out, "%s%u %s", separator, n,
                                   aiotop_verdict_word(i));
            separator = ", ";
        }
    }
    return g_string_free(out, FALSE);
}

void aiotop_format_text_vms(GString *out, const GPtrArray *verdicts,
                            const AiotopHostCause *cause, int64_t real_time_us,
                            const AiotopQuery *query,
                            const AiotopTextStyle *style)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(real_time_us / 1000000);
    g_autofree char *clock = g_date_time_format(time, "%H:%M:%S");
    g_autofree char *summary = aiotop_vms_summary(verdicts);
    g_autoptr(GArray) rows = aiotop_query_vms(query, verdicts);
    g_autoptr(GPtrArray) columns =
        query->vm_columns
            ? g_ptr_array_ref(query->vm_columns)
            : aiotop_table_default_columns(&aiotop_vm_table, false);

    g_string_append_printf(out,
                           style->color ? "\033[1m%s  %s\033[0m\n" : "%s  %s\n",
                           clock, summary);
    if (cause) {
        g_string_append_printf(out, "%s\n", cause->evidence);
    }
    format_text_rows(out, columns, rows, style);
    g_string_append_c(out, '\n');
}

void aiotop_format_json_vms(GString *out, const GPtrArray *verdicts,
                            const AiotopHostCause *cause, int64_t real_time_us,
                            const AiotopQuery *query)
{
    g_autoptr(GArray) rows = aiotop_query_vms(query, verdicts);

    g_string_append_c(out, '{');
    aiotop_json_add_time(out, real_time_us);
    aiotop_format_json_add_cause(out, cause);
    aiotop_json_add_key(out, "vms");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < rows->len; i++) {
        aiotop_json_add_key(out, NULL);
        g_string_append_c(out, '{');
        format_json_columns(out, &aiotop_vm_table, query->vm_columns,
                            &g_array_index(rows, AiotopRow, i));
        g_string_append_c(out, '}');
    }
    g_string_append(out, "]}\n");
}

static unsigned n_columns(const AiotopQuery *query)
{
    return query->vm_columns ? query->vm_columns->len
                             : aiotop_vm_table.n_columns;
}

static const AiotopColumn *column_at(const AiotopQuery *query, unsigned i)
{
    return query->vm_columns ? query->vm_columns->pdata[i]
                             : &aiotop_vm_table.columns[i];
}

void aiotop_format_csv_vms_head(GString *out, const AiotopQuery *query)
{
    g_string_append(out, "time");
    for (unsigned i = 0; i < n_columns(query); i++) {
        g_string_append_printf(out, ",%s", column_at(query, i)->key);
    }
    g_string_append(out, AIOTOP_CSV_END);
}

void aiotop_format_csv_vms(GString *out, const GPtrArray *verdicts,
                           int64_t real_time_us, const AiotopQuery *query)
{
    g_autoptr(GArray) rows = aiotop_query_vms(query, verdicts);

    for (unsigned i = 0; i < rows->len; i++) {
        aiotop_csv_append_time(out, real_time_us);
        for (unsigned j = 0; j < n_columns(query); j++) {
            if (j) {
                g_string_append_c(out, ',');
            }
            format_csv_value(out, column_at(query, j),
                             &g_array_index(rows, AiotopRow, i));
        }
        g_string_append(out, AIOTOP_CSV_END);
    }
}
