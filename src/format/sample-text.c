/*
 * Writer: text for people
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/sample.h"

#include <inttypes.h>

#include "qemu-aiotop/diagnose/missing.h"
#include "qemu-aiotop/diagnose/sampled.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/figure.h"
#include "qemu-aiotop/table/vms.h"
#include "cells.h"

#define GAP "  "

static void write_table(GString *out, const AiotopTable *table,
                        GPtrArray *columns, GArray *rows,
                        const AiotopQuery *query, const AiotopTextStyle *style)
{
    if (!aiotop_query_hides(query, table)) {
        format_text_rows(out, columns, rows, style);
        g_string_append_c(out, '\n');
    }
}

void aiotop_format_text_head(GString *out, const AiotopSample *sample,
                             const AiotopTextStyle *style)
{
    const AiotopSnapshot *now = sample->now;
    char interval[AIOTOP_TEXT_NUMBER];

    if (style->color) {
        g_string_append(out, "\033[1m");
    }
    if (sample->real_time_us) {
        g_autoptr(GDateTime) time =
            g_date_time_new_from_unix_local(sample->real_time_us / 1000000);
        g_autofree char *text = g_date_time_format(time, "%H:%M:%S");

        g_string_append_printf(out, "%s" GAP, text);
    }
    if (now->vm_name) {
        aiotop_text_append(out, now->vm_name, style->ascii);
        g_string_append(out, GAP);
    }
    g_string_append_printf(out, "pid %" PRId64, now->pid);
    if (now->qemu_version) {
        g_string_append(out, GAP "QEMU ");
        aiotop_text_append(out, now->qemu_version, style->ascii);
    }
    if (now->run_state) {
        g_string_append(out, GAP);
        aiotop_text_append(out, now->run_state, style->ascii);
    }
    aiotop_text_time(interval, sample->interval_ns);
    if (sample->cumulative && now->host_only) {
        g_string_append(out, GAP "at one instant");
    } else {
        g_string_append_printf(out, GAP "%s %s",
                               sample->cumulative ? "since profiling began:"
                                                  : "interval",
                               interval);
    }
    aiotop_sampled_append(out, sample);
    if (sample->restarted) {
        g_string_append(out, GAP "(counters began anew)");
    }
    g_string_append(out, style->color ? "\033[0m\n" : "\n");
}

/* What the tables can't say */
static void write_notes(GString *out, const AiotopSnapshot *snapshot,
                        bool ascii)
{
    g_autoptr(GPtrArray) notes = aiotop_missing_notes(snapshot);

    for (unsigned i = 0; i < notes->len; i++) {
        aiotop_text_append(out, notes->pdata[i], ascii);
        g_string_append_c(out, '\n');
    }
    if (notes->len) {
        g_string_append_c(out, '\n');
    }
}

/* The columns that are chosen, or else those that are shown by default */
static GPtrArray *get_columns(const AiotopTable *table, GPtrArray *chosen,
                              AiotopOrigin origin)
{
    return chosen ? g_ptr_array_ref(chosen)
                  : aiotop_table_default_columns(table, origin);
}

void aiotop_format_text(GString *out, const AiotopSample *sample,
                        const AiotopQuery *query, const AiotopTextStyle *style)
{
    AiotopOrigin origin = aiotop_snapshot_origin(sample->now);
    g_autoptr(GArray) loops = aiotop_query_loops(query, sample);
    g_autoptr(GArray) sources = aiotop_query_sources(query, sample);
    g_autoptr(GPtrArray) loop_columns =
        get_columns(&aiotop_loop_table, query->loop_columns, origin);
    g_autoptr(GPtrArray) source_columns =
        get_columns(&aiotop_source_table, query->source_columns, origin);

    aiotop_format_text_head(out, sample, style);
    g_string_append_c(out, '\n');
    write_table(out, &aiotop_loop_table, loop_columns, loops, query, style);
    if (origin != AIOTOP_ORIGIN_HOST) {
        write_table(out, &aiotop_source_table, source_columns, sources, query,
                    style);
    }
    if (sample->now->host_only || sample->now->sampled.refused ||
        aiotop_columns_need_permission(loop_columns)) {
        write_notes(out, sample->now, style->ascii);
    }
}

static void write_help(GString *out, const AiotopTable *table,
                       const char *prefix, const char *title)
{
    g_string_append_printf(out, "%s\n", title);
    for (unsigned i = 0; i < table->n_columns; i++) {
        const AiotopColumn *column = &table->columns[i];
        g_autofree char *name = g_strconcat(prefix, column->name, NULL);

        g_string_append_printf(out, " %c %-20s %-9s %s\n",
                               column->visible ? '*' : ' ', name,
                               column->header, column->help);
    }
}

void aiotop_format_columns(GString *out)
{
    write_help(out, &aiotop_source_table, "",
               "Sources (* shown by default; sorted by busy):");
    g_string_append_c(out, '\n');
    write_help(out, &aiotop_loop_table, "loop.",
               "Loops (* shown by default; sorted by loop.loop):");
    g_string_append_c(out, '\n');
    write_help(out, &aiotop_vm_table, "vm.",
               "QEMUs of a host (* shown by default; sorted by vm.verdict):");
}
