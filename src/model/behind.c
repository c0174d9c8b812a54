/*
 * Which block nodes are behind a source or a loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/behind.h"

#include <string.h>

/* What a label may stand for: a node, or a device with its queue or without */
static void add_label(GHashTable *names, const char *label)
{
    const char *queue = label ? strrchr(label, '/') : NULL;

    if (label) {
        g_hash_table_add(names, g_strdup(label));
    }
    if (queue) {
        g_hash_table_add(names, g_strndup(label, queue - label));
    }
}

static GHashTable *new_names(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* Names of the nodes that have a request of a device in @names */
static GHashTable *busy_nodes(const AiotopAwaited *awaited, GHashTable *names)
{
    g_autoptr(GHashTable) index = aiotop_requests_index(awaited);
    GHashTable *nodes = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];
        const char *device = aiotop_request_device(index, request);

        if (device && g_hash_table_contains(names, device)) {
            g_hash_table_add(nodes, request->node);
        }
    }
    return nodes;
}

static GPtrArray *find_nodes(const AiotopSample *sample, GHashTable *names)
{
    g_autoptr(GHashTable) busy = busy_nodes(&sample->now->awaited, names);
    GPtrArray *found = g_ptr_array_new();

    for (unsigned i = 0; i < sample->n_nodes; i++) {
        const AiotopNode *node = sample->nodes[i].now;

        if (g_hash_table_contains(names, node->name) ||
            (node->device && g_hash_table_contains(names, node->device)) ||
            g_hash_table_contains(busy, node->name)) {
            g_ptr_array_add(found, &sample->nodes[i]);
        }
    }
    return found;
}

GPtrArray *aiotop_nodes_behind_label(const AiotopSample *sample,
                                     const char *label)
{
    g_autoptr(GHashTable) names = new_names();

    add_label(names, label);
    return find_nodes(sample, names);
}

GPtrArray *aiotop_nodes_behind_loop(const AiotopSample *sample,
                                    const AiotopLoopSample *loop)
{
    g_autoptr(GHashTable) names = new_names();

    for (unsigned i = 0; i < loop->now->n_sources; i++) {
        add_label(names, loop->now->sources[i]->label);
    }
    return find_nodes(sample, names);
}

/* Names that a label may have, of what is in front of the node */
static GHashTable *names_before(const AiotopAwaited *awaited,
                                const AiotopNode *node)
{
    g_autoptr(GHashTable) index = aiotop_requests_index(awaited);
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_add(names, node->name);
    if (node->device) {
        g_hash_table_add(names, node->device);
    }
    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];
        const char *device = strcmp(request->node, node->name) == 0
                                 ? aiotop_request_device(index, request)
                                 : NULL;

        if (device) {
            g_hash_table_add(names, (gpointer)device);
        }
    }
    return names;
}

GPtrArray *aiotop_sources_before_node(const AiotopSample *sample,
                                      const AiotopNode *node)
{
    g_autoptr(GHashTable) names = names_before(&sample->now->awaited, node);
    GPtrArray *found = g_ptr_array_new();

    for (unsigned i = 0; i < sample->n_sources; i++) {
        const char *label = sample->sources[i].now->label;
        const char *queue = label ? strrchr(label, '/') : NULL;
        g_autofree char *device =
            queue ? g_strndup(label, queue - label) : NULL;

        if ((label && g_hash_table_contains(names, label)) ||
            (device && g_hash_table_contains(names, device))) {
            g_ptr_array_add(found, &sample->sources[i]);
        }
    }
    return found;
}

/* Whether it, or what it is a part of, is in @set */
static bool descends(GHashTable *index, GHashTable *set,
                     const AiotopRequest *request)
{
    for (unsigned i = 0; request && i < AIOTOP_REQUEST_MAX_DEPTH; i++) {
        if (g_hash_table_contains(set, request)) {
            return true;
        }
        request = aiotop_request_parent(index, request);
    }
    return false;
}

GPtrArray *aiotop_requests_related(const AiotopAwaited *awaited,
                                   const char *node)
{
    g_autoptr(GHashTable) index = aiotop_requests_index(awaited);
    g_autoptr(GHashTable) own = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) above = g_hash_table_new(NULL, NULL);
    GPtrArray *related = g_ptr_array_new();

    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];

        if (strcmp(request->node, node) == 0) {
            g_hash_table_add(own, (gpointer)request);
            for (unsigned j = 0; request && j < AIOTOP_REQUEST_MAX_DEPTH; j++) {
                g_hash_table_add(above, (gpointer)request);
                request = aiotop_request_parent(index, request);
            }
        }
    }
    for (unsigned i = 0; i < awaited->n_requests; i++) {
        const AiotopRequest *request = &awaited->requests[i];

        if (g_hash_table_contains(above, request) ||
            descends(index, own, request)) {
            g_ptr_array_add(related, (gpointer)request);
        }
    }
    return related;
}
