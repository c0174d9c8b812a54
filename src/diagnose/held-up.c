/*
 * Requests that are to end in a loop which does not go round
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "held-up.h"

#include <string.h>

#include "find.h"
#include "wait-kind.h"
#include "words.h"
#include "words-awaited.h"

#include "qemu-aiotop/diagnose/thresholds.h"

#define NS_PER_MS UINT64_C(1000000)

/*
 * All requests are held against all sources, and for a loop that one of these
 * is of against all threads and stalls: for more than that, which only someone
 * hostile sends, it is not worth it
 */
#define MAX_LOOKED_AT (1u << 18)

typedef struct HeldUp {
    AiotopFinding *finding;
    const AiotopLoopSample *loop;
    char *words;
} HeldUp;

static void clear_held_up(gpointer opaque)
{
    HeldUp *held_up = opaque;

    g_free(held_up->words);
}

/* It waits in a loop of its own for events, those of requests too */
static bool sees_events(const Diagnosis *d, const AiotopLoopSample *loop)
{
    WaitKind kind = aiotop_wait_kind(d, loop);

    return kind != WAIT_STOPPED &&
           (aiotop_wait_is_nested(loop->now) || kind == WAIT_REQUESTS ||
            kind == WAIT_GRAPH_LOCK || kind == WAIT_CONDITION);
}

static bool is_stopped(const Diagnosis *d, const AiotopLoopSample *loop)
{
    for (unsigned i = 0; i < d->sample->n_threads; i++) {
        const AiotopThreadSample *thread = &d->sample->threads[i];

        if (thread->now->thread_id == loop->now->thread_id) {
            return thread->stopped;
        }
    }
    return false;
}

/* What it has been in for that long, at least, it is still in */
static uint64_t innermost_ns(const Diagnosis *d, const AiotopLoop *loop)
{
    return aiotop_age_ns(d->sample->now->time_ns,
                         loop->stack[loop->stack_depth - 1].since_ns);
}

/* Who holds the lock that it waits for may see to the main loop's events */
static bool lock_is_free_for_events(const Diagnosis *d)
{
    const AiotopBql *bql = &d->sample->now->bql;
    const AiotopLoopSample *holder =
        aiotop_sample_find_loop(d->sample, bql->holder_thread_id);

    return !bql->holder_thread_id ||
           (holder && holder->now->stack_depth && sees_events(d, holder));
}

/* What has lost a wakeup still has those of its descriptors */
static bool ends_with_event(AiotopStage stage)
{
    return stage == AIOTOP_STAGE_KERNEL || stage == AIOTOP_STAGE_NETWORK;
}

/*
 * For how long it has seen to nothing that ends what is at @stage;
 * AIOTOP_UNKNOWN if it does
 */
static uint64_t halted_ns(const Diagnosis *d, const AiotopLoopSample *loop,
                          AiotopStage stage)
{
    bool has_stack = loop->now->stack_depth;

    if (is_stopped(d, loop)) {
        /* It may have waited for long before it was */
        return has_stack ? innermost_ns(d, loop->now)
                         : MIN(loop->state_age_ns, loop->wall_ns);
    }
    if (aiotop_rule_exceeds(loop->lock_wait_age_ns, d->limit_ns)) {
        return aiotop_diagnose_is_main_thread(d, loop) &&
                       lock_is_free_for_events(d)
                   ? AIOTOP_UNKNOWN
                   : loop->lock_wait_age_ns;
    }
    if (has_stack) {
        return aiotop_rule_exceeds(loop->dispatch_age_ns, d->limit_ns) &&
                       !sees_events(d, loop)
                   ? innermost_ns(d, loop->now)
                   : AIOTOP_UNKNOWN;
    }
    if (aiotop_rule_exceeds(aiotop_rule_loop_stuck_ns(d->sample, loop),
                            d->limit_ns)) {
        return aiotop_rule_loop_stuck_ns(d->sample, loop);
    }
    return ends_with_event(stage) ? AIOTOP_UNKNOWN
                                  : aiotop_lost_wakeup_ns(d, loop);
}

static bool is_on_stack(const AiotopLoop *loop, const AiotopSource *source)
{
    for (unsigned i = 0; i < loop->stack_depth; i++) {
        if (loop->stack[i].source_id == source->id) {
            return true;
        }
    }
    return false;
}

/* A label is that of a node, or of a device with its queue or without */
static bool is_of(const char *label, const RequestGroup *group,
                  GHashTable *nodes)
{
    const char *queue = strrchr(label, '/');
    size_t len = queue ? (size_t)(queue - label) : strlen(label);

    return g_hash_table_contains(nodes, label) ||
           (group->device && (strcmp(label, group->device) == 0 ||
                              (strlen(group->device) == len &&
                               strncmp(label, group->device, len) == 0)));
}

static bool is_source_of(const AiotopSource *source, const RequestGroup *group,
                         GHashTable *nodes)
{
    return source->label && is_of(source->label, group, nodes);
}

/* It has had to do with the node since the request began */
static bool works_on(const AiotopLoop *loop, const RequestGroup *group,
                     GHashTable *nodes)
{
    uint64_t since_ns = group->oldest->since_ns;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSource *source = loop->sources[i];

        if (is_source_of(source, group, nodes) &&
            (is_on_stack(loop, source) ||
             (source->last_ns != AIOTOP_UNKNOWN &&
              source->last_ns + AIOTOP_RULE_BEFORE_MS * NS_PER_MS >=
                  since_ns))) {
            return true;
        }
    }
    return false;
}

/* False if it is too much */
static bool may_look_at(Diagnosis *d, unsigned n)
{
    bool may = n <= MAX_LOOKED_AT - d->n_looked_at;

    d->n_looked_at += may ? n : 0;
    return may;
}

/* A loop that is halted, and was before the request was too old */
static bool holds_up(const Diagnosis *d, const AiotopLoopSample *loop,
                     const RequestGroup *group)
{
    uint64_t ns = halted_ns(d, loop, group->stage);
    uint64_t late_ns = group->age_ns -
                       MIN(aiotop_rule_too_old_ns(group->oldest, d->request_ns),
                           group->age_ns);

    return aiotop_rule_exceeds(ns, d->limit_ns) && ns >= late_ns;
}

/*
 * What is gathered is submitted by who is in a callback of it, whatever other
 * loops have to do with the same disk; NULL if there is no such one
 */
static const AiotopLoopSample *find_submitter(Diagnosis *d,
                                              const RequestGroup *group,
                                              GHashTable *nodes)
{
    for (unsigned i = 0; i < d->sample->n_loops; i++) {
        const AiotopLoopSample *loop = &d->sample->loops[i];

        if (loop->is_thread || !loop->now->stack_depth) {
            continue;
        }
        if (!may_look_at(d, loop->n_sources + d->sample->n_threads +
                                d->sample->now->n_stalls)) {
            return NULL;
        }
        for (unsigned j = 0; j < loop->now->n_sources; j++) {
            const AiotopSource *source = loop->now->sources[j];

            if (is_source_of(source, group, nodes) &&
                is_on_stack(loop->now, source) && holds_up(d, loop, group)) {
                return loop;
            }
        }
    }
    return NULL;
}

/*
 * The loops that have had to do with it, or the only one that there is, are all
 * halted: one of them.  NULL if that can't be told.
 */
static const AiotopLoopSample *find_loop(Diagnosis *d,
                                         const RequestGroup *group,
                                         GHashTable *nodes)
{
    const AiotopLoopSample *found = NULL, *only = NULL;
    unsigned n_loops = 0;

    if (group->stage == AIOTOP_STAGE_PLUGGED) {
        found = find_submitter(d, group, nodes);
        if (found) {
            return found;
        }
    }
    for (unsigned i = 0; i < d->sample->n_loops; i++) {
        const AiotopLoopSample *loop = &d->sample->loops[i];
        bool works;

        if (loop->is_thread) {
            continue;
        }
        n_loops++;
        only = loop;
        if (!may_look_at(d, loop->n_sources)) {
            return NULL;
        }
        works = works_on(loop->now, group, nodes);
        /* What has to do with it may be among the sources that are not there */
        if ((works || loop->now->rest) &&
            (!may_look_at(d, d->sample->n_threads + d->sample->now->n_stalls) ||
             !holds_up(d, loop, group))) {
            return NULL;
        }
        found = works ? loop : found;
    }
    return found                                      ? found
           : n_loops == 1 && holds_up(d, only, group) ? only
                                                      : NULL;
}

/* A thread of a pool works on it, or may, whatever the loop does */
static bool is_in_pool(const Diagnosis *d, AiotopStage stage)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;

    if (stage != AIOTOP_STAGE_WORKER && stage != AIOTOP_STAGE_POOL) {
        return false;
    }
    for (unsigned i = 0; i < awaited->n_pools; i++) {
        if (aiotop_rule_exceeds(
                aiotop_age_ns(d->sample->now->time_ns,
                              awaited->pools[i].running_since_ns),
                d->request_ns)) {
            return true;
        }
    }
    return awaited->n_pools == 0;
}

static char *describe(const RequestGroup *group)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, " %u request%s of node %s", group->n,
                           group->n == 1 ? "" : "s", group->oldest->node);
    if (group->device) {
        g_string_append_printf(out, " (device %s)", group->device);
    }
    g_string_append_printf(out,
                           ", %sin flight for %s, can't end before that loop"
                           " goes on.",
                           group->n == 1 ? "" : "the oldest ",
                           TIME(group->age_ns));
    aiotop_word_append_behind(out, group);
    return g_string_free(out, FALSE);
}

void aiotop_held_up_note(Diagnosis *d, AiotopFinding *finding,
                         const RequestGroup *group, GHashTable *nodes)
{
    const AiotopLoopSample *loop =
        aiotop_requests_wait_for_others(group) || is_in_pool(d, group->stage)
            ? NULL
            : find_loop(d, group, nodes);

    if (loop) {
        HeldUp held_up = { finding, loop, describe(group) };

        if (!d->held_up) {
            d->held_up = g_array_new(FALSE, FALSE, sizeof(HeldUp));
            g_array_set_clear_func(d->held_up, clear_held_up);
        }
        g_array_append_val(d->held_up, held_up);
    }
}

/* What says that the loop does not go on: of it, or of the lock */
static AiotopFinding *find_finding(const Diagnosis *d,
                                   const AiotopLoopSample *loop)
{
    AiotopFinding *of_lock = NULL;

    for (unsigned i = 0; i < d->findings->len; i++) {
        AiotopFinding *finding = d->findings->pdata[i];

        if (finding->thread_id == loop->now->thread_id &&
            aiotop_finding_is_stuck(finding)) {
            return finding;
        }
        of_lock = finding->id == AIOTOP_CLASS_BQL_WAIT ? finding : of_lock;
    }
    return of_lock;
}

void aiotop_held_up_fold(Diagnosis *d)
{
    for (unsigned i = 0; d->held_up && i < d->held_up->len; i++) {
        const HeldUp *held_up = &g_array_index(d->held_up, HeldUp, i);
        AiotopFinding *finding = find_finding(d, held_up->loop);

        if (finding) {
            char *evidence =
                g_strconcat(finding->evidence, held_up->words, NULL);

            g_free(finding->evidence);
            finding->evidence = evidence;
            g_ptr_array_remove(d->findings, held_up->finding);
        }
    }
    g_clear_pointer(&d->held_up, g_array_unref);
}
