/*
 * Samples of threads that are no loops, and of what waits for the big lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include "sampled.h"

#define VCPU(time, members, wait)                                              \
    "{'sequence':" #time ",'time-ns':" #time SECOND ",'pid':7,"                \
    "'profiling-since-ns':1,'loops':[{'name':'CPU 0','thread-id':8,"           \
    "'since-ns':1,'iterations':0,'dispatches':1,'dispatch-ns':9,'wait-ns':0,"  \
    "'poll-ns':0,'poll-hits':0,'poll-misses':0,'bql-wait-ns':0,'cpu-ns':0,"    \
    "'sources':[]" members "}],'bql':{'holder-thread-id':0,'threads':["        \
    "{'name':'main-loop','thread-id':7,'wait-ns':1},"                          \
    "{'name':'CPU 0','thread-id':8," wait "}]}}"

/* It neither waits nor polls as a loop does; the lock's record knows it */
static void test_thread_without_a_loop(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        VCPU(10, "", "'wait-ns':100000000"),
        VCPU(12, "", "'wait-ns':300000000,'waiting-since-ns':11900000000"));
    g_autoptr(AiotopSample) runs = sample_of(
        VCPU(10, "", "'wait-ns':100000000"),
        VCPU(12, ",'state':'dispatching','state-since-ns':11000000000",
             "'wait-ns':100000000"));
    const AiotopLoopSample *loop = &sample->loops[0];

    g_assert_true(loop->is_thread);
    g_assert_cmpuint(loop->dispatches, ==, 0);
    g_assert_cmpuint(loop->dispatch_ns, ==, 0);
    g_assert_cmpuint(loop->wait_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->poll_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->poll_hits, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->poll_misses, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->iterations, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->other_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->kernel_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->lock_wait_ns, ==, 200000000);
    g_assert_cmpuint(loop->lock_wait_age_ns, ==, 100000000);
    g_assert_cmpint(loop->state, ==, AIOTOP_LOOP_BQL_WAIT);
    g_assert_cmpuint(loop->state_age_ns, ==, 100000000);

    g_assert_true(runs->loops[0].is_thread);
    g_assert_cmpuint(runs->loops[0].other_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(runs->loops[0].lock_wait_ns, ==, 0);
    g_assert_cmpuint(runs->loops[0].lock_wait_age_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(runs->loops[0].state, ==, AIOTOP_LOOP_DISPATCHING);
    g_assert_cmpuint(runs->loops[0].state_age_ns, ==, 1000000000);
}

/* Whether a loop with these members is taken for a thread without one */
static bool is_thread(const char *members)
{
    g_autofree char *text = g_strdup_printf(
        "{'time-ns':9,'pid':7,'loops':[{'name':'l','since-ns':1,%s,"
        "'sources':[{'id':1,'kind':'bh','name':'f','calls':1}]}]}",
        members);
    g_autoptr(AiotopSample) sample = sample_of(NULL, text);

    g_assert_false(aiotop_sample_is_loop(sample, 99));
    g_assert_cmpint(
        aiotop_sample_is_loop(sample, sample->now->loops[0].thread_id), ==,
        !sample->loops[0].is_thread);
    return sample->loops[0].is_thread;
}

static void test_what_is_a_loop(void)
{
    g_assert_true(is_thread("'thread-id':8,'iterations':0"));
    g_assert_true(is_thread("'thread-id':8,'iterations':1"));
    g_assert_false(is_thread("'thread-id':8,'iterations':1,'state':'running'"));
    g_assert_false(is_thread("'thread-id':7,'iterations':1"));
    g_assert_false(is_thread("'thread-id':8"));
    /* Stuck since before profiling began */
    g_assert_false(is_thread("'thread-id':7,'iterations':0"));
    g_assert_false(is_thread("'thread-id':8,'iterations':0,'state':'waiting'"));
    g_assert_false(is_thread("'thread-id':8,'iterations':0,'state':'polling'"));
    /* In a nested loop */
    g_assert_true(is_thread("'thread-id':8,'iterations':0,'state':'waiting',"
                            "'stack':[{'source-id':1}]"));
}

#define ROUNDS_OF(n, time, members)                                            \
    "{'sequence':" #time ",'time-ns':" #time ",'pid':7,"                       \
    "'profiling-since-ns':1,'loops':[{'name':'CPU 0','thread-id':8,"           \
    "'since-ns':1,'iterations':" #n ",'dispatches':" #n members                \
    ",'sources':[]}]}"
#define ROUNDS(time, members) ROUNDS_OF(2, time, members)
#define DISPATCHES ",'state':'dispatching','state-since-ns':1"

/* It is none while it is caught at a dispatch, either */
static void test_thread_that_dispatches(void)
{
    g_autoptr(AiotopSample) thread =
        sample_of(ROUNDS(10, ""), ROUNDS(11, DISPATCHES));
    g_autoptr(AiotopSample) loop =
        sample_of(ROUNDS(10, DISPATCHES), ROUNDS(11, DISPATCHES));
    g_autoptr(AiotopSample) began =
        sample_of(ROUNDS_OF(0, 10, ""), ROUNDS(11, DISPATCHES));

    g_assert_true(thread->loops[0].is_thread);
    g_assert_false(began->loops[0].is_thread);
    g_assert_false(loop->loops[0].is_thread);
}

#define LOCKED_LOOP(time, state, threads)                                      \
    "{'sequence':" #time ",'time-ns':" #time SECOND ",'pid':7,"                \
    "'profiling-since-ns':1,'loops':[{'name':'main-loop','thread-id':7,"       \
    "'since-ns':1,'iterations':9,'bql-wait-ns':" #time ",'state':'" state      \
    "','state-since-ns':" #time SECOND ",'sources':[]}],"                      \
    "'bql':{'threads':[" threads "]}}"
#define WAITED(ns) "{'name':'main-loop','thread-id':7,'wait-ns':" #ns "}"

static AiotopLoopSample locked_loop(const char *before, const char *now)
{
    g_autoptr(AiotopSample) sample = sample_of(before, now);

    return sample->loops[0];
}

/* A loop waits for the lock in its callbacks, too */
static void test_loop_waits_in_callbacks(void)
{
    AiotopLoopSample loop =
        locked_loop(LOCKED_LOOP(10, "waiting", WAITED(5)),
                    LOCKED_LOOP(11, "dispatching",
                                "{'name':'main-loop','thread-id':7,'wait-ns':"
                                "300000005,'waiting-since-ns':10700000000}"));

    g_assert_cmpuint(loop.lock_wait_ns, ==, 300000000);
    g_assert_cmpuint(loop.bql_wait_ns, ==, 1);
    g_assert_cmpint(loop.state, ==, AIOTOP_LOOP_BQL_WAIT);
    g_assert_cmpuint(loop.state_age_ns, ==, 300000000);
    /* It was read before the thread waited */
    loop = locked_loop(NULL, LOCKED_LOOP(11, "waiting",
                                         "{'name':'main-loop','thread-id':7,"
                                         "'waiting-since-ns':10700000000}"));
    g_assert_cmpint(loop.state, ==, AIOTOP_LOOP_WAITING);
    g_assert_cmpuint(loop.state_age_ns, ==, 0);
    g_assert_cmpuint(loop.lock_wait_ns, ==, 11);
    /* No record of the thread: what the loop says */
    loop = locked_loop(LOCKED_LOOP(10, "waiting", ""),
                       LOCKED_LOOP(12, "bql-wait", ""));
    g_assert_cmpuint(loop.lock_wait_ns, ==, 2);
    g_assert_cmpuint(loop.lock_wait_age_ns, ==, 0);
    loop = locked_loop(LOCKED_LOOP(10, "waiting", ""),
                       LOCKED_LOOP(12, "waiting", ""));
    g_assert_cmpuint(loop.lock_wait_age_ns, ==, AIOTOP_UNKNOWN);
    /* A record that is older than the loop's */
    loop = locked_loop(LOCKED_LOOP(10, "waiting", ""),
                       LOCKED_LOOP(12, "waiting", WAITED(99000000000)));
    g_assert_cmpuint(loop.lock_wait_ns, ==, 2000000000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delta/thread-without-a-loop", test_thread_without_a_loop);
    g_test_add_func("/delta/what-is-a-loop", test_what_is_a_loop);
    g_test_add_func("/delta/thread-that-dispatches",
                    test_thread_that_dispatches);
    g_test_add_func("/delta/loop-waits-in-callbacks",
                    test_loop_waits_in_callbacks);
    return g_test_run();
}
