/*
 * Diagnosis: waits for the big QEMU lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"
#include "words.h"

static void count_wait(LockWait *wait, const Diagnosis *d, const char *name,
                       int64_t thread_id, uint64_t ns)
{
    if (ns < d->limit_ns) {
        return;
    }
    wait->n++;
    if (ns > wait->age_ns || !wait->name) {
        wait->name = name;
        wait->thread_id = thread_id;
        wait->age_ns = ns;
    }
}

/* All that wait have one cause, so that they are one finding */
void aiotop_find_bql_wait(Diagnosis *d)
{
    const AiotopBql *bql = &d->sample->now->bql;
    LockWait wait = { 0 };
    AiotopFinding *finding;

    for (unsigned i = 0; i < bql->n_threads; i++) {
        const AiotopBqlThread *thread = &bql->threads[i];

        count_wait(&wait, d, thread->name, thread->thread_id,
                   aiotop_diagnose_age_ns(d, thread->waiting_since_ns));
    }
    for (unsigned i = 0; !bql->known && i < d->sample->n_loops; i++) {
        const AiotopLoopSample *loop = &d->sample->loops[i];

        if (loop->lock_wait_age_ns != AIOTOP_UNKNOWN) {
            count_wait(&wait, d, loop->now->name, loop->now->thread_id,
                       loop->lock_wait_age_ns);
        }
    }
    if (!wait.n) {
        return;
    }
    wait.loop = aiotop_sample_find_loop(d->sample, wait.thread_id);
    finding = aiotop_diagnose_add(d, AIOTOP_CLASS_BQL_WAIT, wait.name,
                                  wait.thread_id);
    finding->source = wait.loop ? wait.loop->running : NULL;
    if (bql->holder_thread_id) {
        finding->stack_thread_id = bql->holder_thread_id;
    }
    aiotop_word_bql_wait(finding, d, &wait);
}
