/*
 * Diagnosis: rules about a thread that is asleep, or kept, where its loop should
 * go round
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"

#include "qemu-aiotop/diagnose/thresholds.h"
#include "words.h"

#define NS_PER_MS UINT64_C(1000000)

void aiotop_find_loop_stuck(Diagnosis *d, const AiotopLoopSample *loop)
{
    uint64_t ns = aiotop_rule_loop_stuck_ns(d->sample, loop);

    /* A thread that is stopped is told of with that */
    if (aiotop_rule_exceeds(ns, d->limit_ns) &&
        !aiotop_diagnose_has(d, AIOTOP_CLASS_STOPPED, loop)) {
        aiotop_word_loop_stuck(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_LOOP_STUCK, loop, NULL), d,
            loop, ns);
    }
}

/* For how long something has been due that came while the loop slept */
static uint64_t overdue_ns(const Diagnosis *d, const AiotopLoopSample *loop,
                           uint64_t since_ns)
{
    uint64_t limit_ns = MAX(d->limit_ns, AIOTOP_RULE_LOST_MS * NS_PER_MS);

    if (since_ns == AIOTOP_UNKNOWN || loop->now->state_since_ns > since_ns) {
        return 0;
    }
    return aiotop_diagnose_age_ns(d, since_ns) > limit_ns
               ? aiotop_diagnose_age_ns(d, since_ns)
               : 0;
}

/*
 * A thread that is runnable was woken, and waits for a CPU; one that is kept
 * elsewhere than where it waits for events can't be woken
 */
static bool may_be_woken(const AiotopThread *thread)
{
    return thread->state != 'R' && aiotop_rule_waits_for_events(thread);
}

static bool is_asleep(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return loop->now->state == AIOTOP_LOOP_WAITING &&
           may_be_woken(&loop->now->thread) &&
           !aiotop_rule_exceeds(aiotop_rule_loop_stuck_ns(d->sample, loop),
                                d->limit_ns);
}

uint64_t aiotop_lost_wakeup_ns(const Diagnosis *d, const AiotopLoopSample *loop)
{
    uint64_t ns = is_asleep(d, loop)
                      ? MAX(overdue_ns(d, loop, loop->now->bh_pending_since_ns),
                            overdue_ns(d, loop, loop->now->timer_deadline_ns))
                      : 0;

    return ns ? ns : AIOTOP_UNKNOWN;
}

void aiotop_find_lost_wakeup(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;

    if (aiotop_lost_wakeup_ns(d, loop) != AIOTOP_UNKNOWN) {
        uint64_t bh_ns = overdue_ns(d, loop, now->bh_pending_since_ns);
        uint64_t timer_ns = overdue_ns(d, loop, now->timer_deadline_ns);

        aiotop_word_lost_wakeup(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_LOST_WAKEUP, loop, NULL),
            d, loop, bh_ns, timer_ns);
    }
}

void aiotop_find_main_loop_blocked(Diagnosis *d, const AiotopLoopSample *loop)
{
    /* What is known better is told */
    if (aiotop_diagnose_is_main_thread(d, loop) &&
        !aiotop_rule_callback_stuck(loop, d->limit_ns) &&
        loop->lock_wait_age_ns == AIOTOP_UNKNOWN && aiotop_rule_blocked(loop)) {
        aiotop_word_main_loop_blocked(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, loop,
                                     NULL),
            d, loop);
    }
}
