/*
 * The columns of loops
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/columns.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/text/figure.h"
#include "getters.h"

/* Of a field that is empty if it is not known */
static AiotopValue known_text(const char *value)
{
    return text(*value ? value : NULL);
}

static void describe_source(char *buffer, gsize size,
                            const AiotopSource *source)
{
    if (source->label) {
        g_snprintf(buffer, size, "%s %s", source->name, source->label);
    } else if (source->fd >= 0) {
        g_snprintf(buffer, size, "%s fd:%d", source->name, source->fd);
    } else {
        g_strlcpy(buffer, source->name, size);
    }
}

SAMPLE_GETTER(loop_name, text(l->now->name))
SAMPLE_GETTER(loop_thread, integer(l->now->thread_id))
SAMPLE_GETTER(loop_state_name, text(aiotop_loop_state_name(l->state)))
SAMPLE_GETTER(loop_state_age, integer(l->state_age_ns))
SAMPLE_GETTER(loop_running_age, integer(l->dispatch_age_ns))
SAMPLE_GETTER(loop_dispatch,
              real(aiotop_part_percent(l->dispatch_ns, l->wall_ns)))
SAMPLE_GETTER(loop_poll, real(aiotop_part_percent(l->poll_ns, l->wall_ns)))
SAMPLE_GETTER(loop_wait, real(aiotop_part_percent(l->wait_ns, l->wall_ns)))
SAMPLE_GETTER(loop_bql, real(aiotop_part_percent(l->lock_wait_ns, l->wall_ns)))
SAMPLE_GETTER(loop_other, real(aiotop_part_percent(l->other_ns, l->wall_ns)))
SAMPLE_GETTER(loop_dispatch_rate,
              real(aiotop_rate_hz(l->dispatches, l->wall_ns)))
SAMPLE_GETTER(loop_iteration_rate,
              real(aiotop_rate_hz(l->iterations, l->wall_ns)))
SAMPLE_GETTER(loop_hit_rate, real(aiotop_rate_hz(l->poll_hits, l->wall_ns)))
SAMPLE_GETTER(loop_miss_rate, real(aiotop_rate_hz(l->poll_misses, l->wall_ns)))
SAMPLE_GETTER(loop_hit_share,
              real(aiotop_share_percent(
                  l->poll_hits, aiotop_sum(l->poll_hits, l->poll_misses))))
SAMPLE_GETTER(loop_poll_max, integer(l->now->poll_max_ns))
SAMPLE_GETTER(loop_cpu, real(aiotop_part_percent(l->cpu_ns, l->wall_ns)))
SAMPLE_GETTER(loop_kernel, real(aiotop_part_percent(l->kernel_ns, l->wall_ns)))
SAMPLE_GETTER(loop_cpu_per_round,
              real(aiotop_average(l->cpu_ns, l->iterations)))
SAMPLE_GETTER(loop_run_queue,
              real(aiotop_part_percent(l->run_queue_ns, l->wall_ns)))
SAMPLE_GETTER(loop_last_cpu,
              l->now->thread.cpu < 0 ? unknown() : integer(l->now->thread.cpu))
SAMPLE_GETTER(loop_voluntary,
              real(aiotop_rate_hz(l->voluntary_switches, l->wall_ns)))
SAMPLE_GETTER(loop_involuntary,
              real(aiotop_rate_hz(l->involuntary_switches, l->wall_ns)))
SAMPLE_GETTER(loop_wchan, known_text(l->now->thread.wchan))
SAMPLE_GETTER(loop_p50, real(l->duration.p50_ns))
SAMPLE_GETTER(loop_p99, real(l->duration.p99_ns))
SAMPLE_GETTER(loop_max, real(l->duration.max_ns))
SAMPLE_GETTER(loop_delay_p50, real(l->delay.p50_ns))
SAMPLE_GETTER(loop_delay_p99, real(l->delay.p99_ns))
SAMPLE_GETTER(loop_bh_pending,
              integer(age(row->sample, l->now->bh_pending_since_ns)))

static AiotopValue loop_thread_state(const AiotopRow *row, char *buffer)
{
    buffer[0] = row->loop->now->thread.state;
    buffer[1] = '\0';
    return known_text(buffer);
}

static AiotopValue loop_running(const AiotopRow *row, char *buffer)
{
    const AiotopLoop *loop = row->loop->now;

    if (row->loop->running) {
        describe_source(buffer, AIOTOP_VALUE_BUFFER, row->loop->running);
    } else if (loop->stack_depth) {
        g_snprintf(buffer, AIOTOP_VALUE_BUFFER, "source %" PRIu32,
                   loop->stack[loop->stack_depth - 1].source_id);
    } else {
        return unknown();
    }
    return text(whole_characters(buffer));
}

/* A nested wait that nothing is dispatched in at present; NULL if there is none */
static const AiotopSource *nested_wait(const AiotopLoopSample *loop)
{
    const AiotopSource *running = loop->running;

    return running && strcmp(running->kind, "wait") == 0 &&
                   loop->state != AIOTOP_LOOP_BQL_WAIT
               ? running
               : NULL;
}

/*
 * "waits 8.00s: bdrv_drain_all_poll()".  Each of its rounds is a wait of its own
 * in the kernel: how long that has lasted says little.
 */
static AiotopValue nested_state(const AiotopRow *row, const AiotopSource *wait,
                                char *buffer)
{
    const AiotopLoop *loop = row->loop->now;
    uint64_t age_ns =
        age(row->sample, loop->stack[loop->stack_depth - 1].since_ns);
    char since[AIOTOP_TEXT_NUMBER] = "";

    if (age_ns != AIOTOP_UNKNOWN) {
        aiotop_text_time(since, age_ns);
    }
    g_snprintf(buffer, AIOTOP_VALUE_BUFFER, "waits%s%s: %s",
               since[0] ? " " : "", since,
               wait->label ? wait->label : wait->name);
    return text(whole_characters(buffer));
}

/* "dispatching 1.20s: blk_aio_complete_bh", "waiting 3.00s in NAME" */
static AiotopValue loop_state(const AiotopRow *row, char *buffer)
{
    const AiotopLoop *loop = row->loop->now;
    const AiotopSource *wait = nested_wait(row->loop);
    const char *state = aiotop_loop_state_name(row->loop->state);
    bool dispatching = row->loop->state == AIOTOP_LOOP_DISPATCHING;
    uint64_t age_ns = row->loop->state_age_ns;
    char source[AIOTOP_VALUE_BUFFER] = "";
    char since[AIOTOP_TEXT_NUMBER] = "";
    const char *separator = "";

    if (wait) {
        return nested_state(row, wait, buffer);
    }
    if (!state) {
        return unknown();
    }
    if (dispatching && loop->stack_depth) {
        uint64_t inner_ns = loop->stack[loop->stack_depth - 1].since_ns;

        age_ns =
            inner_ns == AIOTOP_UNKNOWN ? age_ns : age(row->sample, inner_ns);
    }
    if (age_ns != AIOTOP_UNKNOWN) {
        aiotop_text_time(since, age_ns);
    }
    loop_running(row, source);
    if (source[0]) {
        separator = dispatching ? ": " : " in ";
    }
    g_snprintf(buffer, AIOTOP_VALUE_BUFFER, "%s%s%s%s%s", state,
               since[0] ? " " : "", since, separator, source);
    return text(whole_characters(buffer));
}

static AiotopValue loop_syscall(const AiotopRow *row, char *buffer)
{
    g_autoptr(GString) call = g_string_new(NULL);

    aiotop_syscall_append(call, &row->loop->now->thread.syscall);
    g_strlcpy(buffer, call->str, AIOTOP_VALUE_BUFFER);
    return known_text(buffer);
}

static const AiotopColumn loop_columns[] = {
    { "loop", "LOOP", "loop", AIOTOP_UNIT_TEXT, 14, true,
      "Name of the loop: main-loop, an iothread's id, or a thread's name",
      loop_name },
    { "thread", "TID", "thread_id", AIOTOP_UNIT_ID, 8, true,
      "The thread that runs it, as the host numbers it", loop_thread },
    { "dispatch", "DISP%", "dispatch_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the loop's time in callbacks", loop_dispatch },
    { "poll", "POLL%", "poll_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the loop's time in busy polling", loop_poll },
    { "wait", "WAIT%", "wait_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the loop's time asleep in the kernel; to fall asleep and to"
      " wake up takes CPU time: KERN%",
      loop_wait },
    { "bql", "BQL%", "bql_wait_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the time that its thread waited for the big QEMU lock, in"
      " callbacks as well",
      loop_bql },
    { "other", "OTHER%", "other_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the loop's time in its own code: what remains", loop_other },
    { "dispatches", "DISP/S", "dispatches_per_second", AIOTOP_UNIT_RATE, 8,
      true, "Callbacks per second", loop_dispatch_rate },
    { "iterations", "ITER/S", "iterations_per_second", AIOTOP_UNIT_RATE, 8,
      true, "Rounds of the loop per second", loop_iteration_rate },
    { "poll-hits", "HIT/S", "poll_hits_per_second", AIOTOP_UNIT_RATE, 8, false,
      "Times per second that polling found something to do", loop_hit_rate },
    { "poll-misses", "MISS/S", "poll_misses_per_second", AIOTOP_UNIT_RATE, 8,
      false, "Times per second that polling found nothing to do",
      loop_miss_rate },
    { "poll-hit-share", "HIT%", "poll_hit_percent", AIOTOP_UNIT_PERCENT, 6,
      true, "Share of the times it polled that found something to do",
      loop_hit_share },
    { "poll-max", "POLLMAX", "poll_max_ns", AIOTOP_UNIT_TIME, 7, false,
      "Longest time that the loop may poll before it waits", loop_poll_max },
    { "cpu", "CPU%", "cpu_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "CPU time of the thread, as a share of the loop's time; of intervals "
      "only",
      loop_cpu },
    { "kernel", "KERN%", "kernel_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "CPU time of the thread in none of callbacks, polling and its own code,"
      " as a share of the loop's time: what the kernel takes to put it to sleep"
      " and to wake it up, at least",
      loop_kernel },
    { "cpu-per-round", "CPU/IT", "cpu_per_iteration_ns", AIOTOP_UNIT_TIME, 7,
      false,
      "CPU time of the thread in a round of the loop, callbacks included",
      loop_cpu_per_round },
    { "run-queue", "RUNQ%", "run_queue_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of the loop's time that the thread waited for a CPU;"
      " of intervals, and local processes, only",
      loop_run_queue },
    { "thread-state", "S", "thread_state", AIOTOP_UNIT_TEXT, 1, false,
      "State of the thread: R runs or waits for a CPU, S sleeps, D sleeps and"
      " can't be woken, t or T is stopped; local processes only",
      loop_thread_state },
    { "last-cpu", "LCPU", "last_cpu", AIOTOP_UNIT_ID, 4, false,
      "CPU that the thread ran on last; local processes only", loop_last_cpu },
    { "vol-switches", "VCSW/S", "voluntary_switches_per_second",
      AIOTOP_UNIT_RATE, 8, false,
      "Times per second that the thread gave up its CPU to sleep; local"
      " processes only",
      loop_voluntary },
    { "invol-switches", "ICSW/S", "involuntary_switches_per_second",
      AIOTOP_UNIT_RATE, 8, false,
      "Times per second that the thread lost its CPU to another one; local"
      " processes only",
      loop_involuntary },
    { "wchan", "WCHAN", "wchan", AIOTOP_UNIT_TEXT, 20, false,
      "Function of the kernel in which the thread sleeps; local processes"
      " only",
      loop_wchan },
    { "syscall", "SYSCALL", "syscall", AIOTOP_UNIT_TEXT, 24, false,
      "System call that the thread is in, with its arguments; local processes"
      " only",
      loop_syscall },
    { "p50", "P50", "p50_ns", AIOTOP_UNIT_TIME, 7, false,
      "Median of its callbacks' times in the interval", loop_p50,
      AIOTOP_BASIS_HISTOGRAM },
    { "p99", "P99", "p99_ns", AIOTOP_UNIT_TIME, 7, true,
      "99th percentile of its callbacks' times in the interval", loop_p99,
      AIOTOP_BASIS_HISTOGRAM },
    { "interval-max", "IMAX", "interval_max_ns", AIOTOP_UNIT_TIME, 7, false,
      "What the longest of its callbacks in the interval did not exceed",
      loop_max, AIOTOP_BASIS_HISTOGRAM },
    { "delay-p50", "DLY-P50", "delay_p50_ns", AIOTOP_UNIT_TIME, 7, false,
      "Median of its callbacks' delays (from ready to running) in the"
      " interval",
      loop_delay_p50, AIOTOP_BASIS_HISTOGRAM },
    { "delay-p99", "DLY-P99", "delay_p99_ns", AIOTOP_UNIT_TIME, 7, true,
      "99th percentile of its callbacks' delays (from ready to running) in"
      " the interval",
      loop_delay_p99, AIOTOP_BASIS_HISTOGRAM },
    { "bh-pending", "BHWAIT", "bh_pending_age_ns", AIOTOP_UNIT_TIME, 7, false,
      "How long the oldest bottom half that is queued has waited",
      loop_bh_pending },
    { "state-name", "DOES", "state", AIOTOP_UNIT_TEXT, 11, false,
      "What it does at the end of the interval: running (its own code),"
      " waiting, polling, dispatching, bql-wait",
      loop_state_name },
    { "state-age", "STATEAGE", "state_age_ns", AIOTOP_UNIT_TIME, 8, false,
      "How long that state has lasted", loop_state_age },
    { "running", "RUNNING", "running", AIOTOP_UNIT_TEXT, 32, false,
      "Source whose callback runs at the end of the interval", loop_running },
    { "running-age", "RUNTIME", "running_age_ns", AIOTOP_UNIT_TIME, 7, false,
      "How long the outermost callback that runs has lasted",
      loop_running_age },
    { "state", "STATE", "state_text", AIOTOP_UNIT_TEXT, 40, true,
      "What it does at the end of the interval, for how long, and in which"
      " source; of a nested wait, what it waits for",
      loop_state },
};

/* What the host knows of a thread */
static const char *const host_columns[] = {
    "loop",         "thread",         "thread-state", "cpu",     "run-queue",
    "vol-switches", "invol-switches", "wchan",        "syscall", NULL,
};

/* What samples tell of a loop */
static const char *const sampled_columns[] = {
    "loop",  "thread", "dispatch",  "poll",  "wait", "bql",
    "other", "cpu",    "run-queue", "state", NULL,
};

const AiotopTable aiotop_loop_table = {
    .name = "loop",
    .columns = loop_columns,
    .n_columns = G_N_ELEMENTS(loop_columns),
    .shown = {
        [AIOTOP_ORIGIN_HOST] = host_columns,
        [AIOTOP_ORIGIN_SAMPLED] = sampled_columns,
    },
    .sort = "loop",
};

bool aiotop_columns_need_permission(GPtrArray *columns)
{
    for (unsigned i = 0; i < columns->len; i++) {
        const AiotopColumn *column = g_ptr_array_index(columns, i);

        if (column->get == loop_wchan || column->get == loop_syscall) {
            return true;
        }
    }
    return false;
}
