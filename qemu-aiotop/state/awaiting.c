/*
 * Items of the pages of requests, of a node, and of threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "awaiting.h"

#include <inttypes.h>
#include <string.h>
#include <qemu-aiotop/model/behind.h>

#include "opened.h"

static UiItem *add_item(Ui *ui, char *identity, const char *nothing)
{
    UiItem *item = g_new(UiItem, 1);

    *item = (UiItem){
        .identity = identity,
        .thread_id = -1,
        .stack_thread_id = -1,
        .nothing = nothing,
    };
    g_ptr_array_add(ui->items, item);
    return item;
}

static char *identify_node(const char *name)
{
    return g_strconcat("node ", name, NULL);
}

void awaiting_find_requests(Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    g_autoptr(GArray) nodes = NULL;

    if (!sample) {
        return;
    }
    nodes = aiotop_awaited_rows(&aiotop_node_table, sample);
    for (unsigned i = 0; i < nodes->len; i++) {
        const AiotopNodeSample *node = g_array_index(nodes, AiotopRow, i).item;
        UiItem *item = add_item(ui, identify_node(node->now->name), NULL);

        item->node = g_strdup(node->now->name);
    }
    for (unsigned i = 0; i < sample->now->awaited.n_requests; i++) {
        const AiotopRequest *request = &sample->now->awaited.requests[i];
        UiItem *item = add_item(
            ui, g_strdup_printf("request %" PRIu64, request->id), NULL);

        item->node = g_strdup(request->node);
        item->stack_thread_id = request->thread_id;
    }
}

static void add_source(Ui *ui, const AiotopLoop *loop,
                       const AiotopSource *source)
{
    UiItem *item = add_item(
        ui,
        g_strdup_printf("%" PRId64 " %" PRIu32, loop->thread_id, source->id),
        NULL);

    item->loop = g_strdup(loop->name);
    item->thread_id = loop->thread_id;
    item->stack_thread_id = loop->thread_id;
    item->source = source;
}

void awaiting_find_sources(Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    const AiotopNodeSample *node = awaiting_node(ui);
    g_autoptr(GPtrArray) sources =
        node ? aiotop_sources_before_node(sample, node->now) : NULL;

    for (unsigned i = 0; sources && i < sources->len; i++) {
        const AiotopSourceSample *source = sources->pdata[i];

        add_source(ui, sample->loops[source->loop].now, source->now);
    }
}

void awaiting_find_threads(Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    g_autoptr(GArray) rows = NULL;

    if (!sample) {
        return;
    }
    rows = aiotop_awaited_rows(&aiotop_thread_table, sample);
    for (unsigned i = 0; i < rows->len; i++) {
        const void *about = g_array_index(rows, AiotopRow, i).item;
        const AiotopQemuThread *thread =
            about && about != sample ? ((const AiotopThreadSample *)about)->now
                                     : NULL;
        UiItem *item = add_item(
            ui,
            thread ? g_strdup_printf("thread %" PRId64, thread->thread_id)
                   : g_strdup(about ? "all" : "rest"),
            thread ? "this thread is no loop; s shows its stack"
                   : "this is about no thread");

        if (thread) {
            const AiotopLoopSample *loop =
                aiotop_sample_find_loop(sample, thread->thread_id);

            item->loop = loop ? g_strdup(loop->now->name) : NULL;
            item->thread_id = thread->thread_id;
            item->stack_thread_id = thread->thread_id;
        }
    }
}

const AiotopNodeSample *awaiting_node(const Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);

    for (unsigned i = 0; sample && ui->node && i < sample->n_nodes; i++) {
        if (strcmp(sample->nodes[i].now->name, ui->node) == 0) {
            return &sample->nodes[i];
        }
    }
    return NULL;
}

char *awaiting_first_behind(const Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    const AiotopSourceSample *source = opened_source(ui);
    const AiotopLoopSample *loop = opened_loop(ui);
    g_autoptr(GPtrArray) behind = NULL;
    g_autoptr(GArray) rows = NULL;

    if (!sample || (!source && !loop)) {
        return NULL;
    }
    behind = source ? aiotop_nodes_behind_label(sample, source->now->label)
                    : aiotop_nodes_behind_loop(sample, loop);
    rows = aiotop_awaited_rows(&aiotop_node_table, sample);
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopNodeSample *node = g_array_index(rows, AiotopRow, i).item;

        if (g_ptr_array_find(behind, node, NULL)) {
            return identify_node(node->now->name);
        }
    }
    return NULL;
}
