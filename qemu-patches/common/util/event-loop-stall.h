/*
 * Event loop profiler: the log of stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A stall is a dispatch, or a loop's wait for the big lock, that took longer
 * than the threshold or has done so already.  Loops note those that are over
 * (EventLoopOverrun); who has the readers' lock collects them and looks for
 * those that go on.  All of this is called with that lock, and within an RCU
 * critical section.
 */

#ifndef EVENT_LOOP_STALL_H
#define EVENT_LOOP_STALL_H

#include "event-loop-reader.h"

/* So many are kept */
#define EVENT_LOOP_STALLS_MAX 128

typedef struct EventLoopStallRecord {
    /* from 1 on, in each period */
    uint64_t id;
    /* only to be compared: it may be gone */
    const EventLoopThread *thread;
    const char *loop;
    int thread_id;
    EventLoopTicks start;
    uint64_t duration_ns;
    bool ongoing;
    EventLoopStallCause cause;
    /* the source; 0: no dispatch, with the following unused */
    uint32_t source_id;
    EventLoopSourceKind kind;
    const char *name;
    const char *label;

    /* number of the search that found it going on */
    uint64_t seen;
} EventLoopStallRecord;

/* Brings the log up to date; @patience as for event_loop_read() */
void event_loop_stalls_update(unsigned *patience);

/* How many there were in this period; those that are kept, oldest first */
uint64_t event_loop_stall_count(void);
const EventLoopStallRecord *event_loop_stalls(unsigned *n);

/*
 * The next stall that is to be told, at @now_ns: the last one that began or
 * ended in a loop of which nothing was told for a second.  @suppressed is how
 * many others there were in it since.  NULL if there is none.
 */
const EventLoopStallRecord *event_loop_stall_next(uint64_t now_ns,
                                            uint64_t *suppressed);

/* Appends a stall as the JSON form of an EventLoopStall */
void event_loop_stall_put(GString *json, const EventLoopInstant *now,
                          const EventLoopStallRecord *stall);

#endif /* EVENT_LOOP_STALL_H */
