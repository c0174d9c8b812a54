/*
 * Families of metrics: what is told of loops and of their sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "metrics-writer.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/text/label.h"

/* A loop of the profile that is served */
typedef struct Loop {
    const AiotopLoopSample *sample;
    const AiotopLedgerLoop *ledger;
} Loop;

/* The next one from *@index on that has series; false at the end */
static bool next_loop(const AiotopMetricsVm *vm, unsigned *index, Loop *loop)
{
    while (vm->up && *index < vm->sample->n_loops) {
        loop->sample = &vm->sample->loops[*index];
        loop->ledger = aiotop_ledger_loop(vm->ledger, (*index)++);
        if (loop->ledger) {
            return true;
        }
    }
    return false;
}

static void begin(MetricsWriter *writer, const Loop *loop, const char *suffix)
{
    metrics_begin(writer, suffix);
    metrics_add(writer, "loop", loop->ledger->name);
}

static void line(MetricsWriter *writer, const Loop *loop, uint64_t value)
{
    if (value != AIOTOP_UNKNOWN) {
        begin(writer, loop, "_total");
        metrics_end(writer, value);
    }
}

static void line_ns(MetricsWriter *writer, const Loop *loop, const char *suffix,
                    uint64_t ns)
{
    if (ns != AIOTOP_UNKNOWN) {
        begin(writer, loop, suffix);
        metrics_end_ns(writer, ns);
    }
}

/* --- Loops --- */

static void write_info(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        g_autofree char *thread =
            g_strdup_printf("%" PRId64, loop.sample->now->thread_id);

        begin(writer, &loop, "_info");
        metrics_add(writer, "thread_id", thread);
        metrics_add(writer, "type", loop.ledger->is_thread ? "thread" : "loop");
        metrics_end(writer, 1);
    }
}

static void write_state(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    static const AiotopLoopState states[] = {
        AIOTOP_LOOP_WAITING,  AIOTOP_LOOP_POLLING, AIOTOP_LOOP_DISPATCHING,
        AIOTOP_LOOP_BQL_WAIT, AIOTOP_LOOP_RUNNING,
    };
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        for (unsigned j = 0;
             j < G_N_ELEMENTS(states) && !loop.ledger->is_thread; j++) {
            begin(writer, &loop, "");
            metrics_add(writer, AIOTOP_METRIC_PREFIX "loop_state",
                        aiotop_loop_state_name(states[j]));
            metrics_end(writer, loop.sample->state == states[j]);
        }
    }
}

static void write_iterations(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        if (!loop.ledger->is_thread) {
            line(writer, &loop, loop.sample->now->iterations);
        }
    }
}

static void write_dispatches(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        line(writer, &loop, loop.sample->now->dispatches);
    }
}

static void line_of_state(MetricsWriter *writer, const Loop *loop,
                          AiotopLoopState state, uint64_t ns)
{
    if (ns != AIOTOP_UNKNOWN) {
        begin(writer, loop, "_total");
        metrics_add(writer, "state", aiotop_loop_state_name(state));
        metrics_end_ns(writer, ns);
    }
}

static void write_time(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        const AiotopLedgerTimes *times = &loop.ledger->times;

        if (!loop.ledger->is_thread) {
            line_of_state(writer, &loop, AIOTOP_LOOP_WAITING, times->wait_ns);
            line_of_state(writer, &loop, AIOTOP_LOOP_POLLING, times->poll_ns);
        }
        line_of_state(writer, &loop, AIOTOP_LOOP_DISPATCHING,
                      times->dispatch_ns);
        line_of_state(writer, &loop, AIOTOP_LOOP_BQL_WAIT, times->bql_wait_ns);
    }
}

static void write_polls(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        const AiotopLoop *now = loop.sample->now;

        if (loop.ledger->is_thread || now->poll_hits == AIOTOP_UNKNOWN ||
            now->poll_misses == AIOTOP_UNKNOWN) {
            continue;
        }
        begin(writer, &loop, "_total");
        metrics_add(writer, "result", "hit");
        metrics_end(writer, now->poll_hits);
        begin(writer, &loop, "_total");
        metrics_add(writer, "result", "miss");
        metrics_end(writer, now->poll_misses);
    }
}

static void write_cpu(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        line_ns(writer, &loop, "_total", loop.sample->now->cpu_ns);
    }
}

static void write_run_queue(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        line_ns(writer, &loop, "_total", loop.sample->now->run_queue_ns);
    }
}

static void write_dispatch_age(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        line_ns(writer, &loop, "",
                aiotop_known_or_zero(loop.sample->dispatch_age_ns));
    }
}

static void write_lock_age(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        line_ns(writer, &loop, "",
                aiotop_known_or_zero(loop.sample->lock_wait_age_ns));
    }
}

static void write_backlog(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        if (!loop.ledger->is_thread) {
            line_ns(writer, &loop, "",
                    aiotop_known_or_zero(
                        aiotop_age_ns(vm->sample->now->time_ns,
                                      loop.sample->now->bh_pending_since_ns)));
        }
    }
}

/* --- Histograms --- */

static void write_histogram(MetricsWriter *writer, const Loop *loop,
                            const AiotopLedgerHistogram *histogram)
{
    uint64_t total = 0;

    for (unsigned i = 0; i <= AIOTOP_LEDGER_BOUNDS; i++) {
        total += histogram->count[i];
        begin(writer, loop, "_bucket");
        if (i < AIOTOP_LEDGER_BOUNDS) {
            g_string_append(writer->out, ",le=\"");
            metrics_append_seconds(writer->out, aiotop_ledger_bound_ns(i));
            g_string_append_c(writer->out, '"');
        } else {
            metrics_add(writer, "le", "+Inf");
        }
        metrics_end(writer, total);
    }
    begin(writer, loop, "_count");
    metrics_end(writer, total);
    begin(writer, loop, "_sum");
    metrics_end_ns(writer, histogram->sum_ns);
}

static void write_durations(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        if (!loop.ledger->is_thread) {
            write_histogram(writer, &loop, &loop.ledger->duration);
        }
    }
}

static void write_delays(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        if (!loop.ledger->is_thread) {
            write_histogram(writer, &loop, &loop.ledger->delay);
        }
    }
}

/* --- Sources --- */

static void write_source(MetricsWriter *writer, const Loop *loop,
                         const AiotopLedgerSource *source,
                         const AiotopLedgerCounts *counts, gsize offset,
                         bool time)
{
    uint64_t value = G_STRUCT_MEMBER(uint64_t, counts, offset);

    begin(writer, loop, "_total");
    metrics_add(writer, "kind", source ? source->kind : "");
    metrics_add(writer, "callback",
                source ? source->name : AIOTOP_LEDGER_OTHER);
    metrics_add(writer, "label", source ? source->label : "");
    if (time) {
        metrics_end_ns(writer, value);
    } else {
        metrics_end(writer, value);
    }
}

static void write_sources(MetricsWriter *writer, const AiotopMetricsVm *vm,
                          gsize offset, bool time)
{
    Loop loop;

    for (unsigned i = 0; next_loop(vm, &i, &loop);) {
        for (unsigned j = 0; j < loop.ledger->sources->len; j++) {
            const AiotopLedgerSource *source = loop.ledger->sources->pdata[j];

            if (source->shown) {
                write_source(writer, &loop, source, &source->counts, offset,
                             time);
            }
        }
        write_source(writer, &loop, NULL, &loop.ledger->other, offset, time);
    }
}

static void write_calls(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    write_sources(writer, vm, G_STRUCT_OFFSET(AiotopLedgerCounts, calls),
                  false);
}

static void write_busy(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    write_sources(writer, vm, G_STRUCT_OFFSET(AiotopLedgerCounts, busy_ns),
                  true);
}

static void write_delay_time(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    write_sources(writer, vm, G_STRUCT_OFFSET(AiotopLedgerCounts, delay_ns),
                  true);
}

static void write_delayed(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    write_sources(writer, vm, G_STRUCT_OFFSET(AiotopLedgerCounts, delays),
                  false);
}

const MetricFamily metric_loop_families[] = {
    { "loop", METRIC_INFO, NULL, "vm,loop,thread_id,type",
      "A loop, or a thread that was caught dispatching", write_info },
    { "loop_state", METRIC_STATESET, NULL, "vm,loop,qemu_aiotop_loop_state",
      "What a loop was doing when it was looked at", write_state },
    { "loop_iterations", METRIC_COUNTER, NULL, "vm,loop", "Rounds of a loop",
      write_iterations },
    { "loop_dispatches", METRIC_COUNTER, NULL, "vm,loop",
      "Callbacks that a loop called", write_dispatches },
    { "loop_time_seconds", METRIC_COUNTER, "seconds", "vm,loop,state",
      "Where a loop's time goes: waiting, polling, dispatching, bql-wait; the"
      " rest is its own work",
      write_time },
    { "loop_polls", METRIC_COUNTER, NULL, "vm,loop,result",
      "How often busy polling found something, or nothing", write_polls },
    { "loop_cpu_seconds", METRIC_COUNTER, "seconds", "vm,loop",
      "CPU time of a loop's thread", write_cpu },
    { "loop_run_queue_seconds", METRIC_COUNTER, "seconds", "vm,loop",
      "Time that a loop's thread was ready to run and had no CPU",
      write_run_queue },
    { "loop_dispatch_age_seconds", METRIC_GAUGE, "seconds", "vm,loop",
      "How long the dispatch in progress has lasted, 0 if there is none: this"
      " tells of a hang while it lasts",
      write_dispatch_age },
    { "loop_lock_wait_age_seconds", METRIC_GAUGE, "seconds", "vm,loop",
      "How long a loop has been waiting for the big lock, 0 if it does not",
      write_lock_age },
    { "loop_backlog_age_seconds", METRIC_GAUGE, "seconds", "vm,loop",
      "How long bottom halves have been queued, 0 if there are none",
      write_backlog },
    { "loop_dispatch_duration_seconds", METRIC_HISTOGRAM, "seconds", "vm,loop",
      "How long dispatches that were timed took", write_durations },
    { "loop_dispatch_delay_seconds", METRIC_HISTOGRAM, "seconds", "vm,loop",
      "How late dispatches that were timed began", write_delays },
    { "source_calls", METRIC_COUNTER, NULL, "vm,loop,kind,callback,label",
      "Dispatches of a callback, of the busiest of a VM and of all others of a"
      " loop together",
      write_calls },
    { "source_busy_seconds", METRIC_COUNTER, "seconds",
      "vm,loop,kind,callback,label", "Time that a callback took by itself",
      write_busy },
    { "source_delay_seconds", METRIC_COUNTER, "seconds",
      "vm,loop,kind,callback,label",
      "How late a callback's dispatches that have a delay began, all together",
      write_delay_time },
    { "source_delayed_calls", METRIC_COUNTER, NULL,
      "vm,loop,kind,callback,label",
      "Dispatches of a callback that have a delay: those that were timed",
      write_delayed },
};

const unsigned metric_n_loop_families = G_N_ELEMENTS(metric_loop_families);
