/*
 * Diagnosis: rules about requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"
#include "held-up.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "wait-kind.h"
#include "words-awaited.h"
#include "writers.h"

#define NS_PER_S UINT64_C(1000000000)

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

/* Whether requests at that stage may be with that pool: they don't say so */
static bool may_have(const AiotopPool *pool, AiotopStage stage)
{
    switch (stage) {
    case AIOTOP_STAGE_POOL:
        return pool->queued != 0;
    case AIOTOP_STAGE_WORKER:
        return pool->threads == AIOTOP_UNKNOWN || pool->threads != pool->idle;
    default:
        return false;
    }
}

/* All pools that they may be with are starved, and told of */
static bool is_told_with_pool(const Diagnosis *d, AiotopStage stage)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;
    bool found = false;

    for (unsigned i = 0; i < awaited->n_pools; i++) {
        if (may_have(&awaited->pools[i], stage)) {
            if (!is_starved(d, &awaited->pools[i])) {
                return false;
            }
            found = true;
        }
    }
    return found;
}

static bool is_only_queue(const AiotopAwaited *awaited, const AiotopPool *pool)
{
    for (unsigned i = 0; i < awaited->n_pools; i++) {
        if (&awaited->pools[i] != pool &&
            may_have(&awaited->pools[i], AIOTOP_STAGE_POOL)) {
            return false;
        }
    }
    return true;
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
static void find_pool_starved(Diagnosis *d)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;
    g_autoptr(GArray) groups = aiotop_requests_older(d->sample->now, 0);

    for (unsigned i = 0; i < awaited->n_pools; i++) {
        const AiotopPool *pool = &awaited->pools[i];

        if (is_starved(d, pool)) {
            AiotopFinding *finding = aiotop_diagnose_add(
                d, AIOTOP_CLASS_POOL_STARVED, pool->loop, -1);
            bool is_only = is_only_queue(awaited, pool);
            const RequestGroup *queued = is_only ? find_queued(groups) : NULL;

            finding->awaited = "pool";
            finding->node = g_strdup(queued ? queued->oldest->node : NULL);
            /* Its threads get done with what they have, one after the other */
            finding->goes_on = !aiotop_rule_exceeds(
                aiotop_age_ns(d->sample->now->time_ns, pool->running_since_ns),
                AIOTOP_RULE_POOL_S * NS_PER_S);
            aiotop_word_pool_starved(finding, d, pool, queued, is_only);
        }
    }
}

/* What there is to know of requests that have taken too long, by group */
typedef struct Cause {
    RequestGroup *group;
    /* The oldest one of them that should have been over; or NULL */
    const AiotopRequest *overdue;
    /* A throttle group's timer is set, and will let it go */
    bool is_timed;
    /* Names of their nodes, and of those that they are a part of */
    GHashTable *nodes;
    /*
     * Of those that should have been over, and of what they are a part of: the
     * oldest of each node, by its name
     */
    GHashTable *holders;
    /* It gets a finding, if it is no consequence of another one */
    bool is_told;
    /* It gets one for sure: who waits for it can be told of in there */
    bool is_root;
    /* Of RequestGroup: who waits for it in a driver */
    GPtrArray *behind;
} Cause;

static void clear_cause(gpointer opaque)
{
    Cause *cause = opaque;

    g_clear_pointer(&cause->nodes, g_hash_table_unref);
    g_clear_pointer(&cause->holders, g_hash_table_unref);
    g_clear_pointer(&cause->behind, g_ptr_array_unref);
}

/* Somebody works on it: it is in no queue */
static bool is_worked_on(AiotopStage stage)
{
    return stage == AIOTOP_STAGE_DRIVER || stage == AIOTOP_STAGE_WORKER ||
           stage == AIOTOP_STAGE_KERNEL || stage == AIOTOP_STAGE_NETWORK;
}

/* It may take long with nothing wrong */
static bool takes_long(const AiotopRequest *request)
{
    return strcmp(request->type, "ioctl") == 0 ||
           strcmp(request->type, "truncate") == 0 ||
           strcmp(request->type, "discard") == 0;
}

/* @request should have been over, and may hold what others wait for */
static void add_holders(Cause *cause, GHashTable *index,
                        const AiotopRequest *request)
{
    const AiotopRequest *at = request;

    for (unsigned i = 0; at && i <= AIOTOP_REQUEST_MAX_DEPTH; i++) {
        const AiotopRequest *other =
            g_hash_table_lookup(cause->holders, at->node);

        if (!other || at->since_ns < other->since_ns) {
            g_hash_table_insert(cause->holders, at->node, (gpointer)at);
        }
        at = aiotop_request_parent(index, at);
    }
}

/* @request is of it, and what it is a part of is above it */
static void add_request(Cause *cause, const Diagnosis *d, GHashTable *index,
                        const AiotopRequest *request)
{
    uint64_t age_ns = aiotop_age_ns(d->sample->now->time_ns, request->since_ns);
    const AiotopRequest *at = request;
    bool is_long = false;

    for (unsigned i = 0; at && i <= AIOTOP_REQUEST_MAX_DEPTH; i++) {
        g_hash_table_add(cause->nodes, at->node);
        is_long = is_long || takes_long(at);
        at = aiotop_request_parent(index, at);
    }
    if (!aiotop_rule_too_old(request, d->sample->now->time_ns, d->request_ns) ||
        (is_long && is_worked_on(cause->group->stage))) {
        return;
    }
    add_holders(cause, index, request);
    if (!cause->overdue) {
        cause->overdue = request;
        cause->group->oldest = request;
        cause->group->age_ns = age_ns;
    }
}

static bool is_timed(const Diagnosis *d, const RequestGroup *group)
{
    const AiotopThrottleGroup *throttle = aiotop_awaited_find_throttle(
        &d->sample->now->awaited, group->oldest->waits_for);

    return group->stage == AIOTOP_STAGE_THROTTLED && throttle &&
           throttle->timer_armed;
}

/* One of the group's nodes got something done lately */
static bool lets_go(const Diagnosis *d, const GArray *groups, const char *name)
{
    for (unsigned i = 0; i < groups->len; i++) {
        const RequestGroup *other = &g_array_index(groups, RequestGroup, i);
        uint64_t ns = other->node
                          ? aiotop_age_ns(d->sample->now->time_ns,
                                          other->node->last_completed_ns)
                          : AIOTOP_UNKNOWN;

        if (g_strcmp0(other->oldest->waits_for, name) == 0 &&
            ns != AIOTOP_UNKNOWN && ns < d->request_ns) {
            return true;
        }
    }
    return false;
}

/* One of each group */
static GArray *find_causes(const Diagnosis *d, GArray *groups)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;
    g_autoptr(GHashTable) index = aiotop_requests_index(awaited);
    g_autoptr(GHashTable) parents =
        aiotop_requests_parents(d->sample->now, d->request_ns);
    GArray *causes = g_array_new(FALSE, FALSE, sizeof(Cause));

    g_array_set_clear_func(causes, clear_cause);
    for (unsigned i = 0; i < groups->len; i++) {
        RequestGroup *group = &g_array_index(groups, RequestGroup, i);
        Cause cause = {
            .group = group,
            .is_timed = is_timed(d, group),
            .nodes = g_hash_table_new(g_str_hash, g_str_equal),
            .holders = g_hash_table_new(g_str_hash, g_str_equal),
            .behind = g_ptr_array_new(),
        };

        group->is_let_go =
            cause.is_timed && lets_go(d, groups, group->oldest->waits_for);

        for (unsigned j = 0; j < awaited->n_requests; j++) {
            const AiotopRequest *request = &awaited->requests[j];

            if (!g_hash_table_contains(parents, &request->id) &&
                strcmp(request->node, group->oldest->node) == 0 &&
                strcmp(request->stage, group->oldest->stage) == 0) {
                add_request(&cause, d, index, request);
            }
        }
        g_array_append_val(causes, cause);
    }
    return causes;
}

/*
 * Whether it may wait in a driver for its turn, which @other has: a lock, or a
 * connection that is full.  Who has it came first.
 */
static bool may_wait_for_turn(const RequestGroup *group, const Cause *other)
{
    const AiotopRequest *holder =
        g_hash_table_lookup(other->holders, group->oldest->node);

    return group->stage == AIOTOP_STAGE_DRIVER && group != other->group &&
           is_worked_on(other->group->stage) && other->is_told && holder &&
           aiotop_wait_may_be_for(group->oldest->since_ns, holder->since_ns);
}

/* Whether @group waits for @other in the end */
static bool is_behind(const RequestGroup *group, const Cause *other)
{
    if (aiotop_requests_wait_for_others(other->group) || !other->overdue) {
        return false;
    }
    switch (group->stage) {
    case AIOTOP_STAGE_DRIVER:
        return other->is_root && may_wait_for_turn(group, other);
    case AIOTOP_STAGE_FLUSH:
        return g_hash_table_contains(other->nodes, group->oldest->node);
    case AIOTOP_STAGE_SERIALISING:
        /* A job's requests of other nodes, while it copies what overlaps */
        return g_hash_table_contains(other->nodes, group->oldest->node) ||
               (!other->group->device && other->group->age_ns >= group->age_ns);
    case AIOTOP_STAGE_DRAINED:
    case AIOTOP_STAGE_GRAPH_LOCK:
        /* Who drains, or changes the graph, waits for all that came before */
        return other->group->age_ns >= group->age_ns &&
               !other->group->is_let_go;
    default:
        return false;
    }
}

static bool is_consequence(const GArray *causes, const RequestGroup *group)
{
    for (unsigned i = 0; i < causes->len; i++) {
        if (is_behind(group, &g_array_index(causes, Cause, i))) {
            return true;
        }
    }
    return false;
}

static void find_behind(const GArray *causes, const Cause *cause)
{
    for (unsigned i = 0; i < causes->len; i++) {
        RequestGroup *group = g_array_index(causes, Cause, i).group;

        if (group->stage == AIOTOP_STAGE_DRIVER && is_behind(group, cause)) {
            g_ptr_array_add(cause->behind, group);
        }
    }
    cause->group->behind = cause->behind;
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

/* It does not go on, as it waits for requests, and has since then */
static bool waits_for_requests(const Diagnosis *d, const AiotopLoopSample *loop)
{
    WaitKind kind = WAIT_NONE;

    if (aiotop_rule_callback_stuck(loop, d->limit_ns) ||
        aiotop_rule_exceeds(aiotop_rule_nested_wait_ns(d->sample->now, loop),
                            d->limit_ns)) {
        kind = aiotop_wait_kind(d, loop);
    }
    return kind == WAIT_REQUESTS || kind == WAIT_GRAPH_LOCK;
}

/*
 * When the last of these waits began that has lasted for so long that nothing
 * else but a request as old is a likely cause: 0 if there is none.  What may be
 * for that stands in the finding about the loop.
 */
static uint64_t last_wait_ns(const Diagnosis *d)
{
    uint64_t last_ns = 0;

    for (unsigned i = 0; i < d->sample->n_loops; i++) {
        const AiotopLoopSample *loop = &d->sample->loops[i];
        uint64_t since_ns = aiotop_wait_since_ns(d, loop->now);

        if (aiotop_rule_exceeds(
                aiotop_age_ns(d->sample->now->time_ns, since_ns),
                d->request_ns) &&
            waits_for_requests(d, loop)) {
            last_ns = MAX(last_ns, since_ns);
        }
    }
    return last_ns;
}

/* Which of them are told of, whatever they are a consequence of */
static void find_told(const Diagnosis *d, GArray *groups, GArray *causes)
{
    uint64_t wait_ns = last_wait_ns(d);

    for (unsigned i = 0; i < causes->len; i++) {
        Cause *cause = &g_array_index(causes, Cause, i);

        cause->is_told =
            !is_told_with_pool(d, cause->group->stage) &&
            !(wait_ns && aiotop_wait_may_be_for(
                             wait_ns, cause->group->oldest->since_ns)) &&
            !is_told(groups, i);
    }
    /* One that may itself wait for its turn is none that others stand with */
    for (unsigned i = 0; i < causes->len; i++) {
        Cause *cause = &g_array_index(causes, Cause, i);

        cause->is_root = cause->is_told;
        for (unsigned j = 0; j < causes->len && cause->is_root; j++) {
            cause->is_root = !may_wait_for_turn(
                cause->group, &g_array_index(causes, Cause, j));
        }
    }
}

void aiotop_find_awaited(Diagnosis *d)
{
    g_autoptr(GArray) groups =
        aiotop_requests_older(d->sample->now, d->request_ns);
    g_autoptr(GArray) causes = find_causes(d, groups);

    find_pool_starved(d);
    find_told(d, groups, causes);
    for (unsigned i = 0; i < causes->len; i++) {
        const Cause *cause = &g_array_index(causes, Cause, i);
        RequestGroup *group = cause->group;
        AiotopFinding *finding;

        if (!cause->is_told || is_consequence(causes, group)) {
            continue;
        }
        finding = aiotop_diagnose_add(d, AIOTOP_CLASS_IO_STUCK, NULL, -1);
        finding->node = g_strdup(group->oldest->node);
        finding->awaited = aiotop_stage_name(group->stage);
        finding->goes_on = !cause->overdue || cause->is_timed;
        find_behind(causes, cause);
        aiotop_word_io_stuck(finding, d, group);
        aiotop_held_up_note(d, finding, group, cause->nodes);
    }
}

/* It is what the requests of a node wait for, and stands in that finding */
static bool is_told_with_node(const Diagnosis *d, const AiotopWriter *writer)
{
    for (unsigned i = 0; i < d->findings->len; i++) {
        const AiotopFinding *finding = d->findings->pdata[i];

        if (finding->id == AIOTOP_CLASS_IO_STUCK && writer->label &&
            g_strcmp0(finding->node, writer->label) == 0) {
            return true;
        }
    }
    return false;
}

void aiotop_find_back_pressure(Diagnosis *d)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;

    for (unsigned i = 0; i < awaited->n_writers; i++) {
        const AiotopWriter *writer = &awaited->writers[i];

        if (!is_told_with_node(d, writer) &&
            aiotop_rule_exceeds(aiotop_writer_blocked_ns(d, writer),
                                AIOTOP_RULE_WRITER_S * NS_PER_S)) {
            aiotop_word_back_pressure(
                aiotop_diagnose_add(d, AIOTOP_CLASS_BACK_PRESSURE, NULL, -1), d,
                writer);
        }
    }
}
