/*
 * Verdicts on the QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/verdict.h"

#include <string.h>

#include "qemu-aiotop/diagnose/missing.h"
#include "qemu-aiotop/diagnose/stalls.h"
#include "qemu-aiotop/diagnose/thresholds.h"
#include "qemu-aiotop/model/transfer.h"
#include "qemu-aiotop/text/figure.h"

/* That of most dispatching; of what is not profiled, that of most CPU time */
static const AiotopLoopSample *find_busiest(const AiotopSample *sample)
{
    const AiotopLoopSample *busiest = NULL;
    double most = 0;

    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];
        double share = aiotop_share_percent(
            sample->now->host_only ? loop->cpu_ns : loop->dispatch_ns,
            loop->wall_ns);

        if (!busiest || share > most) {
            busiest = loop;
            most = share == share ? share : 0;
        }
    }
    return busiest;
}

static uint64_t longer(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns == AIOTOP_UNKNOWN   ? b_ns
           : b_ns == AIOTOP_UNKNOWN ? a_ns
                                    : MAX(a_ns, b_ns);
}

/* Of the oldest request in flight at the node */
static uint64_t node_age_ns(const AiotopSnapshot *now, const char *name)
{
    const AiotopNode *node = aiotop_awaited_find_node(&now->awaited, name);
    const AiotopNodeStage *oldest = node ? aiotop_node_oldest(node) : NULL;

    return oldest ? aiotop_age_ns(now->time_ns, oldest->since_ns)
                  : AIOTOP_UNKNOWN;
}

static uint64_t transfer_age_ns(const AiotopSnapshot *now)
{
    const AiotopQemuThread *saver = aiotop_transfer_saver(now);
    const AiotopSource *receiver = aiotop_transfer_receiver(now);

    return saver      ? aiotop_age_ns(now->time_ns, saver->idle_since_ns)
           : receiver ? aiotop_age_ns(now->time_ns, receiver->last_ns)
                      : AIOTOP_UNKNOWN;
}

/* For how long what is found has lasted, as far as that can be told */
static uint64_t lasting_ns(const AiotopSample *sample,
                           const AiotopFinding *finding)
{
    const AiotopLoopSample *loop =
        aiotop_sample_find_loop(sample, finding->thread_id);

    if (!aiotop_finding_is_stuck(finding)) {
        return AIOTOP_UNKNOWN;
    }
    if (finding->node) {
        return node_age_ns(sample->now, finding->node);
    }
    if (finding->id == AIOTOP_CLASS_TRANSFER_STUCK) {
        return transfer_age_ns(sample->now);
    }
    return loop ? longer(longer(loop->dispatch_age_ns, loop->lock_wait_age_ns),
                         longer(loop->state_age_ns,
                                aiotop_rule_loop_stuck_ns(sample, loop)))
                : AIOTOP_UNKNOWN;
}

static AiotopVerdictId judge(const AiotopFinding *worst)
{
    if (aiotop_finding_is_stuck(worst)) {
        return AIOTOP_VERDICT_STUCK;
    }
    return aiotop_finding_warns(worst)         ? AIOTOP_VERDICT_SLOW
           : worst->id == AIOTOP_CLASS_UNKNOWN ? AIOTOP_VERDICT_UNPROFILED
                                               : AIOTOP_VERDICT_WELL;
}

static void take_finding(AiotopVerdict *verdict, const AiotopFinding *worst)
{
    const AiotopSample *sample = verdict->vm->sample;

    verdict->id = judge(worst);
    verdict->class_name = aiotop_classes[worst->id].name;
    verdict->loop = aiotop_sample_find_loop(sample, worst->thread_id);
    verdict->lasting_ns = lasting_ns(sample, worst);
    /* What host-only samples lack is said of all of them, and elsewhere */
    if (worst->id != AIOTOP_CLASS_HEALTHY &&
        worst->id != AIOTOP_CLASS_UNKNOWN) {
        verdict->evidence = g_strdup(worst->evidence);
    }
}

/* Nothing that it said before is worse than that it says nothing now */
static void replace(AiotopVerdict *verdict, AiotopVerdictId id,
                    const char *evidence)
{
    if (id < verdict->id) {
        verdict->id = id;
        verdict->class_name = NULL;
        verdict->lasting_ns =
            MAX(verdict->now_us - verdict->vm->since_us, 0) * UINT64_C(1000);
        g_free(verdict->evidence);
        verdict->evidence = g_strdup(evidence);
    }
}

static void look_at_state(AiotopVerdict *verdict)
{
    const AiotopVm *vm = verdict->vm;
    char since[AIOTOP_TEXT_NUMBER];
    g_autofree char *silent = NULL;

    switch (vm->state) {
    case AIOTOP_VM_LATE:
        aiotop_text_time(since, (verdict->now_us - vm->since_us) * 1e3);
        silent =
            g_strdup_printf("It was asked %s ago, and has not answered", since);
        replace(verdict, AIOTOP_VERDICT_SILENT, silent);
        break;
    case AIOTOP_VM_LOST:
        replace(verdict, AIOTOP_VERDICT_LOST, vm->error);
        break;
    case AIOTOP_VM_NEW:
    case AIOTOP_VM_LIVE:
        break;
    }
}

static void count_stalls(AiotopVerdict *verdict,
                         const AiotopDiagnoseOptions *options)
{
    const AiotopSnapshot *now = verdict->vm->sample->now;

    if (now->stall_count != AIOTOP_UNKNOWN) {
        verdict->stalls = aiotop_past_stalls(now, options->stall_ns,
                                             AIOTOP_RULE_STALL_WINDOW_S *
                                                 UINT64_C(1000000000))
                              .n;
    }
}

/*
 * As bad, or as good, as the last two have been.  One of which nothing was
 * known before is where it belongs at once.
 */
static void settle(AiotopVerdict *verdict, const AiotopVerdict *before)
{
    if (!before || before->id == AIOTOP_VERDICT_NEW) {
        verdict->settled = verdict->id;
    } else {
        verdict->settled = CLAMP(before->settled, MIN(before->id, verdict->id),
                                 MAX(before->id, verdict->id));
    }
}

static const AiotopVerdict *find_before(const GPtrArray *before,
                                        const AiotopVm *vm, unsigned *at)
{
    while (before && *at < before->len) {
        const AiotopVerdict *verdict = before->pdata[*at];
        int order = aiotop_vm_compare(verdict->vm, vm);

        if (order >= 0) {
            return order == 0 ? verdict : NULL;
        }
        ++*at;
    }
    return NULL;
}

static AiotopVerdict *verdict_new(AiotopVm *vm, const AiotopVerdict *before,
                                  int64_t now_us,
                                  const AiotopDiagnoseOptions *options)
{
    AiotopVerdict *verdict = g_new(AiotopVerdict, 1);

    *verdict = (AiotopVerdict){
        .vm = aiotop_vm_ref(vm),
        .id = AIOTOP_VERDICT_NEW,
        .lasting_ns = AIOTOP_UNKNOWN,
        .stalls = AIOTOP_UNKNOWN,
        .now_us = now_us,
    };
    if (vm->sample && aiotop_diagnose_can(vm->sample)) {
        g_autoptr(GPtrArray) findings = aiotop_diagnose(vm->sample, options);

        take_finding(verdict, findings->pdata[0]);
        count_stalls(verdict, options);
    }
    if (vm->sample && !verdict->loop) {
        verdict->loop = find_busiest(vm->sample);
    }
    look_at_state(verdict);
    settle(verdict, before);
    return verdict;
}

static void free_verdict(gpointer verdict)
{
    aiotop_verdict_free(verdict);
}

GPtrArray *aiotop_verdicts_new(const GPtrArray *vms, const GPtrArray *before,
                               int64_t now_us,
                               const AiotopDiagnoseOptions *options)
{
    GPtrArray *verdicts = g_ptr_array_new_with_free_func(free_verdict);
    unsigned at = 0;

    for (unsigned i = 0; i < vms->len; i++) {
        AiotopVm *vm = vms->pdata[i];

        g_ptr_array_add(verdicts, verdict_new(vm, find_before(before, vm, &at),
                                              now_us, options));
    }
    return verdicts;
}

unsigned aiotop_verdicts_count(const GPtrArray *verdicts, AiotopVerdictId id)
{
    unsigned n = 0;

    for (unsigned i = 0; i < verdicts->len; i++) {
        n += ((const AiotopVerdict *)verdicts->pdata[i])->id == id;
    }
    return n;
}
