/*
 * Event loop profiler tests: requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-in-flight.h"
#include "event-loop-info.h"

void coroutine_fn request_entry(void *opaque)
{
    Request *request = opaque;

    if (request->backend) {
        request->slot = event_loop_backend_begin(request->backend,
                                                 EVENT_LOOP_REQUEST_TYPE_WRITE,
                                                 request->offset, 512);
    } else {
        request->slot = event_loop_request_begin(request->place,
                                                 EVENT_LOOP_REQUEST_TYPE_READ,
                                                 request->offset, 512);
    }
    qemu_coroutine_yield();
    event_loop_request_end(request->slot);
}

void start_request(Request *request)
{
    request->co = qemu_coroutine_create(request_entry, request);
    qemu_coroutine_enter(request->co);
}

void finish_request(Request *request)
{
    qemu_coroutine_enter(request->co);
}

void do_requests(EventLoopPlace *place, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        Request request = { .place = place };

        start_request(&request);
        finish_request(&request);
    }
}

EventLoopNode *find_node(EventLoopsInfo *info, const char *name)
{
    EventLoopNode *node = NULL;
    EventLoopNodeList *l;

    for (l = info->nodes; l; l = l->next) {
        if (!strcmp(l->value->node, name)) {
            g_assert_null(node);
            node = l->value;
        }
    }
    return node;
}

void assert_node(const char *name, uint32_t in_flight, uint64_t completed)
{
    g_autoptr(EventLoopsInfo) info = query(0);
    EventLoopNode *node = find_node(info, name);
    EventLoopNodeStageList *l;
    uint32_t sum = 0;

    g_assert_nonnull(node);
    g_assert_cmpint(node->in_flight, ==, in_flight);
    g_assert_cmpint(node->completed, ==, completed);
    g_assert_true(node->has_last_completed_ns == (completed > 0));
    for (l = node->stages; l; l = l->next) {
        sum += l->value->count;
    }
    g_assert_cmpint(sum, ==, in_flight);
}

unsigned count_requests(EventLoopsInfo *info)
{
    EventLoopRequestList *l;
    unsigned n = 0;

    for (l = info->requests; l; l = l->next) {
        n++;
    }
    return n;
}

EventLoopRequest *the_request(EventLoopsInfo *info)
{
    g_assert_cmpint(count_requests(info), ==, 1);
    return info->requests->value;
}
