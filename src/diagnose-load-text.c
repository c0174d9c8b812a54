/*
 * Diagnosis: the words of findings about too much load
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <math.h>
#include <string.h>

#include "diagnose-int.h"
#include "qemu-aiotop/rules.h"

/* Labels of a loop that are named */
#define MAX_SHARES 4

void aiotop_word_spinning_source(AiotopFinding *finding,
                                 const AiotopLoopSample *loop,
                                 const AiotopSourceSample *source)
{
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, source->now);
    g_string_append_printf(
        out,
        " is dispatched %.0f times a second, %.1f %% of all that its loop"
        " dispatches, for %s each.",
        aiotop_rate_hz(source->calls, loop->wall_ns),
        aiotop_share_percent(source->calls, loop->dispatches),
        TIME(aiotop_source_sample_mean_ns(source, AIOTOP_HISTOGRAM_DURATION)));
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
        aiotop_rate_hz(loop->dispatches, loop->wall_ns));
    aiotop_word_settle(
        finding, out,
        "A descriptor is ready that nobody reads, or a time-out is always"
        " over: its stack (%s), or strace on the thread, shows which.",
        aiotop_word_stack(d));
}

void aiotop_word_not_scheduled(AiotopFinding *finding,
                               const AiotopLoopSample *loop)
{
    double cpu = aiotop_share_percent(loop->cpu_ns, loop->wall_ns);
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "Its thread was ready to run but had no CPU for %.1f %% of the"
        " time",
        aiotop_share_percent(loop->run_queue_ns, loop->wall_ns));
    if (!isnan(cpu)) {
        g_string_append_printf(out, "; it ran for %.1f %%", cpu);
    }
    g_string_append_c(out, '.');
    aiotop_word_settle(
        finding, out,
        "The host's CPUs are overcommitted, or a cgroup limits this VM: pin"
        " its threads, raise its share, or move load away.");
}

/* What takes a loop's time: a device, or a source that has no label */
typedef struct Share {
    const char *name;
    /* Of the name: a device without its queue */
    gsize len;
    uint64_t busy_ns;
} Share;

static void add_share(GArray *shares, const AiotopSourceSample *source)
{
    const AiotopSource *now = source->now;
    Share share = {
        .name = now->label ? now->label : now->name,
        .len = now->label ? strcspn(now->label, "/") : strlen(now->name),
        .busy_ns = source->busy_ns,
    };

    for (unsigned i = 0; i < shares->len; i++) {
        Share *other = &g_array_index(shares, Share, i);

        if (other->len == share.len &&
            memcmp(other->name, share.name, share.len) == 0) {
            other->busy_ns += share.busy_ns;
            return;
        }
    }
    g_array_append_val(shares, share);
}

static int compare_shares(gconstpointer a, gconstpointer b)
{
    const Share *x = a, *y = b;

    return x->busy_ns > y->busy_ns ? -1 : x->busy_ns < y->busy_ns;
}

static GArray *get_shares(const Diagnosis *d, const AiotopLoopSample *loop)
{
    GArray *shares = g_array_new(FALSE, FALSE, sizeof(Share));

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &d->sample->sources[loop->first_source + i];

        if (source->busy_ns && source->busy_ns != AIOTOP_UNKNOWN) {
            add_share(shares, source);
        }
    }
    g_array_sort(shares, compare_shares);
    return shares;
}

void aiotop_word_overloaded(AiotopFinding *finding, const Diagnosis *d,
                            const AiotopLoopSample *loop)
{
    g_autoptr(GArray) shares = get_shares(d, loop);
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out, "It spends %.1f %% of its time in callbacks",
        aiotop_share_percent(loop->dispatch_ns, loop->wall_ns));
    for (unsigned i = 0; i < shares->len && i < MAX_SHARES; i++) {
        const Share *share = &g_array_index(shares, Share, i);

        g_string_append_printf(
            out, "%s %.*s %.1f %%", i ? "," : ":", (int)share->len, share->name,
            aiotop_share_percent(share->busy_ns, loop->wall_ns));
    }
    if (shares->len > MAX_SHARES) {
        g_string_append_printf(out, ", and %u more", shares->len - MAX_SHARES);
    }
    g_string_append_c(out, '.');
    aiotop_word_settle(
        finding, out,
        "Give each busy disk an iothread of its own, and one that fills a"
        " loop alone several (iothread-vq-mapping).");
}

void aiotop_word_cpu_bound(AiotopFinding *finding, const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "The main thread takes %.1f %% of a CPU.",
                           aiotop_share_percent(loop->cpu_ns, loop->wall_ns));
    aiotop_word_settle(
        finding, out,
        "What for can't be known without the profiler: switch it on"
        " (qemu-aiotop --enable), or look with perf.");
}

void aiotop_word_late_neighbour(AiotopFinding *finding,
                                const AiotopSourceSample *late,
                                const AiotopSourceSample *slow, unsigned n)
{
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, slow->now);
    g_string_append_printf(out, " takes up to %s (p99 ",
                           TIME(slow->duration.max_ns));
    g_string_append_printf(out, "%s) and delays ", TIME(slow->duration.p99_ns));
    aiotop_word_append_source(out, late->now);
    g_string_append_printf(out, ", whose delay's p99 is %s",
                           TIME(late->delay.p99_ns));
    if (n > 1) {
        g_string_append_printf(out, ", and %u more", n - 1);
    }
    g_string_append_c(out, '.');
    aiotop_word_settle(
        finding, out,
        "Move one of the two to an iothread of its own, or look at why the"
        " first takes so long.");
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
    aiotop_word_settle(finding, out,
                       "Switch polling off: qom-set path=/objects/%s"
                       " property=poll-max-ns value=0 on the QMP monitor, or"
                       " poll-max-ns=0 on its -object.",
                       loop->now->name);
}
