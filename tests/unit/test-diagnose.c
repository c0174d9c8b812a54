/*
 * Diagnosis: what is stuck, or was, and what is told of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "diagnose-sample.h"

static void test_callback_stuck(void)
{
    g_autoptr(AiotopSample) over =
        dispatching("dispatching", IN_ONE(10900000000));
    g_autoptr(AiotopSample) under =
        dispatching("dispatching", IN_ONE(10900000001));
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
        dispatching("dispatching", IN_ONE(10900000000));
    g_autoptr(GPtrArray) above = diagnose(sample, 101 * MS);
    g_autoptr(AiotopSample) short_one =
        dispatching("dispatching", IN_ONE(10990000000));
    g_autoptr(GPtrArray) below = diagnose(short_one, 10 * MS);

    g_assert_true(aiotop_diagnosis_healthy(above));
    g_assert_cmpuint(aiotop_diagnosis_stuck(below), ==, 1);
}

/* A nested loop is named; what it runs is not at fault */
static void test_nested_loop(void)
{
    g_autoptr(AiotopSample) over = dispatching("waiting", IN_TWO(10500000000));
    g_autoptr(AiotopSample) under = dispatching("polling", IN_TWO(10910000000));

    expect(over, AIOTOP_CLASS_CALLBACK_STUCK,
           "chr_read mon0 has been running for 500ms|runs bh nested_bh|"
           "nested event loop, waiting for 50.0ms|drain");
    expect_healthy(under);
}

static void test_what_the_thread_does(void)
{
    g_autoptr(AiotopSample) sample =
        dispatching("dispatching", IN_ONE(10500000000));
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
    const AiotopFinding *last = findings->pdata[findings->len - 1];

    /* That it waits with the lock is the cause, and comes first */
    expect(over, AIOTOP_CLASS_NESTED_WAIT, "for 800ms|the big QEMU lock");
    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_cmpint(last->id, ==, AIOTOP_CLASS_BQL_WAIT);
    g_assert_cmpstr(last->loop, ==, "CPU 0/KVM");
    g_assert_cmpint(last->thread_id, ==, 8);
    g_assert_nonnull(strstr(last->evidence,
                            "CPU 0/KVM has been waiting for the big QEMU lock"
                            " for 150ms"));
    g_assert_nonnull(strstr(last->evidence, "so has 1 more thread"));
    g_assert_nonnull(strstr(last->evidence,
                            "by main-loop (thread 7), and has been for 800ms;"
                            " its loop is waiting"));
    expect(nobody, AIOTOP_CLASS_BQL_WAIT, "nobody holds it");
    expect(other, AIOTOP_CLASS_BQL_WAIT, "held by thread 99");
}

static void test_lock_that_is_waited_for_shortly(void)
{
    g_autoptr(AiotopSample) under = idle_sample(
        "'bql':{'holder-thread-id':9,'held-since-ns':1000000000,'threads':["
        "{'name':'CPU 0/KVM','thread-id':8,'waiting-since-ns':10900000001}]}");

    expect_healthy(under);
}

/* The callback that holds the lock is the cause, and comes first */
static void test_stuck_holder(void)
{
    g_autoptr(AiotopSample) sample = main_loop_sample(
        "'state':'dispatching','state-since-ns':10000000000,"
        "'stack':[{'source-id':1,'since-ns':10000000000}],"
        "'sources':[" FD_READ "]}],'bql':{"
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
        dispatching("bql-wait", IN_ONE(10500000000));
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

/* It was in no callback: the kernel did not let it go on */
static void test_stalled_in_the_kernel(void)
{
    g_autoptr(AiotopSample) wait = idle_sample(
        "'stalls':[{'id':8,'loop':'main-loop','thread-id':7,'cause':'wait',"
        "'start-ns':10500000000,'duration-ns':100000000}]");
    g_autoptr(AiotopSample) poll = idle_sample(
        "'stalls':[{'id':8,'loop':'main-loop','thread-id':7,'cause':'poll',"
        "'start-ns':10500000000,'duration-ns':100000000}]");
    g_autoptr(AiotopSample) lock = idle_sample(
        "'stalls':[{'id':8,'loop':'main-loop','thread-id':7,'cause':'bql-wait',"
        "'start-ns':10500000000,'duration-ns':100000000}]");
    g_autoptr(AiotopSample) callback = stalls("100000000", "false");
    g_autoptr(GPtrArray) findings = NULL;

    expect(wait, AIOTOP_CLASS_STALLED,
           "a look for events, which is to be short, in main-loop took 100ms|"
           "had no CPU for it");
    expect(poll, AIOTOP_CLASS_STALLED, "polling, which is to be short, in");
    g_assert_cmpstr(aiotop_stall_cause(&wait->now->stalls[0]), ==, "wait");

    /* It was woken in time, but there was no CPU for it */
    wait->loops[0].run_queue_ns = 95000000 - 1;
    expect(wait, AIOTOP_CLASS_STALLED,
           "The kernel kept the thread|stopped or frozen");
    wait->loops[0].run_queue_ns = 95000000;
    expect(wait, AIOTOP_CLASS_STALLED,
           "waited for a CPU of the host for 95.0ms in this interval|"
           "The host had no CPU for it");
    /* A callback, or who had the lock, would have taken as long with one */
    callback->loops[0].run_queue_ns = 190000000;
    expect(callback, AIOTOP_CLASS_STALLED, "--stalls shows it");
    findings = diagnose(callback, 0);
    g_assert_null(
        strstr(((AiotopFinding *)findings->pdata[0])->evidence, "for a CPU"));
    lock->loops[0].run_queue_ns = 190000000;
    expect(lock, AIOTOP_CLASS_STALLED, "Another thread held the lock");
    /* One of before says nothing of this interval */
    wait->now->stalls[0].start_ns = 9000000000;
    expect(wait, AIOTOP_CLASS_STALLED, "The kernel kept the thread");
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

/* A text names what there is where it is read, and nothing else */
static void test_surfaces(void)
{
    g_autoptr(AiotopSample) stuck =
        dispatching("dispatching", IN_ONE(10900000000));
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

/* What each class means to a monitoring system */
static void test_severity_of_classes(void)
{
    static const char *const stuck[] = {
        "stopped",
        "not-started",
        "pool-starved",
        "io-stuck",
        "callback-stuck",
        "nested-wait",
        "loop-stuck",
        "bql-wait",
        "lost-wakeup",
        "main-loop-blocked",
        "guest-stopped",
        "transfer-stuck",
        NULL,
    };
    static const char *const late[] = {
        "back-pressure", "stalled",    "livelock",       "spinning",
        "not-scheduled", "overloaded", "late-neighbour", NULL,
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
        "'state':'dispatching','state-since-ns':10900000000,"
        "'stack':[{'source-id':2,'since-ns':10900000000}],"
        "'dispatch-ns':990000000,'sources':["
        "{'id':1,'kind':'timer','name':'late','calls':9,"
        "'histogram':{'buckets':[5],'counts':[9]},"
        "'delay-histogram':{'buckets':[71],'counts':[9]}},{'id':2,"
        "'kind':'bh','name':'slow',"
        "'calls':9,'histogram':{'buckets':[71],'counts':[9]}}]");
    g_autoptr(AiotopSample) stalled =
        with_source("{'id':1,'kind':'timer','name':'late','calls':9,"
                    "'histogram':{'buckets':[5],'counts':[9]},"
                    "'delay-histogram':{'buckets':[71],'counts':[9]}},{'id':2,"
                    "'kind':'bh','name':'slow',"
                    "'calls':1,'max-ns':120000000,'histogram':{'buckets':[84],"
                    "'counts':[1]}}",
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
    g_autoptr(AiotopSample) late =
        with_source("{'id':1,'kind':'bh','name':'" OWN "','calls':9,"
                    "'histogram':{'buckets':[5],'counts':[9]},"
                    "'delay-histogram':{'buckets':[71],'counts':[9]}},{'id':2,"
                    "'kind':'bh','name':'slow',"
                    "'calls':9,'histogram':{'buckets':[71],'counts':[9]}}",
                    "");
    g_autoptr(AiotopSample) slow =
        with_source("{'id':1,'kind':'timer','name':'late','calls':9,"
                    "'histogram':{'buckets':[5],'counts':[9]},"
                    "'delay-histogram':{'buckets':[71],'counts':[9]}},{'id':2,"
                    "'kind':'bh','name':'" OWN "',"
                    "'calls':9,'histogram':{'buckets':[71],'counts':[9]}}",
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

static void test_classes(void)
{
    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        g_assert_nonnull(aiotop_classes[i].name);
        g_assert_false(g_str_has_suffix(aiotop_classes[i].help, "."));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnose/callback-stuck", test_callback_stuck);
    g_test_add_func("/diagnose/threshold", test_threshold);
    g_test_add_func("/diagnose/nested-loop", test_nested_loop);
    g_test_add_func("/diagnose/surfaces", test_surfaces);
    g_test_add_func("/diagnose/window", test_window);
    g_test_add_func("/diagnose/what-the-thread-does",
                    test_what_the_thread_does);
    g_test_add_func("/diagnose/bql-wait", test_lock_that_is_waited_for);
    g_test_add_func("/diagnose/bql-wait-short",
                    test_lock_that_is_waited_for_shortly);
    g_test_add_func("/diagnose/stuck-holder", test_stuck_holder);
    g_test_add_func("/diagnose/callback-that-waits-for-the-lock",
                    test_callback_that_waits_for_the_lock);
    g_test_add_func("/diagnose/lost-wakeup", test_lost_wakeup);
    g_test_add_func("/diagnose/stalled", test_stalled);
    g_test_add_func("/diagnose/stalled-in-the-kernel",
                    test_stalled_in_the_kernel);
    g_test_add_func("/diagnose/stalled-a-minute-ago",
                    test_stalled_a_minute_ago);
    g_test_add_func("/diagnose/severity-of-classes", test_severity_of_classes);
    g_test_add_func("/diagnose/explained", test_explained);
    g_test_add_func("/diagnose/own-callbacks", test_own_callbacks);
    g_test_add_func("/diagnose/stall-of-a-loop-that-ended",
                    test_stall_of_a_loop_that_ended);
    g_test_add_func("/diagnose/classes", test_classes);
    return g_test_run();
}
