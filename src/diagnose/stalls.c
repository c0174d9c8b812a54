/*
 * Diagnosis: stalls that are over, and their words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words.h"
#include "qemu-aiotop/diagnose/thresholds.h"

static uint64_t age_ns(const AiotopSnapshot *snapshot, uint64_t since_ns)
{
    return aiotop_known_or_zero(aiotop_age_ns(snapshot->time_ns, since_ns));
}

uint64_t aiotop_stall_age_ns(const AiotopSnapshot *snapshot,
                             const AiotopStall *stall)
{
    uint64_t start_age_ns = age_ns(snapshot, stall->start_ns);

    return !stall->ongoing && stall->duration_ns < start_age_ns
               ? start_age_ns - stall->duration_ns
               : 0;
}

/* One that began after the snapshot, or at no known time, is nonsense */
static bool ended_within(const AiotopSnapshot *snapshot,
                         const AiotopStall *stall, uint64_t limit_ns,
                         uint64_t window_ns)
{
    return !stall->ongoing && age_ns(snapshot, stall->start_ns) &&
           aiotop_rule_exceeds(stall->duration_ns, limit_ns) &&
           aiotop_stall_age_ns(snapshot, stall) <= window_ns;
}

AiotopPastStalls aiotop_past_stalls(const AiotopSnapshot *snapshot,
                                    uint64_t stall_ns, uint64_t window_ns)
{
    uint64_t limit_ns = aiotop_rule_stall_ns(snapshot, stall_ns);
    AiotopPastStalls past = { .window_ns = window_ns };

    for (unsigned i = 0; i < snapshot->n_stalls; i++) {
        const AiotopStall *stall = &snapshot->stalls[i];

        if (!ended_within(snapshot, stall, limit_ns, window_ns)) {
            continue;
        }
        past.n++;
        if (!past.longest || stall->duration_ns > past.longest->duration_ns) {
            past.longest = stall;
        }
        if (!past.last || aiotop_stall_age_ns(snapshot, stall) <=
                              aiotop_stall_age_ns(snapshot, past.last)) {
            past.last = stall;
        }
    }
    return past;
}

/* "bh f l in main-loop took 3.02s, and ended 14.0s ago." */
static void append_stall(GString *out, const Diagnosis *d,
                         const AiotopStall *stall)
{
    if (stall->bql_wait) {
        g_string_append(out, "a wait for the big QEMU lock");
    } else {
        aiotop_word_append_name(out, stall->kind, stall->name, stall->label);
    }
    g_string_append_printf(out, " in %s took %s", stall->loop,
                           TIME(stall->duration_ns));
    g_string_append_printf(out, ", and ended %s ago.",
                           TIME(aiotop_stall_age_ns(d->sample->now, stall)));
}

static void settle_stalls(AiotopFinding *finding, GString *evidence,
                          const Diagnosis *d, const AiotopPastStalls *stalls)
{
    const char *log = d->surface == AIOTOP_SURFACE_SCREEN ? "S" : "--stalls";
    const char *page =
        d->surface == AIOTOP_SURFACE_SCREEN ? "this page" : "--diagnose";
    const char *list = stalls->n > 1 ? "lists them" : "shows it";

    if (stalls->longest->bql_wait) {
        aiotop_word_settle(finding, evidence,
                           "%s %s. Another thread held the lock for as long:"
                           " %s names it while it does. Look at what QEMU was"
                           " told to do at that time.",
                           log, list, page);
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
