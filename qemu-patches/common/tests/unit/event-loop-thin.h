/*
 * Event loop profiler tests: a loop whose rounds are hardly ever timed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * By way of the profiler's own header files, as no load is sure to be thinned
 * on each machine.
 */

#ifndef TESTS_EVENT_LOOP_THIN_H
#define TESTS_EVENT_LOOP_THIN_H

#include "util/event-loop-reader.h"

/* So much a reading costs then, as far as the profiler knows */
#define DEAR_NS 100000

/* And so long a dispatch or a look for events is a stall */
#define STALL_NS (20 * (int64_t)SCALE_MS)

/* For so long the loop may poll in rounds of go_on_until() */
#define POLL_MAX_NS (32 * (int64_t)SCALE_US)

/* A callback */
void nothing(void *opaque);

/* One dispatch of a bottom half with this callback, in the calling thread */
void dispatch(void (*cb)(void *), void *opaque);

/* So many that the source need not be timed any more */
void grow_up(void (*cb)(void *), void *opaque);

/* The calling thread's source with this callback; NULL if there is none */
EventLoopSource *get_internal(void (*cb)(void *));

/* What is known of it; it must be there */
EventLoopSourceView read_source(void (*cb)(void *));

/* Rounds with one dispatch each, until one begins that is counted, or not */
void go_on_until(bool counted);

/* From now on readings are so dear that hardly any round is timed */
void thin(void);

/* What the watch does */
void look(void);

#endif /* TESTS_EVENT_LOOP_THIN_H */
