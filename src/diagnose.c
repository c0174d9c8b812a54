/*
 * Diagnosis: its rules
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose.h"

#include <math.h>
#include <string.h>

#include "diagnose-int.h"
#include "qemu-aiotop/rules.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

#define TEXT(number) G_STRINGIFY(number)

/* clang-format off */
const AiotopClass aiotop_classes[AIOTOP_N_CLASSES] = {
    [AIOTOP_CLASS_CALLBACK_STUCK] = { "callback-stuck", true, true,
        "A callback has been running for longer than the stall threshold"
        " (--stall-ms, or QEMU's own), and its whole loop waits for it" },
    [AIOTOP_CLASS_BQL_WAIT] = { "bql-wait", true, true,
        "A thread has been waiting for the big QEMU lock for longer than the"
        " stall threshold" },
    [AIOTOP_CLASS_LOST_WAKEUP] = { "lost-wakeup", true, true,
        "A loop sleeps in the kernel though a bottom half is queued or a timer"
        " is due, for longer than the stall threshold and "
        TEXT(AIOTOP_RULE_LOST_MS) " ms" },
    [AIOTOP_CLASS_MAIN_LOOP_BLOCKED] = { "main-loop-blocked", true, true,
        "QEMU is not profiled, and its main thread was blocked in the kernel,"
        " elsewhere than where its loop waits, for the whole interval" },
    [AIOTOP_CLASS_STALLED] = { "stalled", false, true,
        "A callback or a wait for the big QEMU lock that took longer than the"
        " stall threshold ended in the interval, or in the last "
        TEXT(AIOTOP_RULE_STALL_WINDOW_S) " s" },
    [AIOTOP_CLASS_SPINNING] = { "spinning", false, true,
        "Over " TEXT(AIOTOP_RULE_SPIN_HZ) " dispatches a second of one source"
        " that make up at least " TEXT(AIOTOP_RULE_SPIN_PERCENT) " % of its"
        " loop's; or as many rounds of a loop that dispatches in under "
        TEXT(AIOTOP_RULE_IDLE_PERCENT) " % of them and takes at least "
        TEXT(AIOTOP_RULE_CPU_PERCENT) " % of a CPU" },
    [AIOTOP_CLASS_NOT_SCHEDULED] = { "not-scheduled", false, true,
        "A loop's thread waits for a CPU of the host for over "
        TEXT(AIOTOP_RULE_QUEUE_PERCENT) " % of the time" },
    [AIOTOP_CLASS_OVERLOADED] = { "overloaded", false, true,
        "A loop spends over " TEXT(AIOTOP_RULE_OVERLOAD_PERCENT) " % of its"
        " time in callbacks, none of which is stuck; of a QEMU that is not"
        " profiled: its main thread takes as much of a CPU" },
    [AIOTOP_CLASS_LATE_NEIGHBOUR] = { "late-neighbour", false, true,
        "The 99th percentile of a source's delay is over "
        TEXT(AIOTOP_RULE_LATE_MS) " ms, and another source of its loop takes at"
        " least half of that" },
    [AIOTOP_CLASS_POLLING_WASTE] = { "polling-waste", false, false,
        "A loop polls over " TEXT(AIOTOP_RULE_WASTE_PERCENT) " % of the time,"
        " and under " TEXT(AIOTOP_RULE_WASTE_HIT_PERCENT) " % of the polls find"
        " something to do" },
    [AIOTOP_CLASS_UNKNOWN] = { "unknown", false, false,
        "QEMU is not profiled, and what the kernel tells shows nothing wrong" },
    [AIOTOP_CLASS_HEALTHY] = { "healthy", false, false,
        "None of the above: the fault is not in QEMU's event loops" },
};
/* clang-format on */

static void free_finding(gpointer opaque)
{
    AiotopFinding *finding = opaque;

    g_free(finding->loop);
    g_free(finding->evidence);
    g_free(finding->next_step);
    g_clear_pointer(&finding->stack, g_ptr_array_unref);
    g_free(finding);
}

static AiotopFinding *add_thread(Diagnosis *d, AiotopClassId id,
                                 const char *name, int64_t thread_id)
{
    AiotopFinding *finding = g_new0(AiotopFinding, 1);

    finding->id = id;
    finding->loop = g_strdup(name);
    finding->thread_id = thread_id;
    finding->stack_thread_id = thread_id;
    g_ptr_array_add(d->findings, finding);
    return finding;
}

static AiotopFinding *add_loop(Diagnosis *d, AiotopClassId id,
                               const AiotopLoopSample *loop,
                               const AiotopSource *source)
{
    AiotopFinding *finding =
        add_thread(d, id, loop->now->name, loop->now->thread_id);

    finding->source = source;
    return finding;
}

const AiotopLoopSample *aiotop_diagnose_loop(const AiotopSample *sample,
                                             int64_t thread_id)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (sample->loops[i].now->thread_id == thread_id) {
            return &sample->loops[i];
        }
    }
    return NULL;
}

uint64_t aiotop_diagnose_age_ns(const Diagnosis *d, uint64_t since_ns)
{
    uint64_t now_ns = d->sample->now->time_ns;

    return since_ns < now_ns ? now_ns - since_ns : 0;
}

static bool is_stuck(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return aiotop_rule_exceeds(loop->dispatch_age_ns, d->limit_ns);
}

/* A callback that waits for the lock is not at fault: that is a bql-wait */
static void find_callback_stuck(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (is_stuck(d, loop) &&
        !aiotop_rule_exceeds(loop->lock_wait_age_ns, d->limit_ns)) {
        const AiotopLoop *now = loop->now;

        aiotop_word_callback_stuck(
            add_loop(d, AIOTOP_CLASS_CALLBACK_STUCK, loop,
                     aiotop_loop_find_source(now, now->stack[0].source_id)),
            d, loop);
    }
}

static void count_wait(LockWait *wait, const Diagnosis *d, const char *name,
                       int64_t thread_id, uint64_t ns)
{
    if (ns < d->limit_ns) {
        return;
    }
    wait->n++;
    if (ns > wait->age_ns || !wait->name) {
        wait->name = name;
        wait->thread_id = thread_id;
        wait->age_ns = ns;
    }
}

/* All that wait have one cause, so that they are one finding */
static void find_bql_wait(Diagnosis *d)
{
    const AiotopBql *bql = &d->sample->now->bql;
    LockWait wait = { 0 };
    AiotopFinding *finding;

    for (unsigned i = 0; i < bql->n_threads; i++) {
        const AiotopBqlThread *thread = &bql->threads[i];

        count_wait(&wait, d, thread->name, thread->thread_id,
                   aiotop_diagnose_age_ns(d, thread->waiting_since_ns));
    }
    for (unsigned i = 0; !bql->known && i < d->sample->n_loops; i++) {
        const AiotopLoopSample *loop = &d->sample->loops[i];

        if (loop->lock_wait_age_ns != AIOTOP_UNKNOWN) {
            count_wait(&wait, d, loop->now->name, loop->now->thread_id,
                       loop->lock_wait_age_ns);
        }
    }
    if (!wait.n) {
        return;
    }
    wait.loop = aiotop_diagnose_loop(d->sample, wait.thread_id);
    finding = add_thread(d, AIOTOP_CLASS_BQL_WAIT, wait.name, wait.thread_id);
    finding->source = wait.loop ? wait.loop->running : NULL;
    if (bql->holder_thread_id) {
        finding->stack_thread_id = bql->holder_thread_id;
    }
    aiotop_word_bql_wait(finding, d, &wait);
}

/* For how long something has been due that came while the loop slept */
static uint64_t overdue_ns(const Diagnosis *d, const AiotopLoopSample *loop,
                           uint64_t since_ns)
{
    uint64_t limit_ns = MAX(d->limit_ns, AIOTOP_RULE_LOST_MS * NS_PER_MS);

    if (since_ns == AIOTOP_UNKNOWN || loop->now->state_since_ns > since_ns) {
        return 0;
    }
    return aiotop_diagnose_age_ns(d, since_ns) > limit_ns
               ? aiotop_diagnose_age_ns(d, since_ns)
               : 0;
}

/* A thread that is runnable was woken, and waits for a CPU */
static void find_lost_wakeup(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopLoop *now = loop->now;
    uint64_t bh_ns, timer_ns;

    if (now->state != AIOTOP_LOOP_WAITING || now->thread.state == 'R') {
        return;
    }
    bh_ns = overdue_ns(d, loop, now->bh_pending_since_ns);
    timer_ns = overdue_ns(d, loop, now->timer_deadline_ns);
    if (bh_ns || timer_ns) {
        aiotop_word_lost_wakeup(
            add_loop(d, AIOTOP_CLASS_LOST_WAKEUP, loop, NULL), d, loop, bh_ns,
            timer_ns);
    }
}

static bool is_main_thread(const Diagnosis *d, const AiotopLoopSample *loop)
{
    return loop->now->thread_id == d->sample->now->pid;
}

/* Where a loop waits, or goes on to; and a call whose name is not known */
static bool is_loop_wait(const char *syscall)
{
    static const char *const names[] = {
        "poll",        "ppoll",           "epoll_wait",
        "epoll_pwait", "restart_syscall", "syscall",
    };
    gsize len = strcspn(syscall, "( ");

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == len && strncmp(syscall, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* The same wait all the time: it was not woken once */
static void find_main_loop_blocked(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopThread *now = &loop->now->thread;
    const AiotopThread *before = loop->before ? &loop->before->thread : NULL;

    if (!is_main_thread(d, loop) || !before ||
        now->voluntary_switches == AIOTOP_UNKNOWN ||
        now->voluntary_switches != before->voluntary_switches) {
        return;
    }
    if ((now->state == 'D' && before->state == 'D') ||
        (now->state == 'S' && *now->syscall && !is_loop_wait(now->syscall) &&
         strcmp(now->syscall, before->syscall) == 0)) {
        aiotop_word_main_loop_blocked(
            add_loop(d, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, loop, NULL), d, loop);
    }
}

bool aiotop_diagnose_loop_stalled(const Diagnosis *d,
                                  const AiotopLoopSample *loop)
{
    return !d->sample->cumulative &&
           aiotop_rule_loop_stalled(d->sample, loop, d->limit_ns);
}

static void find_stall_in_histogram(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (aiotop_diagnose_loop_stalled(d, loop)) {
        aiotop_word_stalled(add_loop(d, AIOTOP_CLASS_STALLED, loop, NULL), d,
                            loop);
    }
}

typedef void FindInLoop(Diagnosis *d, const AiotopLoopSample *loop);

static void in_each_loop(Diagnosis *d, FindInLoop *find)
{
    for (unsigned i = 0; i < d->sample->n_loops; i++) {
        find(d, &d->sample->loops[i]);
    }
}

/* The log has them if its threshold is not above ours */
static void find_stalled(Diagnosis *d, uint64_t window_ns)
{
    AiotopPastStalls past = aiotop_past_stalls(
        d->sample->now, d->limit_ns,
        MAX(window_ns, d->sample->cumulative ? 0 : d->sample->interval_ns));
    const AiotopLoopSample *loop;
    AiotopFinding *finding;

    if (!past.n) {
        in_each_loop(d, find_stall_in_histogram);
        return;
    }
    finding = add_thread(d, AIOTOP_CLASS_STALLED, past.longest->loop,
                         past.longest->thread_id);
    loop = aiotop_diagnose_loop(d->sample, past.longest->thread_id);
    if (loop && past.longest->source_id) {
        finding->source =
            aiotop_loop_find_source(loop->now, past.longest->source_id);
    }
    aiotop_word_stalls(finding, d, &past);
}

static bool spins_empty(const AiotopLoopSample *loop)
{
    return aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >=
               AIOTOP_RULE_CPU_PERCENT &&
           aiotop_rate_hz(loop->iterations, loop->wall_ns) >
               AIOTOP_RULE_SPIN_HZ &&
           aiotop_share_percent(loop->dispatches, loop->iterations) <
               AIOTOP_RULE_IDLE_PERCENT &&
           !(aiotop_share_percent(loop->poll_ns, loop->wall_ns) >
             AIOTOP_RULE_WASTE_PERCENT);
}

static void find_spinning(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *sources = &d->sample->sources[loop->first_source];

    for (unsigned i = 0; i < loop->n_sources; i++) {
        if (aiotop_rule_spins(&sources[i], loop)) {
            aiotop_word_spinning_source(
                add_loop(d, AIOTOP_CLASS_SPINNING, loop, sources[i].now), loop,
                &sources[i]);
        }
    }
    if (spins_empty(loop)) {
        aiotop_word_spinning_loop(
            add_loop(d, AIOTOP_CLASS_SPINNING, loop, NULL), d, loop);
    }
}

static void find_not_scheduled(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (aiotop_share_percent(loop->run_queue_ns, loop->wall_ns) >
        AIOTOP_RULE_QUEUE_PERCENT) {
        aiotop_word_not_scheduled(
            add_loop(d, AIOTOP_CLASS_NOT_SCHEDULED, loop, NULL), loop);
    }
}

static void find_overloaded(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (is_stuck(d, loop)) {
        return;
    }
    if (aiotop_share_percent(loop->dispatch_ns, loop->wall_ns) >
        AIOTOP_RULE_OVERLOAD_PERCENT) {
        aiotop_word_overloaded(add_loop(d, AIOTOP_CLASS_OVERLOADED, loop, NULL),
                               d, loop);
    } else if (d->sample->now->host_only && is_main_thread(d, loop) &&
               aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >
                   AIOTOP_RULE_OVERLOAD_PERCENT) {
        aiotop_word_cpu_bound(add_loop(d, AIOTOP_CLASS_OVERLOADED, loop, NULL),
                              loop);
    }
}

/* The source of the loop, other than @late, with the longest dispatch */
static const AiotopSourceSample *slowest(const Diagnosis *d,
                                         const AiotopLoopSample *loop,
                                         const AiotopSourceSample *late)
{
    const AiotopSourceSample *sources = &d->sample->sources[loop->first_source];
    const AiotopSourceSample *slow = NULL;
    double longest_ns = AIOTOP_RULE_LATE_MS * 1e6 / 2;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        if (&sources[i] != late && sources[i].duration.max_ns >= longest_ns) {
            longest_ns = sources[i].duration.max_ns;
            slow = &sources[i];
        }
    }
    return slow;
}

/* What is late behind a stuck callback needs no finding of its own */
static void find_late_neighbour(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *sources = &d->sample->sources[loop->first_source];
    const AiotopSourceSample *late = NULL, *slow = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        if (aiotop_rule_late(&sources[i].delay) &&
            slowest(d, loop, &sources[i])) {
            n++;
            if (!late || sources[i].delay.p99_ns > late->delay.p99_ns) {
                late = &sources[i];
            }
        }
    }
    if (late && !is_stuck(d, loop)) {
        slow = slowest(d, loop, late);
        aiotop_word_late_neighbour(
            add_loop(d, AIOTOP_CLASS_LATE_NEIGHBOUR, loop, slow->now), late,
            slow, n);
    }
}

static void find_polling_waste(Diagnosis *d, const AiotopLoopSample *loop)
{
    if (aiotop_rule_wastes(loop)) {
        aiotop_word_polling_waste(
            add_loop(d, AIOTOP_CLASS_POLLING_WASTE, loop, NULL), loop);
    }
}

static void find_nothing(Diagnosis *d)
{
    if (d->sample->now->host_only) {
        aiotop_word_unknown(add_thread(d, AIOTOP_CLASS_UNKNOWN, NULL, -1), d);
    } else {
        aiotop_word_healthy(add_thread(d, AIOTOP_CLASS_HEALTHY, NULL, -1), d);
    }
}

GPtrArray *aiotop_diagnose(const AiotopSample *sample,
                           const AiotopDiagnoseOptions *options)
{
    Diagnosis d = {
        .sample = sample,
        .limit_ns = aiotop_rule_stall_ns(sample->now, options->stall_ns),
        .surface = options->surface,
        .findings = g_ptr_array_new_with_free_func(free_finding),
    };

    in_each_loop(&d, find_callback_stuck);
    find_bql_wait(&d);
    in_each_loop(&d, find_lost_wakeup);
    if (sample->now->host_only) {
        in_each_loop(&d, find_main_loop_blocked);
    }
    find_stalled(&d, options->window_ns
                         ? options->window_ns
                         : AIOTOP_RULE_STALL_WINDOW_S * NS_PER_S);
    in_each_loop(&d, find_spinning);
    in_each_loop(&d, find_not_scheduled);
    in_each_loop(&d, find_overloaded);
    in_each_loop(&d, find_late_neighbour);
    in_each_loop(&d, find_polling_waste);
    if (!d.findings->len) {
        find_nothing(&d);
    }
    return d.findings;
}

bool aiotop_diagnosis_healthy(const GPtrArray *findings)
{
    const AiotopFinding *first = findings->pdata[0];

    return first->id == AIOTOP_CLASS_HEALTHY;
}

unsigned aiotop_diagnosis_stuck(const GPtrArray *findings)
{
    unsigned n = 0;

    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        n += aiotop_classes[finding->id].stuck;
    }
    return n;
}

AiotopVerdict aiotop_diagnosis_verdict(const GPtrArray *findings)
{
    AiotopVerdict verdict = AIOTOP_VERDICT_FINE;

    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (aiotop_classes[finding->id].stuck) {
            return AIOTOP_VERDICT_STUCK;
        }
        if (aiotop_classes[finding->id].warns) {
            verdict = AIOTOP_VERDICT_WARNING;
        } else if (finding->id == AIOTOP_CLASS_UNKNOWN) {
            verdict = AIOTOP_VERDICT_UNKNOWN;
        }
    }
    return verdict;
}
