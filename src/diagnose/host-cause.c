/*
 * Whether it is the host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/host-cause.h"

#include <math.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "qemu-aiotop/text/figure.h"

#define TEXT(number) G_STRINGIFY(number)

/* clang-format off */
static const struct {
    const char *name;
    const char *help;
    const char *next_step;
} causes[AIOTOP_N_HOST_CAUSES] = {
    [AIOTOP_HOST_CAUSE_STEAL] = { "host-steal",
        "Most QEMUs are late or wait for a CPU, and the hypervisor under the"
        " host keeps its CPUs from running for over "
        TEXT(AIOTOP_RULE_STEAL_PERCENT) " % of the time",
        "Look at the machine that this host is a guest of: it has too little"
        " CPU time for it." },
    [AIOTOP_HOST_CAUSE_CPU] = { "host-cpu",
        "Most QEMUs wait for a CPU of the host for over "
        TEXT(AIOTOP_RULE_QUEUE_PERCENT) " % of the time, and some task of it"
        " does for over " TEXT(AIOTOP_RULE_PRESSURE_PERCENT) " %, as far as the"
        " kernel tells (PSI)",
        "Look at what takes the host's CPUs (top, --threads of a QEMU): take"
        " that or some QEMUs elsewhere, or give their loops CPUs of their"
        " own." },
    [AIOTOP_HOST_CAUSE_MEMORY] = { "host-memory",
        "Most QEMUs are late, and some task of the host waits for memory for"
        " over " TEXT(AIOTOP_RULE_PRESSURE_PERCENT) " % of the time (PSI)",
        "Look at what takes the host's memory, and whether it swaps (vmstat)." },
    [AIOTOP_HOST_CAUSE_IO] = { "host-io",
        "Most QEMUs are late, or have a block request that has been in flight"
        " for over " TEXT(AIOTOP_RULE_OLD_REQUEST_S) " s, or as much longer as"
        " it is large, and some task of the"
        " host waits for input or output for over "
        TEXT(AIOTOP_RULE_PRESSURE_PERCENT) " % of the time (PSI)",
        "Look at the storage that they share (iostat -x, nfsstat): a request"
        " of each of them (--requests) says which file it is." },
};
/* clang-format on */

const char *aiotop_host_cause_name(AiotopHostCauseId id)
{
    return causes[id].name;
}

const char *aiotop_host_cause_help(AiotopHostCauseId id)
{
    return causes[id].help;
}

void aiotop_host_cause_free(AiotopHostCause *cause)
{
    if (cause) {
        g_free(cause->evidence);
        g_free(cause);
    }
}

/* How many QEMUs are how */
typedef struct Counts {
    unsigned told;
    /* Wait for a CPU; are late; have old requests; one of these */
    unsigned queued;
    unsigned late;
    unsigned old;
    unsigned late_or_queued;
    unsigned late_or_old;
} Counts;

static bool is_queued(const AiotopSample *sample)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];

        if (aiotop_share_percent(loop->run_queue_ns, loop->wall_ns) >
            AIOTOP_RULE_QUEUE_PERCENT) {
            return true;
        }
    }
    return false;
}

static bool is_late(const AiotopSample *sample)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (aiotop_rule_late(&sample->loops[i].delay)) {
            return true;
        }
    }
    return false;
}

static bool has_old_request(const AiotopSnapshot *now)
{
    uint64_t limit_ns = AIOTOP_RULE_OLD_REQUEST_S * UINT64_C(1000000000);

    for (unsigned i = 0; i < now->awaited.n_requests; i++) {
        if (aiotop_rule_too_old(&now->awaited.requests[i], now->time_ns,
                                limit_ns)) {
            return true;
        }
    }
    return false;
}

/* One that has nothing to do would not notice */
static bool is_active(const AiotopSample *sample)
{
    return aiotop_share_percent(sample->cpu_ns, sample->interval_ns) >=
           AIOTOP_RULE_ACTIVE_PERCENT;
}

/*
 * One that is late may be so for want of what the host has not got: what it
 * said a short time ago counts.  Of one that is silent for long, or lost,
 * nothing is known.
 */
static bool is_of_now(const AiotopVerdict *verdict)
{
    const AiotopVm *vm = verdict->vm;

    return vm->state == AIOTOP_VM_LIVE ||
           (vm->state == AIOTOP_VM_LATE &&
            aiotop_vm_age_ns(vm, verdict->now_us) <=
                AIOTOP_RULE_RECENT_S * UINT64_C(1000000000));
}

static Counts count(const GPtrArray *verdicts)
{
    Counts counts = { 0 };

    for (unsigned i = 0; i < verdicts->len; i++) {
        const AiotopVerdict *verdict = verdicts->pdata[i];
        const AiotopSample *sample = aiotop_verdict_sample(verdict);

        if (sample && is_of_now(verdict)) {
            bool queued = is_queued(sample), late = is_late(sample);
            bool old = has_old_request(sample->now);

            counts.told += late || queued || old || is_active(sample);
            counts.queued += queued;
            counts.late += late;
            counts.old += old;
            counts.late_or_queued += late || queued;
            counts.late_or_old += late || old;
        }
    }
    return counts;
}

/* One that is busy is not the host */
static bool are_most(unsigned n, const Counts *counts)
{
    return counts->told >= AIOTOP_RULE_HOST_QEMUS && 2 * n > counts->told;
}

/* NAN if it is not known */
static double pressure(const AiotopHostInterval *load, uint64_t before_ns,
                       uint64_t now_ns)
{
    return load->before.time_ns
               ? aiotop_share_percent(
                     aiotop_difference(now_ns, before_ns),
                     aiotop_difference(load->now.time_ns, load->before.time_ns))
               : NAN;
}

static AiotopHostCause *cause_new(AiotopHostCauseId id, unsigned n,
                                  const Counts *counts, const char *how,
                                  const char *why, double percent)
{
    AiotopHostCause *cause = g_new(AiotopHostCause, 1);
    char share[AIOTOP_TEXT_NUMBER];

    aiotop_text_percent(share, percent);
    *cause = (AiotopHostCause){
        .id = id,
        .n_affected = n,
        .n_told = counts->told,
        .evidence = g_strdup_printf(
            "It is the host: %u of %u QEMUs %s, and %s for %s %% of the time.",
            n, counts->told, how, why, share),
        .next_step = causes[id].next_step,
    };
    return cause;
}

static AiotopHostCause *find_cpu(const Counts *counts, double cpu)
{
    AiotopHostCause *cause;
    AiotopHostCauseId id = AIOTOP_HOST_CAUSE_CPU;

    if (!are_most(counts->queued, counts) ||
        cpu <= AIOTOP_RULE_PRESSURE_PERCENT) {
        return NULL;
    }
    cause = cause_new(id, counts->queued, counts, "wait for a CPU",
                      "some task of the host did", cpu);
    if (isnan(cpu)) {
        /* It has no PSI; their waiting is the host's own count, too */
        g_free(cause->evidence);
        cause->evidence = g_strdup_printf(
            "It is the host: %u of %u QEMUs wait for a CPU for over"
            " %d %% of the time.",
            counts->queued, counts->told, AIOTOP_RULE_QUEUE_PERCENT);
    }
    return cause;
}

AiotopHostCause *aiotop_host_cause_find(const GPtrArray *verdicts,
                                        const AiotopHostInterval *load)
{
    const AiotopHostLoad *before = &load->before, *now = &load->now;
    double steal =
        pressure(load, before->steal_ns, now->steal_ns) / MAX(now->n_cpus, 1);
    double memory = pressure(load, before->memory_ns, now->memory_ns);
    double io = pressure(load, before->io_ns, now->io_ns);
    Counts counts = count(verdicts);
    AiotopHostCause *cause;

    if (are_most(counts.late_or_queued, &counts) &&
        steal > AIOTOP_RULE_STEAL_PERCENT) {
        return cause_new(AIOTOP_HOST_CAUSE_STEAL, counts.late_or_queued,
                         &counts, "are late or wait for a CPU",
                         "the hypervisor under this host kept its CPUs from"
                         " running",
                         steal);
    }
    cause = find_cpu(&counts, pressure(load, before->cpu_ns, now->cpu_ns));
    if (cause) {
        return cause;
    }
    if (are_most(counts.late, &counts) &&
        memory > AIOTOP_RULE_PRESSURE_PERCENT) {
        return cause_new(AIOTOP_HOST_CAUSE_MEMORY, counts.late, &counts,
                         "are late", "some task of the host waited for memory",
                         memory);
    }
    if (are_most(counts.late_or_old, &counts) &&
        io > AIOTOP_RULE_PRESSURE_PERCENT) {
        return cause_new(AIOTOP_HOST_CAUSE_IO, counts.late_or_old, &counts,
                         "are late or have old requests",
                         "some task of the host waited for input or output",
                         io);
    }
    return NULL;
}
