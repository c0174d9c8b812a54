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

static const AiotopRequest *find_parent(const AiotopAwaited *awaited,
                                        const AiotopRequest *request)
{
    for (unsigned i = 0; request->parent && i < awaited->n_requests; i++) {
        if (awaited->requests[i].id == request->parent) {
            return &awaited->requests[i];
        }
    }
    return NULL;
}

/* No part of it is as old as @age_ns */
static bool is_leaf(const AiotopSnapshot *now, const AiotopRequest *request,
                    uint64_t age_ns)
{
    const AiotopAwaited *awaited = &now->awaited;

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *other = &awaited->requests[i];

        if (other->parent == request->id && other != request &&
            aiotop_rule_exceeds(age_of(now, other), age_ns)) {
            return false;
        }
    }
    return true;
}

/* What a peer says may go in a circle */
static const char *find_device(const AiotopAwaited *awaited,
                               const AiotopRequest *request)
{
    for (unsigned i = 0; request && i <= awaited->n_requests; i++) {
        if (request->device) {
            return request->device;
        }
        request = find_parent(awaited, request);
    }
    return NULL;
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

/* Others of them may be too young to be listed */
static void count_unlisted(RequestGroup *group)
{
    for (unsigned i = 0; group->node && i < group->node->n_stages; i++) {
        const AiotopNodeStage *stage = &group->node->stages[i];

        if (strcmp(stage->stage, group->oldest->stage) == 0) {
            group->n = MAX(group->n, stage->count);
        }
    }
}

GArray *aiotop_requests_older(const AiotopSnapshot *now, uint64_t age_ns)
{
    const AiotopAwaited *awaited = &now->awaited;
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(RequestGroup));

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];
        RequestGroup *group;

        if (!aiotop_rule_exceeds(age_of(now, request), age_ns) ||
            !is_leaf(now, request, age_ns)) {
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
                .node = aiotop_awaited_find_node(awaited, request->node),
                .device = find_device(awaited, request),
            };

            if (!found.device && found.node) {
                found.device = found.node->device;
            }
            g_array_append_val(groups, found);
        }
    }
    for (unsigned i = 0; i < groups->len; i++) {
        count_unlisted(&g_array_index(groups, RequestGroup, i));
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
