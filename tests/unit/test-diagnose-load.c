/*
 * Diagnosis: too much to do, or nothing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "diagnose-sample.h"

static void test_stalled_without_a_log(void)
{
    g_autoptr(AiotopSample) over = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':1,'max-ns':120000000,"
        "'histogram':{'buckets':[84],'counts':[1]}}",
        "");
    g_autoptr(AiotopSample) under = with_source(
        "{'id':1,'kind':'bh','name':'f','calls':1,'max-ns':99000000,"
        "'histogram':{'buckets':[82],'counts':[1]}}",
        "");

    expect(over, AIOTOP_CLASS_STALLED, "took up to 120ms");
    expect_healthy(under);
}

#define SPINNING(id, kind, calls)                                              \
    "{'id':" #id ",'kind':'" kind "','name':'f','calls':" #calls ","           \
    "'total-ns':20000000,'histogram':{'buckets':[5],'counts':[" #calls "]}}"

static void test_spinning_source(void)
{
    g_autoptr(AiotopSample) over =
        with_source(SPINNING(1, "bh", 100001), "'dispatches':100001,");
    g_autoptr(AiotopSample) slower =
        with_source(SPINNING(1, "bh", 100000), "'dispatches':100000,");
    g_autoptr(AiotopSample) shared =
        with_source(SPINNING(1, "bh", 100001), "'dispatches':110000,");

    expect(over, AIOTOP_CLASS_SPINNING, "bh f|100001 times a second|100.0 %");
    expect_healthy(slower);
    expect_healthy(shared);
}

/* What only comes with what the loop dispatches is no dispatch of its own */
static void test_spinning_parts(void)
{
    g_autoptr(AiotopSample) over = with_source(
        SPINNING(1, "bh", 100001) "," SPINNING(
            2, "submit", 100001) "," SPINNING(3, "coroutine", 100001),
        "'dispatches':300003,");
    g_autoptr(AiotopSample) alone =
        with_source(SPINNING(1, "submit", 100001), "'dispatches':100001,");
    g_autoptr(AiotopSample) empty =
        with_source("{'id':1,'kind':'submit','name':'f','calls':200000}",
                    "'cpu-ns':900000000,'iterations':200000,"
                    "'dispatches':201999,");

    expect(over, AIOTOP_CLASS_SPINNING, "bh f|100001 times a second|100.0 %");
    expect_healthy(alone);
    expect(empty, AIOTOP_CLASS_SPINNING, "something only 1999 times a second");
}

/* As many as there were requests, and many of them in a round */
static void test_completions(void)
{
    g_autoptr(AiotopSample) fast =
        with_source(SPINNING(1, "cqe", 150000), "'dispatches':150000,");
    /* One that polls, and has one request after the other */
    g_autoptr(AiotopSample) one =
        with_source("{'id':1,'kind':'cqe','name':'f','calls':20000},"
                    "{'id':2,'kind':'bh','name':'g','calls':20000}",
                    "'iterations':20000,'dispatches':40000,"
                    "'cpu-ns':990000000,");
    g_autoptr(AiotopSample) cycle =
        with_source("{'id':1,'kind':'bh','name':'f','calls':20000},"
                    "{'id':2,'kind':'bh','name':'g','calls':20000}",
                    "'iterations':20000,'dispatches':40000,"
                    "'cpu-ns':990000000,");

    expect_healthy(fast);
    expect_healthy(one);
    expect(cycle, AIOTOP_CLASS_LIVELOCK, "");
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
    "'busy-ns':" #busy ",'histogram':{'buckets':[5],'counts':[9]}}"

static void test_overloaded(void)
{
    static const char disks[] = DISK(1, "vd0/vq0", 300000000) "," DISK(
        2, "vd0/vq1", 400000000) "," DISK(3, "vd1/vq0", 210000000);
    g_autoptr(AiotopSample) over =
        with_source(disks, "'dispatch-ns':901000000,");
    g_autoptr(AiotopSample) under =
        with_source(disks, "'dispatch-ns':900000000,");
    g_autoptr(AiotopSample) one_call =
        with_source(disks, "'dispatch-ns':901000000,'stack':["
                           "{'source-id':1,'since-ns':10950000000}],");
    g_autoptr(AiotopSample) calls =
        with_source(disks, "'dispatch-ns':901000000,'stack':["
                           "{'source-id':1,'since-ns':10950000001}],");

    one_call->loops[0].wall_ns = calls->loops[0].wall_ns = 100 * MS;
    one_call->loops[0].dispatch_ns = calls->loops[0].dispatch_ns = 95 * MS;
    expect_healthy(one_call);
    expect(calls, AIOTOP_CLASS_OVERLOADED, "95.0 %");
    expect(over, AIOTOP_CLASS_OVERLOADED,
           "90.1 %|vd0 70.0 %, vd1 21.0 %|Give vd0 an iothread (");
    expect_healthy(under);
}

/* Where rounds are only counted, QEMU takes more for time in callbacks */
static void test_overloaded_by_the_host(void)
{
    g_autoptr(AiotopSample) sample =
        with_source(DISK(1, "vd0/vq0", 291000000), "'dispatch-ns':955000000,");
    AiotopLoopSample *loop = &sample->loops[0];
    g_autoptr(GPtrArray) findings = NULL;

    loop->run_queue_ns = 1040 * MS;
    findings = diagnose(sample, 0);
    g_assert_cmpuint(findings->len, ==, 1);
    expect(sample, AIOTOP_CLASS_NOT_SCHEDULED, "for 100.0 % of the time");

    loop->run_queue_ns = 54 * MS;
    expect(sample, AIOTOP_CLASS_OVERLOADED, "95.5 %");
    loop->thinned = true;
    expect(sample, AIOTOP_CLASS_OVERLOADED, "90.1 %");
    loop->run_queue_ns = 55 * MS;
    expect_healthy(sample);
}

/* Bucket 71 is 10.5 to 12.6 ms, 70 is 9.2 to 10.5 */
static void test_late_neighbour(void)
{
#define LATE(bucket)                                                           \
    "{'id':1,'kind':'timer','name':'late','calls':9,"                          \
    "'histogram':{'buckets':[5],'counts':[9]},"                                \
    "'delay-histogram':{'buckets':[" #bucket "],'counts':[9]}}"
#define SLOW(bucket)                                                           \
    "{'id':2,'kind':'bh','name':'slow','calls':9,"                             \
    "'histogram':{'buckets':[" #bucket "],'counts':[9]}}"
    g_autoptr(AiotopSample) over = with_source(LATE(71) "," SLOW(71), "");
    g_autoptr(AiotopSample) in_time = with_source(LATE(60) "," SLOW(71), "");
    g_autoptr(AiotopSample) alone = with_source(LATE(71) "," SLOW(40), "");
    g_autoptr(AiotopSample) part = with_source(
        LATE(71) ",{'id':2,'kind':'coroutine','name':'slow','calls':9,"
                 "'histogram':{'buckets':[71],'counts':[9]}}",
        "");
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GPtrArray) findings = diagnose(over, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(over, AIOTOP_CLASS_LATE_NEIGHBOUR,
           "bh slow takes up to|delays timer late");
    g_assert_cmpuint(first->source->id, ==, 2);
    expect_healthy(in_time);
    expect_healthy(alone);
    /* It is no neighbour's fault if there is no CPU */
    over->loops[0].run_queue_ns = 201 * MS;
    none = diagnose(over, 0);
    expect(over, AIOTOP_CLASS_NOT_SCHEDULED, "");
    g_assert_cmpuint(none->len, ==, 1);
    /* It may be what the late one does itself */
    expect_healthy(part);
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
        "'histogram':{'buckets':[58],'counts':[9]},"
        "'delay-histogram':{'buckets':[10],'counts':[9]}}",
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

/* Nothing is known of anything */
static void test_bare_snapshots(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of("{'time-ns':1,'loops':[{'name':'l','thread-id':1}]}",
                  "{'time-ns':2,'loops':[{'name':'l','thread-id':1},"
                  "{'name':'m','thread-id':2,'state':'waiting',"
                  "'stack':[{'source-id':7}]}],"
                  "'bql':{'threads':[{'name':'t','thread-id':3}]},"
                  "'stalls':[{'id':1,'loop':'l'}]}");

    expect_healthy(sample);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnose/stalled-without-a-log",
                    test_stalled_without_a_log);
    g_test_add_func("/diagnose/spinning-source", test_spinning_source);
    g_test_add_func("/diagnose/spinning-parts", test_spinning_parts);
    g_test_add_func("/diagnose/completions", test_completions);
    g_test_add_func("/diagnose/spinning-loop", test_spinning_loop);
    g_test_add_func("/diagnose/not-scheduled", test_not_scheduled);
    g_test_add_func("/diagnose/overloaded", test_overloaded);
    g_test_add_func("/diagnose/overloaded-by-the-host",
                    test_overloaded_by_the_host);
    g_test_add_func("/diagnose/late-neighbour", test_late_neighbour);
    g_test_add_func("/diagnose/polling-waste", test_polling_waste);
    g_test_add_func("/diagnose/healthy", test_healthy);
    g_test_add_func("/diagnose/idle", test_idle);
    g_test_add_func("/diagnose/bare-snapshots", test_bare_snapshots);
    return g_test_run();
}
