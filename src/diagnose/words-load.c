/*
 * Diagnosis: the words of findings about what a loop's thread does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "words.h"
#include "qemu-aiotop/diagnose/thresholds.h"

void aiotop_word_spinning_source(AiotopFinding *finding, const Diagnosis *d,
                                 const AiotopLoopSample *loop,
                                 const AiotopSourceSample *source)
{
    double mean_ns =
        aiotop_source_sample_mean_ns(source, AIOTOP_HISTOGRAM_DURATION);
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, source->now);
    g_string_append_printf(
        out,
        " is dispatched %.0f times a second, which is %.1f %% of all that its"
        " loop dispatches",
        aiotop_rate_hz(source->calls, loop->wall_ns),
        aiotop_share_percent(source->calls,
                             aiotop_rule_dispatches(d->sample, loop)));
    if (!isnan(mean_ns)) {
        g_string_append_printf(out, ", and takes %s each time", TIME(mean_ns));
    }
    g_string_append_c(out, '.');
    aiotop_word_settle(
        finding, out,
        "If that is no load of the guest's, the callback does not take what"
        " it is called for, or queues itself again: a bug in the device or"
        " backend that its name tells.");
}

void aiotop_word_spinning_loop(AiotopFinding *finding, const Diagnosis *d,
                               const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "It goes round %.0f times a second and takes %.1f %% of a CPU,"
        " but dispatches something only %.0f times a second.",
        aiotop_rate_hz(loop->iterations, loop->wall_ns),
        aiotop_share_percent(loop->cpu_ns, loop->wall_ns),
        aiotop_rate_hz(aiotop_rule_dispatches(d->sample, loop), loop->wall_ns));
    aiotop_word_settle(
        finding, out,
        "A descriptor is ready that nobody reads, or a time-out is always"
        " over: strace -p %" PRId64 " shows which, its stack (%s) where.",
        loop->now->thread_id, aiotop_word_stack(d));
}

/* @source: NULL if it is in none of them for long */
void aiotop_word_spinning_sampled(AiotopFinding *finding, const Diagnosis *d,
                                  const AiotopLoopSample *loop,
                                  const AiotopSourceSample *source)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "It takes %.1f %% of a CPU and has not slept once in the interval;"
        " it was seen running %" PRIu64 " times,",
        aiotop_share_percent(loop->cpu_ns, loop->wall_ns), loop->seen_running);
    if (source) {
        g_string_append(out, " nearly always in ");
        aiotop_word_append_source(out, source->now);
        g_string_append(out, ", which hardly asks anything of the kernel.");
        aiotop_word_settle(
            finding, out,
            "That one computes, or goes round without end: its stack (%s)"
            " shows where, looked at some times.",
            aiotop_word_stack(d));
        return;
    }
    g_string_append_printf(
        out,
        " and is in callbacks for %.1f %% of the time only: it goes round, or"
        " polls, for nothing.",
        aiotop_share_percent(loop->dispatch_ns, loop->wall_ns));
    aiotop_word_settle(
        finding, out,
        "A descriptor is ready that nobody reads, a time-out is always over,"
        " or poll-max-ns is too long: strace -p %" PRId64 " shows which, its"
        " stack (%s) where.",
        loop->now->thread_id, aiotop_word_stack(d));
}

const char *const aiotop_word_host_cpu =
    "The host's CPUs are overcommitted, or a cgroup limits QEMU: give its"
    " threads CPUs of their own, raise the limit, or move load away.";

void aiotop_word_append_starved(GString *out, const AiotopLoopSample *loop)
{
    double cpu = aiotop_part_percent(loop->cpu_ns, loop->wall_ns);
    double queue = aiotop_part_percent(loop->run_queue_ns, loop->wall_ns);

    g_string_append(out, "Its thread was ready to run but had no CPU");
    if (queue > 0) {
        g_string_append_printf(out, " for %.1f %% of the time", queue);
    }
    if (!isnan(cpu)) {
        g_string_append_printf(out, "; it ran for %.1f %%", cpu);
    }
    g_string_append_c(out, '.');
}

void aiotop_word_not_scheduled(AiotopFinding *finding,
                               const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    aiotop_word_append_starved(out, loop);
    aiotop_word_settle(finding, out, "%s", aiotop_word_host_cpu);
}

void aiotop_word_cpu_bound(AiotopFinding *finding, const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "The main thread takes %.1f %% of a CPU.",
                           aiotop_share_percent(loop->cpu_ns, loop->wall_ns));
    aiotop_word_settle(
        finding, out,
        "What for can't be known without the profiler; perf top -t %" PRId64
        " shows in which functions.",
        loop->now->thread_id);
}

void aiotop_word_polling_waste(AiotopFinding *finding,
                               const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "It polls for %.1f %% of the time, but only %.1f %% of its polls"
        " find something to do.",
        aiotop_share_percent(loop->poll_ns, loop->wall_ns),
        aiotop_rule_hit_percent(loop));
    if (aiotop_word_is_main_loop(loop)) {
        aiotop_word_settle(finding, out,
                           "The main loop polls only where a callback waits in"
                           " a nested loop, which can't be switched off: look"
                           " at which source takes its time.");
    } else {
        aiotop_word_settle(finding, out,
                           "Switch polling off: qom-set /objects/%s"
                           " poll-max-ns 0 on the monitor, or poll-max-ns=0 on"
                           " its -object.",
                           loop->now->name);
    }
}
