/*
 * Diagnosis: what is awaited while loops are idle, and time that is in no loop
 *
 * Each class with its twin that is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include <qemu-aiotop/format/diagnosis.h>

#include "diagnose-sample.h"

#define S (1000 * MS)

/* In flight since then, at 11 s of the clock */
#define REQUEST(id, node, stage, since, more)                                  \
    "{'id':" #id ",'node':'" node "','type':'read','stage':'" stage            \
    "','since-ns':" since ",'offset':4096,'bytes':512" more "}"
#define OLD "6000000000"
#define YOUNG "6000000001"

static AiotopSample *in_flight(const char *requests, const char *more)
{
    g_autofree char *members =
        g_strdup_printf("'requests':[%s]%s", requests, more);

    return idle_sample(members);
}

static void check_io(const char *requests, const char *more, const char *words)
{
    g_autoptr(AiotopSample) sample = in_flight(requests, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    if (words) {
        expect(sample, AIOTOP_CLASS_IO_STUCK, words);
        g_assert_cmpuint(findings->len, ==, 1);
    } else {
        expect_healthy(sample);
    }
}

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

static const AiotopFinding *find_class(const GPtrArray *findings,
                                       AiotopClassId id, const char *node)
{
    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (finding->id == id && g_strcmp0(finding->node, node) == 0) {
            return finding;
        }
    }
    return NULL;
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
    check_both(REQUEST(1, "a", "serialising", OLD,
                       "") "," REQUEST(2, "b", "driver", OLD, ""),
               "");
    check_both(REQUEST(1, "a", "flush", OLD, "") "," REQUEST(2, "b", "driver",
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
    aiotop_format_json_diagnosis(json, sample, findings);
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
           "for 2.00s|node n (device vd0)");
    /* The requests are what the pool has not got to */
    g_assert_cmpuint(findings->len, ==, 1);
    expect(unlisted, AIOTOP_CLASS_POOL_STARVED,
           "They are of node n (device vd0).");
    expect_healthy(under);
    expect_healthy(idle);
    expect_healthy(empty);
}

#define POOL_OF(loop, threads, idle, queued, queued_since, running_since)      \
    "{'loop':'" loop "','max-threads':64,'threads':" #threads ",'idle':" #idle \
    ",'queued':" #queued ",'queued-since-ns':" #queued_since                   \
    ",'running-since-ns':" #running_since "}"
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

#define WAIT(name, label)                                                      \
    "{'id':1,'kind':'wait','name':'" name "','label':'" label "'}"

static AiotopSample *in_wait(const char *source, const char *since,
                             const char *more)
{
    g_autofree char *members = g_strdup_printf(
        "'iterations':5,'state':'waiting','state-since-ns':10990000000,"
        "'stack':[{'source-id':1,'since-ns':%s}],'sources':[%s]",
        since, source);
    g_autofree char *now =
        g_strdup_printf(HEAD(11, "running") MAIN("%s") "%s}", members, more);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static void test_nested_wait(void)
{
    static const char drain[] =
        WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()");
    g_autoptr(AiotopSample) over = in_wait(drain, "10900000000", "");
    g_autoptr(AiotopSample) under = in_wait(drain, "10900000001", "");
    g_autoptr(GPtrArray) findings = NULL;

    expect(over, AIOTOP_CLASS_NESTED_WAIT,
           "for 100ms|bdrv_drain_all_begin|bdrv_drain_all_poll()|drain");
    expect_healthy(under);
    /* A wait counts as a dispatch, but not as too much to do */
    over->loops[0].dispatch_ns = over->loops[0].wall_ns;
    findings = diagnose(over, 0);
    g_assert_cmpuint(findings->len, ==, 1);
}

/* What the loop waits for is told of with that, and nowhere else */
static void test_nested_wait_for_requests(void)
{
    g_autoptr(AiotopSample) sample = in_wait(
        WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()"), "6000000000",
        ",'requests':[" REQUEST(
            1, "n", "network", OLD,
            ",'device':'vd0'") "],"
                               "'nodes':[{'node':'n','in-flight':1,'completed':"
                               "0,'stages':[]}]");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, AIOTOP_CLASS_NESTED_WAIT,
           "1 request of node n (device vd0), sent to a server|for 5.00s|"
           "storage behind");
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_cmpstr(first->awaited, ==, "requests");
}

static void check_awaited(const char *wait_since, const char *requests,
                          const char *awaited, bool both)
{
    g_autofree char *more = g_strdup_printf(",'requests':[%s]", requests);
    g_autoptr(AiotopSample) sample =
        in_wait(WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()"),
                wait_since, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *wait =
        find_class(findings, AIOTOP_CLASS_NESTED_WAIT, NULL);

    g_assert_cmpstr(wait->awaited, ==, awaited);
    g_assert_true(!strstr(wait->evidence, "In flight") ==
                  (strcmp(awaited, "requests") != 0));
    g_assert_true(!find_class(findings, AIOTOP_CLASS_IO_STUCK, "n") == !both);
}

/* A wait is for what was in flight when it began */
static void test_wait_for_older_requests(void)
{
    check_awaited("6000000000", REQUEST(1, "n", "driver", OLD, ""), "requests",
                  false);
    check_awaited("5900000000", REQUEST(1, "n", "driver", OLD, ""), "requests",
                  false);
    check_awaited("5899999999", REQUEST(1, "n", "driver", OLD, ""), "condition",
                  true);
    check_awaited("10000000000", REQUEST(1, "n", "driver", "10100000001", ""),
                  "condition", false);
    /* What is queued until it ends is no reason */
    check_awaited("6000000000", REQUEST(1, "n", "drained", OLD, ""),
                  "condition", true);
    /* The wait is too short yet to be for what has hung for longer */
    check_awaited("6000000001", REQUEST(1, "n", "driver", OLD, ""), "requests",
                  true);
}

/* The main loop of an older QEMU, which does not tell of waits */
static void test_nested_wait_that_is_not_told(void)
{
    static const char bql[] =
        "'bql':{'holder-thread-id':%s,'held-since-ns':%s,'threads':[]}";
    g_autofree char *held = g_strdup_printf(bql, "7", "10900000000");
    g_autofree char *young = g_strdup_printf(bql, "7", "10900000001");
    g_autofree char *other = g_strdup_printf(bql, "8", "10000000000");
    g_autoptr(AiotopSample) over = idle_sample(held);
    g_autoptr(AiotopSample) under = idle_sample(young);
    g_autoptr(AiotopSample) elsewhere = idle_sample(other);

    over->loops[0].is_thread = false;
    under->loops[0].is_thread = false;
    elsewhere->loops[0].is_thread = false;
    expect(over, AIOTOP_CLASS_NESTED_WAIT, "for 100ms|big QEMU lock");
    expect_healthy(under);
    expect_healthy(elsewhere);
}

/* A callback that is stuck, in a wait of this name and for this */
static AiotopSample *stuck_in(const char *wait, const char *more)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'dispatching','state-since-ns':10000000000,'stack':["
        "{'source-id':2,'since-ns':10000000000}%s],'sources':[" BH "%s%s]",
        wait ? ",{'source-id':1,'since-ns':10000000000}" : "", wait ? "," : "",
        wait ? wait : "");
    g_autofree char *now =
        g_strdup_printf(HEAD(11, "running") MAIN("%s") "%s}", members, more);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static void add_tasks(AiotopSample *sample, char state, uint64_t cpu_ns)
{
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        snapshots[i]->tasks = g_new0(AiotopTask, 2);
        snapshots[i]->n_tasks = 2;
        snapshots[i]->tasks[0] = (AiotopTask){ 7, "qemu", 'S', 0 };
        snapshots[i]->tasks[1] =
            (AiotopTask){ 9, "CPU 0/TCG", state, i * cpu_ns };
    }
}

static void check_wait(AiotopSample *owned, const char *awaited,
                       const char *words)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, words);
    g_assert_cmpstr(first->awaited, ==, awaited);
    if (strcmp(awaited, "file") != 0) {
        g_assert_null(strstr(first->next_step, "a server or a peer"));
    }
}

static AiotopSample *waits_for_rcu(char state, uint64_t cpu_ns)
{
    AiotopSample *sample = stuck_in(WAIT("drain_call_rcu", "RCU readers"), "");

    add_tasks(sample, state, cpu_ns);
    return sample;
}

/* @stack: the thread whose stack is to be looked at */
static void check_suspect(AiotopSample *owned, bool is_one, int64_t stack)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_CALLBACK_STUCK);
    g_assert_cmpint(!!strstr(first->evidence, "(thread 9)"), ==, is_one);
    g_assert_cmpint(!!strstr(first->next_step, "(thread 9)"), ==, stack == 9);
    g_assert_cmpint(first->stack_thread_id, ==, stack);
}

/* One glance at a thread that works, or at a guest, proves nothing */
static void test_suspects(void)
{
    AiotopSample *reads = waits_for_rcu('D', 0);
    AiotopSample *is_new = waits_for_rcu('D', 0);
    AiotopSample *first = waits_for_rcu('D', 0);
    AiotopSample *guest = waits_for_rcu('R', 999 * MS);
    AiotopSample *sampled = waits_for_rcu('t', 0);

    check_suspect(waits_for_rcu('t', 0), true, 9);
    check_suspect(waits_for_rcu('T', 0), true, 9);
    check_suspect(waits_for_rcu('D', 0), true, 7);
    check_suspect(waits_for_rcu('D', 10 * MS), false, 7);
    check_suspect(waits_for_rcu('R', 999 * MS), true, 7);
    reads->before->tasks[1].state = 'S';
    check_suspect(reads, false, 7);
    sampled->before->tasks[1].state = 'S';
    check_suspect(sampled, false, 7);
    check_suspect(waits_for_rcu('t', 1), false, 7);
    is_new->before->n_tasks = 1;
    check_suspect(is_new, false, 7);
    first->before->n_tasks = 0;
    check_suspect(first, false, 7);
    g_strlcpy(guest->now->tasks[1].comm, "CPU 0/KVM",
              sizeof(guest->now->tasks[1].comm));
    check_suspect(guest, false, 7);
}

static void test_kinds_of_waits(void)
{
    AiotopSample *vcpu = stuck_in(WAIT("pause_all_vcpus", "vCPUs"), "");

    add_tasks(vcpu, 't', 0);
    check_wait(waits_for_rcu('t', 0), "rcu",
               "drain_call_rcu|RCU|CPU 0/TCG (thread 9) is stopped (state t)|"
               "Look at CPU 0/TCG (thread 9)");
    check_wait(waits_for_rcu('D', 0), "rcu",
               "(thread 9) may be why: it is blocked in the kernel|"
               "look for one that is");
    check_wait(waits_for_rcu('R', 901 * MS), "rcu",
               "(thread 9) may be why: it takes a whole CPU");
    check_wait(waits_for_rcu('R', 900 * MS), "rcu", "look for one that is");
    check_wait(vcpu, "vcpus", "a vCPU to stop|CPU 0/TCG (thread 9) is stopped");
    check_wait(stuck_in(WAIT("multifd_send_terminate", "a thread"), ""),
               "thread", "the end of another thread");
    check_wait(stuck_in(WAIT("qio_channel_wait", "a channel"), ""), "channel",
               "other end of a channel|the program at the other end");
    check_wait(stuck_in(WAIT("bdrv_graph_wrlock", "reader_count()"), ""),
               "graph-lock", "read the graph");
    check_wait(stuck_in(WAIT("bdrv_drain", "bdrv_drain_poll()"), ""),
               "condition", "while bdrv_drain_poll(),|drain");
}

static AiotopSample *in_call(AiotopThread thread)
{
    AiotopSample *sample = stuck_in(NULL, "");

    thread.state = 'S';
    sample->now->loops[0].thread = thread;
    add_tasks(sample, 'S', 0);
    return sample;
}

/* In these states at both ends of the interval, and its CPU time at the end */
static AiotopSample *stopped(char before, char now, uint64_t cpu_ns)
{
    AiotopSample *sample = stuck_in(NULL, "");

    sample->before->loops[0].thread.state = before;
    sample->now->loops[0].thread.state = now;
    sample->now->loops[0].thread.cpu_ns =
        sample->before->loops[0].thread.cpu_ns + cpu_ns;
    return sample;
}

static void check_stopped(AiotopSample *owned, bool is_said)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    g_assert_cmpint(g_strcmp0(first->awaited, "stopped") == 0, ==, is_said);
    g_assert_cmpint(strstr(first->next_step, "TracerPid in /proc/7/status") !=
                        NULL,
                    ==, is_said);
}

static void test_stopped_thread(void)
{
    check_stopped(stopped('t', 't', 0), true);
    check_stopped(stopped('T', 'T', 0), true);
    check_stopped(stopped('S', 't', 0), false);
    check_stopped(stopped('t', 't', 1), false);
}

/* What the kernel and the thread's memory tell, without a word of QEMU's */
static void test_kinds_of_calls(void)
{
    const AiotopSyscall futex = { true, true, SYS_futex, { 1, 0 }, "" };
    const AiotopSyscall read = { true, true, SYS_read, { 3, 0 }, "" };

    check_wait(in_call((AiotopThread){ .syscall = futex,
                                       .awaited = AIOTOP_AWAITED_MUTEX,
                                       .awaited_tid = 9 }),
               "mutex", "held by CPU 0/TCG (thread 9)|Look at CPU 0/TCG");
    check_wait(in_call((AiotopThread){ .syscall = futex,
                                       .awaited = AIOTOP_AWAITED_MUTEX,
                                       .awaited_tid = 7 }),
               "itself", "locked up itself|bug");
    check_wait(in_call((AiotopThread){ .syscall = futex,
                                       .awaited = AIOTOP_AWAITED_END,
                                       .awaited_tid = 9 }),
               "thread", "the end of CPU 0/TCG (thread 9)");
    check_wait(in_call((AiotopThread){ .syscall = futex }), "another-thread",
               "not for a file or a peer");
    check_wait(in_call((AiotopThread){
                   .syscall = read,
                   .descriptor = "a UNIX socket to /nbd, of process 12 (x)" }),
               "peer", "process 12 (x)|the program at the other end");
    check_wait(
        in_call((AiotopThread){ .syscall = read, .descriptor = "/mnt/disk" }),
        "file", "/mnt/disk|a file");
}

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
               "55000 times a second|job_sleep_timer_cb j|look at j");
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

/* A thread that is no loop, and one of a tool that lives in such waits */
static void test_nested_wait_of_a_thread(void)
{
    static const char drain[] = WAIT("blk_pread", "s->in_progress");
    g_autoptr(AiotopSample) sample = in_wait(drain, "10000000000", "");

    sample->loops[0].is_thread = true;
    expect_healthy(sample);
    sample->now->bql.known = true;
    expect(sample, AIOTOP_CLASS_NESTED_WAIT, "blk_pread");
}

/* Nothing is claimed of requests that can't be seen */
static void check_healthy(const char *more, const char *words,
                          const char *not_said)
{
    g_autofree char *members = g_strdup_printf("'requests':[]%s", more);
    g_autoptr(AiotopSample) sample = idle_sample(members);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, AIOTOP_CLASS_HEALTHY, words);
    if (not_said) {
        g_assert_null(strstr(first->evidence, not_said));
    }
}

/* Profiling since 1 s, of a process that began before, or with it */
static void check_before(int64_t before_ns, const char *more, bool is_said)
{
    static const char said[] = "No request has been completed since profiling"
                               " began, 10.0s ago";
    g_autofree char *members = g_strdup_printf(
        ",'threads':[{'thread-id':7,'name':'main-loop'}]%s", more);
    g_autoptr(AiotopSample) sample = idle_sample(members + 1);
    g_autoptr(GPtrArray) findings = NULL;
    const AiotopFinding *first;

    sample->now->profiling_since_ns = 1000000000 + before_ns;
    sample->now->start_ns = 1000000000;
    sample->now->time_ns = sample->now->profiling_since_ns + 10000000000;
    findings = diagnose(sample, 0);
    first = findings->pdata[0];
    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_HEALTHY);
    g_assert_cmpint(strstr(first->evidence, said) != NULL, ==, is_said);
}

static void test_healthy_before(void)
{
    check_before(5000000000, "", true);
    check_before(4999999999, "", false);
    check_before(5000000000,
                 ",'requests':[],'nodes':[{'node':'n','in-flight':0,"
                 "'completed':0,'stages':[]}]",
                 true);
    check_before(5000000000,
                 ",'requests':[],'nodes':[{'node':'n','in-flight':0,"
                 "'completed':1,'stages':[]}]",
                 false);
}

static void test_healthy_but(void)
{
    static const char young[] = "began since profiling did, 5.00s ago";

    check_healthy("", "no request that began since profiling did has", "ago");
    check_healthy(",'profiling-since-ns':6000000000", "", young);
    check_healthy(",'profiling-since-ns':6000000001", young, NULL);
    check_healthy(",'untracked-requests':0", "", "not tracked");
    check_healthy(",'untracked-requests':30000",
                  "30000 requests are not tracked", NULL);
    check_healthy(",'commands':[{'name':'a','since-ns':1000000000},"
                  "{'name':'b','since-ns':6000000000},"
                  "{'name':'c','since-ns':6000000001}]",
                  "command a has had no answer for 10.0s. The monitor's"
                  " command b has had no answer for 5.00s.",
                  "command c");
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
    g_autoptr(AiotopSample) over = sample_of(before, over_now);
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
}

/* A wait that QEMU tells of is of its start, too */
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
        sample->now->profiling_since_ns = 6000000000;
        expect(sample, AIOTOP_CLASS_NESTED_WAIT, "nbd_connect");
    }
}

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

static void test_back_pressure(void)
{
    g_autoptr(AiotopSample) over =
        idle_sample("'writers':[{'name':'chr_write','label':'serial0','fd':8,"
                    "'since-ns':1000000000}]");
    g_autoptr(AiotopSample) under =
        idle_sample("'writers':[{'name':'chr_write','fd':8,"
                    "'since-ns':1000000001}]");

    expect(over, AIOTOP_CLASS_BACK_PRESSURE,
           "chr_write serial0 (descriptor 8)|for 10.0s|does not read");
    over->now->awaited.writers[0].descriptor = g_strdup("a pipe");
    expect(over, AIOTOP_CLASS_BACK_PRESSURE, "The descriptor is a pipe.");
    expect_healthy(under);

    /* A transfer of a USB device is not over */
    g_clear_pointer(&over->now->awaited.writers[0].name, g_ref_string_release);
    over->now->awaited.writers[0].name = g_ref_string_new("usb_host_handle_fd");
    expect_healthy(over);
}

/* A node's driver that can't send is one finding with its requests */
static void test_back_pressure_of_a_node(void)
{
#define WRITER_OF(node)                                                        \
    ",'writers':[{'name':'restart','label':'" node "','fd':8,"                 \
    "'since-ns':1000000000}]"
    g_autoptr(AiotopSample) other =
        in_flight(REQUEST(1, "n", "driver", OLD, ""), WRITER_OF("m"));
    g_autoptr(GPtrArray) findings = diagnose(other, 0);

    check_io(REQUEST(1, "n", "driver", OLD, ""), WRITER_OF("n"),
             "something to send for 10.0s|does not read|the server that");
    g_assert_cmpuint(findings->len, ==, 2);
#undef WRITER_OF
}

/* The main loop has not looked since it waits, at 10 s */
static void test_back_pressure_stuck(void)
{
#define WRITER(since)                                                          \
    ",'writers':[{'name':'chr_write','fd':8,'since-ns':" #since "}]"
    static const struct {
        const char *writers;
        bool is_found;
    } cases[] = {
        { WRITER(0), true },
        { WRITER(1000000000), false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopSample) sample = stuck_in(NULL, cases[i].writers);
        g_autoptr(GPtrArray) findings = diagnose(sample, 0);

        expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, "");
        g_assert_cmpuint(findings->len, ==, 1 + cases[i].is_found);
    }
#undef WRITER
}

/* Whether the finding about the node says that the other end does not read */
static bool blames_reader(const char *stage_and_writer)
{
    g_autoptr(AiotopSample) sample = stuck_in(NULL, stage_and_writer);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (finding->id == AIOTOP_CLASS_IO_STUCK) {
            return strstr(finding->evidence, "does not read");
        }
    }
    g_assert_not_reached();
}

/* The same of a node that has something to send */
static void test_back_pressure_stuck_node(void)
{
#define STUCK(stage, since)                                                    \
    ",'requests':[" REQUEST(                                                   \
        1, "n", stage, "1000000000",                                           \
        "") "],'writers':["                                                    \
            "{'name':'restart','label':'n','fd':8,'since-ns':" #since "}]"
    g_assert_true(blames_reader(STUCK("network", 5000000000)));
    g_assert_false(blames_reader(STUCK("network", 5000000001)));
    g_assert_true(blames_reader(STUCK("driver", 5000000000)));
    g_assert_false(blames_reader(STUCK("worker", 5000000000)));
#undef STUCK
}

/* What was measured is said with figures */
static void test_healthy_requests(void)
{
    g_autoptr(AiotopSample) sample = idle_sample(
        "'requests':[],'nodes':[{'node':'n','device':'vd0','in-flight':2,"
        "'completed':9,'last-completed-ns':10999000000,'stages':["
        "{'stage':'driver','count':2,'since-ns':10988000000}]},"
        "{'node':'file','in-flight':2,'completed':9,'stages':[]}]");
    AiotopLoop *loop = sample->now->loops;

    loop->timer_deadline_ns = 11012 * MS;
    expect(sample, AIOTOP_CLASS_HEALTHY,
           "node n (device vd0) 2 (the oldest for 12.0ms), the last one done"
           " 1.00ms ago|next timer is main-loop's, due in 12.0ms|no request"
           " that began since profiling did has been in flight for too long");
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
    g_test_add_func("/awaited/pool-slow", test_pool_slow);
    g_test_add_func("/awaited/other-pools", test_other_pools);
    g_test_add_func("/awaited/wait-for-older-requests",
                    test_wait_for_older_requests);
    g_test_add_func("/awaited/healthy-but", test_healthy_but);
    g_test_add_func("/awaited/healthy-before", test_healthy_before);
    g_test_add_func("/awaited/pool-starved", test_pool_starved);
    g_test_add_func("/awaited/nested-wait", test_nested_wait);
    g_test_add_func("/awaited/nested-wait-for-requests",
                    test_nested_wait_for_requests);
    g_test_add_func("/awaited/nested-wait-that-is-not-told",
                    test_nested_wait_that_is_not_told);
    g_test_add_func("/awaited/suspects", test_suspects);
    g_test_add_func("/awaited/kinds-of-waits", test_kinds_of_waits);
    g_test_add_func("/awaited/kinds-of-calls", test_kinds_of_calls);
    g_test_add_func("/awaited/stopped-thread", test_stopped_thread);
    g_test_add_func("/awaited/livelock", test_livelock);
    g_test_add_func("/awaited/livelock-on-a-busy-host",
                    test_livelock_on_a_busy_host);
    g_test_add_func("/awaited/nested-wait-of-a-thread",
                    test_nested_wait_of_a_thread);
    g_test_add_func("/awaited/back-pressure-stuck-node",
                    test_back_pressure_stuck_node);
    g_test_add_func("/awaited/cpu-elsewhere", test_cpu_elsewhere);
    g_test_add_func("/awaited/not-started", test_not_started);
    g_test_add_func("/awaited/not-started-after-waits",
                    test_not_started_after_waits);
    g_test_add_func("/awaited/not-started-in-a-wait",
                    test_not_started_in_a_wait);
    g_test_add_func("/awaited/busy-timer", test_busy_timer);
    g_test_add_func("/awaited/back-pressure", test_back_pressure);
    g_test_add_func("/awaited/back-pressure/stuck", test_back_pressure_stuck);
    g_test_add_func("/awaited/back-pressure/node",
                    test_back_pressure_of_a_node);
    g_test_add_func("/awaited/healthy-requests", test_healthy_requests);
    return g_test_run();
}
