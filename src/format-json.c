/*
 * Writer: JSON for programs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format.h"

#include <inttypes.h>

#include "qemu-aiotop/discover.h"
#include "qemu-aiotop/host.h"
#include "qemu-aiotop/json.h"

/* Begins a member: a comma unless it is the first, and its name */
static void add_key(GString *out, const char *key)
{
    char last = out->str[out->len - 1];

    if (last != '{' && last != '[') {
        g_string_append_c(out, ',');
    }
    if (key) {
        g_string_append_printf(out, "\"%s\":", key);
    }
}

static void add_integer(GString *out, const char *key, uint64_t value)
{
    add_key(out, key);
    if (value == AIOTOP_UNKNOWN) {
        g_string_append(out, "null");
    } else {
        g_string_append_printf(out, "%" PRIu64, value);
    }
}

static void add_string(GString *out, const char *key, const char *value)
{
    add_key(out, key);
    if (value) {
        aiotop_json_append_string(out, value);
    } else {
        g_string_append(out, "null");
    }
}

static void add_strings(GString *out, const char *key, GPtrArray *values)
{
    add_key(out, key);
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < values->len; i++) {
        add_string(out, NULL, values->pdata[i]);
    }
    g_string_append_c(out, ']');
}

static void add_bool(GString *out, const char *key, bool value)
{
    add_key(out, key);
    g_string_append(out, value ? "true" : "false");
}

static void add_value(GString *out, const char *key, const AiotopValue *value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    switch (value->type) {
    case AIOTOP_VALUE_UNKNOWN:
        add_string(out, key, NULL);
        break;
    case AIOTOP_VALUE_TEXT:
        add_string(out, key, value->text);
        break;
    case AIOTOP_VALUE_INTEGER:
        add_integer(out, key, value->integer);
        break;
    case AIOTOP_VALUE_REAL:
        add_key(out, key);
        g_string_append(
            out, g_ascii_formatd(number, sizeof(number), "%.3f", value->real));
        break;
    }
}

static void add_columns(GString *out, const AiotopTable *table,
                        GPtrArray *chosen, const AiotopRow *row)
{
    unsigned n = chosen ? chosen->len : table->n_columns;

    for (unsigned i = 0; i < n; i++) {
        const AiotopColumn *column =
            chosen ? chosen->pdata[i] : &table->columns[i];
        char buffer[AIOTOP_VALUE_BUFFER];
        AiotopValue value = column->get(row, buffer);

        add_value(out, column->key, &value);
    }
}

/* Pairs of a bucket's lower bound and its count */
static void add_buckets(GString *out, const char *key, AiotopBuckets buckets)
{
    add_key(out, key);
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < buckets.n; i++) {
        const AiotopBucket *bucket = &buckets.bucket[i];

        add_key(out, NULL);
        g_string_append_printf(out, "[%" PRIu64 ",%" PRIu64 "]",
                               aiotop_histogram_lower_ns(bucket->index),
                               (uint64_t)bucket->count);
    }
    g_string_append_c(out, ']');
}

static void add_loop(GString *out, const AiotopSelection *selection,
                     const AiotopRow *row)
{
    const AiotopLoop *loop = row->loop->now;

    add_key(out, NULL);
    g_string_append_c(out, '{');
    add_columns(out, &aiotop_loop_table, selection->loop_columns, row);
    add_integer(out, "wall_ns", row->loop->wall_ns);
    add_key(out, "counters");
    g_string_append_c(out, '{');
    add_integer(out, "since_ns", loop->since_ns);
    add_integer(out, "iterations", loop->iterations);
    add_integer(out, "dispatches", loop->dispatches);
    add_integer(out, "wait_ns", loop->wait_ns);
    add_integer(out, "poll_ns", loop->poll_ns);
    add_integer(out, "dispatch_ns", loop->dispatch_ns);
    add_integer(out, "bql_wait_ns", loop->bql_wait_ns);
    add_integer(out, "poll_hits", loop->poll_hits);
    add_integer(out, "poll_misses", loop->poll_misses);
    add_integer(out, "cpu_ns", loop->cpu_ns);
    add_integer(out, "run_queue_ns", loop->run_queue_ns);
    g_string_append(out, "}}");
}

static void add_source(GString *out, const AiotopSelection *selection,
                       const AiotopRow *row)
{
    const AiotopSource *source = row->source->now;

    add_key(out, NULL);
    g_string_append_c(out, '{');
    add_columns(out, &aiotop_source_table, selection->source_columns, row);
    add_key(out, "counters");
    g_string_append_c(out, '{');
    add_integer(out, "calls", source->calls);
    add_integer(out, "busy_ns", source->busy_ns);
    add_integer(out, "total_ns", source->total_ns);
    add_integer(out, "max_ns", source->max_ns);
    add_integer(out, "delay_ns", source->delay_ns);
    add_integer(out, "delay_max_ns", source->delay_max_ns);
    add_integer(out, "last_ns", source->last_ns);
    add_buckets(out, "histogram", source->histogram);
    add_buckets(out, "delay_histogram", source->delay_histogram);
    g_string_append(out, "}}");
}

static void add_sample(GString *out, const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;
    g_autoptr(GPtrArray) notes = aiotop_host_notes(now);

    if (sample->real_time_us) {
        g_autoptr(GDateTime) time =
            g_date_time_new_from_unix_utc(sample->real_time_us / 1000000);
        g_autofree char *seconds =
            g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");

        add_key(out, "time");
        g_string_append_printf(out, "\"%s.%06dZ\"", seconds,
                               (int)(sample->real_time_us % 1000000));
    }
    add_integer(out, "time_ns", now->time_ns);
    add_integer(out, "interval_ns", sample->interval_ns);
    add_bool(out, "cumulative", sample->cumulative);
    add_bool(out, "restarted", sample->restarted);
    add_bool(out, "host_only", now->host_only);
    add_strings(out, "notes", notes);
    add_integer(out, "pid", now->pid);
    add_string(out, "vm_name", now->vm_name);
    add_string(out, "qemu_version", now->qemu_version);
    add_string(out, "build_id", now->build_id);
    add_string(out, "run_state", now->run_state);
    add_integer(out, "sequence", now->sequence);
    add_integer(out, "profiling_since_ns", now->profiling_since_ns);
    add_integer(out, "stall_threshold_ns", now->stall_threshold_ns);
    add_integer(out, "steal_ns", now->steal_ns);
}

typedef void AddRow(GString *out, const AiotopSelection *selection,
                    const AiotopRow *row);

static void add_rows(GString *out, const char *key, GArray *rows,
                     const AiotopSelection *selection, AddRow *add_row)
{
    add_key(out, key);
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < rows->len; i++) {
        add_row(out, selection, &g_array_index(rows, AiotopRow, i));
    }
    g_string_append_c(out, ']');
}

void aiotop_format_json(GString *out, const AiotopSample *sample,
                        const AiotopSelection *selection)
{
    g_autoptr(GArray) loops = aiotop_selection_loops(selection, sample);
    g_autoptr(GArray) sources = aiotop_selection_sources(selection, sample);

    g_string_append_c(out, '{');
    add_sample(out, sample);
    if (!aiotop_selection_hides(selection, &aiotop_loop_table)) {
        add_rows(out, "loops", loops, selection, add_loop);
    }
    if (!aiotop_selection_hides(selection, &aiotop_source_table)) {
        add_rows(out, "sources", sources, selection, add_source);
    }
    g_string_append(out, "}\n");
}

void aiotop_format_json_list(GString *out, GPtrArray *processes)
{
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = aiotop_process_reason(process);

        add_key(out, NULL);
        g_string_append_c(out, '{');
        add_integer(out, "pid", process->pid);
        add_string(out, "program", process->program);
        add_string(out, "vm_name", process->vm_name);
        add_bool(out, "profiled", !reason);
        add_strings(out, "profilers", process->profilers);
        add_strings(out, "monitors", process->monitors);
        add_string(out, "reason", reason);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "]\n");
}
