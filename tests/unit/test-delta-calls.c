/*
 * What is known of calls: means, histograms and delays, and of those that are not
 * listed or not timed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>

#include <qemu-aiotop/model/sample.h>

#include "one-loop.h"

/* 10.5 to 12.6 ms are bucket 71 */
#define DELAYED(id, bucket, max)                                               \
    "{'id':" #id ",'kind':'bh','name':'f','calls':1,'busy-ns':0,"              \
    "'delay-max-ns':" #max ",'delay-histogram':{'buckets':[" #bucket "],"      \
    "'counts':[1]}}"

/* Whichever of its sources comes first */
static void test_longest_delay_of_a_loop(void)
{
    g_autoptr(AiotopSample) one = sample_of(
        NULL, SNAPSHOT(10, 1, 1,
                       LOOP(1, COUNTERS(1, 0, 0),
                            DELAYED(1, 71, 12000000) "," DELAYED(2, 1, 70))));
    g_autoptr(AiotopSample) other = sample_of(
        NULL, SNAPSHOT(10, 1, 1,
                       LOOP(1, COUNTERS(1, 0, 0),
                            DELAYED(1, 1, 70) "," DELAYED(2, 71, 12000000))));

    g_assert_cmpfloat(one->loops[0].delay.max_ns, ==, 12000000);
    g_assert_cmpfloat(other->loops[0].delay.max_ns, ==, 12000000);
}

static void test_first_delay(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 900))),
        SNAPSHOT(11, 1, 1,
                 LOOP(1, COUNTERS(1, 0, 0),
                      "{'id':1,'kind':'bh','name':'f','calls':9,'delay-ns':300,"
                      "'delay-max-ns':200,'delay-histogram':{'buckets':[2],"
                      "'counts':[2]}}")));

    g_assert_cmpuint(sample->sources[0].delay_ns, ==, 300);
    g_assert_cmpuint(sample->sources[0].delays, ==, 2);
}

static void test_loop_histogram_is_that_of_its_sources(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 900))),
        SNAPSHOT(11, 1, 1,
                 LOOP(1, COUNTERS(1, 0, 0),
                      SOURCE(1, 9, 900) "," SOURCE(2, 3, 900))));
    AiotopHistogram histogram;

    aiotop_loop_sample_histogram(sample, &sample->loops[0],
                                 AIOTOP_HISTOGRAM_DURATION, &histogram);
    g_assert_cmpuint(histogram.total, ==, 7);
    g_assert_cmpuint(histogram.count[1], ==, 7);
}

#define CALLS(kind, name, calls, busy, total)                                  \
    "{'id':1,'kind':'" kind "','name':'" name "','calls':" #calls              \
    ",'busy-ns':" #busy ",'total-ns':" #total ",'max-ns':1000}"

static double mean_ns(const char *before, const char *now)
{
    g_autoptr(AiotopSample) sample = sample_of(before, now);

    return aiotop_source_sample_mean_ns(&sample->sources[0],
                                        AIOTOP_HISTOGRAM_DURATION);
}

/* The histogram has what is nested, but for the rest of GLib's dispatching */
static void test_mean_is_that_of_the_histogram(void)
{
    g_assert_cmpfloat(
        mean_ns(
            SNAPSHOT(10, 1, 1, LOOP(1, "'x':0", CALLS("bh", "f", 2, 5, 9))),
            SNAPSHOT(11, 1, 1, LOOP(1, "'x':0", CALLS("bh", "f", 4, 25, 209)))),
        ==, 100);
    g_assert_cmpfloat(
        mean_ns(
            SNAPSHOT(10, 1, 1,
                     LOOP(1, "'x':0",
                          CALLS("glib", "g_main_context_dispatch", 2, 5, 9))),
            SNAPSHOT(
                11, 1, 1,
                LOOP(1, "'x':0",
                     CALLS("glib", "g_main_context_dispatch", 4, 25, 209)))),
        ==, 10);
    g_assert_cmpfloat(
        mean_ns(SNAPSHOT(10, 1, 1,
                         LOOP(1, "'x':0", CALLS("glib", "watch", 2, 5, 9))),
                SNAPSHOT(11, 1, 1,
                         LOOP(1, "'x':0", CALLS("glib", "watch", 4, 25, 209)))),
        ==, 100);
    g_assert_true(isnan(mean_ns(
        SNAPSHOT(10, 1, 1, LOOP(1, "'x':0", CALLS("bh", "f", 2, 5, 9))),
        SNAPSHOT(11, 1, 1, LOOP(1, "'x':0", CALLS("bh", "f", 2, 5, 9))))));
}

/* It is not over: it has no part in the mean, and all of it once it ends */
static void test_mean_is_of_what_is_over(void)
{
    g_autoptr(AiotopSnapshot) before = parse(
        SNAPSHOT(10, 1, 1, LOOP(1, "'x':0", CALLS("bh", "f", 1, 100, 100))));
    g_autoptr(AiotopSnapshot) runs = parse_after(
        before, SNAPSHOT(12, 1, 1,
                         LOOP(1,
                              "'stack':[{'source-id':1,"
                              "'since-ns':11000000000}]",
                              CALLS("bh", "f", 3, 1000000300, 1000000300))));
    g_autoptr(AiotopSnapshot) ended = parse_after(
        runs, SNAPSHOT(13, 1, 1,
                       LOOP(1, "'x':0",
                            CALLS("bh", "f", 5, 1500000300, 1500000300))));
    g_autoptr(AiotopSample) first = aiotop_sample_new(before, runs);
    g_autoptr(AiotopSample) second = aiotop_sample_new(runs, ended);

    g_assert_cmpuint(first->sources[0].total_ns, ==, 1000000200);
    g_assert_cmpuint(first->sources[0].ended_ns, ==, 200);
    g_assert_cmpuint(second->sources[0].total_ns, ==, 500000000);
    g_assert_cmpuint(second->sources[0].ended_ns, ==, 1500000000);
}

/* Of a callback that runs in itself */
static void test_mean_with_recursion(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        NULL, SNAPSHOT(12, 1, 1,
                       LOOP(1,
                            "'stack':[{'source-id':1,'since-ns':11000000000},"
                            "{'source-id':1,'since-ns':11500000000}]",
                            CALLS("bh", "f", 1, 1000000009, 1500000009))));

    g_assert_cmpuint(sample->sources[0].ended_ns, ==, 9);
    g_assert_cmpuint(sample->sources[0].running_ns, ==, 1000000000);
}

static void test_mean_delay(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        NULL, SNAPSHOT(12, 1, 1,
                       LOOP(1, "'x':0",
                            "{'id':1,'kind':'bh','name':'f','calls':100,"
                            "'busy-ns':1,'total-ns':1,'max-ns':1,"
                            "'delay-ns':50,'delay-histogram':{'buckets':[1],"
                            "'counts':[10]}}")));

    g_assert_cmpfloat(aiotop_source_sample_mean_ns(&sample->sources[0],
                                                   AIOTOP_HISTOGRAM_DELAY),
                      ==, 5);
}

#define TIMED(id, kind, calls, timed)                                          \
    "{'id':" #id ",'kind':'" kind "','name':'f','calls':" #calls ","           \
    "'timed-calls':" #timed ",'busy-ns':" #calls ",'total-ns':" #calls ","     \
    "'max-ns':100,'histogram':{'buckets':[1],'counts':[" #timed "]}}"

/*
 * Only the busiest are listed, and others in each snapshot: all together are
 * compared, and what was in the rest before is not known
 */
static void test_rest(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1,
                 LOOP(1, COUNTERS(5, 1, 1),
                      TIMED(1, "bh", 5, 5) "," TIMED(2, "bh", 7, 7) "," TIMED(
                          0, "rest", 1000, 1000))),
        SNAPSHOT(12, 1, 1,
                 LOOP(1, COUNTERS(9, 2, 2),
                      TIMED(1, "bh", 6, 6) "," TIMED(
                          3, "bh", 992, 992) "," TIMED(0, "rest", 24, 24))));
    const AiotopLoopSample *loop = &sample->loops[0];
    AiotopHistogram histogram;

    g_assert_cmpuint(loop->n_sources, ==, 2);
    g_assert_cmpuint(sample->sources[0].calls, ==, 1);
    g_assert_null(sample->sources[1].before);
    g_assert_true(sample->sources[1].calls == AIOTOP_UNKNOWN);
    g_assert_true(sample->sources[1].busy_ns == AIOTOP_UNKNOWN);
    g_assert_true(isnan(sample->sources[1].duration.p50_ns));
    g_assert_false(aiotop_source_sample_active(&sample->sources[1]));
    /* 1022 of all, and 1012 before */
    aiotop_loop_sample_histogram(sample, loop, AIOTOP_HISTOGRAM_DURATION,
                                 &histogram);
    g_assert_cmpuint(histogram.total, ==, 10);
    g_assert_false(isnan(loop->duration.p50_ns));
    g_assert_false(loop->thinned);
}

/* Loops alone have their percentiles all the same */
static void test_nothing_but_the_rest(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(5, 1, 1), TIMED(0, "rest", 9, 9))),
        SNAPSHOT(12, 1, 1,
                 LOOP(1, COUNTERS(9, 2, 2), TIMED(0, "rest", 12, 11))));

    g_assert_cmpuint(sample->n_sources, ==, 0);
    g_assert_cmpfloat(sample->loops[0].duration.p50_ns, ==, 72);
    g_assert_true(sample->loops[0].thinned);
}

/* Counted are all calls, timed some: of the interval, and of its loop */
static void test_timed_calls(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1,
                 LOOP(1, COUNTERS(5, 1, 1),
                      TIMED(1, "bh", 9, 4) "," TIMED(2, "bh", 7, 7))),
        SNAPSHOT(12, 1, 1,
                 LOOP(1, COUNTERS(9, 2, 2),
                      TIMED(1, "bh", 11, 6) "," TIMED(2, "bh", 9, 8))));
    g_autoptr(AiotopSample) old = sample_of(
        NULL, SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(5, 1, 1), SOURCE(1, 5, 9))));

    g_assert_cmpuint(sample->sources[0].timed_calls, ==, 2);
    g_assert_false(aiotop_calls_thinned(sample->sources[0].calls,
                                        sample->sources[0].timed_calls));
    g_assert_cmpuint(sample->sources[1].timed_calls, ==, 1);
    g_assert_true(aiotop_calls_thinned(sample->sources[1].calls,
                                       sample->sources[1].timed_calls));
    g_assert_true(sample->loops[0].thinned);
    /* Who does not tell times all */
    g_assert_false(old->loops[0].thinned);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(void);
    } tests[] = {
        { "/delta-calls/longest-delay-of-a-loop",
          test_longest_delay_of_a_loop },
        { "/delta-calls/first-delay", test_first_delay },
        { "/delta-calls/rest", test_rest },
        { "/delta-calls/nothing-but-the-rest", test_nothing_but_the_rest },
        { "/delta-calls/timed-calls", test_timed_calls },
        { "/delta-calls/mean-is-that-of-the-histogram",
          test_mean_is_that_of_the_histogram },
        { "/delta-calls/mean-is-of-what-is-over",
          test_mean_is_of_what_is_over },
        { "/delta-calls/mean-with-recursion", test_mean_with_recursion },
        { "/delta-calls/mean-delay", test_mean_delay },
        { "/delta-calls/loop-histogram-is-that-of-its-sources",
          test_loop_histogram_is_that_of_its_sources },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].name, tests[i].func);
    }
    return g_test_run();
}
