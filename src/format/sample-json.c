/*
 * Writer: JSON for programs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/sample.h"

#include "qemu-aiotop/diagnose/missing.h"
#include "qemu-aiotop/format/awaited.h"
#include "qemu-aiotop/format/stalls.h"
#include "qemu-aiotop/model/stacks.h"
#include "qemu-aiotop/text/decimal.h"
#include "qemu-aiotop/text/json-writer.h"
#include "cells.h"

/* Of a source: what is in fewer samples is left out */
#define MAX_FUNCTIONS 50

/* Pairs of a bucket's lower bound and its count */
static void add_buckets(GString *out, const char *key, AiotopBuckets buckets)
{
    aiotop_json_add_key(out, key);
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < buckets.n; i++) {
        const AiotopBucket *bucket = &buckets.bucket[i];

        aiotop_json_add_key(out, NULL);
        g_string_append_c(out, '[');
        aiotop_decimal_append(out, aiotop_histogram_lower_ns(bucket->index));
        g_string_append_c(out, ',');
        aiotop_decimal_append(out, bucket->count);
        g_string_append_c(out, ']');
    }
    g_string_append_c(out, ']');
}

static void add_loop(GString *out, const AiotopQuery *query,
                     const AiotopRow *row)
{
    const AiotopLoop *loop = row->loop->now;

    aiotop_json_add_key(out, NULL);
    g_string_append_c(out, '{');
    format_json_columns(out, &aiotop_loop_table, query->loop_columns, row);
    if (query->loop_columns) {
        g_string_append_c(out, '}');
        return;
    }
    aiotop_json_add_integer(out, "wall_ns", row->loop->wall_ns);
    aiotop_json_add_key(out, "counters");
    g_string_append_c(out, '{');
    aiotop_json_add_integer(out, "since_ns", loop->since_ns);
    aiotop_json_add_integer(out, "iterations", loop->iterations);
    aiotop_json_add_integer(out, "dispatches", loop->dispatches);
    aiotop_json_add_integer(out, "wait_ns", loop->wait_ns);
    aiotop_json_add_integer(out, "poll_ns", loop->poll_ns);
    aiotop_json_add_integer(out, "dispatch_ns", loop->dispatch_ns);
    aiotop_json_add_integer(out, "bql_wait_ns", loop->bql_wait_ns);
    aiotop_json_add_integer(out, "poll_hits", loop->poll_hits);
    aiotop_json_add_integer(out, "poll_misses", loop->poll_misses);
    aiotop_json_add_integer(out, "cpu_ns", loop->cpu_ns);
    aiotop_json_add_integer(out, "run_queue_ns", loop->run_queue_ns);
    g_string_append(out, "}}");
}

/* What is below its callback, if that was asked for */
static void add_functions(GString *out, const GArray *stacks,
                          const AiotopRow *row)
{
    g_autoptr(GArray) functions =
        aiotop_functions_below(stacks, row->sample, row->source);

    if (!stacks->len) {
        return;
    }
    aiotop_json_add_key(out, "functions");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < MIN(functions->len, MAX_FUNCTIONS); i++) {
        const AiotopFunctionSample *function =
            &g_array_index(functions, AiotopFunctionSample, i);

        aiotop_json_add_key(out, NULL);
        g_string_append_c(out, '{');
        aiotop_json_add_string(out, "name", function->name);
        aiotop_json_add_integer(out, "self_samples", function->self);
        aiotop_json_add_integer(out, "running_samples", function->running);
        aiotop_json_add_integer(out, "asleep_samples", function->asleep);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void add_source(GString *out, const AiotopQuery *query,
                       const AiotopRow *row, const GArray *stacks)
{
    const AiotopSource *source = row->source->now;

    aiotop_json_add_key(out, NULL);
    g_string_append_c(out, '{');
    format_json_columns(out, &aiotop_source_table, query->source_columns, row);
    if (query->source_columns) {
        g_string_append_c(out, '}');
        return;
    }
    add_functions(out, stacks, row);
    aiotop_json_add_key(out, "counters");
    g_string_append_c(out, '{');
    aiotop_json_add_integer(out, "calls", source->calls);
    aiotop_json_add_integer(out, "timed_calls", source->timed_calls);
    aiotop_json_add_integer(out, "busy_ns", source->busy_ns);
    aiotop_json_add_integer(out, "total_ns", source->total_ns);
    aiotop_json_add_integer(out, "max_ns", source->max_ns);
    aiotop_json_add_integer(out, "delay_ns", source->delay_ns);
    aiotop_json_add_integer(out, "delay_max_ns", source->delay_max_ns);
    aiotop_json_add_integer(out, "last_ns", source->last_ns);
    add_buckets(out, "histogram", source->histogram);
    add_buckets(out, "delay_histogram", source->delay_histogram);
    g_string_append(out, "}}");
}

static void add_sampled(GString *out, const AiotopSampled *sampled)
{
    if (!sampled->hz) {
        aiotop_json_add_string(out, "sampled", NULL);
        return;
    }
    aiotop_json_add_key(out, "sampled");
    g_string_append_c(out, '{');
    aiotop_json_add_integer(out, "hz", sampled->hz);
    aiotop_json_add_integer(out, "samples", sampled->samples);
    aiotop_json_add_integer(out, "lost", sampled->lost);
    aiotop_json_add_integer(out, "unknown", sampled->failed);
    aiotop_json_add_integer(out, "behind_ns", sampled->behind_ns);
    aiotop_json_add_bool(out, "user_only", sampled->user_only);
    g_string_append_c(out, '}');
}

static void add_bql_thread(GString *out, const AiotopBqlThread *thread)
{
    aiotop_json_add_key(out, NULL);
    g_string_append_c(out, '{');
    aiotop_json_add_string(out, "name", thread->name);
    aiotop_json_add_integer(out, "thread_id", thread->thread_id);
    aiotop_json_add_integer(out, "holds", thread->holds);
    aiotop_json_add_integer(out, "held_ns", thread->held_ns);
    aiotop_json_add_integer(out, "waits", thread->waits);
    aiotop_json_add_integer(out, "wait_ns", thread->wait_ns);
    aiotop_json_add_integer(out, "waiting_since_ns", thread->waiting_since_ns);
    g_string_append_c(out, '}');
}

static void add_bql(GString *out, const AiotopBql *bql)
{
    if (!bql->known) {
        aiotop_json_add_string(out, "bql", NULL);
        return;
    }
    aiotop_json_add_key(out, "bql");
    g_string_append_c(out, '{');
    aiotop_json_add_integer(out, "holder_thread_id",
                            bql->holder_thread_id
                                ? (uint64_t)bql->holder_thread_id
                                : AIOTOP_UNKNOWN);
    aiotop_json_add_integer(out, "held_since_ns", bql->held_since_ns);
    aiotop_json_add_key(out, "threads");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < bql->n_threads; i++) {
        add_bql_thread(out, &bql->threads[i]);
    }
    g_string_append(out, "]}");
}

static void add_sample(GString *out, const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;
    g_autoptr(GPtrArray) notes = aiotop_missing_notes(now);

    aiotop_json_add_time(out, sample->real_time_us);
    aiotop_json_add_integer(out, "time_ns", now->time_ns);
    aiotop_json_add_integer(out, "interval_ns", sample->interval_ns);
    aiotop_json_add_bool(out, "cumulative", sample->cumulative);
    aiotop_json_add_bool(out, "restarted", sample->restarted);
    aiotop_json_add_bool(out, "host_only", now->host_only);
    add_sampled(out, &now->sampled);
    aiotop_json_add_strings(out, "notes", notes);
    aiotop_json_add_integer(out, "pid", now->pid);
    aiotop_json_add_string(out, "vm_name", now->vm_name);
    aiotop_json_add_string(out, "qemu_version", now->qemu_version);
    aiotop_json_add_string(out, "build_id", now->build_id);
    aiotop_json_add_string(out, "run_state", now->run_state);
    aiotop_json_add_integer(out, "sequence", now->sequence);
    aiotop_json_add_integer(out, "profiling_since_ns", now->profiling_since_ns);
    aiotop_json_add_string(out, "clock", now->clock);
    aiotop_json_add_integer(out, "max_overhead_per_mille", now->max_overhead);
    aiotop_json_add_integer(out, "stall_threshold_ns", now->stall_threshold_ns);
    aiotop_json_add_integer(out, "steal_ns", now->steal_ns);
    add_bql(out, &now->bql);
    aiotop_format_json_add_stalls(out, sample);
    aiotop_format_json_add_awaited(out, sample, aiotop_awaited_tables);
    aiotop_format_json_add_awaited(out, sample, aiotop_thread_tables);
}

static void add_loops(GString *out, const AiotopSample *sample,
                      const AiotopQuery *query)
{
    g_autoptr(GArray) rows = aiotop_query_loops(query, sample);

    aiotop_json_add_key(out, "loops");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < rows->len; i++) {
        add_loop(out, query, &g_array_index(rows, AiotopRow, i));
    }
    g_string_append_c(out, ']');
}

static void add_sources(GString *out, const AiotopSample *sample,
                        const AiotopQuery *query)
{
    g_autoptr(GArray) rows = aiotop_query_sources(query, sample);
    g_autoptr(GArray) stacks = aiotop_stacks_new(sample);

    aiotop_json_add_key(out, "sources");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < rows->len; i++) {
        add_source(out, query, &g_array_index(rows, AiotopRow, i), stacks);
    }
    g_string_append_c(out, ']');
}

void aiotop_format_json(GString *out, const AiotopSample *sample,
                        const AiotopQuery *query)
{
    g_string_append_c(out, '{');
    add_sample(out, sample);
    if (!aiotop_query_hides(query, &aiotop_loop_table)) {
        add_loops(out, sample, query);
    }
    if (!aiotop_query_hides(query, &aiotop_source_table)) {
        add_sources(out, sample, query);
    }
    g_string_append(out, "}\n");
}
