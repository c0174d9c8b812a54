/*
 * Diagnosis: requests in flight, and pools that are full
 *
 * Each class with its twin that is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/format/diagnosis.h>

#include "awaited-sample.h"

static void test_io_stuck(void)
{
    check_io(REQUEST(1, "n", "driver", OLD, ""), "",
             "1 request of node n |for 5.00s|read of 512 bytes at 4096|driver");
    check_io(REQUEST(1, "n", "driver", YOUNG, ""), "", NULL);
    check_io("", "", NULL);
    check_io(
        REQUEST(1, "n", "driver", "1000000000", ",'device':'vd0'") "," REQUEST(
            2, "n", "driver", OLD, "") "," REQUEST(3, "n", "driver", YOUNG, ""),
        ",'nodes':[{'node':'n','in-flight':3,'completed':9,"
        "'last-completed-ns':4000000000,'stages':["
        "{'stage':'driver','count':3,'since-ns':1000000000}]}]",
        "3 requests of node n (device vd0)|the oldest for 10.0s|"
        "last completed a request 7.00s ago");
}

/* Where they are decides what is said */
static void test_stages(void)
{
    check_io(REQUEST(1, "n", "network", OLD, ""), "", "server");
    check_io(REQUEST(1, "n", "worker", OLD, ",'thread-id':33"), "",
             "thread 33|file or disk");
    check_io(REQUEST(1, "n", "kernel", OLD, ""), "", "host's kernel");
    check_io(REQUEST(1, "n", "plugged", OLD, ""), "", "bug");
    check_io(REQUEST(1, "n", "throttled", OLD, ",'waits-for':'tg0'"),
             ",'throttle-groups':[{'name':'tg0','queued':20,"
             "'timer-armed':true}]",
             "throttle group tg0|20 wait|limits of tg0");
    check_io(REQUEST(1, "n", "throttled", OLD, ",'waits-for':'tg0'"),
             ",'throttle-groups':[{'name':'tg0','queued':20,"
             "'timer-armed':false}]",
             "No timer is set|bug");
    check_io(REQUEST(1, "n", "drained", OLD, ""),
             ",'commands':[{'name':'block_resize','since-ns':2000000000}]",
             "drained section|block_resize has had no answer for 9.00s");
    check_io(REQUEST(1, "n", "graph-lock", OLD, ""), "", "graph");
    check_io(REQUEST(1, "n", "serialising", OLD, ""), "", "overlaps|backup");
    check_io(REQUEST(1, "n", "flush", OLD, ""), "", "another flush");
    check_io(REQUEST(1, "n", "pool", OLD, ""), "", "thread of the pool");
    check_io(REQUEST(1, "n", "new-stage", OLD, ""), "", "the stage new-stage");
}

/* A request is where its parts are; and one that waits is no cause */
static void test_cause_of_requests(void)
{
    check_io(REQUEST(1, "fmt", "driver", OLD, ",'device':'vd0'") "," REQUEST(
                 2, "file", "kernel", OLD, ",'parent':1"),
             "", "node file (device vd0)|kernel");
    /* Its parts come and go, and it does not end */
    check_io(REQUEST(1, "fmt", "driver", OLD,
                     "") "," REQUEST(2, "file", "kernel", YOUNG, ",'parent':1"),
             "", "node fmt");
    check_io(REQUEST(1, "a", "serialising", OLD, "") "," REQUEST(
                 2, "a", "throttled", OLD, ",'waits-for':'g'"),
             "", "node a|group g");
    /* A job copies it elsewhere */
    check_io(REQUEST(1, "a", "serialising", OLD,
                     ",'device':'vd0'") "," REQUEST(2, "b", "driver", OLD, ""),
             "", "node b");
    check_io(REQUEST(1, "a", "flush", OLD, "") "," REQUEST(
                 2, "a", "driver", OLD, "") "," REQUEST(3, "b", "worker", OLD,
                                                        ",'parent':2"),
             "", "node b|thread of the pool");
    check_io(REQUEST(1, "a", "driver", OLD, "") "," REQUEST(2, "b", "drained",
                                                            OLD, ""),
             "", "node a|driver");
    check_io(REQUEST(1, "a", "throttled", OLD, ",'waits-for':'g'") "," REQUEST(
                 2, "b", "throttled", OLD, ",'waits-for':'g'"),
             "", "node a|group g");
    /* What a peer says of parents may go in a circle */
    check_io(REQUEST(1, "a", "driver", OLD, ",'parent':2") "," REQUEST(
                 2, "b", "driver", YOUNG, ",'parent':1"),
             "", "node a");
}

/* @n, each a part of the one before, of which a device made the first */
static void check_chain(unsigned n, const char *words)
{
    GString *text = g_string_new(
        "{'id':1,'node':'n','device':'vd0','type':'read','stage':'driver',"
        "'since-ns':" OLD "}");
    g_autofree char *requests = NULL;

    for (unsigned i = 2; i <= n; i++) {
        g_string_append_printf(text,
                               ",{'id':%u,'parent':%u,'node':'n','type':'read',"
                               "'stage':'driver','since-ns':" OLD "}",
                               i, i - 1);
    }
    requests = g_string_free(text, FALSE);
    check_io(requests, "", words);
}

/* Only someone hostile sends more, and makes each of many steps cost */
static void test_parents_are_bounded(void)
{
    check_chain(17, "1 request of node n (device vd0)");
    check_chain(18, "1 request of node n has been");
}

static void check_both(const char *requests, const char *more)
{
    g_autoptr(AiotopSample) sample = in_flight(requests, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_IO_STUCK, "a"));
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_IO_STUCK, "b"));
}

/* A cause of one disk is none of another's */
static void test_other_causes(void)
{
    check_both(REQUEST(1, "a", "serialising", OLD, "") "," REQUEST(
                   2, "b", "driver", OLD, ",'device':'vd1'"),
               "");
    check_both(REQUEST(1, "a", "serialising", "5999999999",
                       "") "," REQUEST(2, "b", "driver", OLD, ""),
               "");
    check_both(REQUEST(1, "a", "flush", OLD, "") "," REQUEST(2, "b", "driver",
                                                             OLD, ""),
               "");
    check_both(REQUEST(1, "a", "driver", OLD, "") "," REQUEST(2, "b", "network",
                                                              OLD, ""),
               "");
    /* They waited before it came */
    check_both(REQUEST(1, "a", "drained", "5999999999",
                       "") "," REQUEST(2, "b", "driver", OLD, ""),
               "");
    check_both(REQUEST(1, "a", "graph-lock", "5999999999",
                       "") "," REQUEST(2, "b", "driver", OLD, ""),
               "");
    /* It has nothing wrong */
    check_both(REQUEST(1, "a", "driver", OLD, ",'type':'ioctl'") "," REQUEST(
                   2, "b", "drained", OLD, ""),
               "");
}

static void check_goes_on(AiotopSample *owned, AiotopClassId id, bool goes_on,
                          const char *words)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, id, words);
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_true(first->goes_on == goes_on);
    g_assert_true(aiotop_finding_is_stuck(first) == !goes_on);
}

/* The node got something done then */
static AiotopSample *limited(const char *last, const char *armed)
{
    g_autofree char *more = g_strdup_printf(
        ",'throttle-groups':[{'name':'tg0','queued':20,'timer-armed':%s}],"
        "'nodes':[{'node':'n','in-flight':20,'completed':9,"
        "'last-completed-ns':%s,'stages':[]}]",
        armed, last);

    return in_flight(REQUEST(1, "n", "throttled", OLD, ",'waits-for':'tg0'"),
                     more);
}

static void test_limits_at_work(void)
{
    check_goes_on(limited("6000000001", "true"), AIOTOP_CLASS_IO_STUCK, true,
                  "throttle group tg0|limits at work|Nothing is stuck");
    /* One that is large may need longer than that by its limits alone */
    check_goes_on(limited("6000000000", "true"), AIOTOP_CLASS_IO_STUCK, true,
                  "Its timer is set|will let them go|whether they are meant");
    check_goes_on(limited("6000000001", "false"), AIOTOP_CLASS_IO_STUCK, false,
                  "bug");
}

static void check_type(const char *requests, bool goes_on, const char *words)
{
    check_goes_on(in_flight(requests, ""), AIOTOP_CLASS_IO_STUCK, goes_on,
                  words);
}

static void test_long_by_design(void)
{
    check_type(REQUEST(1, "n", "worker", OLD, ",'type':'ioctl'"), true,
               "an ioctl|command of the guest's|rewind");
    check_type(REQUEST(1, "n", "driver", OLD, ",'type':'truncate'"), true,
               "a truncate|preallocation");
    check_type(REQUEST(1, "n", "kernel", OLD, ",'type':'discard'"), true,
               "a discard|To discard much");
    /* A part of one */
    check_type(REQUEST(1, "n", "driver", OLD, ",'type':'truncate'") "," REQUEST(
                   2, "file", "worker", OLD, ",'type':'write','parent':1"),
               true, "node file|a part of what may take long");
    /* Nobody works on it */
    check_type(REQUEST(1, "n", "drained", OLD, ",'type':'ioctl'"), false,
               "drained section");
    /* Another one is with it that should have been over */
    check_type(
        REQUEST(1, "n", "driver", "1000000000",
                ",'type':'ioctl'") "," REQUEST(2, "n", "driver", OLD, ""),
        false, "2 requests|a read of 512|for 5.00s|storage behind n");
    check_type(
        REQUEST(1, "n", "driver", "1000000000",
                ",'type':'ioctl'") "," REQUEST(2, "n", "driver", YOUNG, ""),
        true, "an ioctl");
}

/* What only warns is told of last, whatever its class */
static void test_stuck_comes_first(void)
{
    g_autoptr(AiotopSample) sample = in_flight(
        REQUEST(1, "a", "driver", "1000000000",
                ",'type':'ioctl'") "," REQUEST(2, "b", "driver", OLD, ""),
        "");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];
    g_autoptr(GString) json = g_string_new(NULL);

    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_cmpstr(first->node, ==, "b");
    g_assert_cmpuint(aiotop_diagnosis_stuck(findings), ==, 1);
    aiotop_format_json_diagnosis(json, sample, findings, NULL);
    g_assert_nonnull(
        strstr(json->str, "\"class\":\"io-stuck\",\"stuck\":true"));
    g_assert_nonnull(
        strstr(json->str, "\"class\":\"io-stuck\",\"stuck\":false"));
}

static void test_limit_of_requests(void)
{
    g_autoptr(AiotopSample) sample =
        in_flight(REQUEST(1, "n", "driver", OLD, ""), "");
    AiotopDiagnoseOptions over = { .request_ns = 5 * S };
    AiotopDiagnoseOptions under = { .request_ns = 5 * S + 1 };
    g_autoptr(GPtrArray) found = aiotop_diagnose(sample, &over);
    g_autoptr(GPtrArray) none = aiotop_diagnose(sample, &under);

    g_assert_false(aiotop_diagnosis_healthy(found));
    g_assert_true(aiotop_diagnosis_healthy(none));
}

#define ZEROES(since)                                                          \
    "{'id':1,'node':'n','type':'write-zeroes','stage':'network',"              \
    "'since-ns':" since ",'offset':0,'bytes':20000000}"

/* Much of it takes longer than little of it: 20 MB two seconds */
static void test_large_requests(void)
{
    g_autoptr(AiotopSample) over = in_flight(ZEROES("4000000000"), "");
    g_autoptr(AiotopSample) under = in_flight(ZEROES("4000000001"), "");
    AiotopRequest huge = { .since_ns = 0, .bytes = INT64_MAX };
    AiotopRequest unknown = { .since_ns = 0, .bytes = -1 };

    expect(over, AIOTOP_CLASS_IO_STUCK, "for 7.00s, over the limit of 7.00s");
    expect_healthy(under);
    /* It is no cause of what a part of it that is small has, and no parent */
    check_io(ZEROES("4000000001") "," REQUEST(2, "file", "kernel", OLD,
                                              ",'parent':1"),
             "", "node file|over the limit of 5.00s");
    check_io(ZEROES("4000000001") "," REQUEST(2, "n", "network", YOUNG, ""), "",
             NULL);
    check_io(ZEROES("4000000001") "," REQUEST(2, "n", "network", OLD, ""), "",
             "1 request of node n|for 5.00s|a read of 512 bytes");
    g_assert_cmpuint(aiotop_rule_too_old_ns(&huge, S), ==, 301 * S);
    g_assert_cmpuint(aiotop_rule_too_old_ns(&unknown, S), ==, S);
    g_assert_cmpuint(aiotop_rule_too_old_ns(&huge, 0), ==, 0);
}

#define POOL(idle, queued, since)                                              \
    ",'pools':[{'loop':'main-loop','max-threads':64,'threads':64,'idle'"       \
    ":" #idle ",'queued':" #queued ",'queued-since-ns':" #since                \
    ",'running-since-ns':5000000000}]"

static void test_pool_starved(void)
{
    static const char stuck[] = REQUEST(1, "n", "worker", OLD, "") "," REQUEST(
        2, "n", "pool", OLD, ",'device':'vd0'");
    g_autoptr(AiotopSample) over = in_flight(stuck, POOL(0, 36, 9000000000));
    g_autoptr(AiotopSample) under = in_flight("", POOL(0, 36, 9000000001));
    g_autoptr(AiotopSample) unlisted = in_flight(
        "", POOL(0, 36, 9000000000) ",'nodes':[{'node':'n','device':'vd0',"
                                    "'in-flight':99,'completed':0,'stages':["
                                    "{'stage':'worker','count':64},"
                                    "{'stage':'pool','count':35}]}]");
    g_autoptr(AiotopSample) idle = in_flight("", POOL(1, 36, 9000000000));
    g_autoptr(AiotopSample) empty = in_flight("", POOL(0, 0, 9000000000));
    g_autoptr(GPtrArray) findings = diagnose(over, 0);

    expect(over, AIOTOP_CLASS_POOL_STARVED,
           "All 64 threads of the pool of main-loop|for 6.00s|36 requests wait|"
           "for 2.00s|They work on 1 request of node n, in flight for 5.00s.|"
           "What waits is of node n (device vd0).");
    /* The requests are what the pool has not got to */
    g_assert_cmpuint(findings->len, ==, 1);
    expect(unlisted, AIOTOP_CLASS_POOL_STARVED,
           "What waits is of node n (device vd0).");
    expect_healthy(under);
    expect_healthy(idle);
    expect_healthy(empty);
}

#define POOL_OF(loop, threads, idle, queued, queued_since, running_since)      \
    "{'loop':'" loop "','max-threads':64,'threads':" #threads ",'idle':" #idle \
    ",'queued':" #queued ",'queued-since-ns':" #queued_since                   \
    ",'running-since-ns':" #running_since "}"
/* The node has more in the queue than are listed */
#define QUEUED(node)                                                           \
    "{'node':'" node "','in-flight':9,'completed':0,"                          \
    "'stages':[{'stage':'pool','count':9}]}"
#define FULL POOL_OF("main-loop", 64, 0, 36, 9000000000, 5000000000)

static AiotopSample *in_pools(const char *requests, const char *pools)
{
    g_autofree char *more = g_strdup_printf(",'pools':[%s]", pools);

    return in_flight(requests, more);
}

/* Its threads get done with what they have */
static void test_pool_slow(void)
{
    check_goes_on(in_pools("", POOL_OF("m", 64, 0, 36, 8000000000, 9000000000)),
                  AIOTOP_CLASS_POOL_STARVED, false,
                  "system call that does not return");
    check_goes_on(in_pools("", POOL_OF("m", 64, 0, 36, 8000000000, 9000000001)),
                  AIOTOP_CLASS_POOL_STARVED, true, "slow, not stuck|how busy");
}

/* Which of two pools a request is with is not known */
static void test_what_a_pool_has(void)
{
    static const char worker[] = REQUEST(1, "n", "worker", OLD, "");
    g_autoptr(AiotopSample) alone =
        in_pools(worker, FULL "," POOL_OF("io0", 4, 4, 0, 0, 0));
    g_autoptr(AiotopSample) beside =
        in_pools(worker, FULL "," POOL_OF("io0", 4, 3, 0, 0, 6000000000));
    g_autoptr(GPtrArray) findings = diagnose(beside, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(alone, AIOTOP_CLASS_POOL_STARVED,
           "They work on 1 request of node n");
    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_POOL_STARVED);
    g_assert_null(strstr(first->evidence, "They work on"));
}

/* Three nodes are named, and how many more there are; of what waits, too */
static void test_many_in_a_pool(void)
{
    static const char three[] = REQUEST(1, "a", "worker", OLD, "") "," REQUEST(
        2, "b", "worker", "5000000000",
        "") "," REQUEST(3, "b", "worker", OLD, "") "," REQUEST(4, "c", "worker",
                                                               OLD, "");
    g_autofree char *five =
        g_strconcat(three, ",", REQUEST(5, "d", "worker", OLD, ""), ",",
                    REQUEST(6, "e", "worker", OLD, ""), NULL);
    g_autoptr(AiotopSample) few = in_pools(three, FULL);
    g_autoptr(AiotopSample) many = in_pools(five, FULL);
    g_autoptr(AiotopSample) queued =
        idle_sample("'pools':[" FULL "],'nodes':[" QUEUED("a") "," QUEUED(
            "b") "," QUEUED("c") "," QUEUED("d") "]");

    expect(few, AIOTOP_CLASS_POOL_STARVED,
           "They work on 1 request of node a, in flight for 5.00s; 2 requests"
           " of node b, the oldest in flight for 6.00s; 1 request of node c, in"
           " flight for 5.00s.");
    expect(many, AIOTOP_CLASS_POOL_STARVED,
           "of node c, in flight for 5.00s; and 2 more nodes.");
    expect(queued, AIOTOP_CLASS_POOL_STARVED,
           "What waits is of node a, node b, node c; and 1 more node.");
}

/* A pool that is starved hides no requests that may be with another one */
static void test_other_pools(void)
{
    static const char worker[] = REQUEST(1, "n", "worker", OLD, "");
    static const char queued[] = REQUEST(1, "n", "pool", OLD, "");
    static const struct {
        const char *requests;
        const char *pools;
        bool hides;
    } cases[] = {
        { worker, FULL, true },
        { queued, FULL, true },
        { worker, FULL "," POOL_OF("io0", 4, 4, 0, 0, 0), true },
        { worker, FULL "," POOL_OF("io0", 4, 3, 0, 0, 6000000000), false },
        { queued, FULL "," POOL_OF("io0", 4, 3, 0, 0, 6000000000), true },
        { queued, FULL "," POOL_OF("io0", 4, 0, 1, 10000000000, 6000000000),
          false },
        { queued, FULL "," FULL, true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopSample) sample =
            in_pools(cases[i].requests, cases[i].pools);
        g_autoptr(GPtrArray) findings = diagnose(sample, 0);
        const AiotopFinding *first = findings->pdata[0];

        g_test_message("%u", i);
        g_assert_cmpint(first->id, ==, AIOTOP_CLASS_POOL_STARVED);
        g_assert_true(!find_class(findings, AIOTOP_CLASS_IO_STUCK, "n") ==
                      cases[i].hides);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited/io-stuck", test_io_stuck);
    g_test_add_func("/awaited/stages", test_stages);
    g_test_add_func("/awaited/cause-of-requests", test_cause_of_requests);
    g_test_add_func("/awaited/parents-are-bounded", test_parents_are_bounded);
    g_test_add_func("/awaited/limit-of-requests", test_limit_of_requests);
    g_test_add_func("/awaited/other-causes", test_other_causes);
    g_test_add_func("/awaited/limits-at-work", test_limits_at_work);
    g_test_add_func("/awaited/long-by-design", test_long_by_design);
    g_test_add_func("/awaited/stuck-comes-first", test_stuck_comes_first);
    g_test_add_func("/awaited/large-requests", test_large_requests);
    g_test_add_func("/awaited/pool-slow", test_pool_slow);
    g_test_add_func("/awaited/many-in-a-pool", test_many_in_a_pool);
    g_test_add_func("/awaited/other-pools", test_other_pools);
    g_test_add_func("/awaited/what-a-pool-has", test_what_a_pool_has);
    g_test_add_func("/awaited/pool-starved", test_pool_starved);
    return g_test_run();
}
