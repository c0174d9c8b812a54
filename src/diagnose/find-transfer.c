/*
 * Diagnosis: rules about a VM that is saved, or comes from elsewhere
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "qemu-aiotop/model/transfer.h"
#include "wait-kind.h"
#include "words.h"

#define LONG_NS (AIOTOP_RULE_TRANSFER_S * UINT64_C(1000000000))
#define UNREAD_NS (AIOTOP_RULE_UNREAD_MS * UINT64_C(1000000))
#define SILENT_NS (AIOTOP_RULE_SENDER_S * UINT64_C(1000000000))

/* It waits for nobody but a CPU, or who has stopped it, which is told of */
static bool is_kept_from_running(const AiotopThread *saver)
{
    return saver->state == 'R' || aiotop_state_is_stopped(saver->state);
}

/*
 * A migration's thread also sleeps where it is told to wait, or waits for
 * others; one that has the big lock is told of with those that wait for that
 */
static bool is_left_unread(const AiotopSnapshot *now,
                           const AiotopQemuThread *saver, uint64_t ns)
{
    return aiotop_rule_exceeds(ns, UNREAD_NS) &&
           aiotop_wait_kind_of_call(&now->saver) == WAIT_PEER &&
           now->bql.holder_thread_id != saver->thread_id;
}

/* Who reads slowly lets it run each time */
static void find_saver(Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;
    const AiotopQemuThread *saver = aiotop_transfer_saver(now);
    uint64_t ns = saver ? aiotop_age_ns(now->time_ns, saver->idle_since_ns)
                        : AIOTOP_UNKNOWN;
    AiotopFinding *finding;

    if (ns == AIOTOP_UNKNOWN || is_kept_from_running(&now->saver) ||
        (aiotop_transfer_is_live(saver) && !is_left_unread(now, saver, ns))) {
        return;
    }
    finding = aiotop_diagnose_add(d, AIOTOP_CLASS_TRANSFER_STUCK, saver->name,
                                  saver->thread_id);
    /*
     * That is how long it was watched, not how long it has lasted; and a
     * migration alone does not go on, not the guest
     */
    finding->goes_on =
        !aiotop_rule_exceeds(ns, LONG_NS) || aiotop_transfer_is_live(saver);
    aiotop_word_saver_stuck(finding, now, saver, ns);
}

static bool is_running(const AiotopSnapshot *now, const AiotopSource *source)
{
    for (unsigned i = 0; i < now->n_loops; i++) {
        const AiotopLoop *loop = &now->loops[i];

        for (unsigned j = 0; j < loop->stack_depth; j++) {
            if (aiotop_loop_find_source(loop, loop->stack[j].source_id) ==
                source) {
                return true;
            }
        }
    }
    return false;
}

/* Threads of the migration's own, of which each reads another channel */
static bool has_other_receiver(const AiotopSample *sample)
{
    for (unsigned i = 0; i < sample->n_threads; i++) {
        const AiotopThreadSample *thread = &sample->threads[i];

        if (g_str_has_prefix(thread->now->name, "mig/") && thread->cpu_ns) {
            return true;
        }
    }
    return false;
}

static void find_sender(Diagnosis *d)
{
    const AiotopSnapshot *now = d->sample->now;
    const AiotopSource *receiver = aiotop_transfer_receiver(now);
    uint64_t ns = receiver
                      ? aiotop_age_ns(d->gone_round.all_ns, receiver->last_ns)
                      : AIOTOP_UNKNOWN;

    if (aiotop_rule_exceeds(ns, LONG_NS) && !is_running(now, receiver) &&
        !has_other_receiver(d->sample)) {
        AiotopFinding *finding =
            aiotop_diagnose_add(d, AIOTOP_CLASS_TRANSFER_STUCK, NULL, -1);

        /* It may be held before it switches over, or its disks be flushed */
        finding->goes_on = !aiotop_rule_exceeds(ns, SILENT_NS);
        aiotop_word_sender_stuck(finding, now, receiver, ns);
    }
}

void aiotop_find_transfer(Diagnosis *d)
{
    find_saver(d);
    find_sender(d);
}
