/*
 * Event loop profiler: start, stop, and reading the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_EVENT_LOOP_SNAPSHOT_H
#define QEMU_EVENT_LOOP_SNAPSHOT_H

#include "qapi/qapi-types-event-loop.h"

/**
 * event_loop_profiler_start:
 *
 * Starts a new period of profiling, in which all counters begin at 0, and
 * wakes all loops once so that each shows up.  Waits only in a process that
 * is younger than 10 ms, to measure the clock's rate.  Called in the main
 * thread, and not while profiling is on already.
 */
void event_loop_profiler_start(void);

/* Stops profiling. Called in the main thread; what was counted is lost. */
void event_loop_profiler_stop(void);

/**
 * event_loop_set_stall_threshold:
 * @ns: a dispatch, or a loop's wait for the big lock, of so many nanoseconds
 *     is a stall
 *
 * May be called in any thread and at any time; before profiling is started
 * for the first time, too.
 */
void event_loop_set_stall_threshold(uint64_t ns);
/* The same, as it is now; nanoseconds */
uint64_t event_loop_stall_threshold(void);

/**
 * event_loop_set_max_overhead:
 * @per_mille: how much of a loop's time profiling may take; 0: as much as it
 *     takes, and each dispatch is timed
 *
 * May be called in any thread and at any time; loops follow within some
 * rounds.  It is 0 unless it is set.
 */
void event_loop_set_max_overhead(unsigned per_mille);
unsigned event_loop_max_overhead(void);

/**
 * event_loop_look_interval_ns:
 *
 * Returns: how long after event_loop_next_stall() it is to be called again,
 * in nanoseconds, so that no stall is missed.
 */
uint64_t event_loop_look_interval_ns(void);

/* What the profiler cannot know by itself of the process that it is in */
typedef struct EventLoopProcess {
    /* the VM's name, or NULL */
    const char *vm_name;
    /* the VM's state, or NULL */
    const char *run_state;
} EventLoopProcess;

/* What a snapshot is to have */
typedef struct EventLoopQuery {
    /*
     * Leave out sources that have dispatched nothing after the snapshot of
     * this sequence number; 0: none
     */
    uint64_t after_sequence;
    bool histograms;
    /*
     * List no more than so many sources of a loop, besides those that run:
     * the busiest since @after_sequence.  The others are summed.
     */
    bool has_max_sources;
    uint32_t max_sources;
    /* how long it may be, in bytes; 0: as long as it takes */
    size_t max_size;
} EventLoopQuery;

/**
 * event_loop_snapshot:
 * @json: where the snapshot is appended
 * @process: goes into the snapshot
 * @query: what it is to have
 *
 * Appends a snapshot to @json, as the JSON form of an EventLoopsInfo.  This
 * is the only encoder of that type, and does not go through the generated
 * visitors, because at ten thousand sources these take a hundred times as
 * long.
 *
 * May be called in any thread that is registered with RCU, while profiling
 * is on.  It waits for no other thread, whatever that one is stuck in; loops
 * are not made to wait.
 *
 * Returns: false if it would be too long; then nothing is appended
 */
bool event_loop_snapshot(GString *json, const EventLoopProcess *process,
                         const EventLoopQuery *query);

/* What is to be told of a stall */
typedef struct EventLoopStallNews {
    EventLoopStallPhase phase;
    /* how many others in its loop nothing was told about before it */
    uint64_t suppressed;
} EventLoopStallNews;

/**
 * event_loop_next_stall:
 * @json: where the stall is appended, as the JSON form of an EventLoopStall
 * @news: set to what there is to be told of it
 *
 * Looks for stalls.  If one is to be told, which has begun or ended, it is
 * appended to @json: at most one a second for each loop.  To be called until
 * there is none, every so often, where event_loop_snapshot() may be.
 *
 * Returns: whether there is one
 */
bool event_loop_next_stall(GString *json, EventLoopStallNews *news);

#endif /* QEMU_EVENT_LOOP_SNAPSHOT_H */
