/*
 * Diagnosis: the words of its findings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "diagnose-int.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/rules.h"
#include "qemu-aiotop/text.h"

Figure aiotop_word_time(double ns)
{
    Figure figure;

    aiotop_text_time(figure.text, ns);
    return figure;
}

const char *aiotop_word_stack(const Diagnosis *d)
{
    return d->surface == AIOTOP_SURFACE_SCREEN ? "press s" : "--stacks";
}

void aiotop_word_settle(AiotopFinding *finding, GString *evidence,
                        const char *next_step, ...)
{
    va_list args;

    va_start(args, next_step);
    finding->evidence = g_string_free(evidence, FALSE);
    finding->next_step = g_strdup_vprintf(next_step, args);
    va_end(args);
}

static void append_name(GString *out, const char *kind, const char *name,
                        const char *label)
{
    g_string_append_printf(out, "%s %s%s%s", kind ? kind : "source",
                           name ? name : "(no name)", label ? " " : "",
                           label ? label : "");
}

void aiotop_word_append_source(GString *out, const AiotopSource *source)
{
    if (source) {
        append_name(out, source->kind, source->name, source->label);
    } else {
        g_string_append(out, "a callback");
    }
}

/* What the kernel says of the thread, as a sentence; nothing if unknown */
static void append_thread(GString *out, const AiotopThread *thread)
{
    if (thread->state == 'R') {
        g_string_append(out, " Its thread is running.");
        return;
    }
    if (!*thread->syscall && !*thread->wchan && thread->state != 'D') {
        return;
    }
    g_string_append(out, " Its thread is");
    if (*thread->syscall) {
        g_string_append_printf(out, " in the system call %s", thread->syscall);
    } else {
        g_string_append(out, " in the kernel");
    }
    if (*thread->wchan) {
        g_string_append_printf(out, ", asleep in %s", thread->wchan);
    }
    if (thread->state == 'D') {
        g_string_append(out, ", and can't be interrupted (state D)");
    }
    g_string_append_c(out, '.');
}

static const AiotopSource *outermost(const AiotopLoop *loop)
{
    return aiotop_loop_find_source(loop, loop->stack[0].source_id);
}

/* The loop waits or polls in a callback */
static bool is_nested(const AiotopLoop *loop)
{
    return loop->stack_depth && (loop->state == AIOTOP_LOOP_WAITING ||
                                 loop->state == AIOTOP_LOOP_POLLING);
}

static void settle_stuck(AiotopFinding *finding, GString *evidence,
                         const Diagnosis *d, const AiotopLoopSample *loop)
{
    const char *stack = aiotop_word_stack(d);

    if (is_nested(loop->now)) {
        aiotop_word_settle(finding, evidence,
                           "It waits for requests in flight, as a drain or a"
                           " synchronous request does: look at the storage"
                           " behind the disks. Its stack (%s) shows who"
                           " waits.",
                           stack);
    } else if (aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >
               AIOTOP_RULE_CPU_PERCENT) {
        aiotop_word_settle(finding, evidence,
                           "It computes: its stack (%s), or perf, shows"
                           " where.",
                           stack);
    } else {
        aiotop_word_settle(finding, evidence,
                           "It is blocked: look at what this callback works"
                           " on, a file, a server or a peer that does not"
                           " answer. Its stack (%s) shows where it waits.",
                           stack);
    }
}

void aiotop_word_callback_stuck(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, outermost(now));
    g_string_append_printf(out, " has been running for %s",
                           TIME(loop->dispatch_age_ns));
    g_string_append_printf(out,
                           ", over the threshold of %s; all else in this"
                           " loop waits.",
                           TIME(d->limit_ns));
    if (now->stack_depth > 1) {
        g_string_append(out, " In it runs ");
        aiotop_word_append_source(out, loop->running);
        g_string_append_c(out, '.');
    }
    if (is_nested(now)) {
        g_string_append_printf(out, " It is in a nested event loop, %s",
                               aiotop_loop_state_name(now->state));
        if (loop->state_age_ns != AIOTOP_UNKNOWN) {
            g_string_append_printf(out, " for %s", TIME(loop->state_age_ns));
        }
        g_string_append_c(out, '.');
    }
    append_thread(out, &now->thread);
    settle_stuck(finding, out, d, loop);
}

static const AiotopBqlThread *find_thread(const AiotopBql *bql,
                                          int64_t thread_id)
{
    for (unsigned i = 0; i < bql->n_threads; i++) {
        if (bql->threads[i].thread_id == thread_id) {
            return &bql->threads[i];
        }
    }
    return NULL;
}

/* What a loop does, as a part of a sentence */
static void append_doing(GString *out, const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;

    if (now->stack_depth) {
        g_string_append(out, ", in ");
        aiotop_word_append_source(out, outermost(now));
        if (loop->dispatch_age_ns != AIOTOP_UNKNOWN) {
            g_string_append_printf(out, " for %s", TIME(loop->dispatch_age_ns));
        }
        if (now->stack_depth > 1) {
            g_string_append(out, ", which runs ");
            aiotop_word_append_source(out, loop->running);
        }
        if (is_nested(now)) {
            g_string_append(out, ", which waits in a nested event loop");
        }
    } else if (now->state != AIOTOP_LOOP_UNKNOWN) {
        g_string_append_printf(out, ", %s", aiotop_loop_state_name(now->state));
    }
}

static void append_holder(GString *out, const Diagnosis *d)
{
    const AiotopBql *bql = &d->sample->now->bql;
    uint64_t now_ns = d->sample->now->time_ns;
    const AiotopBqlThread *thread;
    const AiotopLoopSample *loop;

    if (!bql->known) {
        g_string_append(out, " This QEMU does not tell who holds it.");
        return;
    }
    if (!bql->holder_thread_id) {
        g_string_append(out, " At this instant nobody holds it.");
        return;
    }
    thread = find_thread(bql, bql->holder_thread_id);
    loop = aiotop_diagnose_loop(d->sample, bql->holder_thread_id);
    g_string_append_printf(out, " %s (thread %" PRId64 ") has held it",
                           thread ? thread->name
                           : loop ? loop->now->name
                                  : "Another thread",
                           bql->holder_thread_id);
    if (bql->held_since_ns <= now_ns) {
        g_string_append_printf(out, " for %s",
                               TIME(now_ns - bql->held_since_ns));
    }
    if (loop) {
        append_doing(out, loop);
    }
    g_string_append_c(out, '.');
    if (loop) {
        append_thread(out, &loop->now->thread);
    }
}

void aiotop_word_bql_wait(AiotopFinding *finding, const Diagnosis *d,
                          const LockWait *wait)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "%s has been waiting for the big QEMU lock"
                           " for %s",
                           wait->name, TIME(wait->age_ns));
    g_string_append_printf(out, ", over the threshold of %s",
                           TIME(d->limit_ns));
    if (wait->n > 1) {
        g_string_append_printf(out, ", and %u more with it", wait->n - 1);
    }
    g_string_append_c(out, '.');
    if (finding->source) {
        g_string_append(out, " It does so in ");
        aiotop_word_append_source(out, finding->source);
        g_string_append_c(out, '.');
    }
    append_holder(out, d);
    aiotop_word_settle(
        finding, out,
        "Look at the thread that holds the lock: what it waits for holds up"
        " all others. Its stack (%s) shows where it is.",
        aiotop_word_stack(d));
}

void aiotop_word_lost_wakeup(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t bh_ns,
                             uint64_t timer_ns)
{
    GString *out = g_string_new("It");

    if (loop->now->stack_depth) {
        g_string_append(out, ", in a nested event loop of ");
        aiotop_word_append_source(out, outermost(loop->now));
        g_string_append_c(out, ',');
    }
    g_string_append_printf(out, " has been asleep in the kernel for %s though",
                           TIME(loop->state_age_ns));
    if (bh_ns) {
        g_string_append_printf(out, " a bottom half has been queued for %s",
                               TIME(bh_ns));
    }
    if (timer_ns) {
        g_string_append_printf(out, "%s a timer has been due for %s",
                               bh_ns ? ", and" : "", TIME(timer_ns));
    }
    g_string_append_c(out, '.');
    append_thread(out, &loop->now->thread);
    aiotop_word_settle(
        finding, out,
        "Nobody woke the loop: this is a bug in QEMU or in the kernel. Any"
        " event may free it, a monitor command for the main loop; keep its"
        " stack (%s) for the report.",
        aiotop_word_stack(d));
}

void aiotop_word_main_loop_blocked(AiotopFinding *finding, const Diagnosis *d,
                                   const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "The main thread did not run at all for the"
                           " interval of %s.",
                           TIME(d->sample->interval_ns));
    append_thread(out, &loop->now->thread);
    aiotop_word_settle(
        finding, out,
        "Which callback it is in can't be known without the profiler. Its"
        " stack (%s) shows where it waits.",
        aiotop_word_stack(d));
}

void aiotop_word_stalls(AiotopFinding *finding, const Diagnosis *d,
                        const AiotopPastStalls *stalls)
{
    const AiotopStall *longest = stalls->longest;
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%u stall%s ended in the last %s", stalls->n,
                           stalls->n > 1 ? "s" : "", TIME(stalls->window_ns));
    g_string_append_printf(out, " (threshold %s);", TIME(d->limit_ns));
    g_string_append_printf(
        out, " the longest took %s: ", TIME(longest->duration_ns));
    if (longest->bql_wait) {
        g_string_append(out, "a wait for the big QEMU lock");
    } else {
        append_name(out, longest->kind, longest->name, longest->label);
    }
    g_string_append_printf(out, " in %s.", longest->loop);
    aiotop_word_settle(
        finding, out,
        "%s lists them. Look at what this callback works on, and whether they"
        " come at regular times.",
        d->surface == AIOTOP_SURFACE_SCREEN ? "S" : "--stalls");
}

void aiotop_word_stalled(AiotopFinding *finding, const Diagnosis *d,
                         const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "A dispatch in this interval took up to %s",
                           TIME(loop->duration.max_ns));
    g_string_append_printf(out, ", over the threshold of %s.",
                           TIME(d->limit_ns));
    aiotop_word_settle(
        finding, out,
        "The longest sources: qemu-aiotop -b -n 1 -s interval-max; look at"
        " what the first of them works on.");
}

void aiotop_word_unknown(AiotopFinding *finding, const Diagnosis *d)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "The kernel shows nothing wrong with QEMU's threads"
                           " (%u of them, watched for %s); their event loops"
                           " can't be seen, as QEMU is not profiled.",
                           d->sample->n_loops, TIME(d->sample->interval_ns));
    aiotop_word_settle(
        finding, out,
        "Switch profiling on with qemu-aiotop --enable, or start QEMU with"
        " an event-loop-profiler object.");
}

static void append_lock_wait(GString *out, const AiotopVitals *vitals)
{
    if (vitals->longest_lock_wait_ns == AIOTOP_UNKNOWN) {
        g_string_append_c(out, '.');
    } else if (!vitals->longest_lock_wait_ns) {
        g_string_append(out, ", nobody waits for the big lock.");
    } else {
        g_string_append_printf(out, ", longest wait for the big lock %s.",
                               TIME(vitals->longest_lock_wait_ns));
    }
}

void aiotop_word_healthy(AiotopFinding *finding, const Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;
    /* Tools have no guest, and no state of it */
    bool guest_runs = !now->run_state || strcmp(now->run_state, "running") == 0;
    GString *out = g_string_new(NULL);
    AiotopVitals vitals;

    aiotop_diagnose_vitals(&vitals, d->sample, d->limit_ns);
    g_string_append_printf(out, "%u loop%s in %s:", vitals.n_loops,
                           vitals.n_loops == 1 ? "" : "s",
                           TIME(d->sample->interval_ns));
    if (vitals.busiest) {
        g_string_append_printf(out,
                               " the busiest, %s, spends %.1f %% in"
                               " callbacks;",
                               vitals.busiest->name, vitals.busiest_percent);
    }
    g_string_append_printf(out, " longest dispatch %s,",
                           TIME(vitals.longest_dispatch_ns));
    g_string_append_printf(out, " worst p99 delay %s,",
                           TIME(vitals.worst_delay_p99_ns));
    g_string_append_printf(out, " oldest queued BH %s",
                           vitals.oldest_bh_ns ? TIME(vitals.oldest_bh_ns)
                                               : "none");
    append_lock_wait(out, &vitals);
    if (!guest_runs) {
        g_string_append_printf(out, " The VM is %s: its guest does not run.",
                               now->run_state);
    }
    aiotop_word_settle(
        finding, out,
        !guest_runs
            ? "QEMU's loops are fine. Continue the VM (cont on the monitor)"
              " if it should run."
            : "QEMU's loops are fine: look at the guest, the host's storage,"
              " or the network.");
}
