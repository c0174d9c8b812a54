/*
 * The columns of sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/columns.h"

#include <inttypes.h>

#include "getters.h"

SAMPLE_GETTER(source_loop, text(l->now->name))
SAMPLE_GETTER(source_thread, integer(l->now->thread_id))
SAMPLE_GETTER(source_kind, text(s->now->kind))
SAMPLE_GETTER(source_name, text(s->now->name))
SAMPLE_GETTER(source_id, integer(s->now->id))
SAMPLE_GETTER(source_fd, s->now->fd < 0 ? unknown() : integer(s->now->fd))
SAMPLE_GETTER(source_module, text(s->now->module))
SAMPLE_GETTER(source_rate, real(aiotop_rate_hz(s->calls, l->wall_ns)))
SAMPLE_GETTER(source_calls, integer(s->calls))
SAMPLE_GETTER(source_timed,
              real(aiotop_share_percent(s->timed_calls, s->calls)))
SAMPLE_GETTER(source_samples,
              aiotop_snapshot_origin(row->sample->now) == AIOTOP_ORIGIN_SAMPLED
                  ? integer(s->samples)
                  : unknown())
SAMPLE_GETTER(source_busy, real(aiotop_share_percent(s->busy_ns, l->wall_ns)))
SAMPLE_GETTER(source_total_share,
              real(aiotop_share_percent(s->total_ns, l->wall_ns)))
SAMPLE_GETTER(source_busy_time, integer(s->busy_ns))
SAMPLE_GETTER(source_total, integer(s->total_ns))
SAMPLE_GETTER(source_avg,
              real(aiotop_source_sample_mean_ns(s, AIOTOP_HISTOGRAM_DURATION)))
SAMPLE_GETTER(source_p50, real(s->duration.p50_ns))
SAMPLE_GETTER(source_p90, real(s->duration.p90_ns))
SAMPLE_GETTER(source_p99, real(s->duration.p99_ns))
SAMPLE_GETTER(source_p999, real(s->duration.p999_ns))
SAMPLE_GETTER(source_interval_max, real(s->duration.max_ns))
SAMPLE_GETTER(source_max, row->sample->since_reset ? real(s->duration.max_ns)
                          : s->now->calls          ? integer(s->now->max_ns)
                                                   : unknown())
SAMPLE_GETTER(source_delay_avg,
              real(aiotop_source_sample_mean_ns(s, AIOTOP_HISTOGRAM_DELAY)))
SAMPLE_GETTER(source_delay_p50, real(s->delay.p50_ns))
SAMPLE_GETTER(source_delay_p90, real(s->delay.p90_ns))
SAMPLE_GETTER(source_delay_p99, real(s->delay.p99_ns))
SAMPLE_GETTER(source_delay_p999, real(s->delay.p999_ns))
SAMPLE_GETTER(source_delay_max, row->sample->since_reset
                                    ? real(s->delay.max_ns)
                                    : integer(s->now->delay_max_ns))
SAMPLE_GETTER(source_last, s->now->last_ns
                               ? integer(age(row->sample, s->now->last_ns))
                               : unknown())
SAMPLE_GETTER(source_running, integer(s->running_ns))

static AiotopValue source_callback(const AiotopRow *row, char *buffer)
{
    uint64_t callback = row->source->now->callback;

    if (callback == AIOTOP_UNKNOWN) {
        return unknown();
    }
    g_snprintf(buffer, AIOTOP_VALUE_BUFFER, "0x%" PRIx64, callback);
    return text(buffer);
}

static AiotopValue source_label(const AiotopRow *row, char *buffer)
{
    const AiotopSource *source = row->source->now;

    if (source->label) {
        return text(source->label);
    }
    if (source->fd < 0) {
        return unknown();
    }
    g_snprintf(buffer, AIOTOP_VALUE_BUFFER, "fd:%d", source->fd);
    return text(buffer);
}

static const AiotopColumn source_columns[] = {
    { "loop", "LOOP", "loop", AIOTOP_UNIT_TEXT, 12, true,
      "Name of the loop that dispatches it", source_loop },
    { "thread", "TID", "thread_id", AIOTOP_UNIT_ID, 8, false,
      "The loop's thread, as the host numbers it", source_thread },
    { "kind", "KIND", "kind", AIOTOP_UNIT_TEXT, 9, true,
      "fd-read, fd-write, fd-poll (found ready by busy polling), bh, timer,"
      " glib, wait (a nested wait, of a function and for a condition),"
      " coroutine (an entry, nested in what entered it), cqe (a completion of"
      " io_uring), submit (what was queued goes to the kernel)",
      source_kind },
    { "name", "NAME", "name", AIOTOP_UNIT_TEXT, 32, true,
      "Name of the callback", source_name },
    { "label", "LABEL", "label", AIOTOP_UNIT_TEXT, 12, true,
      "What it works for (device and queue, block node, channel); the file"
      " descriptor if there is no label",
      source_label },
    { "rate", "CALLS/S", "calls_per_second", AIOTOP_UNIT_RATE, 8, true,
      "Finished dispatches per second", source_rate },
    { "calls", "CALLS", "calls", AIOTOP_UNIT_COUNT, 6, false,
      "Finished dispatches in the interval", source_calls },
    { "timed", "TIMED%", "timed_percent", AIOTOP_UNIT_PERCENT, 6, false,
      "Share of the calls that QEMU timed; where it is less than all, times and"
      " shares of time are estimates from those, which ~ says",
      source_timed },
    { "samples", "SAMPLES", "samples", AIOTOP_UNIT_COUNT, 7, false,
      "Of a QEMU that is sampled: how often its callback was seen, in the"
      " interval; shares of time follow from that",
      source_samples },
    { "busy", "BUSY%", "busy_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the loop's time in its dispatches, without those nested in"
      " them; the dispatch in progress included",
      source_busy, AIOTOP_BASIS_TIMED },
    { "busy-time", "BUSY", "busy_ns", AIOTOP_UNIT_TIME, 7, false,
      "The same as a time", source_busy_time, AIOTOP_BASIS_TIMED },
    { "avg", "AVG", "avg_ns", AIOTOP_UNIT_TIME, 7, true,
      "Mean time of the dispatches that ended in the interval; as P50 to MAX,"
      " with those nested in them, but for g_main_context_dispatch, which is"
      " what GLib's dispatching takes without them",
      source_avg, AIOTOP_BASIS_TIMED },
    { "p50", "P50", "p50_ns", AIOTOP_UNIT_TIME, 7, true,
      "Median time of a dispatch in the interval; with nested ones, or without,"
      " as AVG",
      source_p50, AIOTOP_BASIS_HISTOGRAM },
    { "p90", "P90", "p90_ns", AIOTOP_UNIT_TIME, 7, false,
      "90th percentile of a dispatch's time in the interval", source_p90,
      AIOTOP_BASIS_HISTOGRAM },
    { "p99", "P99", "p99_ns", AIOTOP_UNIT_TIME, 7, true,
      "99th percentile of a dispatch's time in the interval", source_p99,
      AIOTOP_BASIS_HISTOGRAM },
    { "p99.9", "P99.9", "p99_9_ns", AIOTOP_UNIT_TIME, 7, false,
      "99.9th percentile of a dispatch's time in the interval", source_p999,
      AIOTOP_BASIS_HISTOGRAM },
    { "interval-max", "IMAX", "interval_max_ns", AIOTOP_UNIT_TIME, 7, false,
      "What the longest dispatch in the interval did not exceed: the upper"
      " bound of its histogram's bucket, or MAX",
      source_interval_max, AIOTOP_BASIS_HISTOGRAM },
    { "max", "MAX", "max_ns", AIOTOP_UNIT_TIME, 7, true,
      "Longest dispatch since profiling began, or since the reset", source_max,
      AIOTOP_BASIS_LONGEST },
    { "delay-avg", "DLY-AVG", "delay_avg_ns", AIOTOP_UNIT_TIME, 7, false,
      "Mean delay, from ready to running, in the interval", source_delay_avg,
      AIOTOP_BASIS_HISTOGRAM },
    { "delay-p50", "DLY-P50", "delay_p50_ns", AIOTOP_UNIT_TIME, 7, false,
      "Median delay, from ready to running, in the interval", source_delay_p50,
      AIOTOP_BASIS_HISTOGRAM },
    { "delay-p90", "DLY-P90", "delay_p90_ns", AIOTOP_UNIT_TIME, 7, false,
      "90th percentile of the delay in the interval", source_delay_p90,
      AIOTOP_BASIS_HISTOGRAM },
    { "delay-p99", "DLY-P99", "delay_p99_ns", AIOTOP_UNIT_TIME, 7, true,
      "99th percentile of the delay, from ready to running, in the interval",
      source_delay_p99, AIOTOP_BASIS_HISTOGRAM },
    { "delay-p99.9", "DLYP99.9", "delay_p99_9_ns", AIOTOP_UNIT_TIME, 8, false,
      "99.9th percentile of the delay in the interval", source_delay_p999,
      AIOTOP_BASIS_HISTOGRAM },
    { "delay-max", "DLY-MAX", "delay_max_ns", AIOTOP_UNIT_TIME, 7, false,
      "Longest delay since profiling began, or since the reset",
      source_delay_max, AIOTOP_BASIS_LONGEST },
    { "total", "TOTAL", "total_ns", AIOTOP_UNIT_TIME, 7, true,
      "Time in its dispatches in the interval, with those nested in them",
      source_total, AIOTOP_BASIS_TIMED },
    { "total-share", "TOTAL%", "total_percent", AIOTOP_UNIT_PERCENT, 6, false,
      "The same as a share of the loop's time", source_total_share,
      AIOTOP_BASIS_TIMED },
    { "last", "LAST", "last_age_ns", AIOTOP_UNIT_TIME, 7, false,
      "How long ago its last dispatch ended", source_last },
    { "running", "RUNNING", "running_age_ns", AIOTOP_UNIT_TIME, 7, false,
      "How long its dispatch in progress has lasted", source_running },
    { "fd", "FD", "fd", AIOTOP_UNIT_ID, 5, false,
      "File descriptor, of the last dispatch", source_fd },
    { "callback", "CALLBACK", "callback", AIOTOP_UNIT_TEXT, 12, false,
      "Address of the callback in its file: the executable, if there is no"
      " MODULE",
      source_callback },
    { "module", "MODULE", "module", AIOTOP_UNIT_TEXT, 16, false,
      "Module or shared library that the callback is in", source_module },
    { "id", "ID", "id", AIOTOP_UNIT_ID, 6, false, "Number that QEMU gave to it",
      source_id },
};

/* What samples tell of a source */
static const char *const sampled_source_columns[] = {
    "loop", "kind", "name", "label", "busy", "total-share", "samples", NULL,
};

const AiotopTable aiotop_source_table = {
    .name = "source",
    .columns = source_columns,
    .n_columns = G_N_ELEMENTS(source_columns),
    .shown = { [AIOTOP_ORIGIN_SAMPLED] = sampled_source_columns },
    .sort = "busy",
};
