/*
 * Event loop profiler tests: requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_EVENT_LOOP_IN_FLIGHT_H
#define TESTS_EVENT_LOOP_IN_FLIGHT_H

#include "qapi/qapi-types-event-loop.h"
#include "qemu/coroutine.h"
#include "qemu/event-loop-request.h"

/* A request in a coroutine of its own, which yields until it is finished */
typedef struct Request {
    Coroutine *co;
    EventLoopPlace *place;
    EventLoopBackend *backend;
    EventLoopSlot *slot;
    int64_t offset;
} Request;

/* What its coroutine does */
void coroutine_fn request_entry(void *opaque);

void start_request(Request *request);
void finish_request(Request *request);

/* So many requests, one after the other, in the running thread */
void do_requests(EventLoopPlace *place, int n);

/* The only node of that name; NULL if there is none */
EventLoopNode *find_node(EventLoopsInfo *info, const char *name);

/* So many are at it, in whatever stage, and so many have been there */
void assert_node(const char *name, uint32_t in_flight, uint64_t completed);

/* How many are listed */
unsigned count_requests(EventLoopsInfo *info);

/* The only request in flight */
EventLoopRequest *the_request(EventLoopsInfo *info);

#endif /* TESTS_EVENT_LOOP_IN_FLIGHT_H */
