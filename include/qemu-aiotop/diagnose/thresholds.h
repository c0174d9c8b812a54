/*
 * Rules: what is too long, too late or too often, and from where on
 *
 * The one place of all thresholds; the words for rows and the diagnosis are
 * made of these rules.  Numbers are plain, so that texts can name them with
 * G_STRINGIFY().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_THRESHOLDS_H
#define QEMU_AIOTOP_DIAGNOSE_THRESHOLDS_H

#include <stdbool.h>
#include <stdint.h>
#include <qemu-aiotop/model/sample.h>

/* Stall threshold where QEMU sends none */
#define AIOTOP_RULE_STALL_MS 100
/* How long after its end a stall is still told of */
#define AIOTOP_RULE_STALL_WINDOW_S 60
/* Share of its loop's time that one source may take */
#define AIOTOP_RULE_HOG_PERCENT 50
/* 99th percentile of the delay */
#define AIOTOP_RULE_LATE_MS 10
/* Dispatches of a source, or empty rounds of a loop, in 1/s ... */
#define AIOTOP_RULE_SPIN_HZ 100000
/* ... and the share of the source in what its loop dispatches */
#define AIOTOP_RULE_SPIN_PERCENT 95
/* A loop dispatches almost nothing: dispatches in 100 rounds */
#define AIOTOP_RULE_IDLE_PERCENT 1
/* Polling: share of the loop's time, and of polls that hit */
#define AIOTOP_RULE_WASTE_PERCENT 20
#define AIOTOP_RULE_WASTE_HIT_PERCENT 5
/*
 * A loop whose waits cost much: CPU time that the kernel takes for them, and
 * rounds in 1/s.  A loop that does more than that besides is just busy.
 */
#define AIOTOP_RULE_WAKE_PERCENT 8
#define AIOTOP_RULE_WAKE_HZ 1000
/* What is ready and not served: at least this, and the stall threshold */
#define AIOTOP_RULE_LOST_MS 50
/* Share of time in callbacks */
#define AIOTOP_RULE_OVERLOAD_PERCENT 90
/* Share of time on a CPU that counts as all of it */
#define AIOTOP_RULE_CPU_PERCENT 90
/* Share of time waiting for a CPU */
#define AIOTOP_RULE_QUEUE_PERCENT 20

/**
 * aiotop_rule_stall_ns:
 * @stall_ns: what the user wants; 0 for QEMU's own
 *
 * Returns the stall threshold that is in force.
 */
uint64_t aiotop_rule_stall_ns(const AiotopSnapshot *snapshot,
                              uint64_t stall_ns);

/* Whether @ns is known and has reached @limit_ns */
bool aiotop_rule_exceeds(uint64_t ns, uint64_t limit_ns);

/* A callback of it, or its thread's wait for the big lock, takes as long */
bool aiotop_rule_stuck(const AiotopLoopSample *loop, uint64_t limit_ns);

/* How many loops and other threads are stuck, those without a row as well */
unsigned aiotop_rule_count_stuck(const AiotopSample *sample, uint64_t limit_ns);

/* Whether a dispatch that ended in the interval certainly took as long */
bool aiotop_rule_stalled(const AiotopSourceSample *source, uint64_t limit_ns);
bool aiotop_rule_loop_stalled(const AiotopSample *sample,
                              const AiotopLoopSample *loop, uint64_t limit_ns);

bool aiotop_rule_late(const AiotopPercentiles *delay);
bool aiotop_rule_spins(const AiotopSourceSample *source,
                       const AiotopLoopSample *loop);
bool aiotop_rule_hogs(const AiotopSourceSample *source,
                      const AiotopLoopSample *loop);

/* Polls much, for nothing */
bool aiotop_rule_wastes(const AiotopLoopSample *loop);
/*
 * Wakes up so often that the kernel's part of it takes much of a CPU, and
 * more than its callbacks and its own code together
 */
bool aiotop_rule_wakes_too_often(const AiotopLoopSample *loop);
/* Polls that found something to do; NAN if unknown */
double aiotop_rule_hit_percent(const AiotopLoopSample *loop);

#endif /* QEMU_AIOTOP_DIAGNOSE_THRESHOLDS_H */
