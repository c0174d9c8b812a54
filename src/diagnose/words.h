/*
 * Diagnosis: the words of its findings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_WORDS_H
#define AIOTOP_DIAGNOSE_WORDS_H

#include "diagnosis.h"
#include "suspects.h"
#include "wait-kind.h"
#include "qemu-aiotop/diagnose/stalls.h"
#include "qemu-aiotop/text/figure.h"

/* Waits for the big lock over the threshold */
typedef struct LockWait {
    /* The longest one, and how many there are */
    const char *name;
    int64_t thread_id;
    uint64_t age_ns;
    unsigned n;
    /* Of the longest one; NULL if it is no loop */
    const AiotopLoopSample *loop;
} LockWait;

/* What a thread took of the interval */
typedef struct CpuShare {
    int64_t thread_id;
    uint64_t cpu_ns;
    /* For how long it waited for a CPU; 0 if that is not known */
    uint64_t queue_ns;
} CpuShare;

/* A figure as text, as long as the expression that it stands in */
typedef struct Figure {
    char text[AIOTOP_TEXT_NUMBER];
} Figure;

Figure aiotop_word_time(double ns);
#define TIME(ns) (aiotop_word_time(ns).text)

bool aiotop_word_is_main_loop(const AiotopLoopSample *loop);

/* "fd-read virtio_queue_host_notifier_read vd0/vq0"; accepts NULL */
void aiotop_word_append_source(GString *out, const AiotopSource *source);

/* What to give or to press for a stack */
const char *aiotop_word_stack(const Diagnosis *d);

/* Takes @evidence; the next step is a format, with what it names */
G_GNUC_PRINTF(3, 4)
void aiotop_word_settle(AiotopFinding *finding, GString *evidence,
                        const char *next_step, ...);

/* What the kernel says of a thread, as a sentence; nothing if unknown */
void aiotop_word_append_thread(GString *out, const AiotopThread *thread);

/*
 * Appends, as sentences, what a wait of that kind is for.  Returns the thread
 * that does not go on, or -1.
 */
int64_t aiotop_word_append_wait(GString *out, const Diagnosis *d,
                                const AiotopLoopSample *loop, WaitKind kind);

/* Takes @evidence; the next step follows from the kind and that thread, @who */
void aiotop_word_settle_wait(AiotopFinding *finding, GString *evidence,
                             const Diagnosis *d, const AiotopLoopSample *loop,
                             WaitKind kind, int64_t who);

/* Each sets the evidence and the next step of @finding */
void aiotop_word_stopped(AiotopFinding *finding, const Diagnosis *d);
/* @loop: the thread's, or NULL */
void aiotop_word_stopped_thread(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopQemuThread *thread,
                                const AiotopLoopSample *loop);
/* @run_state: of a failure */
void aiotop_word_guest_stopped(AiotopFinding *finding, const char *run_state);
void aiotop_word_callback_stuck(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopLoopSample *loop);
void aiotop_word_nested_wait(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t age_ns);
/* @age_ns: for how long */
void aiotop_word_loop_stuck(AiotopFinding *finding, const Diagnosis *d,
                            const AiotopLoopSample *loop, uint64_t age_ns);
void aiotop_word_not_started(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t age_ns);
/* @sources: @n indices in the loop's part of the sample */
void aiotop_word_livelock(AiotopFinding *finding, const Diagnosis *d,
                          const AiotopLoopSample *loop, const unsigned *sources,
                          unsigned n);
/* @cpu_ns: of all such threads together; @shares: the first @n of them */
void aiotop_word_cpu_elsewhere(AiotopFinding *finding, const Diagnosis *d,
                               uint64_t cpu_ns, const CpuShare *shares,
                               unsigned n);
void aiotop_word_busy_timer(AiotopFinding *finding,
                            const AiotopLoopSample *loop,
                            const AiotopSourceSample *timer);
void aiotop_word_bql_wait(AiotopFinding *finding, const Diagnosis *d,
                          const LockWait *wait);
/* @bh_ns, @timer_ns: how long it has been due; 0 if it is not */
void aiotop_word_lost_wakeup(AiotopFinding *finding, const Diagnosis *d,
                             const AiotopLoopSample *loop, uint64_t bh_ns,
                             uint64_t timer_ns);
void aiotop_word_main_loop_blocked(AiotopFinding *finding, const Diagnosis *d,
                                   const AiotopLoopSample *loop);
void aiotop_word_stalls(AiotopFinding *finding, const Diagnosis *d,
                        const AiotopPastStalls *stalls);
/* It is in no log: what the source's histogram shows */
void aiotop_word_stalled(AiotopFinding *finding, const Diagnosis *d,
                         const AiotopSourceSample *source);
void aiotop_word_spinning_source(AiotopFinding *finding, const Diagnosis *d,
                                 const AiotopLoopSample *loop,
                                 const AiotopSourceSample *source);
void aiotop_word_spinning_loop(AiotopFinding *finding, const Diagnosis *d,
                               const AiotopLoopSample *loop);
void aiotop_word_spinning_sampled(AiotopFinding *finding, const Diagnosis *d,
                                  const AiotopLoopSample *loop,
                                  const AiotopSourceSample *source);
/* That a thread has no CPU, as a sentence; and what to do about it */
void aiotop_word_append_starved(GString *out, const AiotopLoopSample *loop);
extern const char *const aiotop_word_host_cpu;

void aiotop_word_not_scheduled(AiotopFinding *finding,
                               const AiotopLoopSample *loop);
/* @ns: in callbacks */
void aiotop_word_overloaded(AiotopFinding *finding, const Diagnosis *d,
                            const AiotopLoopSample *loop, uint64_t ns);
void aiotop_word_cpu_bound(AiotopFinding *finding,
                           const AiotopLoopSample *loop);
/* @n: sources that are late */
void aiotop_word_late_neighbour(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopLoopSample *loop,
                                const AiotopSourceSample *late,
                                const AiotopSourceSample *slow, unsigned n);
void aiotop_word_polling_waste(AiotopFinding *finding,
                               const AiotopLoopSample *loop);
void aiotop_word_wakes_too_often(AiotopFinding *finding, const Diagnosis *d,
                                 const AiotopLoopSample *loop);
/* @ns: for how long it has not been seen to run */
void aiotop_word_saver_stuck(AiotopFinding *finding, const AiotopSnapshot *now,
                             const AiotopQemuThread *saver, uint64_t ns);
/* @ns: for how long nothing has come */
void aiotop_word_sender_stuck(AiotopFinding *finding, const AiotopSnapshot *now,
                              const AiotopSource *receiver, uint64_t ns);
/* How far the migration to a VM is, as a sentence; nothing if there is none */
void aiotop_word_append_receiver(GString *out, const AiotopSnapshot *now);
void aiotop_word_unknown(AiotopFinding *finding, const Diagnosis *d);
void aiotop_word_healthy(AiotopFinding *finding, const Diagnosis *d);

#endif /* AIOTOP_DIAGNOSE_WORDS_H */
