/*
 * What a loop dispatches
 *
 * What counts what:
 *
 *   calls                   dispatches that are over
 *   timed_calls, histogram  of these, those that were timed: QEMU does not time
 *                           more than its max-overhead allows.  The
 *                           histogram's sum is the timed calls
 *   delay_histogram         of these, those that have a delay: a source that
 *                           is asked for without a time has none
 *   busy_ns                 time in its own code, without what is nested in
 *                           it; the dispatch in progress included.  It, and
 *                           total_ns, are estimates if not all calls are timed
 *   total_ns                the same with what is nested in it
 *   max_ns, delay_max_ns    the longest that is over, since profiling began
 *   samples                 how often it was seen, where calls are not known:
 *                           busy_ns and total_ns follow from that
 *   running_ns (a sample's) the dispatch in progress alone
 *   ended_ns (a sample's)   total_ns without the dispatches in progress: the
 *                           times that the histogram has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_SOURCE_H
#define QEMU_AIOTOP_MODEL_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/counter.h>
#include <qemu-aiotop/model/histogram.h>

/* What a loop dispatches: kind, callback, and label or fd */
typedef struct AiotopSource {
    uint32_t id;
    /* -1 if it has none */
    int32_t fd;
    /* "fd-read", "fd-write", "fd-poll", "bh", "timer", "glib", ... */
    GRefString *kind;
    GRefString *name;
    /* NULL if it has none */
    GRefString *label;
    /* File that the callback is in; NULL for the executable */
    GRefString *module;
    /* The callback's address in that file; AIOTOP_UNKNOWN */
    uint64_t callback;

    /* Finished dispatches, and how many of them were timed */
    uint64_t calls;
    uint64_t timed_calls;
    /* Nanoseconds, the dispatch in progress included */
    uint64_t busy_ns;
    uint64_t total_ns;
    /* Of a QEMU that is sampled: how often it was seen */
    uint64_t samples;
    /* Nanoseconds, of finished dispatches */
    uint64_t max_ns;
    /* Absent as long as there was no delay */
    uint64_t delay_ns;
    uint64_t delay_max_ns;
    /* When the last dispatch ended, CLOCK_MONOTONIC */
    uint64_t last_ns;

    AiotopBuckets histogram;
    AiotopBuckets delay_histogram;

    /* Private: number of references (atomic), what the histograms point to */
    int ref_count;
    AiotopBucket buckets[];
} AiotopSource;

/*
 * Whether what takes time stands on fewer than all @calls: they are a sample of
 * them.  Both may be unknown.
 */
bool aiotop_calls_thinned(uint64_t calls, uint64_t timed_calls);

/*
 * Whether both are known to have the same callback, be it with other labels or
 * descriptors; QEMU names a module by its path, who looks from outside by the
 * end of that
 */
bool aiotop_source_same_callback(const AiotopSource *a, const AiotopSource *b);

/* Drops a reference; the last one frees it.  Accepts NULL. */
void aiotop_source_unref(AiotopSource *source);

/**
 * aiotop_source_append_name:
 * @kind, @name, @label: NULL where it is not known, or has none
 *
 * Appends how a source is called wherever there is no table of them:
 * "bh virtio_blk_dma_restart_bh vd0", "fd-read aio_context_notifier".  Not
 * escaped.
 */
void aiotop_source_append_name(GString *out, const char *kind, const char *name,
                               const char *label);

#endif /* QEMU_AIOTOP_MODEL_SOURCE_H */
