/*
 * Diagnosis: the words where nothing was found
 *
 * They claim nothing that was not measured: loops that keep up are not yet a
 * VM that does, and how long requests take is seen elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <math.h>
#include <string.h>

#include "run-state.h"
#include "words-awaited.h"
#include "words.h"

#include "qemu-aiotop/diagnose/missing.h"
#include "qemu-aiotop/diagnose/vitals.h"

/* Threads that are named for waiting for the lock */
#define MAX_WAITS 3
/* What is shown as 0.0 % is none */
#define MIN_WAIT_PERCENT 0.05

void aiotop_word_unknown(AiotopFinding *finding, const Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;
    g_autofree char *why = aiotop_missing_profile(now->unprofiled, now->pid);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "The kernel shows nothing wrong with QEMU's threads"
                           " (%u of them, watched for %s). Their event loops"
                           " can't be seen, as QEMU is not profiled",
                           d->sample->n_loops, TIME(d->sample->interval_ns));
    g_string_append_printf(out, "%s%s.", why ? ": " : "", why ? why : "");
    aiotop_word_settle(
        finding, out,
        "Look at what its threads do: their states, CPU time and system calls"
        " are known. What it takes to see the loops too is said above.");
}

/* How much of the interval a thread waited for the lock */
typedef struct Wait {
    const char *name;
    double percent;
} Wait;

static void add_wait(GArray *waits, const char *name, double percent)
{
    Wait wait = { name, percent };

    if (percent >= MIN_WAIT_PERCENT) {
        g_array_append_val(waits, wait);
    }
}

static int compare_waits(gconstpointer a, gconstpointer b)
{
    const Wait *x = a, *y = b;

    return x->percent > y->percent ? -1 : x->percent < y->percent;
}

static uint64_t waited_until(const AiotopSnapshot *snapshot, int64_t thread_id)
{
    for (unsigned i = 0; snapshot && i < snapshot->bql.n_threads; i++) {
        const AiotopBqlThread *thread = &snapshot->bql.threads[i];

        if (thread->thread_id == thread_id &&
            thread->wait_ns != AIOTOP_UNKNOWN) {
            return thread->wait_ns;
        }
    }
    return 0;
}

/* Of Wait, the longest first */
static GArray *get_waits(const AiotopSample *sample)
{
    const AiotopBql *bql = &sample->now->bql;
    GArray *waits = g_array_new(FALSE, FALSE, sizeof(Wait));

    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];

        add_wait(waits, loop->now->name,
                 aiotop_share_percent(loop->lock_wait_ns, loop->wall_ns));
    }
    for (unsigned i = 0; i < bql->n_threads; i++) {
        const AiotopBqlThread *thread = &bql->threads[i];
        uint64_t before_ns = waited_until(sample->before, thread->thread_id);

        if (thread->wait_ns != AIOTOP_UNKNOWN && thread->wait_ns > before_ns &&
            !aiotop_sample_find_loop(sample, thread->thread_id)) {
            add_wait(waits, thread->name,
                     aiotop_share_percent(thread->wait_ns - before_ns,
                                          sample->interval_ns));
        }
    }
    g_array_sort(waits, compare_waits);
    return waits;
}

/* Tools have no big lock */
static void append_waits(GString *out, const AiotopSample *sample)
{
    g_autoptr(GArray) waits = get_waits(sample);

    if (!waits->len) {
        g_string_append(out, sample->now->bql.known
                                 ? " Nobody waited for the big lock."
                                 : "");
        return;
    }
    g_string_append(out, " Over the interval");
    for (unsigned i = 0; i < waits->len && i < MAX_WAITS; i++) {
        const Wait *wait = &g_array_index(waits, Wait, i);

        g_string_append_printf(
            out, i ? ", %s %.1f %%" : " %s waited %.1f %% for the big lock",
            wait->name, wait->percent);
    }
    if (waits->len > MAX_WAITS) {
        g_string_append_printf(out, ", and %u more waited less",
                               waits->len - MAX_WAITS);
    }
    g_string_append_c(out, '.');
}

static void append_missing(GString *out, const Diagnosis *d)
{
    g_autofree char *missing =
        aiotop_missing_requests(d->sample->now, d->request_ns);

    if (missing) {
        g_string_append_printf(out, " %s.", missing);
    }
}

static void append_offloaded(GString *out, const AiotopSnapshot *now)
{
    if (now->offloaded) {
        g_string_append_printf(out,
                               " What is asked of %s does not pass through"
                               " QEMU, and is not seen: another program does"
                               " it, or the hardware.",
                               now->offloaded);
    }
}

static void settle_healthy(AiotopFinding *finding, GString *evidence,
                           const AiotopSnapshot *now)
{
    /* One that tells of its threads would tell of requests */
    bool has_requests = aiotop_awaited_known(&now->awaited) || now->threads;

    /* Tools have no guest, and no state of it */
    if (has_requests &&
        (!now->run_state || strcmp(now->run_state, "running") == 0)) {
        aiotop_word_settle(finding, evidence,
                           "The loops keep up, and no request that began since"
                           " profiling did has been in flight for too long."
                           " What was not measured: the guest, the host's "
                           "storage, the network.");
    } else if (!now->run_state) {
        aiotop_word_settle(finding, evidence,
                           "The loops keep up. What was not measured: how long"
                           " requests take, the host's storage, the network.");
    } else if (strcmp(now->run_state, "running") == 0) {
        aiotop_word_settle(finding, evidence,
                           "The loops keep up. What was not measured: how long"
                           " requests take (query-blockstats on the monitor"
                           " tells), the guest, the network.");
    } else {
        g_string_append_printf(evidence,
                               " The VM's state is %s: its guest does not run.",
                               now->run_state);
        aiotop_word_settle(finding, evidence, "The loops keep up. %s",
                           aiotop_run_state_advice(now->run_state));
    }
}

void aiotop_word_healthy(AiotopFinding *finding, const Diagnosis *d)
{
    GString *out = g_string_new(NULL);
    AiotopVitals vitals;

    aiotop_diagnose_vitals(&vitals, d->sample);
    g_string_append_printf(out, "%u loop%s", vitals.n_loops,
                           vitals.n_loops == 1 ? "" : "s");
    if (vitals.n_threads) {
        g_string_append_printf(out, " and %u other thread%s", vitals.n_threads,
                               vitals.n_threads == 1 ? "" : "s");
    }
    g_string_append_printf(out, " in %s:", TIME(d->sample->interval_ns));
    if (vitals.busiest) {
        g_string_append_printf(out,
                               " the busiest, %s, spends %.1f %% in"
                               " callbacks;",
                               vitals.busiest->name, vitals.busiest_percent);
    }
    g_string_append_printf(out, " longest dispatch %s,",
                           isnan(vitals.longest_dispatch_ns)
                               ? "none"
                               : TIME(vitals.longest_dispatch_ns));
    g_string_append_printf(out, " highest p99 of a source's delay %s,",
                           isnan(vitals.worst_delay_p99_ns)
                               ? "none"
                               : TIME(vitals.worst_delay_p99_ns));
    g_string_append_printf(out, " oldest queued BH %s.",
                           vitals.oldest_bh_ns ? TIME(vitals.oldest_bh_ns)
                                               : "none");
    if (vitals.next_timer) {
        g_string_append_printf(out, " The next timer is %s's, due in %s.",
                               vitals.next_timer->name,
                               TIME(vitals.next_timer_ns));
    }
    append_waits(out, d->sample);
    aiotop_word_append_requests(out, d->sample);
    append_missing(out, d);
    aiotop_word_append_commands(out, d->sample);
    append_offloaded(out, d->sample->now);
    aiotop_word_append_receiver(out, d->sample->now);
    settle_healthy(finding, out, d->sample->now);
}
