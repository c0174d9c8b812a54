/*
 * What is awaited while loops are idle
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/awaited.h"

#include <string.h>

static const char *const stage_names[AIOTOP_N_STAGES] = {
    [AIOTOP_STAGE_DRIVER] = "driver",
    [AIOTOP_STAGE_DRAINED] = "drained",
    [AIOTOP_STAGE_THROTTLED] = "throttled",
    [AIOTOP_STAGE_SERIALISING] = "serialising",
    [AIOTOP_STAGE_FLUSH] = "flush",
    [AIOTOP_STAGE_GRAPH_LOCK] = "graph-lock",
    [AIOTOP_STAGE_POOL] = "pool",
    [AIOTOP_STAGE_WORKER] = "worker",
    [AIOTOP_STAGE_KERNEL] = "kernel",
    [AIOTOP_STAGE_PLUGGED] = "plugged",
    [AIOTOP_STAGE_NETWORK] = "network",
};

const char *aiotop_stage_name(AiotopStage stage)
{
    return stage_names[stage];
}

AiotopStage aiotop_stage_parse(const char *name)
{
    for (unsigned i = 0; i < AIOTOP_N_STAGES; i++) {
        if (g_strcmp0(stage_names[i], name) == 0) {
            return i;
        }
    }
    return AIOTOP_STAGE_OTHER;
}

const AiotopNodeStage *aiotop_node_oldest(const AiotopNode *node)
{
    const AiotopNodeStage *oldest = NULL;

    for (unsigned i = 0; i < node->n_stages; i++) {
        const AiotopNodeStage *stage = &node->stages[i];

        if (stage->count && (!oldest || stage->since_ns < oldest->since_ns)) {
            oldest = stage;
        }
    }
    return oldest;
}

const AiotopNode *aiotop_awaited_find_node(const AiotopAwaited *awaited,
                                           const char *name)
{
    for (unsigned i = 0; i < awaited->n_nodes; i++) {
        if (strcmp(awaited->nodes[i].name, name) == 0) {
            return &awaited->nodes[i];
        }
    }
    return NULL;
}

GHashTable *aiotop_requests_index(const AiotopAwaited *awaited)
{
    GHashTable *index = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];

        g_hash_table_insert(index, (gpointer)&request->id, (gpointer)request);
    }
    return index;
}

const AiotopRequest *aiotop_request_parent(GHashTable *index,
                                           const AiotopRequest *request)
{
    return request->parent ? g_hash_table_lookup(index, &request->parent)
                           : NULL;
}

const char *aiotop_request_device(GHashTable *index,
                                  const AiotopRequest *request)
{
    for (unsigned i = 0;
         request && !request->device && i < AIOTOP_REQUEST_MAX_DEPTH; i++) {
        request = aiotop_request_parent(index, request);
    }
    return request ? request->device : NULL;
}

const AiotopThrottleGroup *aiotop_awaited_find_throttle(
    const AiotopAwaited *awaited, const char *name)
{
    for (unsigned i = 0; name && i < awaited->n_groups; i++) {
        if (strcmp(awaited->groups[i].name, name) == 0) {
            return &awaited->groups[i];
        }
    }
    return NULL;
}

uint64_t aiotop_awaited_oldest_ns(const AiotopAwaited *awaited)
{
    uint64_t since_ns = AIOTOP_UNKNOWN;

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        since_ns = MIN(since_ns, awaited->requests[i].since_ns);
    }
    return since_ns;
}

bool aiotop_awaited_known(const AiotopAwaited *awaited)
{
    return awaited->requests || awaited->nodes;
}

static void drop(GRefString *string)
{
    g_clear_pointer(&string, g_ref_string_release);
}

static void clear_node(AiotopNode *node)
{
    for (unsigned i = 0; i < node->n_stages; i++) {
        drop(node->stages[i].stage);
    }
    g_free(node->stages);
    drop(node->name);
    drop(node->driver);
    drop(node->device);
}

static void clear_request(AiotopRequest *request)
{
    drop(request->node);
    drop(request->device);
    drop(request->type);
    drop(request->stage);
    drop(request->waits_for);
}

void aiotop_awaited_clear(AiotopAwaited *awaited)
{
    for (unsigned i = 0; i < awaited->n_requests; i++) {
        clear_request(&awaited->requests[i]);
    }
    for (unsigned i = 0; i < awaited->n_nodes; i++) {
        clear_node(&awaited->nodes[i]);
    }
    for (unsigned i = 0; i < awaited->n_pools; i++) {
        drop(awaited->pools[i].loop);
    }
    for (unsigned i = 0; i < awaited->n_groups; i++) {
        drop(awaited->groups[i].name);
    }
    for (unsigned i = 0; i < awaited->n_commands; i++) {
        drop(awaited->commands[i].name);
    }
    for (unsigned i = 0; i < awaited->n_writers; i++) {
        drop(awaited->writers[i].name);
        drop(awaited->writers[i].label);
        g_free(awaited->writers[i].descriptor);
    }
    g_free(awaited->requests);
    g_free(awaited->nodes);
    g_free(awaited->pools);
    g_free(awaited->groups);
    g_free(awaited->commands);
    g_free(awaited->writers);
}
