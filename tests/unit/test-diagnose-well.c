/*
 * Diagnosis: what is said of a QEMU that is well
 *
 * Each class with its twin that is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "awaited-sample.h"

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
    /* An hour of suspension is in what counts since boot, and in no other */
    sample->now->start_ns = 3601000000000;
    sample->now->suspended_ns = 3600000000000;
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

/* It would tell of requests, and there has been none */
static void test_healthy_without_requests(void)
{
    g_autoptr(AiotopSample) tells =
        idle_sample("'threads':[{'thread-id':7,'name':'main-loop'}]");
    g_autoptr(AiotopSample) tells_not = idle_sample("");

    expect(tells, AIOTOP_CLASS_HEALTHY, "no request that began since");
    expect(tells_not, AIOTOP_CLASS_HEALTHY, "not measured: how long requests");
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
    g_test_add_func("/awaited/healthy-but", test_healthy_but);
    g_test_add_func("/awaited/healthy-before", test_healthy_before);
    g_test_add_func("/awaited/healthy-requests", test_healthy_requests);
    g_test_add_func("/healthy/without-requests", test_healthy_without_requests);
    return g_test_run();
}
