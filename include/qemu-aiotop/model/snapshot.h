/*
 * The model: all that is known of a QEMU's loops at one instant
 *
 * Plain data.  What is not known is said to be so, which costs a column
 * later on and nothing else.
 *
 * Snapshots and sources are immutable once made, and counted by
 * reference: a source that did nothing is the same object in one snapshot
 * and the next.  Any thread may read them, and take and drop references.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_SNAPSHOT_H
#define QEMU_AIOTOP_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/awaited.h>
#include <qemu-aiotop/model/halt.h>
#include <qemu-aiotop/model/profiler.h>
#include <qemu-aiotop/model/source.h>
#include <qemu-aiotop/model/thread.h>

typedef enum AiotopLoopState {
    AIOTOP_LOOP_UNKNOWN,
    /* Runs its own code: none of the following */
    AIOTOP_LOOP_RUNNING,
    AIOTOP_LOOP_WAITING,
    AIOTOP_LOOP_POLLING,
    AIOTOP_LOOP_DISPATCHING,
    AIOTOP_LOOP_BQL_WAIT,
} AiotopLoopState;

/* A dispatch that is going on */
typedef struct AiotopDispatch {
    uint32_t source_id;
    /* When it began, CLOCK_MONOTONIC; AIOTOP_UNKNOWN if not sent */
    uint64_t since_ns;
} AiotopDispatch;

/* A thread that dispatches */
typedef struct AiotopLoop {
    GRefString *name;
    int64_t thread_id;
    /* When its counters began, CLOCK_MONOTONIC */
    uint64_t since_ns;

    uint64_t iterations;
    uint64_t dispatches;
    /* Nanoseconds, the state in progress included */
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    uint64_t bql_wait_ns;
    uint64_t poll_hits;
    uint64_t poll_misses;
    uint64_t poll_max_ns;
    uint64_t cpu_ns;
    /* Waited for a CPU, as the host says; not on the wire */
    uint64_t run_queue_ns;
    /* What else the host says of the thread, likewise; or all unknown */
    AiotopThread thread;

    /*
     * How often its thread was seen running where it is sampled, and of these
     * how often in the kernel
     */
    uint64_t seen_running;
    uint64_t seen_in_kernel;

    /* CLOCK_MONOTONIC; AIOTOP_UNKNOWN if there is none */
    uint64_t bh_pending_since_ns;
    uint64_t timer_deadline_ns;

    AiotopLoopState state;
    /* AIOTOP_UNKNOWN if @state is unknown */
    uint64_t state_since_ns;

    /* Outermost first; not empty while waiting: a nested event loop */
    AiotopDispatch *stack;
    unsigned stack_depth;

    /* Ascending by id */
    AiotopSource **sources;
    unsigned n_sources;
    /*
     * The sum of those that are not among them, if only the busiest were asked
     * for; else NULL.  These are others in each snapshot: only what all of
     * them and @sources add up to can be compared.
     */
    AiotopSource *rest;
} AiotopLoop;

/* A thread that took the big lock since profiling began */
typedef struct AiotopBqlThread {
    GRefString *name;
    int64_t thread_id;
    /* How often it got the lock, and for how long it had it, until now */
    uint64_t holds;
    uint64_t held_ns;
    /* How often it found it taken, and how long it waited, until now */
    uint64_t waits;
    uint64_t wait_ns;
    /* CLOCK_MONOTONIC; AIOTOP_UNKNOWN if it does not wait now */
    uint64_t waiting_since_ns;
} AiotopBqlThread;

/* The big QEMU lock */
typedef struct AiotopBql {
    /* QEMU told of it: tools have none */
    bool known;
    /* 0 if nobody holds it */
    int64_t holder_thread_id;
    /* CLOCK_MONOTONIC; AIOTOP_UNKNOWN if nobody holds it */
    uint64_t held_since_ns;
    AiotopBqlThread *threads;
    unsigned n_threads;
} AiotopBql;

/* One dispatch, or one wait for the big lock, over the threshold */
typedef struct AiotopStall {
    /* From 1 on, ascending */
    uint64_t id;
    GRefString *loop;
    int64_t thread_id;
    /* A wait for the big lock; what is about a source is unknown then */
    bool bql_wait;
    /* As QEMU has it: "dispatch", "bql-wait", "wait", "poll"; NULL if unknown */
    GRefString *cause;
    /* 0 if unknown, and then NULL */
    uint32_t source_id;
    GRefString *kind;
    GRefString *name;
    /* NULL if it has none */
    GRefString *label;
    /* CLOCK_MONOTONIC */
    uint64_t start_ns;
    /* Until now, if it is ongoing */
    uint64_t duration_ns;
    bool ongoing;
} AiotopStall;

/* A stack that a thread was seen with, from its outermost callback inwards */
typedef struct AiotopSampledStack {
    int64_t thread_id;
    /* The innermost source; 0 if it was in none */
    uint32_t source_id;
    /*
     * "KIND;CALLBACK;FUNCTION;FUNCTION..." with kind and callback again where
     * one is nested; nothing in it has a ";" of its own, or ends a line
     */
    GRefString *text;
    /* Since sampling began, and those of them in which it ran */
    uint64_t samples;
    uint64_t running;
    /* Where in @text the innermost callback begins; 0 if it was in none */
    size_t inner;
    /* Tells it from one of another function of that name, while it is sampled */
    uint32_t place_id;
} AiotopSampledStack;

/* How a QEMU was sampled from outside */
typedef struct AiotopSampled {
    /* Times a second; 0 if it was not */
    unsigned hz;
    /* Since @profiling_since_ns: all of them, and those that got lost */
    uint64_t samples;
    uint64_t lost;
    /* Of all samples those whose stack does not tell what it was at */
    uint64_t failed;
    /* What happened since then is not in it: the age of the last look at all */
    uint64_t behind_ns;
    /* What runs in the kernel could not be sampled */
    bool user_only;
    /* Why it was not, or not all threads were; NULL if all were */
    GRefString *refused;
} AiotopSampled;

typedef struct AiotopSnapshot {
    uint64_t sequence;
    /* CLOCK_MONOTONIC of QEMU's host */
    uint64_t time_ns;
    uint64_t profiling_since_ns;
    uint64_t stall_threshold_ns;
    /* Per mille of a loop's time that timing may take; 0: all is timed */
    uint64_t max_overhead;
    int64_t pid;
    /* NULL if not known */
    GRefString *vm_name;
    GRefString *qemu_version;
    GRefString *build_id;
    GRefString *run_state;
    /* What dispatches are timed with: "tsc", "monotonic" */
    GRefString *clock;

    /*
     * Made of what /proc says of a QEMU that is not profiled: its threads are
     * the loops, which have no sources, and most is unknown
     */
    bool host_only;
    /*
     * What its threads were seen at.  Of a host-only one sources have shares of
     * time that follow from that, and no calls; of any other one sources are
     * QEMU's own, and have nothing of it
     */
    AiotopSampled sampled;
    /*
     * The same by whole stacks, if these were asked for.  Where QEMU tells of
     * sources, one of those that have the callback stands for all of them
     */
    AiotopSampledStack *sampled_stacks;
    unsigned n_sampled_stacks;
    /* Of a host-only one: why it is one */
    AiotopUnprofiled unprofiled;
    /* Of a host-only one: what keeps the whole process from running */
    AiotopHalt halt;
    /* Of a host-only one: QEMU did not give its threads names */
    bool unnamed;
    /* Of a host-only one: how many of its threads are not among the loops */
    unsigned n_left_out;
    /* The kernel denied what threads do in it */
    bool denied;
    /*
     * For how long the hypervisor under the host has kept its CPUs, all of
     * them together, from running since boot; not on the wire
     */
    uint64_t steal_ns;
    /* When the process began, CLOCK_BOOTTIME; AIOTOP_UNKNOWN; not on the wire */
    uint64_t start_ns;
    /*
     * For how long the host has been suspended since boot, which is what
     * CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC; likewise
     */
    uint64_t suspended_ns;

    /*
     * What the kernel says of the thread that saves the guest's memory, if that
     * has not run since the snapshot before; not on the wire
     */
    AiotopThread saver;
    /*
     * Who is at the other end of the channel that the VM's state comes from,
     * if nothing has come for long; NULL if not known; not on the wire
     */
    GRefString *sender;

    /*
     * Devices whose requests do not pass through QEMU, as "a, b and 3 more";
     * NULL if none is known of; not on the wire
     */
    GRefString *offloaded;

    /* In the order in which QEMU lists them */
    AiotopLoop *loops;
    unsigned n_loops;

    AiotopBql bql;

    AiotopAwaited awaited;

    /* Those that QEMU made, and the first one; NULL if QEMU does not tell */
    AiotopQemuThread *threads;
    unsigned n_threads;
    /*
     * All threads, ascending by number, where that tells more than @loops and
     * @threads; not on the wire, NULL if not read
     */
    AiotopTask *tasks;
    unsigned n_tasks;
    /*
     * CPU time of all threads since the process began, those that have ended
     * included; not on the wire
     */
    uint64_t cpu_ns;

    /* The last 128, oldest first; NULL if QEMU does not tell */
    AiotopStall *stalls;
    unsigned n_stalls;
    /* All of them since profiling began; AIOTOP_UNKNOWN */
    uint64_t stall_count;

    /* Private; atomic */
    int ref_count;
} AiotopSnapshot;

/* A loop of which nothing is known */
#define AIOTOP_LOOP_NOTHING_KNOWN                                              \
    {                                                                          \
        .thread_id = -1, .since_ns = AIOTOP_UNKNOWN,                           \
        .iterations = AIOTOP_UNKNOWN, .dispatches = AIOTOP_UNKNOWN,            \
        .wait_ns = AIOTOP_UNKNOWN, .poll_ns = AIOTOP_UNKNOWN,                  \
        .dispatch_ns = AIOTOP_UNKNOWN, .bql_wait_ns = AIOTOP_UNKNOWN,          \
        .poll_hits = AIOTOP_UNKNOWN, .poll_misses = AIOTOP_UNKNOWN,            \
        .poll_max_ns = AIOTOP_UNKNOWN, .cpu_ns = AIOTOP_UNKNOWN,               \
        .run_queue_ns = AIOTOP_UNKNOWN, .thread = AIOTOP_THREAD_UNKNOWN,       \
        .seen_running = AIOTOP_UNKNOWN, .seen_in_kernel = AIOTOP_UNKNOWN,      \
        .bh_pending_since_ns = AIOTOP_UNKNOWN,                                 \
        .timer_deadline_ns = AIOTOP_UNKNOWN, .state_since_ns = AIOTOP_UNKNOWN, \
    }

/* A snapshot without loops, of which nothing is known; one reference */
AiotopSnapshot *aiotop_snapshot_new(void);

AiotopSnapshot *aiotop_snapshot_ref(AiotopSnapshot *snapshot);
/* Accepts NULL */
void aiotop_snapshot_unref(AiotopSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopSnapshot, aiotop_snapshot_unref)

/**
 * aiotop_snapshot_carry_over:
 * @previous: after which @snapshot was asked for
 *
 * Adds to the loops of @snapshot, by reference, the sources that only
 * @previous has, if that is of the same process and profiling period and the
 * loop is still the same one.  Only for who has made @snapshot, as long as
 * nobody else knows it.
 */
void aiotop_snapshot_carry_over(AiotopSnapshot *snapshot,
                                const AiotopSnapshot *previous);

/* The same of since when threads have not run, whatever was asked for */
void aiotop_snapshot_carry_over_idle(AiotopSnapshot *snapshot,
                                     const AiotopSnapshot *before);

/* Where a snapshot comes from, and so what there is to show of it */
typedef enum AiotopOrigin {
    /* QEMU told */
    AIOTOP_ORIGIN_PROFILED,
    /* The host told of threads, and there are no sources */
    AIOTOP_ORIGIN_HOST,
    /* The same, and they were seen at sources */
    AIOTOP_ORIGIN_SAMPLED,
    AIOTOP_N_ORIGINS,
} AiotopOrigin;

AiotopOrigin aiotop_snapshot_origin(const AiotopSnapshot *snapshot);

/*
 * How long the process had been there when profiling began, at least and at
 * most, or AIOTOP_UNKNOWN: whether the host was suspended before that or since
 * then is not known
 */
uint64_t aiotop_snapshot_least_before_ns(const AiotopSnapshot *snapshot);
uint64_t aiotop_snapshot_most_before_ns(const AiotopSnapshot *snapshot);

/* Whether both are of one process and one profiling period */
bool aiotop_snapshot_same_period(const AiotopSnapshot *a,
                                 const AiotopSnapshot *b);

/**
 * aiotop_snapshot_find_loop:
 *
 * Returns the same loop, by thread and name, in @snapshot; or NULL, also if
 * @loop began after @snapshot: the host gives thread numbers again.
 */
const AiotopLoop *aiotop_snapshot_find_loop(const AiotopSnapshot *snapshot,
                                            const AiotopLoop *loop);

/* Source number @id of @loop, or NULL */
const AiotopSource *aiotop_loop_find_source(const AiotopLoop *loop,
                                            uint32_t id);

/* The outermost source that @loop is in, or NULL */
const AiotopSource *aiotop_loop_outermost(const AiotopLoop *loop);

/* What was over the threshold, as QEMU has it: "dispatch" if it does not say */
const char *aiotop_stall_cause(const AiotopStall *stall);

/* Why there is no stall to show: none came, or QEMU does not tell */
const char *aiotop_snapshot_no_stall(const AiotopSnapshot *snapshot);

/* "waiting", "dispatching", ...; NULL if unknown */
const char *aiotop_loop_state_name(AiotopLoopState state);
/* The state of that name; unknown if there is none */
AiotopLoopState aiotop_loop_state_parse(const char *name);

#endif /* QEMU_AIOTOP_MODEL_SNAPSHOT_H */
