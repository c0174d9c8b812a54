/*
 * The rows of what is awaited, and of QEMU's threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/awaited.h"

#include <inttypes.h>

const AiotopTable *const aiotop_awaited_tables[] = {
    &aiotop_node_table,
    &aiotop_request_table,
    &aiotop_pool_table,
    &aiotop_group_table,
    &aiotop_command_table,
    &aiotop_writer_table,
    NULL,
};

const AiotopTable *const aiotop_thread_tables[] = {
    &aiotop_thread_table,
    NULL,
};

/* The elements of a table's list, which is NULL if QEMU does not tell */
typedef struct List {
    const void *elements;
    gsize size;
    unsigned n;
    bool told;
} List;

#define LIST(list, number, known)                                              \
    (List)                                                                     \
    {                                                                          \
        list, sizeof(*(list)), number, (known) != NULL                         \
    }

static List get_list(const AiotopTable *table, const AiotopSample *sample)
{
    const AiotopAwaited *awaited = &sample->now->awaited;

    if (table == &aiotop_node_table) {
        return LIST(sample->nodes, sample->n_nodes, awaited->nodes);
    }
    if (table == &aiotop_request_table) {
        return LIST(awaited->requests, awaited->n_requests, awaited->requests);
    }
    if (table == &aiotop_pool_table) {
        return LIST(awaited->pools, awaited->n_pools, awaited->pools);
    }
    if (table == &aiotop_group_table) {
        return LIST(awaited->groups, awaited->n_groups, awaited->groups);
    }
    if (table == &aiotop_command_table) {
        return LIST(awaited->commands, awaited->n_commands, awaited->commands);
    }
    if (table == &aiotop_writer_table) {
        return LIST(awaited->writers, awaited->n_writers, awaited->writers);
    }
    return LIST(sample->threads, sample->n_threads, sample->now->threads);
}

/* Unknown is later than anything */
static int compare_nodes(gconstpointer a, gconstpointer b)
{
    const AiotopNodeSample *x = ((const AiotopRow *)a)->item;
    const AiotopNodeSample *y = ((const AiotopRow *)b)->item;
    const AiotopNodeStage *of_x = aiotop_node_oldest(x->now);
    const AiotopNodeStage *of_y = aiotop_node_oldest(y->now);

    if (!of_x != !of_y) {
        return of_x ? -1 : 1;
    }
    if (of_x && of_x->since_ns != of_y->since_ns) {
        return of_x->since_ns < of_y->since_ns ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

static int compare_threads(gconstpointer a, gconstpointer b)
{
    const AiotopThreadSample *x = ((const AiotopRow *)a)->item;
    const AiotopThreadSample *y = ((const AiotopRow *)b)->item;

    /* One more, and unknown is the least */
    if (x->cpu_ns + 1 != y->cpu_ns + 1) {
        return x->cpu_ns + 1 > y->cpu_ns + 1 ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

static void add_sums(GArray *rows, const AiotopSample *sample)
{
    AiotopRow rest = { .sample = sample };
    AiotopRow all = { .sample = sample, .item = sample };

    g_array_append_val(rows, rest);
    g_array_append_val(rows, all);
}

GArray *aiotop_awaited_rows(const AiotopTable *table,
                            const AiotopSample *sample)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));
    List list = get_list(table, sample);

    for (unsigned i = 0; i < list.n; i++) {
        AiotopRow row = {
            .sample = sample,
            .item = (const char *)list.elements + i * list.size,
        };

        g_array_append_val(rows, row);
    }
    if (table == &aiotop_node_table) {
        g_array_sort(rows, compare_nodes);
    } else if (table == &aiotop_thread_table && list.told) {
        g_array_sort(rows, compare_threads);
        add_sums(rows, sample);
    }
    return rows;
}

const char *aiotop_awaited_none(const AiotopTable *table,
                                const AiotopSample *sample)
{
    List list = get_list(table, sample);

    if (list.n) {
        return NULL;
    }
    if (table == &aiotop_thread_table) {
        return list.told ? NULL : "This QEMU does not tell of its threads";
    }
    if (table == &aiotop_request_table && list.told) {
        return "No request is in flight";
    }
    if (table == &aiotop_node_table) {
        return !aiotop_awaited_known(&sample->now->awaited)
                   ? "This QEMU does not tell of block requests"
               : list.told
                   ? "No block node has had a request since profiling began"
                   : NULL;
    }
    return NULL;
}

bool aiotop_awaited_told(const AiotopTable *table, const AiotopSample *sample)
{
    return get_list(table, sample).told;
}

/* Requests that are tracked, of all nodes */
static uint64_t count_in_flight(const AiotopSample *sample)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < sample->n_nodes; i++) {
        sum += aiotop_known_or_zero(sample->nodes[i].now->in_flight);
    }
    return sum;
}

char *aiotop_awaited_remark(const AiotopTable *table,
                            const AiotopSample *sample)
{
    const AiotopAwaited *awaited = &sample->now->awaited;
    uint64_t untracked = aiotop_known_or_zero(awaited->untracked);
    uint64_t in_flight = count_in_flight(sample);
    GString *out = g_string_new(NULL);

    if (table == &aiotop_request_table && in_flight > awaited->n_requests) {
        g_string_append_printf(out, "The oldest %u of %" PRIu64,
                               awaited->n_requests, in_flight);
    }
    if (table == &aiotop_request_table && untracked) {
        g_string_append_printf(out,
                               "%s%" PRIu64 " since profiling began are not"
                               " among them: QEMU had no room to track them",
                               out->len ? "; " : "", untracked);
    }
    return g_string_free(out, !out->len);
}
