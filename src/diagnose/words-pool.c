/*
 * Diagnosis: the words about a pool whose threads are all busy
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words-awaited.h"

#include <inttypes.h>

#include "words.h"

/*
 * What all busy threads have, where all of them are of one pool.  For how long a
 * thread has had it is not known, but of the pool's oldest.
 */
static void append_worked_on(GString *out, const Diagnosis *d)
{
    g_autoptr(GArray) groups = aiotop_requests_older(d->sample->now, 0);
    unsigned n = 0;

    for (unsigned i = 0; i < groups->len; i++) {
        const RequestGroup *group = &g_array_index(groups, RequestGroup, i);

        if (group->stage != AIOTOP_STAGE_WORKER ||
            ++n > AIOTOP_WORDS_MAX_NODES) {
            continue;
        }
        g_string_append(out, n > 1 ? "; " : " They work on ");
        aiotop_word_append_count(out, group->n);
        g_string_append(out, " of ");
        aiotop_word_append_node(out, group->oldest->node, group->device);
        g_string_append_printf(out, ", %sin flight for %s",
                               group->n == 1 ? "" : "the oldest ",
                               TIME(group->age_ns));
    }
    aiotop_word_append_more_nodes(out, n);
    g_string_append(out, n ? "." : "");
}

static bool has_queued(const AiotopNode *node)
{
    for (unsigned i = 0; i < node->n_stages; i++) {
        if (aiotop_stage_parse(node->stages[i].stage) == AIOTOP_STAGE_POOL) {
            return true;
        }
    }
    return false;
}

/* Requests in the queue may be too young to be listed, but are counted */
static void append_queued(GString *out, const Diagnosis *d)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;
    unsigned n = 0;

    for (unsigned i = 0; i < awaited->n_nodes; i++) {
        const AiotopNode *node = &awaited->nodes[i];

        if (has_queued(node) && ++n <= AIOTOP_WORDS_MAX_NODES) {
            g_string_append(out, n > 1 ? ", " : " What waits is of ");
            aiotop_word_append_node(out, node->name, node->device);
        }
    }
    aiotop_word_append_more_nodes(out, n);
    g_string_append(out, n ? "." : "");
}

static bool is_only_busy(const AiotopAwaited *awaited, const AiotopPool *pool)
{
    for (unsigned i = 0; i < awaited->n_pools; i++) {
        const AiotopPool *other = &awaited->pools[i];

        if (other != pool && (other->threads == AIOTOP_UNKNOWN ||
                              other->threads != other->idle)) {
            return false;
        }
    }
    return true;
}

void aiotop_word_pool_starved(AiotopFinding *finding, const Diagnosis *d,
                              const AiotopPool *pool,
                              const RequestGroup *queued, bool is_only)
{
    uint64_t running_ns = aiotop_diagnose_age_ns(d, pool->running_since_ns);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "All %" PRIu64 " threads of the pool of %s are busy",
                           pool->threads, pool->loop);
    if (running_ns) {
        g_string_append_printf(out, ", one of them with the same thing for %s",
                               TIME(running_ns));
    }
    g_string_append_printf(
        out, ", and %" PRIu64 " request%s for one, the oldest", pool->queued,
        pool->queued == 1 ? " waits" : "s wait");
    g_string_append_printf(
        out, " for %s.",
        TIME(aiotop_diagnose_age_ns(d, pool->queued_since_ns)));
    if (is_only_busy(&d->sample->now->awaited, pool)) {
        append_worked_on(out, d);
    }
    if (queued) {
        g_string_append(out, " What waits is of ");
        aiotop_word_append_node(out, queued->oldest->node, queued->device);
        g_string_append_c(out, '.');
        aiotop_word_append_last(out, d, queued->node);
    } else if (is_only) {
        append_queued(out, d);
    }
    if (finding->goes_on) {
        g_string_append(out, " They get done with what they have: it is slow,"
                             " not stuck.");
        aiotop_word_settle(finding, out,
                           "More is asked of these files than their storage"
                           " gets done: look at how busy that is, and who else"
                           " uses it. aio=native or aio=io_uring of a disk"
                           " needs no thread for reads and writes.");
        return;
    }
    aiotop_word_settle(finding, out,
                       "Look at the files that these threads work on: a system"
                       " call that does not return, as on a network file"
                       " system, keeps its thread. aio=native or aio=io_uring"
                       " of a disk needs no thread for reads and writes.");
}
