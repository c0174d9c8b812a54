/*
 * Diagnosis: requests that are to end in a loop which does not go round
 *
 * Each with its twin: one that was too old before that, or that another loop
 * sees to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "awaited-sample.h"

/* One that was too old as soon as the loop was stuck, at 10 s, and before */
#define THEN "5000000000"
#define BEFORE "4999999999"
#define OF_VD0(since) REQUEST(1, "n", "driver", since, ",'device':'vd0'")
#define REQUESTS(requests) ",'requests':[" requests "]"

/* That the loop is all that is said; or what else there is, of the node */
static void check(AiotopSample *owned, AiotopClassId id, bool held_up)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_true(!find_class(findings, AIOTOP_CLASS_IO_STUCK, "n") == held_up);
    g_assert_nonnull(find_class(findings, id, NULL));
    if (held_up) {
        g_assert_cmpuint(findings->len, ==, 1);
        expect(sample, id,
               " 1 request of node n (device vd0), in flight for |s, can't end"
               " before that loop goes on.");
    }
}

static void test_callback(void)
{
    check(stuck_in(NULL, REQUESTS(OF_VD0(THEN))), AIOTOP_CLASS_CALLBACK_STUCK,
          true);
    check(stuck_in(NULL, REQUESTS(OF_VD0(BEFORE))), AIOTOP_CLASS_CALLBACK_STUCK,
          false);
    check(
        stuck_in(WAIT("drain_call_rcu", "RCU readers"), REQUESTS(OF_VD0(THEN))),
        AIOTOP_CLASS_CALLBACK_STUCK, true);
    /* It sees to the events of requests meanwhile */
    check(stuck_in(WAIT("bdrv_drain_all_begin", "in_flight"),
                   REQUESTS(OF_VD0(THEN))),
          AIOTOP_CLASS_CALLBACK_STUCK, false);
}

static void test_more_than_one(void)
{
    g_autoptr(AiotopSample) sample = stuck_in(
        NULL, REQUESTS(OF_VD0(THEN) "," REQUEST(2, "n", "driver", OLD, "")));

    expect(
        sample, AIOTOP_CLASS_CALLBACK_STUCK,
        "2 requests of node n (device vd0), the oldest in flight for 6.00s,");
}

/* Those that wait behind it in a driver are told of there, too */
static void test_behind(void)
{
    static const char requests[] = REQUESTS(
        REQUEST(1, "fmt", "driver", THEN, ",'device':'vd0'") "," REQUEST(
            2, "n", "kernel", THEN,
            ",'parent':1") "," REQUEST(3, "fmt", "driver", OLD, ""));
    g_autoptr(AiotopSample) sample = stuck_in(NULL, requests);

    check(stuck_in(NULL, requests), AIOTOP_CLASS_CALLBACK_STUCK, true);
    expect(sample, AIOTOP_CLASS_CALLBACK_STUCK,
           "loop goes on. Behind that: 1 request of node fmt, in the node's"
           " driver, for 5.00s.");
}

/* Who waits for another request is told of with that, or as before */
static void test_stages(void)
{
    static const struct {
        const char *stage, *pools;
        bool held_up;
    } cases[] = {
        { "kernel", "", true },
        { "network", "", true },
        { "drained", "", false },
        /* A thread of the pool does not wait for the loop */
        { "worker", "", false },
        { "worker", "{'loop':'main-loop','running-since-ns':" OLD "}", false },
        { "worker", "{'loop':'main-loop','running-since-ns':" YOUNG "}", true },
        { "worker", "{'loop':'main-loop'}", true },
        { "pool", "{'loop':'main-loop','running-since-ns':" OLD "}", false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *more = g_strdup_printf(
            REQUESTS(
                "{'id':1,'node':'n','device':'vd0','type':'read','stage':'%s',"
                "'since-ns':" THEN "}") ",'pools':[%s]",
            cases[i].stage, cases[i].pools);

        g_test_message("%u", i);
        check(stuck_in(NULL, more), AIOTOP_CLASS_CALLBACK_STUCK,
              cases[i].held_up);
    }
}

/* Who did not read before that is told of, as it is not with the requests */
static void test_peer_that_does_not_read(void)
{
    g_autoptr(AiotopSample) sample =
        stuck_in(NULL, REQUESTS(OF_VD0(THEN)) ",'writers':[{'name':'restart',"
                                              "'label':'n','fd':8,'since-ns':0"
                                              "}]");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_CALLBACK_STUCK, NULL));
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_BACK_PRESSURE, NULL));
}

/* The main loop is stuck, and there is an iothread; each has a source */
static AiotopSample *two_loops(const char *main_source, const char *io_source)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11,
             "running") "'loops':["
                        "{'name':'main-loop','thread-id':7,"
                        "'state':'dispatching','state-since-ns':10000000000,"
                        "'stack':[{'source-id':2,'since-ns':10000000000}],"
                        "'sources':[" BH ",{'id':3,'kind':'coroutine',"
                        "'name':'f',%s}]},"
                        "{'name':'io0','thread-id':8,'iterations':9,"
                        "'state':'waiting','state-since-ns':10000000000,"
                        "'sources':[{'id':3,'kind':'fd-read','name':'g',"
                        "%s}]}]" REQUESTS(OF_VD0(THEN)) "}",
        main_source, io_source);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

#define SOURCE(label, last) "'label':'" label "','last-ns':" last
#define REST "},{'id':4,'kind':'rest','name':'','calls':1"
/* Just now, for all that the clocks tell; and before the request */
#define SINCE "4900000000"
#define NOT_SINCE "4899999999"

static void test_whose(void)
{
    AiotopClassId id = AIOTOP_CLASS_CALLBACK_STUCK;

    check(two_loops(SOURCE("n", SINCE), SOURCE("vd1", SINCE)), id, true);
    check(two_loops(SOURCE("vd0/vq1", SINCE), SOURCE("n", NOT_SINCE)), id,
          true);
    check(two_loops(SOURCE("vd0", SINCE), SOURCE("vd00/vq1", SINCE)), id, true);
    /* Nobody knows whose it is */
    check(two_loops(SOURCE("n", NOT_SINCE), SOURCE("vd1", SINCE)), id, false);
    /* The other one sees to it, or may */
    check(two_loops(SOURCE("n", NOT_SINCE), SOURCE("vd0/vq0", SINCE)), id,
          false);
    check(two_loops(SOURCE("n", SINCE), SOURCE("vd0/vq0", SINCE)), id, false);
    /* What is not listed may be its own */
    check(two_loops(SOURCE("n", SINCE), SOURCE("vd1", SINCE) REST), id, false);
    check(two_loops(SOURCE("n", SINCE) REST, SOURCE("vd1", SINCE)), id, true);
}

/* A disk of two loops: one of them is in the kernel for long, the other not */
static void check_gathered(const char *stage, const char *label, bool held_up)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11, "running") "'loops':["
                            "{'name':'main-loop','thread-id':7,"
                            "'state':'waiting','state-since-ns':10999000000,"
                            "'sources':[{'id':3,'kind':'fd-read','name':'g',"
                            "'label':'vd0/vq1','last-ns':10998000000}]},"
                            "{'name':'io0','thread-id':8,'iterations':9,"
                            "'state':'dispatching',"
                            "'state-since-ns':5000000000,"
                            "'stack':[{'source-id':3,'since-ns':5000000000}],"
                            "'sources':[{'id':3,'kind':'fd-read','name':'g',"
                            "'label':'%s'}]}]" REQUESTS(
                                "{'id':1,'node':'n','device':'vd0',"
                                "'type':'write','stage':'%s',"
                                "'since-ns':" THEN "}") "}",
        label, stage);

    check(sample_of(HEAD(10, "running") MAIN(IDLE) "}", now),
          AIOTOP_CLASS_CALLBACK_STUCK, held_up);
}

static void test_gathered(void)
{
    check_gathered("plugged", "vd0/vq0", true);
    /* It was submitted by one of them, or may be another disk's */
    check_gathered("kernel", "vd0/vq0", false);
    check_gathered("plugged", "vd1/vq0", false);
}

/* The main loop waits for the lock, which thread 9 has, with such a row */
static AiotopSample *locked(const char *holder)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11, "running") "'loops':[{'name':'main-loop','thread-id':7,"
                            "'state':'bql-wait','state-since-ns':10000000000,"
                            "'sources':[]}%s],'bql':{'holder-thread-id':9,"
                            "'held-since-ns':10000000000,'threads':["
                            "{'name':'main-loop','thread-id':7,"
                            "'waiting-since-ns':10000000000}]}" REQUESTS(
                                OF_VD0(THEN)) "}",
        holder);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

#define HOLDER(wait)                                                           \
    ",{'name':'CPU 0/TCG','thread-id':9,'iterations':0,"                       \
    "'stack':[{'source-id':1,'since-ns':10000000000}],'sources':[" wait "]}"

static void test_lock(void)
{
    g_autoptr(AiotopSample) busy = locked(HOLDER(BH));
    g_autoptr(AiotopSample) draining =
        locked(HOLDER(WAIT("bdrv_drained_begin", "busy")));
    g_autoptr(GPtrArray) of_busy = diagnose(busy, 0);
    g_autoptr(GPtrArray) of_draining = diagnose(draining, 0);

    check(locked(""), AIOTOP_CLASS_BQL_WAIT, true);
    g_assert_null(find_class(of_busy, AIOTOP_CLASS_IO_STUCK, "n"));
    /* It sees to the main loop's events while it waits for requests */
    g_assert_nonnull(find_class(of_draining, AIOTOP_CLASS_IO_STUCK, "n"));
}

/*
 * The main loop has the lock, and drains; an iothread waits for the lock, which
 * it began to in time or not
 */
static AiotopSample *locked_iothread(const char *waiting_since)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11,
             "running") "'loops':["
                        "{'name':'main-loop','thread-id':7,"
                        "'state':'waiting','state-since-ns':10900000000,"
                        "'stack':[{'source-id':1,'since-ns':4000000000}],"
                        "'sources':[" WAIT(
                            "bdrv_drained_begin",
                            "busy") "]}"
                                    ",{'name':'io0','thread-id':8,'iterations':"
                                    "9,"
                                    "'state':'bql-wait','state-since-ns':%s,"
                                    "'sources':[{'id':3,'kind':'fd-read','name'"
                                    ":'g',"
                                    "'label':'vd0','last-ns':5000000000}]}],"
                                    "'bql':{'holder-thread-id':7,"
                                    "'held-since-ns':4000000000,'threads':["
                                    "{'name':'io0','thread-id':8,"
                                    "'waiting-since-ns':%s}]}" REQUESTS(
                                        OF_VD0(THEN)) "}",
        waiting_since, waiting_since);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

/* Who waits for requests in the main loop sees to no iothread's events */
static void test_lock_of_iothread(void)
{
    static const struct {
        const char *since;
        bool held_up;
    } cases[] = { { "10000000000", true }, { "10000000001", false } };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopSample) sample = locked_iothread(cases[i].since);
        g_autoptr(GPtrArray) findings = diagnose(sample, 0);
        const AiotopFinding *of_lock =
            find_class(findings, AIOTOP_CLASS_BQL_WAIT, NULL);

        g_assert_nonnull(of_lock);
        g_assert_cmpint(!find_class(findings, AIOTOP_CLASS_IO_STUCK, "n"), ==,
                        cases[i].held_up);
        g_assert_cmpint(!!strstr(of_lock->evidence, "can't end before"), ==,
                        cases[i].held_up);
    }
}

/* It waits for events, and something else has been due for a second */
static AiotopSample *asleep(const char *stage, const char *since)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'waiting','state-since-ns':9000000000,"
        "'bh-pending-since-ns':10000000000,'sources':[]}],"
        "'requests':[{'id':1,'node':'n','device':'vd0','type':'read',"
        "'stage':'%s','since-ns':%s}],'extra':[{'x':1",
        stage, since);

    return main_loop_sample(members);
}

static void test_asleep(void)
{
    AiotopClassId id = AIOTOP_CLASS_LOST_WAKEUP;

    check(asleep("driver", THEN), id, true);
    check(asleep("driver", BEFORE), id, false);
    check(asleep("plugged", THEN), id, true);
    /* The end of these is an event, which would wake it */
    check(asleep("kernel", THEN), id, false);
    check(asleep("network", THEN), id, false);
}

/* Its thread, which waits for events, is stopped, or was not for a moment */
static GPtrArray *diagnose_stopped(const char *request, bool is_stopped)
{
    static const AiotopQemuThread thread = { .thread_id = 7,
                                             .name = (GRefString *)"main-loop",
                                             .state = 't' };
    AiotopThreadSample stopped = { .now = &thread, .stopped = is_stopped };
    g_autofree char *members = g_strdup_printf(
        "'state':'waiting','state-since-ns':2000000000,'sources':[]}],"
        "'requests':[%s],'extra':[{'x':1",
        request);
    g_autoptr(AiotopSample) sample = main_loop_sample(members);
    GPtrArray *findings;

    sample->threads = &stopped;
    sample->n_threads = 1;
    findings = diagnose(sample, 0);
    sample->threads = NULL;
    sample->n_threads = 0;
    return findings;
}

static void test_stopped(void)
{
    g_autoptr(GPtrArray) stopped = diagnose_stopped(OF_VD0(THEN), true);
    g_autoptr(GPtrArray) running = diagnose_stopped(OF_VD0(THEN), false);
    g_autoptr(GPtrArray) before = diagnose_stopped(OF_VD0(BEFORE), true);

    g_assert_cmpuint(stopped->len, ==, 1);
    g_assert_nonnull(find_class(stopped, AIOTOP_CLASS_STOPPED, NULL));
    g_assert_cmpuint(running->len, ==, 1);
    g_assert_nonnull(find_class(running, AIOTOP_CLASS_IO_STUCK, "n"));
    /* It may have waited for it until it was stopped */
    g_assert_cmpuint(before->len, ==, 2);
    g_assert_nonnull(find_class(before, AIOTOP_CLASS_STOPPED, NULL));
    g_assert_nonnull(find_class(before, AIOTOP_CLASS_IO_STUCK, "n"));
}

#define MANY                                                                   \
    "'loops':[{'name':'main-loop','thread-id':7,'state':'dispatching',"        \
    "'state-since-ns':10000000000,'stack':[{'source-id':2,"                    \
    "'since-ns':10000000000}],'sources':["

/* Each of so many requests is held against each of so many sources */
static void test_many(void)
{
    g_autoptr(GString) sources = g_string_new(BH);
    g_autoptr(GString) requests = g_string_new(NULL);
    g_autoptr(GPtrArray) findings = NULL;
    g_autoptr(AiotopSample) sample = NULL;
    g_autofree char *now = NULL;

    for (unsigned i = 3; i < 4096 + 2; i++) {
        g_string_append_printf(sources, ",{'id':%u,'kind':'bh','name':'f'}", i);
    }
    for (unsigned i = 0; i < 65; i++) {
        g_string_append_printf(requests,
                               "%s{'id':%u,'node':'n%u','type':'read',"
                               "'stage':'driver','since-ns':" THEN "}",
                               i ? "," : "", i + 1, i);
    }
    now = g_strdup_printf("%s%s]}],'requests':[%s]}", HEAD(11, "running") MANY,
                          sources->str, requests->str);
    sample = sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
    findings = diagnose(sample, 0);
    /* 64 times 4096; the last one is told of as if it were not known whose */
    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_IO_STUCK, "n64"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/held-up/callback", test_callback);
    g_test_add_func("/held-up/more-than-one", test_more_than_one);
    g_test_add_func("/held-up/behind", test_behind);
    g_test_add_func("/held-up/stages", test_stages);
    g_test_add_func("/held-up/peer-that-does-not-read",
                    test_peer_that_does_not_read);
    g_test_add_func("/held-up/whose", test_whose);
    g_test_add_func("/held-up/gathered", test_gathered);
    g_test_add_func("/held-up/lock", test_lock);
    g_test_add_func("/held-up/lock-of-iothread", test_lock_of_iothread);
    g_test_add_func("/held-up/asleep", test_asleep);
    g_test_add_func("/held-up/stopped", test_stopped);
    g_test_add_func("/held-up/many", test_many);
    return g_test_run();
}
