/*
 * Diagnosis: time that is in no callback that is too long
 *
 * Each class with its twin that is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "awaited-sample.h"

/* @more: of the loop */
static AiotopSample *cycling(const char *sources, const char *more)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'running','state-since-ns':10999999999,'dispatch-ns':950000000"
        ",%s,'sources':[%s]",
        more, sources);

    return main_loop_sample(members);
}

#define CALLS(id, kind, name, calls, more)                                     \
    "{'id':" #id ",'kind':'" kind "','name':'" name "','calls':" #calls more "}"
#define AROUND "'iterations':55000,'dispatches':110000,'cpu-ns':950000000"
#define SLEEP(calls)                                                           \
    CALLS(1, "timer", "job_sleep_timer_cb", calls, ",'label':'j'")
#define SCHEDULE(calls) CALLS(2, "bh", "co_schedule_bh_cb", calls, "")

static void check_livelock(const char *sources, const char *more, bool is_one)
{
    g_autoptr(AiotopSample) sample = cycling(sources, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    if (is_one) {
        expect(sample, AIOTOP_CLASS_LIVELOCK,
               "55000 times a second|job_sleep_timer_cb j|Look at j");
        /* It is neither spinning nor overloaded */
        g_assert_cmpuint(findings->len, ==, 1);
    } else {
        g_assert_cmpint(first->id, !=, AIOTOP_CLASS_LIVELOCK);
    }
}

static void test_livelock(void)
{
    check_livelock(SLEEP(55000) "," SCHEDULE(55000), AROUND, true);
    check_livelock(SLEEP(55000) "," SCHEDULE(52250), AROUND, true);
    check_livelock(SLEEP(55000) "," SCHEDULE(52249), AROUND, false);
    check_livelock(SLEEP(55000), AROUND, false);
    check_livelock(SLEEP(9500) "," SCHEDULE(9500),
                   "'iterations':9500,'cpu-ns':950000000", false);
    check_livelock(SLEEP(55000) "," SCHEDULE(55000),
                   "'iterations':55000,'cpu-ns':900000000", false);
    /* A guest, or a peer, that has so much to do */
    check_livelock(
        SLEEP(55000) "," SCHEDULE(55000) "," CALLS(
            3, "fd-read", "virtio_queue_host_notifier_read", 55000, ",'fd':9"),
        AROUND, false);
    /* The loop's own descriptor is not of the outside */
    check_livelock(
        SLEEP(55000) "," SCHEDULE(55000) "," CALLS(
            3, "fd-read", "aio_context_notifier_cb", 55000, ",'fd':9"),
        AROUND, true);
    /* What each round hands to the kernel is a part of what others do */
    check_livelock(SLEEP(55000) "," SCHEDULE(55000) "," CALLS(
                       3, "submit", "fdmon_io_uring_submit", 60000, ""),
                   AROUND, true);
    /* Many that do much are a load */
    check_livelock(
        SLEEP(55000) "," SCHEDULE(55000) "," CALLS(
            3, "bh", "a", 55000,
            "") "," CALLS(4, "bh", "b", 55000,
                          "") "," CALLS(5, "bh", "c", 55000,
                                        "") "," CALLS(6, "bh", "d", 55000, ""),
        AROUND, false);
    /* The profiler's own is no witness */
    check_livelock(
        SLEEP(55000) "," CALLS(2, "bh", "event_loop_stalls_bh", 55000, ""),
        AROUND, false);
}

/* A host without a CPU for it hides nothing */
static void test_livelock_on_a_busy_host(void)
{
    g_autoptr(AiotopSample) sample =
        cycling(SLEEP(5500) "," SCHEDULE(5500),
                "'iterations':5500,'dispatches':11000,'cpu-ns':100000000");

    sample->loops[0].run_queue_ns = 800 * MS;
    expect(sample, AIOTOP_CLASS_NOT_SCHEDULED, "");
    sample->loops[0].run_queue_ns = 801 * MS;
    expect(sample, AIOTOP_CLASS_LIVELOCK, "job_sleep_timer_cb j");
}

/* A vCPU that gets less than it asks for is not its guest's fault */
static void check_short_of_cpu(void)
{
    g_autoptr(AiotopSample) sample =
        idle_sample("'threads':[{'thread-id':9,'name':'CPU 0/KVM',"
                    "'cpu-ns':0}]");
    g_autoptr(GPtrArray) findings = NULL;
    const AiotopFinding *last;

    sample->threads[0].cpu_ns = 460 * MS;
    sample->threads[0].run_queue_ns = 459 * MS;
    expect(sample, AIOTOP_CLASS_CPU_ELSEWHERE,
           "The loops keep up|look into the guest");
    sample->threads[0].run_queue_ns = 461 * MS;
    expect(sample, AIOTOP_CLASS_CPU_ELSEWHERE,
           "The loops keep up|a cgroup limits QEMU");
    /* What is said of a loop is not gainsaid */
    sample->loops[0].run_queue_ns = 900 * MS;
    findings = diagnose(sample, 0);
    last = findings->pdata[findings->len - 1];
    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_cmpint(last->id, ==, AIOTOP_CLASS_CPU_ELSEWHERE);
    g_assert_null(strstr(last->evidence, "keep up"));
}

/* How long it has waited is not told before it has a CPU */
static void check_without_cpu(void)
{
    static const char vcpu[] = "CPU 0/KVM";
    g_autofree char *text = g_strdup_printf(
        "'threads':[{'thread-id':9,'name':'%s','cpu-ns':5}]", vcpu);
    g_autofree char *first =
        g_strconcat(HEAD(10, "running") MAIN(IDLE) ",", text, "}", NULL);
    g_autofree char *second =
        g_strconcat(HEAD(11, "running") MAIN(IDLE) ",", text, "}", NULL);
    g_autoptr(AiotopSnapshot) one = parse(first);
    g_autoptr(AiotopSnapshot) two = parse_after(one, second);
    g_autoptr(AiotopSample) starved = NULL, woken = NULL;

    one->threads[0].state = 'R';
    two->threads[0].state = 'R';
    starved = aiotop_sample_new(one, two);
    expect(starved, AIOTOP_CLASS_CPU_ELSEWHERE,
           "CPU 0/KVM (thread 9) 0.0 % (and waits for a CPU for 100.0 %)|"
           "a cgroup limits QEMU");
    one->threads[0].state = 'S';
    woken = aiotop_sample_new(one, two);
    expect_healthy(woken);
}

/* One that has next to nothing of it is told of first, and its advice counts */
static void check_most_short_of_cpu(void)
{
    g_autoptr(AiotopSample) sample =
        idle_sample("'threads':[{'thread-id':8,'name':'CPU 0/KVM','cpu-ns':0},"
                    "{'thread-id':9,'name':'CPU 1/KVM','cpu-ns':0},"
                    "{'thread-id':10,'name':'y','cpu-ns':0}]");

    sample->threads[0].cpu_ns = 600 * MS;
    sample->threads[1].cpu_ns = 50 * MS;
    sample->threads[1].run_queue_ns = 940 * MS;
    sample->threads[2].cpu_ns = 1 * MS;
    sample->threads[2].run_queue_ns = 10 * MS;
    expect(sample, AIOTOP_CLASS_CPU_ELSEWHERE,
           "CPU: CPU 1/KVM (thread 9) 5.0 % (and waits|"
           "CPU 0/KVM (thread 8) 60.0 %, y (thread 10) 0.1 %. The loops|"
           "a cgroup limits QEMU");
    sample->threads[2].run_queue_ns = 11 * MS;
    expect(sample, AIOTOP_CLASS_CPU_ELSEWHERE,
           "y (thread 10) 0.1 % (and waits for a CPU for 1.1 %)");
}

static void test_cpu_elsewhere(void)
{
    g_autoptr(AiotopSample) sample =
        idle_sample("'threads':[{'thread-id':7,'name':'main-loop','cpu-ns':0},"
                    "{'thread-id':9,'name':'CPU 0/TCG','cpu-ns':0}]");
    g_autoptr(AiotopSample) old = idle_sample("");
    g_autoptr(AiotopSample) spinning = NULL;

    sample->threads[1].cpu_ns = 501 * MS;
    expect(sample, AIOTOP_CLASS_CPU_ELSEWHERE,
           "50.1 % of a CPU: CPU 0/TCG (thread 9) 50.1 %|the guest");
    sample->threads[1].cpu_ns = 500 * MS;
    expect_healthy(sample);

    /* It would, but has to wait for a CPU */
    spinning = idle_sample("'threads':[{'thread-id':9,'name':'x','cpu-ns':0}]");
    spinning->threads[0].cpu_ns = 300 * MS;
    spinning->threads[0].run_queue_ns = 601 * MS;
    expect(spinning, AIOTOP_CLASS_CPU_ELSEWHERE,
           "x (thread 9) 30.0 % (and waits for a CPU for 60.1 %)");
    spinning->threads[0].run_queue_ns = 600 * MS;
    expect_healthy(spinning);
    check_short_of_cpu();
    check_most_short_of_cpu();
    check_without_cpu();

    /* QEMU does not tell, but the kernel does */
    add_tasks(old, 'R', 510 * MS);
    old->cpu_ns = 510 * MS;
    old->loops[0].cpu_ns = 0;
    expect(old, AIOTOP_CLASS_CPU_ELSEWHERE, "51.0 %|CPU 0/TCG (thread 9)");
    old->loops[0].cpu_ns = 10 * MS;
    old->now->tasks[1].cpu_ns = 500 * MS;
    expect_healthy(old);
}

static void test_not_started(void)
{
    static const char starting[] =
        "'loops':[{'name':'main-loop','thread-id':7,'since-ns':%s,"
        "'iterations':%s,'dispatches':0,'wait-ns':0,'poll-ns':0,'poll-hits':0,'"
        "state':'running',"
        "'state-since-ns':%s,'sources':[]}]}";
    g_autofree char *old = g_strdup_printf(starting, "1", "0", "1");
    g_autofree char *begun = g_strdup_printf(starting, "1", "1", "1");
    g_autofree char *over_now = g_strconcat(HEAD(11, "prelaunch"), old, NULL);
    g_autofree char *begun_now =
        g_strconcat(HEAD(11, "prelaunch"), begun, NULL);
    g_autofree char *before = g_strconcat(HEAD(10, "prelaunch"), old, NULL);
    g_autofree char *running_now = g_strconcat(HEAD(11, "running"), old, NULL);
    g_autoptr(AiotopSample) over = sample_of(before, over_now);
    g_autoptr(AiotopSample) running = sample_of(before, running_now);
    g_autoptr(AiotopSample) has_begun = sample_of(before, begun_now);

    over->now->loops[0].thread.state = 'S';
    over->now->loops[0].thread.syscall =
        (AiotopSyscall){ true, true, SYS_accept4, { 5, 0 }, "" };
    expect(over, AIOTOP_CLASS_NOT_STARTED, "for 10.0s|accept4(fd 5)|chardev");
    expect_healthy(has_begun);
    over->now->profiling_since_ns = 6000 * MS;
    expect(over, AIOTOP_CLASS_NOT_STARTED, "for 5.00s");
    over->now->profiling_since_ns = 6000 * MS + 1;
    expect_healthy(over);
    /* One that runs began before, for all that is known */
    running->now->profiling_since_ns = 6000 * MS;
    running->now->start_ns = 9000 * MS;
    running->now->suspended_ns = 8000 * MS;
    expect_healthy(running);
    running->now->suspended_ns = 7999 * MS;
    expect(running, AIOTOP_CLASS_NOT_STARTED, "for 5.00s");
}

/* What is called in a start's waits does not mean that it is over */
static void test_not_started_after_waits(void)
{
    static const struct {
        const char *run_state;
        unsigned iterations;
        AiotopClassId id;
    } cases[] = {
        { "prelaunch", 0, AIOTOP_CLASS_NOT_STARTED },
        { "inmigrate", 0, AIOTOP_CLASS_NOT_STARTED },
        { "prelaunch", 1, AIOTOP_CLASS_NESTED_WAIT },
        { "running", 0, AIOTOP_CLASS_NESTED_WAIT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *now = g_strdup_printf(
            HEAD(11, "%s") MAIN(
                "'iterations':%u,'state':'waiting','state-since-ns':2000000000,"
                "'stack':[{'source-id':1,'since-ns':2000000000}],"
                "'sources':[" WAIT("nbd_connect", "s->in_progress") "," BH
                                                                    "]") "}",
            cases[i].run_state, cases[i].iterations);
        g_autoptr(AiotopSample) sample =
            sample_of(HEAD(10, "prelaunch") MAIN(IDLE) "}", now);

        expect(sample, cases[i].id, "nbd_connect");
        /* It was not profiled from its start on */
        sample->now->start_ns = 1000000000;
        sample->now->suspended_ns = 0;
        sample->now->profiling_since_ns = 6000000000;
        expect(sample, AIOTOP_CLASS_NESTED_WAIT, "nbd_connect");
        /* Or it was, and the host was suspended since then */
        sample->now->start_ns = 1000000001;
        sample->now->suspended_ns = 5000000000;
        expect(sample, cases[i].id, "nbd_connect");
    }
}

/* A wait that QEMU tells of is of its start, too */
static void test_not_started_in_a_wait(void)
{
    g_autoptr(AiotopSample) sample = main_loop_sample(
        "'poll-hits':0,'state':'dispatching','state-since-ns':1000000000,"
        "'stack':[{'source-id':1,'since-ns':1000000000}],'sources':[" WAIT(
            "qio_net_listener_wait_client", "a channel") "]");

    expect(sample, AIOTOP_CLASS_NOT_STARTED,
           "qio_net_listener_wait_client for the other end of a channel");
}

static AiotopSample *ticking(const char *calls)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'waiting','state-since-ns':10999000000,'iterations':250,"
        "'cpu-ns':20000000,'sources':[{'id':1,'kind':'timer','name':'pit_tick',"
        "'calls':%s}]",
        calls);
    AiotopSample *sample = main_loop_sample(members);

    sample->cpu_ns = 119 * MS;
    return sample;
}

static void test_busy_timer(void)
{
    g_autoptr(AiotopSample) over = ticking("201");
    g_autoptr(AiotopSample) under = ticking("200");

    expect(over, AIOTOP_CLASS_BUSY_TIMER,
           "timer pit_tick runs 201 times a second|1.6 % of a CPU|16.1ms");
    expect_healthy(under);
    /* A guest that works has a use for it */
    over->cpu_ns = 120 * MS;
    expect_healthy(over);
    over->cpu_ns = AIOTOP_UNKNOWN;
    expect_healthy(over);
}

/* A guest that works as soon as it has a CPU is not idle */
static void test_timer_of_a_starved_guest(void)
{
    static const char members[] = MAIN(
        "'state':'waiting','state-since-ns':10999000000,'iterations':250,"
        "'cpu-ns':20000000,'sources':[{'id':1,'kind':'timer','name':'pit_tick',"
        "'calls':300}]") ",'threads':[{'thread-id':9,'name':'CPU 0/TCG',"
                         "'cpu-ns':0}]}";
    g_autofree char *before =
        g_strconcat(HEAD(10, "running") MAIN(IDLE),
                    ",'threads':[{'thread-id':9,'name':'CPU 0/TCG',"
                    "'cpu-ns':0}]}",
                    NULL);
    g_autofree char *now = g_strconcat(HEAD(11, "running"), members, NULL);
    g_autoptr(AiotopSample) sample = sample_of(before, now);

    sample->cpu_ns = 40 * MS;
    sample->threads[0].cpu_ns = 20 * MS;
    expect(sample, AIOTOP_CLASS_BUSY_TIMER, "timer pit_tick");
    sample->threads[0].run_queue_ns = 500 * MS;
    expect_healthy(sample);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited/livelock", test_livelock);
    g_test_add_func("/awaited/livelock-on-a-busy-host",
                    test_livelock_on_a_busy_host);
    g_test_add_func("/awaited/cpu-elsewhere", test_cpu_elsewhere);
    g_test_add_func("/awaited/not-started", test_not_started);
    g_test_add_func("/awaited/not-started-after-waits",
                    test_not_started_after_waits);
    g_test_add_func("/awaited/not-started-in-a-wait",
                    test_not_started_in_a_wait);
    g_test_add_func("/awaited/busy-timer", test_busy_timer);
    g_test_add_func("/awaited/timer-of-a-starved-guest",
                    test_timer_of_a_starved_guest);
    return g_test_run();
}
