/*
 * Requests in flight that have taken too long, and those that are the cause
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "requests.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"

static uint64_t age_of(const AiotopSnapshot *now, const AiotopRequest *request)
{
    return aiotop_age_ns(now->time_ns, request->since_ns);
}

GHashTable *aiotop_requests_parents(const AiotopSnapshot *now, uint64_t age_ns)
{
    const AiotopAwaited *awaited = &now->awaited;
    GHashTable *parents = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];

        if (request->parent != request->id &&
            aiotop_rule_too_old(request, now->time_ns, age_ns)) {
            g_hash_table_add(parents, (gpointer)&request->parent);
        }
    }
    return parents;
}

/* By name, the first one of each */
static GHashTable *index_nodes(const AiotopAwaited *awaited)
{
    GHashTable *nodes = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = awaited->n_nodes; i-- > 0;) {
        g_hash_table_replace(nodes, awaited->nodes[i].name, &awaited->nodes[i]);
    }
    return nodes;
}

static RequestGroup *find_group(GArray *groups, const AiotopRequest *request)
{
    for (unsigned i = 0; i < groups->len; i++) {
        RequestGroup *group = &g_array_index(groups, RequestGroup, i);

        if (strcmp(group->oldest->node, request->node) == 0 &&
            strcmp(group->oldest->stage, request->stage) == 0) {
            return group;
        }
    }
    return NULL;
}

static unsigned count_parents(const AiotopAwaited *awaited,
                              const RequestGroup *group, GHashTable *parents)
{
    unsigned n = 0;

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];

        n += g_hash_table_contains(parents, &request->id) &&
             strcmp(request->node, group->oldest->node) == 0 &&
             strcmp(request->stage, group->oldest->stage) == 0;
    }
    return n;
}

/* Others of them may be too young to be listed */
static void count_unlisted(const AiotopAwaited *awaited, RequestGroup *group,
                           GHashTable *parents)
{
    for (unsigned i = 0; group->node && i < group->node->n_stages; i++) {
        const AiotopNodeStage *stage = &group->node->stages[i];

        if (strcmp(stage->stage, group->oldest->stage) == 0) {
            unsigned more = count_parents(awaited, group, parents);

            group->n = MAX(group->n, stage->count - MIN(more, stage->count));
        }
    }
}

GArray *aiotop_requests_older(const AiotopSnapshot *now, uint64_t age_ns)
{
    const AiotopAwaited *awaited = &now->awaited;
    g_autoptr(GHashTable) requests = aiotop_requests_index(awaited);
    g_autoptr(GHashTable) nodes = index_nodes(awaited);
    g_autoptr(GHashTable) parents = aiotop_requests_parents(now, age_ns);
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(RequestGroup));

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];
        RequestGroup *group;

        if (!aiotop_rule_too_old(request, now->time_ns, age_ns) ||
            g_hash_table_contains(parents, &request->id)) {
            continue;
        }
        group = find_group(groups, request);
        if (group) {
            group->n++;
        } else {
            RequestGroup found = {
                .oldest = request,
                .stage = aiotop_stage_parse(request->stage),
                .age_ns = age_of(now, request),
                .n = 1,
                .node = g_hash_table_lookup(nodes, request->node),
                .device = aiotop_request_device(requests, request),
            };

            if (!found.device && found.node) {
                found.device = found.node->device;
            }
            g_array_append_val(groups, found);
        }
    }
    for (unsigned i = 0; i < groups->len; i++) {
        count_unlisted(awaited, &g_array_index(groups, RequestGroup, i),
                       parents);
    }
    return groups;
}

bool aiotop_requests_wait_for_others(const RequestGroup *group)
{
    return group->stage == AIOTOP_STAGE_DRAINED ||
           group->stage == AIOTOP_STAGE_SERIALISING ||
           group->stage == AIOTOP_STAGE_FLUSH ||
           group->stage == AIOTOP_STAGE_GRAPH_LOCK;
}
