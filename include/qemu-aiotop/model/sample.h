/*
 * Two snapshots to a sample: rates, shares, percentiles of an interval
 *
 * Loops are paired by thread and name, sources by id, kind and name.  What
 * was born in the interval is measured from its birth.  Where counters began
 * anew (another process, another profiling period, a counter that went
 * backwards) the sample covers what is there since: it is never negative and
 * never huge.  Of a loop whose snapshot has a rest, all sources together are
 * compared with all of them before, as one may be listed in one snapshot and
 * part of the rest in the other.  What can't be known is NAN or AIOTOP_UNKNOWN, shown as "-",
 * never 0.
 *
 * A sample belongs to one thread at a time; the snapshots that it refers to
 * may be shared with others.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_SAMPLE_H
#define QEMU_AIOTOP_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/percentiles.h>
#include <qemu-aiotop/model/snapshot.h>

/* What a loop did in the interval */
typedef struct AiotopLoopSample {
    /* The loop at the end of the interval, and at its start (or NULL) */
    const AiotopLoop *now;
    const AiotopLoop *before;
    /*
     * It has no rounds: a thread that was caught dispatching, of which
     * nothing else is known
     */
    bool is_thread;
    /* How long the loop was there in the interval */
    uint64_t wall_ns;

    /* Differences; AIOTOP_UNKNOWN where QEMU or the host does not tell */
    uint64_t iterations;
    uint64_t dispatches;
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    uint64_t bql_wait_ns;
    uint64_t poll_hits;
    uint64_t poll_misses;
    uint64_t cpu_ns;
    uint64_t run_queue_ns;
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
    uint64_t seen_running;
    uint64_t seen_in_kernel;
    /* What remains of wall_ns: the loop's own work */
    uint64_t other_ns;
    /*
     * CPU time that is in none of callbacks, polling and its own work: what
     * the kernel takes to put the thread to sleep and to wake it up.  At
     * least that, as callbacks may sleep as well.
     */
    uint64_t kernel_ns;

    /* Of all its sources together */
    AiotopPercentiles duration;
    AiotopPercentiles delay;
    /* These stand on fewer than all calls: see aiotop_calls_thinned() */
    bool thinned;

    /*
     * How long its thread waited for the big lock, in callbacks as well, of
     * which @bql_wait_ns is the part between them
     */
    uint64_t lock_wait_ns;
    /* How long it has been waiting for it; AIOTOP_UNKNOWN if it does not */
    uint64_t lock_wait_age_ns;

    /* Innermost source that runs, or NULL */
    const AiotopSource *running;
    /*
     * What it does at the end, and for how long; AIOTOP_UNKNOWN if unknown.
     * A callback, or a thread that is no loop, that waits for the big lock
     * is in AIOTOP_LOOP_BQL_WAIT.
     */
    AiotopLoopState state;
    uint64_t state_age_ns;
    /* How long the outermost dispatch has lasted; AIOTOP_UNKNOWN: none */
    uint64_t dispatch_age_ns;

    /* Its part of the sample's sources */
    unsigned first_source;
    unsigned n_sources;
} AiotopLoopSample;

/* What a source did in the interval */
typedef struct AiotopSourceSample {
    const AiotopSource *now;
    /*
     * NULL if it is new, or was part of the loop's rest: then what it did in
     * the interval is not known
     */
    const AiotopSource *before;
    /* Index of its loop in the sample */
    unsigned loop;

    /* Differences; AIOTOP_UNKNOWN where QEMU does not tell */
    uint64_t calls;
    uint64_t timed_calls;
    /* The dispatch in progress included */
    uint64_t busy_ns;
    uint64_t total_ns;
    uint64_t delay_ns;
    /* How many of the calls have a delay */
    uint64_t delays;
    /* Of a QEMU that is sampled */
    uint64_t samples;
    /*
     * What its calls took, each from its beginning, even before the interval:
     * the times that are in the histogram.  With what was nested in them, but
     * for what QEMU calls g_main_context_dispatch: that is what GLib's
     * dispatching leaves, and has no time but its own.
     */
    uint64_t ended_ns;

    AiotopPercentiles duration;
    AiotopPercentiles delay;

    /* How long its dispatch in progress has lasted; AIOTOP_UNKNOWN: none */
    uint64_t running_ns;
} AiotopSourceSample;

/* What became of a block node's requests in the interval */
typedef struct AiotopNodeSample {
    const AiotopNode *now;
    /* NULL if it had no request before */
    const AiotopNode *before;
    /* Requests that ended; AIOTOP_UNKNOWN where QEMU does not tell */
    uint64_t completed;
} AiotopNodeSample;

/* How much CPU time a thread took in the interval, and waited for a CPU */
typedef struct AiotopThreadSample {
    const AiotopQemuThread *now;
    /* AIOTOP_UNKNOWN without a snapshot before, or if QEMU does not tell */
    uint64_t cpu_ns;
    /* The same if the host does not tell */
    uint64_t run_queue_ns;
    /* At both ends of the interval, in which it has not run */
    bool stopped;
    /* The same, but the kernel keeps it: state D */
    bool blocked;
    /* The same, but it could run if there were a CPU for it: state R */
    bool starved;
} AiotopThreadSample;

typedef struct AiotopSample {
    /* References; @before is NULL in a cumulative sample */
    AiotopSnapshot *now;
    AiotopSnapshot *before;
    uint64_t interval_ns;
    /* When it came, in microseconds since 1970; 0 if not known */
    int64_t real_time_us;
    /* Covers the time since profiling began */
    bool cumulative;
    /*
     * A first snapshot came between that does not continue the one before
     * it: another process or profiling period.  Implies @cumulative.
     */
    bool restarted;
    /*
     * Covers the time since the user began anew: set by who made it so.  Then
     * the longest dispatch and delay are those since, too.
     */
    bool since_reset;

    AiotopLoopSample *loops;
    unsigned n_loops;
    /* Grouped by loop; silent ones included, with calls 0 */
    AiotopSourceSample *sources;
    unsigned n_sources;

    /* In the order of the snapshot */
    AiotopNodeSample *nodes;
    unsigned n_nodes;
    AiotopThreadSample *threads;
    unsigned n_threads;
    /*
     * CPU time of the whole process in the interval, and what of it is in none
     * of @threads: in threads that QEMU did not make, or that have ended.  The
     * kernel tells the first in ticks, so that the other is as coarse.
     */
    uint64_t cpu_ns;
    uint64_t rest_cpu_ns;

    /* Private; of the thread that it belongs to */
    unsigned ref_count;
} AiotopSample;

/**
 * aiotop_sample_new:
 * @before: start of the interval; NULL for all since profiling began
 * @now: end of the interval
 *
 * Takes references to both.  If @now does not continue @before, the sample
 * is a cumulative one with @restarted set.
 */
AiotopSample *aiotop_sample_new(AiotopSnapshot *before, AiotopSnapshot *now);

/*
 * When @time_ns (CLOCK_MONOTONIC of QEMU's host) was, in microseconds since
 * 1970; 0 if not known
 */
int64_t aiotop_sample_real_us(const AiotopSample *sample, uint64_t time_ns);

/* Another reference, for the same thread: nobody changes it any more */
AiotopSample *aiotop_sample_ref(AiotopSample *sample);

/* Drops a reference; the last one frees it.  Accepts NULL. */
void aiotop_sample_free(AiotopSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopSample, aiotop_sample_free)

typedef enum AiotopHistogramKind {
    AIOTOP_HISTOGRAM_DURATION,
    AIOTOP_HISTOGRAM_DELAY,
} AiotopHistogramKind;

/* Whether it did something in the interval, or is at it */
bool aiotop_source_sample_active(const AiotopSourceSample *source);

/**
 * aiotop_source_sample_mean_ns:
 *
 * Returns the mean of what the histogram of @kind counts; NAN without values.
 */
double aiotop_source_sample_mean_ns(const AiotopSourceSample *source,
                                    AiotopHistogramKind kind);

/* The loop of a thread, or what else it dispatches; NULL if it has none */
const AiotopLoopSample *aiotop_sample_find_loop(const AiotopSample *sample,
                                                int64_t thread_id);

/* Whether the thread runs an event loop */
bool aiotop_sample_is_loop(const AiotopSample *sample, int64_t thread_id);

/*
 * Whether sources of it were only told of as a sum, at the end of the interval
 * or at its start
 */
bool aiotop_loop_sample_has_rest(const AiotopLoopSample *loop);

/* The interval's histogram of one source */
void aiotop_source_sample_histogram(const AiotopSourceSample *source,
                                    AiotopHistogramKind kind,
                                    AiotopHistogram *histogram);

/* The same of all sources of a loop together */
void aiotop_loop_sample_histogram(const AiotopSample *sample,
                                  const AiotopLoopSample *loop,
                                  AiotopHistogramKind kind,
                                  AiotopHistogram *histogram);

#endif /* QEMU_AIOTOP_MODEL_SAMPLE_H */
