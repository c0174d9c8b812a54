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
/*
 * Of one that is sampled: it never sleeps, and was seen running so often.  In
 * one callback, and in so few percent of that in the kernel; or in callbacks for
 * so few percent of the time.
 */
#define AIOTOP_RULE_SPIN_SAMPLES 20
#define AIOTOP_RULE_SPIN_KERNEL_PERCENT 5
#define AIOTOP_RULE_SPIN_DISPATCH_PERCENT 10
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
/* The same, where that is why a callback does not end */
#define AIOTOP_RULE_STARVED_PERCENT 50

/* Age of a request in flight */
#define AIOTOP_RULE_REQUEST_S 5
/* A disk that is well, if slow, gets as much done: large requests take longer */
#define AIOTOP_RULE_REQUEST_MB_S 10
/* By so much at most: what a whole disk is told to discard is no such work */
#define AIOTOP_RULE_REQUEST_MORE_S 300
/* How long a request may wait for a thread of a pool that is busy */
#define AIOTOP_RULE_POOL_S 2
/* How much younger than a wait a request may be that it is for */
#define AIOTOP_RULE_BEFORE_MS 100
/* How long a command of the monitor's goes unanswered before it is named */
#define AIOTOP_RULE_COMMAND_S 5
/* How long who has something to write may wait for its descriptor */
#define AIOTOP_RULE_WRITER_S 10
/* How long nothing may go on where a VM is saved, or comes from elsewhere */
#define AIOTOP_RULE_TRANSFER_S 5
/*
 * How long a live migration's thread may wait for the other end: longer than a
 * slow network takes to make room, and just not what a run of one interval
 * watches, as the two snapshots may take a different time to come
 */
#define AIOTOP_RULE_UNREAD_MS 900
/* The same of a sender, who may be about to switch over, for sure */
#define AIOTOP_RULE_SENDER_S 30
/*
 * How long a vCPU may be blocked in the kernel: longer than a page takes to be
 * read, and just not what a run of one interval watches
 */
#define AIOTOP_RULE_BLOCKED_MS 900
/* How long a start may take until the first loop runs */
#define AIOTOP_RULE_START_S 5
/* CPU time of threads that are no loops, in percent of a CPU */
#define AIOTOP_RULE_ELSEWHERE_PERCENT 50
/* One of them that runs, or waits for a CPU, for as much would take a whole */
#define AIOTOP_RULE_NEVER_IDLE_PERCENT 90
/*
 * Sources that call each other for nothing: rounds in 1/s, how many sources
 * there are, and by how much at most their calls differ
 */
#define AIOTOP_RULE_LIVELOCK_HZ 10000
#define AIOTOP_RULE_LIVELOCK_MIN 2
#define AIOTOP_RULE_LIVELOCK_MAX 5
#define AIOTOP_RULE_LIVELOCK_PERCENT 5
/* Calls of a timer in 1/s, and what vCPUs that halt may take of a CPU */
#define AIOTOP_RULE_TIMER_HZ 200
#define AIOTOP_RULE_HALTED_PERCENT 10

/*
 * It is the host if most QEMUs, and no fewer tell than these, are late in an
 * interval in which tasks of the host were held up by want of something, or its
 * own hypervisor stole its CPUs, for so many percent of the time
 */
#define AIOTOP_RULE_HOST_QEMUS 3
#define AIOTOP_RULE_PRESSURE_PERCENT 40
#define AIOTOP_RULE_STEAL_PERCENT 10
/* A QEMU that takes less of a CPU has nothing to do, and tells nothing */
#define AIOTOP_RULE_ACTIVE_PERCENT 1
/* For so long what one said that is late now is of now, all the same */
#define AIOTOP_RULE_RECENT_S 5
/* What a disk that is well has no request of */
#define AIOTOP_RULE_OLD_REQUEST_S 1

/**
 * aiotop_rule_request_ns:
 * @request_ns: what the user wants; 0 for AIOTOP_RULE_REQUEST_S
 *
 * Returns the age from which on a small request is stuck.
 */
uint64_t aiotop_rule_request_ns(uint64_t request_ns);

/**
 * aiotop_rule_too_old_ns:
 * @limit_ns: for a small one; 0 for none
 *
 * Returns the age from which on it is too old: later by what its bytes take at
 * AIOTOP_RULE_REQUEST_MB_S, in whole milliseconds, and by
 * AIOTOP_RULE_REQUEST_MORE_S at most.
 */
uint64_t aiotop_rule_too_old_ns(const AiotopRequest *request,
                                uint64_t limit_ns);

/* Whether it is as old at @time_ns */
bool aiotop_rule_too_old(const AiotopRequest *request, uint64_t time_ns,
                         uint64_t limit_ns);

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

/* A callback of it takes as long, whatever it does */
bool aiotop_rule_callback_stuck(const AiotopLoopSample *loop,
                                uint64_t limit_ns);

/*
 * Its thread has no CPU for most of the time.  One that has had none for the
 * whole interval has not been told how long it waited.
 */
bool aiotop_rule_starved(const AiotopLoopSample *loop);

/*
 * A callback of it, a nested wait, its thread's wait for the big lock, or what
 * it does between two callbacks, takes as long
 */
bool aiotop_rule_stuck(const AiotopSample *sample, const AiotopLoopSample *loop,
                       uint64_t limit_ns);

/*
 * For how long a loop has waited outside of any callback for something else
 * than its own events; AIOTOP_UNKNOWN if it does not.  An older QEMU tells of
 * the main loop only that it waits with the big lock, which it has not in its
 * own wait.  A tool's threads live in such waits: its main loop is only in one
 * for too long if no request has ended for AIOTOP_RULE_REQUEST_S.
 */
uint64_t aiotop_rule_nested_wait_ns(const AiotopSnapshot *now,
                                    const AiotopLoopSample *loop);

/* In the kernel, elsewhere than in a loop's wait, for the whole interval */
bool aiotop_rule_blocked(const AiotopLoopSample *loop);

/* For all that the kernel tells, it may wait where a loop does for events */
bool aiotop_rule_waits_for_events(const AiotopThread *thread);

/*
 * Whether it was between two callbacks for the whole interval, as in a reset of
 * the VM
 */
bool aiotop_rule_between_callbacks(const AiotopSample *sample,
                                   const AiotopLoopSample *loop);

/**
 * aiotop_rule_loop_stuck_ns:
 *
 * Returns for how long a loop has not come back from a look for events, a wait
 * that was to be shorter, or polling, though there is a CPU for it; or has been
 * blocked where it submits requests and waits for events, or between two
 * callbacks.  AIOTOP_UNKNOWN if it is in none of these, or in a callback or a
 * nested wait.
 */
uint64_t aiotop_rule_loop_stuck_ns(const AiotopSample *sample,
                                   const AiotopLoopSample *loop);

/*
 * Whether the loop goes round and round and dispatches the same few sources
 * once each: then their indices in its part of the sample are in @sources, and
 * their number is returned, else 0
 */
unsigned aiotop_rule_livelock(const AiotopSample *sample,
                              const AiotopLoopSample *loop,
                              unsigned sources[AIOTOP_RULE_LIVELOCK_MAX]);

/* Whether it is a nested wait; accepts NULL */
bool aiotop_rule_is_wait(const AiotopSource *source);

/*
 * Whether it only comes with what another one does: a wait in it, a coroutine
 * that it enters, or the submission of what it queued
 */
bool aiotop_rule_is_part(const AiotopSource *source);

/*
 * Whether the kernel has done what somebody asked for: as often as that, and
 * many times in a round
 */
bool aiotop_rule_is_completion(const AiotopSource *source);

/* Whether it is a source of the profiler's own */
bool aiotop_rule_is_own(const AiotopSource *source);

/* How many loops and other threads are stuck, those without a row as well */
unsigned aiotop_rule_count_stuck(const AiotopSample *sample, uint64_t limit_ns);

/* Whether a dispatch that ended in the interval certainly took as long */
bool aiotop_rule_stalled(const AiotopSourceSample *source, uint64_t limit_ns);
bool aiotop_rule_loop_stalled(const AiotopSample *sample,
                              const AiotopLoopSample *loop, uint64_t limit_ns);

bool aiotop_rule_late(const AiotopPercentiles *delay);

/* What the loop dispatched in the interval, without what only came with it */
uint64_t aiotop_rule_dispatches(const AiotopSample *sample,
                                const AiotopLoopSample *loop);
bool aiotop_rule_spins(const AiotopSample *sample, const AiotopLoopSample *loop,
                       const AiotopSourceSample *source);
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
