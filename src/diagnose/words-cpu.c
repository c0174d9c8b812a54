/*
 * Diagnosis: the words about CPU time that is in no loop, or for nothing, and
 * about a start that hangs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"

void aiotop_word_livelock(AiotopFinding *finding, const Diagnosis *d,
                          const AiotopLoopSample *loop, const unsigned *sources,
                          unsigned n)
{
    const char *label = NULL;
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "It goes round %.0f times a second and takes %.1f %% of a CPU, and in"
        " each round calls the same:",
        aiotop_rate_hz(loop->iterations, loop->wall_ns),
        aiotop_share_percent(loop->cpu_ns, loop->wall_ns));
    for (unsigned i = 0; i < n; i++) {
        const AiotopSource *source =
            aiotop_diagnose_source(d, loop, sources[i])->now;

        g_string_append(out, i == 0 ? " " : i < n - 1 ? ", " : " and ");
        aiotop_word_append_source(out, source);
        label = label ? label : source->label;
    }
    g_string_append(out, ". Nothing from outside, no descriptor and no"
                         " request of the guest's, makes it do so.");
    /* A coroutine's label is often the only one: that of the job */
    for (unsigned i = 0; !label && i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (strcmp(source->now->kind, "coroutine") == 0 && source->calls &&
            source->calls != AIOTOP_UNKNOWN) {
            label = source->now->label;
        }
    }
    aiotop_word_settle(
        finding, out,
        "Look at %s%s: query-jobs twice on the monitor shows whether a job gets"
        " on. One that does goes through what holds no data, and nothing is"
        " wrong; its speed limits that. One that does not meets an error, is"
        " told to ignore it (on-target-error=ignore), and tries for ever:"
        " job-cancel ends it.",
        label ? label : "the jobs of this QEMU",
        label ? ", a job or a node" : "");
}

/* A hundredth of the time without a CPU is not worth a word */
static void append_share(GString *out, const Diagnosis *d,
                         const CpuShare *share)
{
    uint64_t wall_ns = d->sample->interval_ns;

    g_string_append_printf(out, " %.1f %%",
                           aiotop_share_percent(share->cpu_ns, wall_ns));
    if (share->queue_ns > share->cpu_ns / 10 &&
        share->queue_ns > wall_ns / 100) {
        g_string_append_printf(out, " (and waits for a CPU for %.1f %%)",
                               aiotop_share_percent(share->queue_ns, wall_ns));
    }
}

void aiotop_word_cpu_elsewhere(AiotopFinding *finding, const Diagnosis *d,
                               uint64_t cpu_ns, const CpuShare *shares,
                               unsigned n)
{
    uint64_t named_ns = 0;
    bool vcpu = false;
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out, "Threads of QEMU's that are no event loops take %.1f %% of a CPU",
        aiotop_share_percent(cpu_ns, d->sample->interval_ns));
    for (unsigned i = 0; i < n; i++) {
        const char *name = aiotop_thread_name(d->sample, shares[i].thread_id);

        g_string_append(out, i ? ", " : ": ");
        aiotop_thread_append_name(out, d->sample, shares[i].thread_id);
        append_share(out, d, &shares[i]);
        named_ns += shares[i].cpu_ns;
        vcpu |= aiotop_thread_is_vcpu(name);
    }
    if (n && cpu_ns > named_ns + cpu_ns / 10) {
        g_string_append_printf(
            out, ", others %.1f %%",
            aiotop_share_percent(cpu_ns - named_ns, d->sample->interval_ns));
    }
    /* Samples don't tell, and another finding may say otherwise */
    g_string_append(out, d->sample->now->host_only || d->findings->len > 1
                             ? "."
                             : ". The loops keep up beside that.");
    if (n && shares[0].queue_ns > shares[0].cpu_ns) {
        aiotop_word_settle(finding, out, "%s", aiotop_word_host_cpu);
    } else if (vcpu) {
        aiotop_word_settle(finding, out,
                           "A vCPU's time is what its guest does: look into"
                           " the guest. One that takes a whole CPU without end"
                           " may spin, in its firmware too.");
    } else if (n) {
        aiotop_word_settle(finding, out,
                           "See with perf top -t %" PRId64 " in which functions"
                           " the first of them is.",
                           shares[0].thread_id);
    } else {
        aiotop_word_settle(finding, out,
                           "See with top -H -p %" PRId64 " which threads these"
                           " are.",
                           d->sample->now->pid);
    }
}

void aiotop_word_busy_timer(AiotopFinding *finding,
                            const AiotopLoopSample *loop,
                            const AiotopSourceSample *timer)
{
    double hz = aiotop_rate_hz(timer->calls, loop->wall_ns);
    double share = loop->iterations && loop->iterations != AIOTOP_UNKNOWN
                       ? fmin(1, (double)timer->calls / loop->iterations)
                       : NAN;
    double percent = share * aiotop_share_percent(loop->cpu_ns, loop->wall_ns);
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, timer->now);
    g_string_append_printf(out,
                           " runs %.0f times a second, though the guest's"
                           " CPUs are nearly idle",
                           hz);
    if (!isnan(percent)) {
        g_string_append_printf(out,
                               ". With what it takes to wake up, that is"
                               " %.1f %% of a CPU, %s for each second",
                               percent, TIME(percent * 1e7));
    }
    g_string_append_c(out, '.');
    aiotop_word_settle(finding, out,
                       "Look at what has set this timer: a device that the"
                       " guest has programmed (a clock, a sound card, a USB"
                       " controller), a reconnect= of a chardev, or a job.");
}

void aiotop_word_not_started(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t age_ns)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "QEMU has been profiled for %s, and its main loop has not"
        " begun so far: its start is not over.",
        TIME(age_ns));
    if (aiotop_wait_source(loop->now)) {
        WaitKind kind = aiotop_wait_kind(d, loop);

        finding->awaited = aiotop_wait_kind_name(kind);
        aiotop_word_append_wait(out, d, loop, kind);
    }
    aiotop_word_append_thread(out, &loop->now->thread);
    aiotop_word_settle(finding, out,
                       "Look at what the command line asks for that may not"
                       " answer: a server of a disk, a vhost-user or TPM"
                       " socket, a chardev that waits for a client. The main"
                       " thread's stack (%s) shows where it is.",
                       aiotop_word_stack(d));
}
