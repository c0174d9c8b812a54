/*
 * Event loop profiler: the counters, as their writers and readers share them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each loop is written by its own thread only.  Readers come from anywhere
 * and never make it wait: lists only grow at their end, memory is freed by
 * RCU, and what belongs together is read between two equal and even values
 * of a sequence number, as in qemu/seqlock.h.  A writer that was stopped
 * between two such values must not stop its readers, so that these give up
 * after a while and take what is there.
 */

#ifndef EVENT_LOOP_PROFILER_INT_H
#define EVENT_LOOP_PROFILER_INT_H

#include "qemu/event-loop-profiler.h"
#include "qemu/host-utils.h"
#include "qemu/queue.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"

/*
 * Log-linear histogram: bucket 0 is for less than 64 ns; from there on there
 * are four buckets of the same width an octave, so that a bucket's bounds are
 * within 25 % and its middle within 12.5 % of each time in it.
 */
#define EVENT_LOOP_BUCKETS 138
#define EVENT_LOOP_BUCKET_MIN_SHIFT 6

static inline unsigned event_loop_bucket(uint64_t ns)
{
    unsigned octave, quarter;

    if (ns < (1 << EVENT_LOOP_BUCKET_MIN_SHIFT)) {
        return 0;
    }
    octave = 63 - clz64(ns);
    quarter = (ns >> (octave - 2)) & 3;
    return MIN(1 + (octave - EVENT_LOOP_BUCKET_MIN_SHIFT) * 4 + quarter,
               EVENT_LOOP_BUCKETS - 1);
}

/* One more source, and it is counted in "(other)" */
#define EVENT_LOOP_SOURCES_MAX 4096

/* Dispatches nested more deeply are timed, but not shown as running */
#define EVENT_LOOP_STACK_MAX 16

/* One less than so many overruns of a thread wait for a reader */
#define EVENT_LOOP_OVERRUNS 16

typedef struct EventLoopSource EventLoopSource;
typedef struct EventLoopThread EventLoopThread;

struct EventLoopSource {
    struct rcu_head rcu;

    /*
     * Who it is: does not change.  The writer looks for these.  The label is
     * referenced, so that its address stands for no other one.
     */
    void *address;
    const char *name;
    const char *label;
    EventLoopSourceKind kind;
    /* where it has a label: of the last dispatch */
    int fd;
    uint32_t id;
    /* its own time is that of its histogram: what is nested is no part of it */
    bool remainder;
    /* what does not change of its JSON form */
    const char *json;
    QSIMPLEQ_ENTRY(EventLoopSource) next;

    /* Counters: written by the loop, between two changes of @seq */
    unsigned seq;
    EventLoopStamp last;
    uint64_t busy_ns;
    uint64_t total_ns;
    uint64_t max_ns;
    uint64_t delay_ns;
    uint64_t delay_max_ns;
    uint64_t histogram[EVENT_LOOP_BUCKETS];
    uint64_t delay_histogram[EVENT_LOOP_BUCKETS];

    /* Of the readers: what was shown of it, and in which snapshot first */
    struct {
        unsigned seq;
        uint64_t sequence;
        uint64_t busy_ns;
        uint64_t total_ns;
    } shown;
};

/* A dispatch on the stack of a loop */
typedef struct EventLoopFrame {
    EventLoopSource *source;
    EventLoopStamp start;
    /* time of the dispatches nested in it that are over */
    uint64_t nested_ns;
} EventLoopFrame;

/* A dispatch, or a wait for the big lock, that took too long and is over */
typedef struct EventLoopOverrun {
    /* NULL: a wait for the big lock */
    EventLoopSource *source;
    EventLoopStamp start;
    EventLoopStamp end;
} EventLoopOverrun;

/* Since when bottom halves are queued in a context; outlives it by RCU */
struct EventLoopBacklog {
    struct rcu_head rcu;
    /* written by any thread; 0: none is queued */
    EventLoopStamp since;
};

struct EventLoopThread {
    struct rcu_head rcu;

    /* Does not change. The name is a label, as the log of stalls needs it. */
    const char *name;
    int thread_id;
#ifdef CONFIG_LINUX
    clockid_t cpu_clock;
#endif
    /* NULL for a thread that was caught dispatching, or takes the big lock */
    AioContext *ctx;
    const EventLoopBacklog *backlog;
    QTAILQ_ENTRY(EventLoopThread) next;
    Notifier exit_notifier;

    /*
     * Counters: written by the loop, between two changes of @seq.  They are
     * those of the period with this number; older ones are to be ignored.
     */
    unsigned seq;
    uint32_t period;
    uint64_t since_ns;
    EventLoopState state;
    EventLoopStamp state_since;
    int64_t timeout_ns;
    unsigned depth;
    EventLoopFrame stack[EVENT_LOOP_STACK_MAX];
    uint64_t iterations;
    uint64_t dispatches;
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    uint64_t bql_wait_ns;
    uint64_t poll_hits;
    uint64_t poll_misses;
    uint64_t poll_max_ns;
    QSIMPLEQ_HEAD(, EventLoopSource) sources;

    /* How many overruns there were; the last ones are kept, in a ring */
    uint64_t overrun_count;
    EventLoopOverrun overruns[EVENT_LOOP_OVERRUNS];

    /* The big lock: not between changes of @seq, see util/event-loop-bql.c */
    struct {
        /* 0: it does not have the lock, and does not wait for it */
        EventLoopStamp held_since;
        EventLoopStamp wait_since;
        uint64_t holds;
        uint64_t held_ns;
        uint64_t waits;
        uint64_t wait_ns;
    } bql;

    /* Of the loop alone */
    EventLoopStamp woken;
    /* end of the last dispatch of a batch, which is at this depth */
    EventLoopStamp batch;
    int batch_depth;
    EventLoopSource **table;
    unsigned table_bits;
    unsigned source_count;
    EventLoopSource *other[EVENT_LOOP_SOURCE_KIND__MAX];

    /* Of the readers: what was shown of it */
    struct {
        uint64_t wait_ns;
        uint64_t poll_ns;
        uint64_t dispatch_ns;
        uint64_t bql_wait_ns;
        uint64_t bql_held_ns;
        uint64_t bql_lock_wait_ns;
    } shown;
    /* Of those who look for stalls, see util/event-loop-stall.c */
    struct {
        uint32_t period;
        /* how many overruns are in the log already */
        uint64_t overruns;
        /* id of a stall that is to be told; 0: none */
        uint64_t news;
        /* how many were to be told before it, and were not */
        uint64_t suppressed;
        /* when one was told; CLOCK_MONOTONIC */
        uint64_t told_ns;
    } watch;
};

/* Threads in the order of their birth; read in RCU critical sections */
typedef QTAILQ_HEAD(EventLoopThreads, EventLoopThread) EventLoopThreads;

extern EventLoopThreads event_loop_threads;
extern uint32_t event_loop_period;
/* When the period began, on both clocks */
extern uint64_t event_loop_since_ns;
extern uint64_t event_loop_since_ticks;
/* A dispatch, or a wait for the big lock, of this many nanoseconds stalls */
extern uint64_t event_loop_stall_ns;

/* What a source is called; lives for ever */
static inline const char *event_loop_source_name(const EventLoopSource *s)
{
    /* what came when there were too many has no callback */
    return s->name ?: (s->address ? "(unnamed)" : "(other)");
}

/* The running thread's loop, in the present period; made if need be */
EventLoopThread *event_loop_current_thread(void);

/* The loop waits for the big lock, or no longer does */
void event_loop_profiler_bql_state(EventLoopThread *t, bool waits);

/* Nanoseconds from @start to @end; 0 where clocks of CPUs disagree */
uint64_t event_loop_ticks_to_ns(EventLoopStamp start, EventLoopStamp end);

/* The writer's store, and the reader's load, of a counter */
#define elp_set(counter, value) qatomic_set_u64((uint64_t *)&(counter), (value))
#define elp_get(counter) qatomic_read_u64((const uint64_t *)&(counter))

/* The writer's addition to a counter */
static inline void event_loop_add(uint64_t *counter, uint64_t n)
{
    qatomic_set_u64(counter, *counter + n);
}

#endif /* EVENT_LOOP_PROFILER_INT_H */
