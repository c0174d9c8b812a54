/*
 * Diagnosis: each class, and its healthy twin just under the threshold
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>
#include <sys/syscall.h>

#include <qemu-aiotop/diagnose/vitals.h>
#include <qemu-aiotop/diagnose/stalls.h>
#include <qemu-aiotop/diagnose/diagnose.h>

#include "quoted.h"

#define MS UINT64_C(1000000)

/* Two snapshots, at 10 s and 11 s of the clock; the threshold is 100 ms */
#define HEAD(seconds, state)                                                   \
    "{'time-ns':" #seconds "000000000,'sequence':" #seconds ",'pid':7,"        \
    "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000,"          \
    "'run-state':'" state "',"

/* The main loop, with what it has counted so far */
#define MAIN(members)                                                          \
    "'loops':[{'name':'main-loop','thread-id':7,'since-ns':1000000000,"        \
    "'wait-ns':0,'poll-ns':0,'dispatch-ns':0,'bql-wait-ns':0,"                 \
    "'iterations':0,'dispatches':0,'poll-hits':0,'poll-misses':0,"             \
    "'cpu-ns':0," members "}]"

#define IDLE "'state':'waiting','state-since-ns':10000000000,'sources':[]"

/* What is not said again is as it was: members of an object may repeat */
static AiotopSample *sample_of(const char *before, const char *now)
{
    g_autoptr(AiotopSnapshot) first = parse(before);
    g_autoptr(AiotopSnapshot) second = parse_after(first, now);

    return aiotop_sample_new(first, second);
}

static AiotopSample *main_loop_sample(const char *members)
{
    g_autofree char *now =
        g_strdup_printf(HEAD(11, "running") MAIN("%s") "}", members);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

/* With members of the snapshot, and an idle loop */
static AiotopSample *idle_sample(const char *members)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11, "running") MAIN(IDLE) "%s%s}", *members ? "," : "", members);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static GPtrArray *diagnose(const AiotopSample *sample, uint64_t stall_ns)
{
    return aiotop_diagnose(sample,
                           &(AiotopDiagnoseOptions){ .stall_ns = stall_ns });
}

/* The first finding, which must be of this class, and say all of @words */
static void expect(const AiotopSample *sample, AiotopClassId id,
                   const char *words)
{
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];
    g_auto(GStrv) parts = g_strsplit(words, "|", -1);

    g_test_message("%s: %s", aiotop_classes[first->id].name, first->evidence);
    g_assert_cmpstr(aiotop_classes[first->id].name, ==,
                    aiotop_classes[id].name);
    for (unsigned i = 0; parts[i]; i++) {
        g_test_message("\"%s\"?", parts[i]);
        g_assert_true(strstr(first->evidence, parts[i]) ||
                      strstr(first->next_step, parts[i]));
    }
    g_assert_true(*first->next_step);
    g_assert_null(first->stack);
    g_assert_cmpint(aiotop_diagnosis_healthy(findings), ==,
                    id == AIOTOP_CLASS_HEALTHY);
    g_assert_cmpint(aiotop_diagnosis_stuck(findings) > 0, ==,
                    aiotop_classes[id].stuck);
    for (unsigned i = 1; i < findings->len; i++) {
        const AiotopFinding *before = findings->pdata[i - 1];
        const AiotopFinding *after = findings->pdata[i];

        g_assert_cmpint(before->id, <=, after->id);
    }
}

static void expect_healthy(const AiotopSample *sample)
{
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_cmpuint(findings->len, ==, 1);
    expect(sample, AIOTOP_CLASS_HEALTHY, "");
}

#define FD_READ "{'id':1,'kind':'fd-read','name':'chr_read','label':'mon0'}"
#define BH "{'id':2,'kind':'bh','name':'nested_bh'}"

static AiotopSample *dispatching(const char *state, const char *stack,
                                 const char *since)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'%s','state-since-ns':10950000000,'stack':[%s],"
        "'stack-since-ns':[%s],'sources':[" FD_READ "," BH "]",
        state, stack, since);

    return main_loop_sample(members);
}

static void test_callback_stuck(void)
{
    g_autoptr(AiotopSample) over =
        dispatching("dispatching", "1", "10900000000");
    g_autoptr(AiotopSample) under =
        dispatching("dispatching", "1", "10900000001");
    g_autoptr(GPtrArray) findings = diagnose(over, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(over, AIOTOP_CLASS_CALLBACK_STUCK,
           "fd-read chr_read mon0|for 100ms|threshold of 100ms|blocked");
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_cmpstr(first->loop, ==, "main-loop");
    g_assert_cmpint(first->thread_id, ==, 7);
    g_assert_cmpuint(first->source->id, ==, 1);
    expect_healthy(under);
}

/* A threshold of one's own */
static void test_threshold(void)
{
    g_autoptr(AiotopSample) sample =
        dispatching("dispatching", "1", "10900000000");
    g_autoptr(GPtrArray) above = diagnose(sample, 101 * MS);
    g_autoptr(AiotopSample) short_one =
        dispatching("dispatching", "1", "10990000000");
    g_autoptr(GPtrArray) below = diagnose(short_one, 10 * MS);

    g_assert_true(aiotop_diagnosis_healthy(above));
    g_assert_cmpuint(aiotop_diagnosis_stuck(below), ==, 1);
}

/* A nested loop is named; what it runs is not at fault */
static void test_nested_loop(void)
{
    g_autoptr(AiotopSample) over =
        dispatching("waiting", "1,2", "10500000000,10960000000");
    g_autoptr(AiotopSample) under =
        dispatching("polling", "1,2", "10910000000,10960000000");

    expect(over, AIOTOP_CLASS_CALLBACK_STUCK,
           "chr_read mon0 has been running for 500ms|runs bh nested_bh|"
           "nested event loop, waiting for 50.0ms|drain");
    expect_healthy(under);
}

static void test_what_the_thread_does(void)
{
    g_autoptr(AiotopSample) sample =
        dispatching("dispatching", "1", "10500000000");
    AiotopThread *thread = &sample->now->loops[0].thread;

    thread->state = 'D';
    thread->syscall =
        (AiotopSyscall){ true, true, SYS_openat, { 0xff, 1 }, "/a" };
    g_strlcpy(thread->wchan, "wait_for_partner", sizeof(thread->wchan));
    expect(sample, AIOTOP_CLASS_CALLBACK_STUCK,
           "system call openat(\"/a\"), asleep in wait_for_partner|state D");
    thread->state = 'R';
    sample->loops[0].cpu_ns = 990 * MS;
    expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, "runs, or waits|not blocked");
}

static const char lock[] =
    "'bql':{'holder-thread-id':%u,'held-since-ns':10200000000,'threads':["
    "{'name':'main-loop','thread-id':7},"
    "{'name':'CPU 0/KVM','thread-id':8,'waiting-since-ns':%s},"
    "{'name':'CPU 1/KVM','thread-id':9,'waiting-since-ns':10890000000}]}";

static void test_lock_that_is_waited_for(void)
{
    g_autofree char *bql = g_strdup_printf(lock, 7, "10850000000");
    g_autofree char *free_bql = g_strdup_printf(lock, 0, "10850000000");
    g_autofree char *other_bql = g_strdup_printf(lock, 99, "10850000000");
    g_autoptr(AiotopSample) over = idle_sample(bql);
    g_autoptr(AiotopSample) nobody = idle_sample(free_bql);
    g_autoptr(AiotopSample) other = idle_sample(other_bql);
    g_autoptr(GPtrArray) findings = diagnose(over, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(
        over, AIOTOP_CLASS_BQL_WAIT,
        "CPU 0/KVM has been waiting|for 150ms|so has 1 more thread|"
        "by main-loop (thread 7), and has been for 800ms; its loop is waiting");
    g_assert_cmpstr(first->loop, ==, "CPU 0/KVM");
    g_assert_cmpint(first->thread_id, ==, 8);
    g_assert_cmpuint(findings->len, ==, 1);
    expect(nobody, AIOTOP_CLASS_BQL_WAIT, "nobody holds it");
    expect(other, AIOTOP_CLASS_BQL_WAIT, "held by thread 99");
}

static void test_lock_that_is_waited_for_shortly(void)
{
    g_autoptr(AiotopSample) under = idle_sample(
        "'bql':{'holder-thread-id':7,'held-since-ns':1000000000,'threads':["
        "{'name':'CPU 0/KVM','thread-id':8,'waiting-since-ns':10900000001}]}");

    expect_healthy(under);
}

/* The callback that holds the lock is the cause, and comes first */
static void test_stuck_holder(void)
{
    g_autoptr(AiotopSample) sample = main_loop_sample(
        "'state':'dispatching','state-since-ns':10000000000,'stack':[1],"
        "'stack-since-ns':[10000000000],'sources':[" FD_READ "]}],'bql':{"
        "'holder-thread-id':7,'held-since-ns':10000000000,'threads':["
        "{'name':'CPU 0','thread-id':8,'waiting-since-ns':10500000000}]},"
        "'extra':[{'x':1");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *second = findings->pdata[1];

    expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, "chr_read");
    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_cmpint(second->id, ==, AIOTOP_CLASS_BQL_WAIT);
    g_assert_nonnull(
        strstr(second->evidence, "in fd-read chr_read mon0 for 1.00s"));
}

/* A callback that waits for the lock is a victim; so is an older QEMU's loop */
static void test_callback_that_waits_for_the_lock(void)
{
    g_autoptr(AiotopSample) victim =
        dispatching("bql-wait", "1", "10500000000");
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(AiotopSample) old = main_loop_sample(
        "'state':'bql-wait','state-since-ns':10900000000,'sources':[]");
    g_autoptr(AiotopSample) under = main_loop_sample(
        "'state':'bql-wait','state-since-ns':10900000001,'sources':[]");

    victim->loops[0].lock_wait_age_ns = 400 * MS;
    none = diagnose(victim, 0);
    expect(victim, AIOTOP_CLASS_BQL_WAIT,
           "It does so in fd-read chr_read mon0|does not tell who holds it");
    g_assert_cmpuint(none->len, ==, 1);
    expect(old, AIOTOP_CLASS_BQL_WAIT, "main-loop has been waiting|100ms");
    expect_healthy(under);
}

static AiotopSample *asleep(const char *due)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'waiting','state-since-ns':10100000000,%s,'sources':[]", due);

    return main_loop_sample(members);
}

static void test_lost_wakeup(void)
{
    g_autoptr(AiotopSample) bh = asleep("'bh-pending-since-ns':10899999999");
    g_autoptr(AiotopSample) timer = asleep("'timer-deadline-ns':10899999999");
    g_autoptr(AiotopSample) young = asleep("'bh-pending-since-ns':10900000000");
    g_autoptr(AiotopSample) early = asleep("'timer-deadline-ns':10900000000");
    g_autoptr(AiotopSample) future = asleep("'timer-deadline-ns':99900000000");
    /* It was queued before the loop went to sleep: stale by a few ns */
    g_autoptr(AiotopSample) before =
        asleep("'bh-pending-since-ns':10099999999");

    expect(bh, AIOTOP_CLASS_LOST_WAKEUP,
           "asleep in the kernel for 900ms|bottom half has been queued for");
    expect(timer, AIOTOP_CLASS_LOST_WAKEUP, "timer has been due for 100ms");
    expect_healthy(young);
    expect_healthy(early);
    expect_healthy(future);
    expect_healthy(before);

    /* It was woken, but the host has no CPU for it */
    bh->now->loops[0].thread.state = 'R';
    expect_healthy(bh);
}

static AiotopSample *stalls(const char *duration, const char *ongoing)
{
    g_autofree char *log = g_strdup_printf(
        "'stall-count':9,'stalls':[{'id':8,'loop':'main-loop','thread-id':7,"
        "'cause':'dispatch','source-id':1,'kind':'bh','name':'f','label':'l',"
        "'start-ns':10500000000,'duration-ns':%s,'ongoing':%s}]",
        duration, ongoing);

    return idle_sample(log);
}

static void test_stalled(void)
{
    g_autoptr(AiotopSample) over = stalls("100000000", "false");
    g_autoptr(AiotopSample) under = stalls("99999999", "false");
    g_autoptr(AiotopSample) ongoing = stalls("500000000", "true");
    g_autoptr(AiotopSample) hostile = stalls("18446744073709551614", "false");

    expect(over, AIOTOP_CLASS_STALLED,
           "1 stall ended|bh f l in main-loop took 100ms|--stalls");
    expect_healthy(under);
    /* The callback that is stuck is told of, not its record */
    expect_healthy(ongoing);
    expect(hostile, AIOTOP_CLASS_STALLED, "");
}

static void test_stalled_a_minute_ago(void)
{
    static const char log[] =
        "{'time-ns':%u000000000,'sequence':%u,'pid':7,"
        "'profiling-since-ns':1000000000,'loops':[],'stalls':["
        "{'id':8,'loop':'x','thread-id':7,'cause':'bql-wait',"
        "'start-ns':10000000000,'duration-ns':1000000000}]}";
    g_autofree char *first = g_strdup_printf(log, 70, 70);
    g_autofree char *second = g_strdup_printf(log, 71, 71);
    g_autofree char *third = g_strdup_printf(log, 72, 72);
    g_autoptr(AiotopSample) over = sample_of(first, second);
    g_autoptr(AiotopSample) under = sample_of(second, third);

    expect(over, AIOTOP_CLASS_STALLED, "a wait for the big QEMU lock in x");
    expect_healthy(under);
}

/* Bucket 84 begins at 117 ms, 82 at 83 ms */
static AiotopSample *with_source(const char *source, const char *loop)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'running','state-since-ns':10999999999,%s'sources':[%s]", loop,
        source);

    return main_loop_sample(members);
}

static void test_stalled_without_a_log(void)
{
    g_autoptr(AiotopSample) over = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':1,'max-ns':120000000,"
        "'histogram':[[84,1]]}",
        "");
    g_autoptr(AiotopSample) under = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':1,'max-ns':99000000,"
        "'histogram':[[82,1]]}",
        "");

    expect(over, AIOTOP_CLASS_STALLED, "took up to 120ms");
    expect_healthy(under);
}

static void test_spinning_source(void)
{
    g_autoptr(AiotopSample) over = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':100001,'total-ns':20000000,"
        "'histogram':[[5,100001]]}",
        "'dispatches':100001,");
    g_autoptr(AiotopSample) slower = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':100000,'total-ns':20000000,"
        "'histogram':[[5,100000]]}",
        "'dispatches':100000,");
    g_autoptr(AiotopSample) shared = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':100001,'total-ns':20000000,"
        "'histogram':[[5,100001]]}",
        "'dispatches':110000,");

    expect(over, AIOTOP_CLASS_SPINNING, "bh f|100001 times a second|100.0 %");
    expect_healthy(slower);
    expect_healthy(shared);
}

static void test_spinning_loop(void)
{
    g_autoptr(AiotopSample) over = with_source(
        "", "'cpu-ns':900000000,'iterations':200000,'dispatches':1999,");
    g_autoptr(AiotopSample) less_cpu = with_source(
        "", "'cpu-ns':890000000,'iterations':200000,'dispatches':1999,");
    g_autoptr(AiotopSample) busy = with_source(
        "", "'cpu-ns':990000000,'iterations':200000,'dispatches':2000,");
    g_autoptr(AiotopSample) slow = with_source(
        "", "'cpu-ns':990000000,'iterations':100000,'dispatches':10,");

    expect(over, AIOTOP_CLASS_SPINNING, "200000 times a second|90.0 %");
    expect_healthy(less_cpu);
    expect_healthy(busy);
    expect_healthy(slow);
}

static void test_not_scheduled(void)
{
    g_autoptr(AiotopSample) sample = idle_sample("");

    sample->loops[0].cpu_ns = 300 * MS;
    sample->loops[0].run_queue_ns = 200 * MS;
    expect_healthy(sample);
    sample->loops[0].run_queue_ns = 201 * MS;
    expect(sample, AIOTOP_CLASS_NOT_SCHEDULED, "20.1 %|30.0 %|overcommitted");
}

#define DISK(id, name, busy)                                                   \
    "{'id':" #id ",'kind':'fd-read',"                                          \
    "'name':'virtio_queue_host_notifier_read','label':'" name "','calls':9,"   \
    "'busy-ns':" #busy ",'histogram':[[5,9]]}"

static void test_overloaded(void)
{
    static const char disks[] = DISK(1, "vd0/vq0", 300000000) "," DISK(
        2, "vd0/vq1", 400000000) "," DISK(3, "vd1/vq0", 210000000);
    g_autoptr(AiotopSample) over =
        with_source(disks, "'dispatch-ns':901000000,");
    g_autoptr(AiotopSample) under =
        with_source(disks, "'dispatch-ns':900000000,");

    expect(over, AIOTOP_CLASS_OVERLOADED,
           "90.1 %|vd0 70.0 %, vd1 21.0 %|Give vd0 an iothread (");
    expect_healthy(under);
}

/* Bucket 71 is 10.5 to 12.6 ms, 70 is 9.2 to 10.5 */
static void test_late_neighbour(void)
{
#define LATE(bucket)                                                           \
    "{'id':1,'kind':'timer','name':'late','calls':9,'histogram':[[5,9]],"      \
    "'delay-histogram':[[" #bucket ",9]]}"
#define SLOW(bucket)                                                           \
    "{'id':2,'kind':'bh','name':'slow','calls':9,"                             \
    "'histogram':[[" #bucket ",9]]}"
    g_autoptr(AiotopSample) over = with_source(LATE(71) "," SLOW(71), "");
    g_autoptr(AiotopSample) in_time = with_source(LATE(60) "," SLOW(71), "");
    g_autoptr(AiotopSample) alone = with_source(LATE(71) "," SLOW(40), "");
    g_autoptr(GPtrArray) findings = diagnose(over, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(over, AIOTOP_CLASS_LATE_NEIGHBOUR,
           "bh slow takes up to|delays timer late");
    g_assert_cmpuint(first->source->id, ==, 2);
    expect_healthy(in_time);
    expect_healthy(alone);
}

static void test_polling_waste(void)
{
    g_autoptr(AiotopSample) over = with_source(
        "", "'poll-ns':201000000,'poll-hits':49,'poll-misses':951,");
    g_autoptr(AiotopSample) hits = with_source(
        "", "'poll-ns':201000000,'poll-hits':50,'poll-misses':950,");
    g_autoptr(AiotopSample) seldom = with_source(
        "", "'poll-ns':200000000,'poll-hits':0,'poll-misses':1000,");

    expect(over, AIOTOP_CLASS_POLLING_WASTE, "20.1 %|4.9 %|nested loop");
    expect_healthy(hits);
    expect_healthy(seldom);
}

static void test_healthy(void)
{
    g_autoptr(AiotopSample) busy = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':9,'max-ns':1200000,"
        "'histogram':[[58,9]],'delay-histogram':[[10,9]]}",
        "'dispatch-ns':500000000,'bh-pending-since-ns':10999000000,");
    g_autoptr(AiotopSample) paused = sample_of(
        HEAD(10, "paused") MAIN(IDLE) "}", HEAD(11, "paused") MAIN(IDLE) "}");

    expect(busy, AIOTOP_CLASS_HEALTHY,
           "1 loop in 1.00s|main-loop, spends 50.0 %|longest dispatch 1.20ms|"
           "highest p99 of a source|oldest queued BH 1.00ms|query-blockstats");
    expect_healthy(busy);
    expect(paused, AIOTOP_CLASS_HEALTHY, "paused|cont");
}

/* Hours without anything to do, and no deadline */
static void test_idle(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        "{'time-ns':90000000000000,'pid':7,'profiling-since-ns':1,"
        "'loops':[{'name':'main-loop','thread-id':7,'state':'waiting',"
        "'state-since-ns':2,'sources':[]}]}",
        "{'time-ns':90001000000000,'pid':7,'profiling-since-ns':1,"
        "'loops':[{'name':'main-loop','thread-id':7,'state':'waiting',"
        "'state-since-ns':2,'sources':[]}]}");

    expect_healthy(sample);
}

/* @number: of its system call, 0 if none is known */
static AiotopSample *host_only(char state, long number)
{
    AiotopSample *sample =
        sample_of("{'time-ns':10000000000,'pid':7,"
                  "'loops':[{'name':'main-loop','thread-id':7,'cpu-ns':1}]}",
                  "{'time-ns':11000000000,'pid':7,"
                  "'loops':[{'name':'main-loop','thread-id':7,'cpu-ns':1}]}");
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        AiotopThread *thread = &snapshots[i]->loops[0].thread;

        snapshots[i]->host_only = true;
        thread->state = state;
        thread->voluntary_switches = 5;
        thread->syscall = (AiotopSyscall){ number, number, number, { 1, 2 } };
    }
    sample->loops[0].wall_ns = sample->interval_ns;
    return sample;
}

static void test_not_profiled(void)
{
    g_autoptr(AiotopSample) waits = host_only('S', SYS_ppoll);
    g_autoptr(AiotopSample) resumed = host_only('S', SYS_restart_syscall);
    g_autoptr(AiotopSample) no_access = host_only('S', 0);
    g_autoptr(AiotopSample) unnamed = host_only('S', 512);
    g_autoptr(AiotopSample) blocked = host_only('S', SYS_openat);
    g_autoptr(AiotopSample) disk = host_only('D', 0);
    g_autoptr(AiotopSample) moves = host_only('D', 0);

    expect(waits, AIOTOP_CLASS_UNKNOWN, "not profiled|what its threads do");
    expect(resumed, AIOTOP_CLASS_UNKNOWN, "");
    expect(no_access, AIOTOP_CLASS_UNKNOWN, "");
    expect(unnamed, AIOTOP_CLASS_UNKNOWN, "");
    expect(blocked, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "openat|profiler");
    expect(disk, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "state D");
    moves->now->loops[0].thread.voluntary_switches = 6;
    expect(moves, AIOTOP_CLASS_UNKNOWN, "");

    waits->loops[0].cpu_ns = 900 * MS;
    expect(waits, AIOTOP_CLASS_UNKNOWN, "");
    waits->loops[0].cpu_ns = 901 * MS;
    expect(waits, AIOTOP_CLASS_OVERLOADED, "90.1 % of a CPU|profiler");
    waits->loops[0].cpu_ns = 0;
    waits->loops[0].run_queue_ns = 300 * MS;
    expect(waits, AIOTOP_CLASS_NOT_SCHEDULED, "30.0 %");
}

/* A text names what there is where it is read, and nothing else */
static void test_surfaces(void)
{
    g_autoptr(AiotopSample) stuck =
        dispatching("dispatching", "1", "10900000000");
    g_autoptr(AiotopSample) past = stalls("100000000", "false");
    static const struct {
        AiotopSurface surface;
        const char *stack, *log, *not_stack, *not_log;
    } cases[] = {
        { AIOTOP_SURFACE_COMMAND_LINE, "(--stacks)", "--stalls shows it",
          "press", "S lists" },
        { AIOTOP_SURFACE_SCREEN, "(press s)", "S shows it", "--stacks",
          "--stalls" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        AiotopDiagnoseOptions options = { .surface = cases[i].surface };
        g_autoptr(GPtrArray) of_stuck = aiotop_diagnose(stuck, &options);
        g_autoptr(GPtrArray) of_past = aiotop_diagnose(past, &options);
        const AiotopFinding *now = of_stuck->pdata[0];
        const AiotopFinding *then = of_past->pdata[0];

        g_assert_nonnull(strstr(now->next_step, cases[i].stack));
        g_assert_null(strstr(now->next_step, cases[i].not_stack));
        g_assert_nonnull(strstr(then->next_step, cases[i].log));
        g_assert_null(strstr(then->next_step, cases[i].not_log));
    }
}

/* How far to look back is up to who asks */
static void test_window(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        "{'time-ns':3600000000000,'pid':7,'profiling-since-ns':1,'loops':[]}",
        "{'time-ns':3601000000000,'pid':7,'profiling-since-ns':1,'loops':[],"
        "'stalls':["
        "{'id':1,'loop':'x','start-ns':3000000000000,'duration-ns':1000000000},"
        "{'id':2,'loop':'x','start-ns':3300000000000,'duration-ns':500000000},"
        "{'id':3,'loop':'x','start-ns':3300000000000,'duration-ns':1000000000}]"
        "}");
    const AiotopSnapshot *now = sample->now;
    AiotopDiagnoseOptions options = { .window_ns = 300000 * MS };
    AiotopPastStalls past = aiotop_past_stalls(now, 0, 300000 * MS);
    g_autoptr(GPtrArray) found = aiotop_diagnose(sample, &options);
    const AiotopFinding *first = found->pdata[0];

    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_STALLED);
    expect_healthy(sample);
    g_assert_cmpuint(past.n, ==, 1);
    g_assert_true(past.longest == &now->stalls[2]);
    g_assert_true(past.last == &now->stalls[2]);
    g_assert_cmpuint(past.window_ns, ==, 300000 * MS);
    g_assert_cmpuint(aiotop_stall_age_ns(now, past.last), ==, 300000 * MS);
    past = aiotop_past_stalls(now, 0, 300000 * MS - 1);
    g_assert_cmpuint(past.n, ==, 0);
    g_assert_null(past.longest);
    g_assert_null(past.last);
    past = aiotop_past_stalls(now, 1000 * MS, 600000 * MS);
    g_assert_cmpuint(past.n, ==, 2);
    g_assert_true(past.longest == &now->stalls[0]);
    g_assert_true(past.last == &now->stalls[2]);
}

/* Nothing is known of anything */
static void test_bare_snapshots(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of("{'time-ns':1,'loops':[{'name':'l','thread-id':1}]}",
                  "{'time-ns':2,'loops':[{'name':'l','thread-id':1},"
                  "{'name':'m','thread-id':2,'state':'waiting','stack':[7]}],"
                  "'bql':{'threads':[{'name':'t','thread-id':3}]},"
                  "'stalls':[{'id':1,'loop':'l'}]}");

    expect_healthy(sample);
}

/* What each class means to a monitoring system */
static void test_severity_of_classes(void)
{
    static const char *const stuck[] = {
        "callback-stuck", "bql-wait", "lost-wakeup", "main-loop-blocked", NULL,
    };
    static const char *const late[] = {
        "stalled",    "spinning",       "not-scheduled",
        "overloaded", "late-neighbour", NULL,
    };

    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        const AiotopClass *class = &aiotop_classes[i];
        bool is_stuck = g_strv_contains(stuck, class->name);

        g_test_message("%s", class->name);
        g_assert_true(class->stuck == is_stuck);
        /* Only wasted CPU time holds up nobody */
        g_assert_true(class->warns ==
                      (is_stuck || g_strv_contains(late, class->name)));
    }
}

/* What a stuck callback or a stall explains is not told of again */
static void test_explained(void)
{
    g_autoptr(AiotopSample) stuck = main_loop_sample(
        "'state':'dispatching','state-since-ns':10900000000,'stack':[2],"
        "'stack-since-ns':[10900000000],'dispatch-ns':990000000,'sources':["
        "{'id':1,'kind':'timer','name':'late','calls':9,'histogram':[[5,9]],"
        "'delay-histogram':[[71,9]]},{'id':2,'kind':'bh','name':'slow',"
        "'calls':9,'histogram':[[71,9]]}]");
    g_autoptr(AiotopSample) stalled = with_source(
        "{'id':1,'kind':'timer','name':'late','calls':9,'histogram':[[5,9]],"
        "'delay-histogram':[[71,9]]},{'id':2,'kind':'bh','name':'slow',"
        "'calls':1,'max-ns':120000000,'histogram':[[84,1]]}",
        "");
    g_autoptr(GPtrArray) of_stuck = diagnose(stuck, 0);
    g_autoptr(GPtrArray) of_stalled = diagnose(stalled, 0);

    expect(stuck, AIOTOP_CLASS_CALLBACK_STUCK, "");
    g_assert_cmpuint(of_stuck->len, ==, 1);
    expect(stalled, AIOTOP_CLASS_STALLED, "bh slow took up to 120ms");
    g_assert_cmpuint(of_stalled->len, ==, 1);
}

/* The profiler tells monitors of stalls in the main loop: neither is news */
static void test_own_callbacks(void)
{
#define OWN "event_loop_stall_bh"
    g_autoptr(AiotopSample) late = with_source(
        "{'id':1,'kind':'bh','name':'" OWN "','calls':9,'histogram':[[5,9]],"
        "'delay-histogram':[[71,9]]},{'id':2,'kind':'bh','name':'slow',"
        "'calls':9,'histogram':[[71,9]]}",
        "");
    g_autoptr(AiotopSample) slow = with_source(
        "{'id':1,'kind':'timer','name':'late','calls':9,'histogram':[[5,9]],"
        "'delay-histogram':[[71,9]]},{'id':2,'kind':'bh','name':'" OWN "',"
        "'calls':9,'histogram':[[71,9]]}",
        "");

    expect_healthy(late);
    expect_healthy(slow);
}

/* A stall's loop may be gone, and its thread too */
static void test_stall_of_a_loop_that_ended(void)
{
    g_autoptr(AiotopSample) sample = idle_sample(
        "'stalls':[{'id':8,'loop':'gone','thread-id':99,'cause':'dispatch',"
        "'source-id':1,'kind':'bh','name':'f','start-ns':10500000000,"
        "'duration-ns':100000000},{'id':9,'loop':'x','start-ns':1000000000,"
        "'duration-ns':1000000000,'ongoing':true}]");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, AIOTOP_CLASS_STALLED, "bh f in gone took 100ms");
    g_assert_null(first->source);
    g_assert_cmpint(first->thread_id, ==, 99);
    g_assert_cmpuint(aiotop_stall_age_ns(sample->now, &sample->now->stalls[1]),
                     ==, 0);
}

/* Others than the main thread may sleep where they like */
static void test_other_threads_that_are_not_profiled(void)
{
    g_autoptr(AiotopSample) worker = host_only('D', 0);
    g_autoptr(AiotopSample) new_thread = host_only('D', 0);
    g_autoptr(AiotopSample) slept = host_only('D', 0);
    g_autoptr(AiotopSample) reads = host_only('S', SYS_readv);

    worker->now->pid = 6;
    expect(worker, AIOTOP_CLASS_UNKNOWN, "");
    new_thread->loops[0].before = NULL;
    expect(new_thread, AIOTOP_CLASS_UNKNOWN, "");
    slept->before->loops[0].thread.state = 'S';
    expect(slept, AIOTOP_CLASS_UNKNOWN, "");
    expect(reads, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "readv(fd 1)");
}

static void test_classes(void)
{
    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        g_assert_nonnull(aiotop_classes[i].name);
        g_assert_false(g_str_has_suffix(aiotop_classes[i].help, "."));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(void);
    } tests[] = {
        { "/diagnose/callback-stuck", test_callback_stuck },
        { "/diagnose/threshold", test_threshold },
        { "/diagnose/nested-loop", test_nested_loop },
        { "/diagnose/surfaces", test_surfaces },
        { "/diagnose/window", test_window },
        { "/diagnose/what-the-thread-does", test_what_the_thread_does },
        { "/diagnose/bql-wait", test_lock_that_is_waited_for },
        { "/diagnose/bql-wait-short", test_lock_that_is_waited_for_shortly },
        { "/diagnose/stuck-holder", test_stuck_holder },
        { "/diagnose/callback-that-waits-for-the-lock",
          test_callback_that_waits_for_the_lock },
        { "/diagnose/lost-wakeup", test_lost_wakeup },
        { "/diagnose/stalled", test_stalled },
        { "/diagnose/stalled-a-minute-ago", test_stalled_a_minute_ago },
        { "/diagnose/stalled-without-a-log", test_stalled_without_a_log },
        { "/diagnose/spinning-source", test_spinning_source },
        { "/diagnose/spinning-loop", test_spinning_loop },
        { "/diagnose/not-scheduled", test_not_scheduled },
        { "/diagnose/overloaded", test_overloaded },
        { "/diagnose/late-neighbour", test_late_neighbour },
        { "/diagnose/polling-waste", test_polling_waste },
        { "/diagnose/healthy", test_healthy },
        { "/diagnose/idle", test_idle },
        { "/diagnose/not-profiled", test_not_profiled },
        { "/diagnose/bare-snapshots", test_bare_snapshots },
        { "/diagnose/severity-of-classes", test_severity_of_classes },
        { "/diagnose/explained", test_explained },
        { "/diagnose/own-callbacks", test_own_callbacks },
        { "/diagnose/stall-of-a-loop-that-ended",
          test_stall_of_a_loop_that_ended },
        { "/diagnose/other-threads-that-are-not-profiled",
          test_other_threads_that_are_not_profiled },
        { "/diagnose/classes", test_classes },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].path, tests[i].run);
    }
    return g_test_run();
}
