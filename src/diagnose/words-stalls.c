/*
 * Diagnosis: the words for stalls that are over
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "words.h"

/* Threads wait for a CPU a little on any host: this share, in per cent */
#define USUAL_QUEUE 5

/*
 * Of a thread that was in no callback and for no lock, for how long it waited
 * for a CPU in the interval in which that ended; 0 if that is no half of it
 * beside what is usual, or not known
 */
static uint64_t queued_ns(const Diagnosis *d, const AiotopStall *stall)
{
    const AiotopLoopSample *loop =
        aiotop_sample_find_loop(d->sample, stall->thread_id);
    uint64_t ns = loop ? aiotop_known_or_zero(loop->run_queue_ns) : 0;
    uint64_t usual_ns =
        aiotop_difference(d->sample->interval_ns, stall->duration_ns) / 100 *
        USUAL_QUEUE;

    return !stall->name && !stall->bql_wait &&
                   aiotop_stall_age_ns(d->sample->now, stall) <
                       d->sample->interval_ns &&
                   ns >= usual_ns + stall->duration_ns / 2
               ? ns
               : 0;
}

/* "bh f l in main-loop took 3.02s, and ended 14.0s ago." */
static void append_stall(GString *out, const Diagnosis *d,
                         const AiotopStall *stall)
{
    if (stall->bql_wait) {
        g_string_append(out, "a wait for the big QEMU lock");
    } else if (!stall->kind && !stall->name) {
        g_string_append(out, strcmp(aiotop_stall_cause(stall), "poll") == 0
                                 ? "polling, which is to be short,"
                                 : "a look for events, which is to be short,");
    } else {
        aiotop_source_append_name(out, stall->kind, stall->name, stall->label);
    }
    g_string_append_printf(out, " in %s took %s", stall->loop,
                           TIME(stall->duration_ns));
    g_string_append_printf(out, ", and ended %s ago.",
                           TIME(aiotop_stall_age_ns(d->sample->now, stall)));
    if (queued_ns(d, stall)) {
        g_string_append_printf(out,
                               " Its thread waited for a CPU of the host for %s"
                               " in this interval.",
                               TIME(queued_ns(d, stall)));
    }
}

static void settle_stalls(AiotopFinding *finding, GString *evidence,
                          const Diagnosis *d, const AiotopPastStalls *stalls)
{
    const char *log = d->surface == AIOTOP_SURFACE_SCREEN ? "S" : "--stalls";
    const char *page =
        d->surface == AIOTOP_SURFACE_SCREEN ? "this page" : "--diagnose";
    const char *list = stalls->n > 1 ? "lists them" : "shows it";

    if (queued_ns(d, stalls->longest)) {
        aiotop_word_settle(finding, evidence,
                           "%s %s. The host had no CPU for it: look at what"
                           " else runs there, and at what its CPUs are shared"
                           " with.",
                           log, list);
    } else if (stalls->longest->bql_wait) {
        aiotop_word_settle(finding, evidence,
                           "%s %s. Another thread held the lock for as long:"
                           " %s names it while it does. Look at what QEMU was"
                           " told to do at that time.",
                           log, list, page);
    } else if (!stalls->longest->kind && !stalls->longest->name) {
        aiotop_word_settle(finding, evidence,
                           "%s %s. The kernel kept the thread, or had no CPU"
                           " for it, or somebody had stopped or frozen it: look"
                           " at what else the host did at that time.",
                           log, list);
    } else {
        aiotop_word_settle(finding, evidence,
                           "%s %s. Look at what this callback works on, and at"
                           " what else happened at that time%s.",
                           log, list,
                           stalls->n > 1 ? ", and whether they come regularly"
                                         : "");
    }
}

void aiotop_word_stalls(AiotopFinding *finding, const Diagnosis *d,
                        const AiotopPastStalls *stalls)
{
    GString *out = g_string_new(NULL);

    if (aiotop_diagnosis_stuck(d->findings)) {
        g_string_append(out, "Earlier, and over since; this is not what is"
                             " stuck now. ");
    }
    g_string_append_printf(out, "%u stall%s ended in the last %s", stalls->n,
                           stalls->n > 1 ? "s" : "", TIME(stalls->window_ns));
    g_string_append_printf(out, " (threshold %s)%s: ", TIME(d->limit_ns),
                           stalls->n > 1 ? "; the longest" : "");
    append_stall(out, d, stalls->longest);
    settle_stalls(finding, out, d, stalls);
}

void aiotop_word_stalled(AiotopFinding *finding, const Diagnosis *d,
                         const AiotopSourceSample *source)
{
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, source->now);
    g_string_append_printf(out, " took up to %s in this interval",
                           TIME(source->duration.max_ns));
    g_string_append_printf(out, ", over the threshold of %s.",
                           TIME(d->limit_ns));
    aiotop_word_settle(finding, out,
                       "Look at what this callback works on. QEMU's log of"
                       " stalls does not have it.");
}
