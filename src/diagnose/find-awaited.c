/*
 * Diagnosis: rules about requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "words-awaited.h"

#define NS_PER_S UINT64_C(1000000000)

static bool waits_for_pool(const RequestGroup *group)
{
    return group->stage == AIOTOP_STAGE_POOL ||
           group->stage == AIOTOP_STAGE_WORKER;
}

static bool is_starved(const Diagnosis *d, const AiotopPool *pool)
{
    return pool->threads != AIOTOP_UNKNOWN && pool->threads &&
           pool->max_threads != AIOTOP_UNKNOWN &&
           pool->threads >= pool->max_threads && pool->idle == 0 &&
           pool->queued != AIOTOP_UNKNOWN && pool->queued &&
           aiotop_rule_exceeds(
               aiotop_age_ns(d->sample->now->time_ns, pool->queued_since_ns),
               AIOTOP_RULE_POOL_S * NS_PER_S);
}

/* The oldest requests in the queue of a pool; NULL if none is listed */
static const RequestGroup *find_queued(const GArray *groups)
{
    for (unsigned i = 0; i < groups->len; i++) {
        const RequestGroup *group = &g_array_index(groups, RequestGroup, i);

        if (group->stage == AIOTOP_STAGE_POOL) {
            return group;
        }
    }
    return NULL;
}

/* Its threads work for a loop: it is told of with that */
static bool find_pool_starved(Diagnosis *d)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;
    g_autoptr(GArray) groups = aiotop_requests_older(d->sample->now, 0);
    bool found = false;

    for (unsigned i = 0; i < awaited->n_pools; i++) {
        const AiotopPool *pool = &awaited->pools[i];

        if (is_starved(d, pool)) {
            AiotopFinding *finding = aiotop_diagnose_add(
                d, AIOTOP_CLASS_POOL_STARVED, pool->loop, -1);
            const RequestGroup *queued = find_queued(groups);

            finding->awaited = "pool";
            finding->node = g_strdup(queued ? queued->oldest->node : NULL);
            aiotop_word_pool_starved(finding, d, pool, queued);
            found = true;
        }
    }
    return found;
}

/* Whether another group is what these wait for in the end */
static bool is_consequence(const GArray *groups, const RequestGroup *group)
{
    for (unsigned i = 0; i < groups->len; i++) {
        const RequestGroup *other = &g_array_index(groups, RequestGroup, i);

        if (!aiotop_requests_wait_for_others(other)) {
            return aiotop_requests_wait_for_others(group);
        }
    }
    return false;
}

/* One that is the same throttle group's is told of once */
static bool is_told(const GArray *groups, unsigned at)
{
    const RequestGroup *group = &g_array_index(groups, RequestGroup, at);

    for (unsigned i = 0; i < at; i++) {
        const RequestGroup *other = &g_array_index(groups, RequestGroup, i);

        if (group->stage == AIOTOP_STAGE_THROTTLED &&
            other->stage == group->stage && group->oldest->waits_for &&
            g_strcmp0(other->oldest->waits_for, group->oldest->waits_for) ==
                0) {
            return true;
        }
    }
    return false;
}

void aiotop_find_awaited(Diagnosis *d, bool is_awaited_by_loop)
{
    g_autoptr(GArray) groups =
        aiotop_requests_older(d->sample->now, d->request_ns);
    bool starved = find_pool_starved(d);

    /* What a loop waits for stands in the finding about that */
    for (unsigned i = 0; !is_awaited_by_loop && i < groups->len; i++) {
        const RequestGroup *group = &g_array_index(groups, RequestGroup, i);
        AiotopFinding *finding;

        if ((starved && waits_for_pool(group)) ||
            is_consequence(groups, group) || is_told(groups, i)) {
            continue;
        }
        finding = aiotop_diagnose_add(d, AIOTOP_CLASS_IO_STUCK, NULL, -1);
        finding->node = g_strdup(group->oldest->node);
        finding->awaited = aiotop_stage_name(group->stage);
        aiotop_word_io_stuck(finding, d, group);
    }
}

void aiotop_find_back_pressure(Diagnosis *d)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;

    for (unsigned i = 0; i < awaited->n_writers; i++) {
        const AiotopWriter *writer = &awaited->writers[i];

        if (aiotop_rule_exceeds(
                aiotop_age_ns(d->sample->now->time_ns, writer->since_ns),
                AIOTOP_RULE_WRITER_S * NS_PER_S)) {
            aiotop_word_back_pressure(
                aiotop_diagnose_add(d, AIOTOP_CLASS_BACK_PRESSURE, NULL, -1), d,
                writer);
        }
    }
}
