/*
 * Event loop profiler tests: periods of profiling, and what a snapshot says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_EVENT_LOOP_INFO_H
#define TESTS_EVENT_LOOP_INFO_H

#include "qapi/qapi-types-event-loop.h"
#include "qemu/event-loop-snapshot.h"

/* Adds a test that has a period of profiling of its own */
void add_test(const char *path, void (*test)(void));

/* Dispatches all that there is to be dispatched in the main context */
void poll_all(void);

/*
 * What query-event-loops returns, by way of the generated visitor, which is
 * strict
 */
EventLoopsInfo *query_with(const EventLoopQuery *query);

/* The same with histograms. @after_sequence: as in query-event-loops */
EventLoopsInfo *query(uint64_t after_sequence);

/* The loop of that thread; NULL if there is none */
EventLoopInfo *find_loop(EventLoopsInfo *info, int64_t thread_id);

/* The loop of the calling thread, which must be there */
EventLoopInfo *this_loop(EventLoopsInfo *info);

/* The only source of that name; NULL if there is none */
EventLoopSourceInfo *find_source(EventLoopInfo *loop, const char *name);

/* The calls in a histogram, which must be well-formed */
uint64_t histogram_sum(const EventLoopHistogramInfo *histogram);

/* Asserts that the source's counters belong together */
void assert_source(const EventLoopSourceInfo *s);

/* The calling thread's source of that name, kind and number of calls */
EventLoopSourceInfo *get_source(EventLoopsInfo *info, const char *name,
                                EventLoopSourceKind kind, uint64_t calls);

/* Lets wall time pass, awake. @ns: nanoseconds */
void spin(int64_t ns);

#endif /* TESTS_EVENT_LOOP_INFO_H */
