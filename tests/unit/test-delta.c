/*
 * Two snapshots to a sample
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>

#include <qemu-aiotop/model/sample.h>

#include "one-loop.h"

/* Between its dispatches such a thread does what nobody counts */
static void test_no_state_no_other_time(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(SNAPSHOT(10, 1, 1, LOOP(1, "'dispatch-ns':0", "")),
                  SNAPSHOT(12, 1, 1, LOOP(1, "'dispatch-ns':1000000000", "")));
    const AiotopLoopSample *loop = &sample->loops[0];

    g_assert_cmpuint(loop->dispatch_ns, ==, 1000000000);
    g_assert_true(loop->other_ns == AIOTOP_UNKNOWN);
}

#define TIMES(wait, poll, dispatch, bql)                                       \
    "'state':'waiting','wait-ns':" #wait ",'poll-ns':" #poll                   \
    ",'dispatch-ns':" #dispatch ",'bql-wait-ns':" #bql

/* The interval, without all that is counted */
static void test_other_time_is_the_rest(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, TIMES(0, 0, 0, 0), "")),
        SNAPSHOT(12, 1, 1,
                 LOOP(1, TIMES(1000000000, 200000000, 30000000, 4000000), "")));

    g_assert_cmpuint(sample->loops[0].other_ns, ==, 766000000);
}

static void test_rates_and_shares(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(SNAPSHOT(10, 1, 1,
                           LOOP(1, COUNTERS(100, 5000000000, 1000000000),
                                SOURCE(1, 100, 1000000000))),
                  SNAPSHOT(12, 1, 1,
                           LOOP(1, COUNTERS(300, 6000000000, 1500000000),
                                SOURCE(1, 300, 1500000000))));
    const AiotopLoopSample *loop = &sample->loops[0];
    const AiotopSourceSample *source = &sample->sources[0];

    g_assert_false(sample->cumulative);
    g_assert_cmpuint(sample->interval_ns, ==, 2000000000);
    g_assert_cmpuint(loop->wall_ns, ==, 2000000000);
    g_assert_cmpuint(loop->dispatches, ==, 200);
    g_assert_cmpfloat(aiotop_rate_hz(loop->dispatches, loop->wall_ns), ==, 100);
    g_assert_cmpfloat(aiotop_share_percent(loop->wait_ns, loop->wall_ns), ==,
                      50);
    g_assert_cmpuint(loop->other_ns, ==, 500000000);
    g_assert_cmpuint(source->calls, ==, 200);
    g_assert_cmpuint(source->busy_ns, ==, 500000000);
    g_assert_cmpfloat(source->duration.p50_ns, ==, 72);
    g_assert_cmpfloat(loop->duration.p50_ns, ==, 72);
}

/* How long the kernel took of a second in which the loop did this */
static uint64_t kernel_ns(const char *counters)
{
    g_autofree char *now = g_strdup_printf(
        SNAPSHOT(11, 1, 1, LOOP(1, "'state':'waiting',%s", "")), counters);
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(0, 0, 0) ",'cpu-ns':0", "")), now);

    return sample->loops[0].kernel_ns;
}

/* A thread that ran for longer than what it did takes: in its waits */
static void test_kernel_time(void)
{
    g_assert_cmpuint(kernel_ns("'cpu-ns':140000000,'wait-ns':900000000,"
                               "'dispatch-ns':60000000,'poll-ns':30000000,"
                               "'bql-wait-ns':0"),
                     ==, 40000000);
    /* Its callbacks slept */
    g_assert_cmpuint(kernel_ns("'cpu-ns':50000000,'wait-ns':900000000,"
                               "'dispatch-ns':60000000,'poll-ns':0,"
                               "'bql-wait-ns':0"),
                     ==, 0);
    g_assert_cmpuint(kernel_ns("'wait-ns':0,'dispatch-ns':0,'poll-ns':0,"
                               "'bql-wait-ns':0"),
                     ==, AIOTOP_UNKNOWN);
}

static void test_cumulative(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(NULL, SNAPSHOT(12, 1, 2,
                                 LOOP(4, COUNTERS(300, 6000000000, 1500000000),
                                      SOURCE(1, 300, 1500000000))));

    g_assert_true(sample->cumulative);
    g_assert_false(sample->restarted);
    g_assert_cmpuint(sample->interval_ns, ==, 10000000000);
    g_assert_cmpuint(sample->loops[0].wall_ns, ==, 8000000000);
    g_assert_cmpuint(sample->sources[0].calls, ==, 300);
    g_assert_null(sample->sources[0].before);
}

static void test_cpu_time_does_not_begin_with_the_profile(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(NULL, SNAPSHOT(12, 1, 2, LOOP(4, "'cpu-ns':99", "")));

    g_assert_cmpuint(sample->loops[0].cpu_ns, ==, AIOTOP_UNKNOWN);
}

static void test_silent_source(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 9))),
        SNAPSHOT(11, 1, 1, LOOP(1, COUNTERS(1, 0, 0), "")));

    g_assert_cmpuint(sample->n_sources, ==, 1);
    g_assert_cmpuint(sample->sources[0].calls, ==, 0);
    g_assert_cmpuint(sample->sources[0].busy_ns, ==, 0);
    g_assert_true(isnan(sample->sources[0].duration.p50_ns));
    g_assert_true(isnan(
        aiotop_average(sample->sources[0].total_ns, sample->sources[0].calls)));
}

static void test_birth_of_a_source(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 9))),
        SNAPSHOT(11, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(2, 7, 8))));

    g_assert_cmpuint(sample->n_sources, ==, 2);
    g_assert_null(sample->sources[1].before);
    g_assert_cmpuint(sample->sources[1].calls, ==, 7);
}

static void test_birth_of_a_loop(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, ""),
        SNAPSHOT(20, 1, 1,
                 LOOP(16, COUNTERS(8, 1000000000, 0), SOURCE(2, 8, 8))));

    g_assert_cmpuint(sample->loops[0].wall_ns, ==, 4000000000);
    g_assert_cmpfloat(
        aiotop_rate_hz(sample->sources[0].calls, sample->loops[0].wall_ns), ==,
        2);
}

static void test_death_of_a_loop(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 9))),
        SNAPSHOT(11, 1, 1, ""));

    g_assert_cmpuint(sample->n_loops, ==, 0);
    g_assert_cmpuint(sample->n_sources, ==, 0);
    g_assert_cmpuint(sample->before->n_loops, ==, 1);
}

static void test_thread_number_is_given_again(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(100, 0, 0), SOURCE(1, 5, 9))),
        SNAPSHOT(20, 1, 1, LOOP(15, COUNTERS(200, 0, 0), "")));

    g_assert_null(sample->loops[0].before);
    g_assert_cmpuint(sample->loops[0].dispatches, ==, 200);
    g_assert_cmpuint(sample->loops[0].wall_ns, ==, 5000000000);
    g_assert_cmpuint(sample->n_sources, ==, 0);
}

static void test_loop_counter_goes_back(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(100, 7000000000, 0), "")),
                  SNAPSHOT(20, 1, 1, LOOP(1, COUNTERS(20, 3000000000, 0), "")));

    g_assert_null(sample->loops[0].before);
    g_assert_cmpuint(sample->loops[0].dispatches, ==, 20);
    g_assert_cmpuint(sample->loops[0].wait_ns, ==, 3000000000);
    g_assert_cmpuint(sample->loops[0].wall_ns, ==, 10000000000);
}

static void test_counter_goes_back(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 500, 9000))),
        SNAPSHOT(20, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 20, 800))));

    g_assert_null(sample->sources[0].before);
    g_assert_cmpuint(sample->sources[0].calls, ==, 20);
    g_assert_cmpuint(sample->sources[0].busy_ns, ==, 800);
}

static void test_time_goes_back_alone(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 900))),
        SNAPSHOT(11, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 6, 800))));

    g_assert_cmpuint(sample->sources[0].calls, ==, 1);
    g_assert_cmpuint(sample->sources[0].busy_ns, ==, 0);
}

static void test_id_is_another_source(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 900))),
        SNAPSHOT(11, 1, 1,
                 LOOP(1, COUNTERS(1, 0, 0),
                      "{'id':1,'kind':'timer','name':'f','calls':9}")));

    g_assert_null(sample->sources[0].before);
    g_assert_cmpuint(sample->sources[0].calls, ==, 9);
}

static void check_restart(const char *now)
{
    g_autoptr(AiotopSample) sample = sample_of(
        SNAPSHOT(10, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 5, 900))), now);

    g_assert_true(sample->restarted);
    g_assert_true(sample->cumulative);
    g_assert_null(sample->before);
    g_assert_cmpuint(sample->sources[0].calls, ==, 6);
}

static void test_profiling_restarted(void)
{
    check_restart(
        SNAPSHOT(11, 1, 8, LOOP(8, COUNTERS(1, 0, 0), SOURCE(1, 6, 950))));
}

static void test_process_restarted(void)
{
    check_restart(
        SNAPSHOT(11, 2, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 6, 950))));
}

static void test_clock_goes_back(void)
{
    check_restart(
        SNAPSHOT(5, 1, 1, LOOP(1, COUNTERS(1, 0, 0), SOURCE(1, 6, 950))));
}

static void test_sequence_goes_back(void)
{
    check_restart("{'sequence':9,'time-ns':20000000000,'pid':1,"
                  "'profiling-since-ns':1000000000,'loops':[" LOOP(
                      1, COUNTERS(1, 0, 0), SOURCE(1, 6, 950)) "]}");
}

static void test_missing_counter_is_unknown(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(SNAPSHOT(10, 1, 1, LOOP(1, "'wait-ns':1", "")),
                  SNAPSHOT(11, 1, 1, LOOP(1, "'wait-ns':5,'poll-ns':9", "")));

    g_assert_cmpuint(sample->loops[0].wait_ns, ==, 4);
    g_assert_cmpuint(sample->loops[0].poll_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(sample->loops[0].dispatch_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(sample->loops[0].other_ns, ==, AIOTOP_UNKNOWN);
    g_assert_true(isnan(aiotop_share_percent(sample->loops[0].poll_ns,
                                             sample->loops[0].wall_ns)));
}

static void test_running_source(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        NULL, SNAPSHOT(12, 1, 2,
                       LOOP(4,
                            "'state':'waiting','state-since-ns':11" SECOND
                            ",'stack':[{'source-id':1,'since-ns':7" SECOND "},"
                            "{'source-id':2,'since-ns':9" SECOND "}]",
                            SOURCE(1, 3, 1) "," SOURCE(2, 0, 3) "," SOURCE(
                                3, 1, 1))));
    const AiotopLoopSample *loop = &sample->loops[0];

    g_assert_true(loop->running == sample->sources[1].now);
    g_assert_cmpuint(loop->state_age_ns, ==, 1000000000);
    g_assert_cmpuint(loop->dispatch_age_ns, ==, 5000000000);
    g_assert_cmpuint(sample->sources[0].running_ns, ==, 5000000000);
    g_assert_cmpuint(sample->sources[1].running_ns, ==, 3000000000);
    g_assert_cmpuint(sample->sources[2].running_ns, ==, AIOTOP_UNKNOWN);
}

static bool is_active(uint64_t calls, uint64_t running_ns)
{
    AiotopSourceSample source = { .calls = calls, .running_ns = running_ns };

    return aiotop_source_sample_active(&source);
}

static void test_what_is_active(void)
{
    g_assert_true(is_active(1, AIOTOP_UNKNOWN));
    g_assert_true(is_active(0, 0));
    g_assert_true(is_active(AIOTOP_UNKNOWN, 5));
    g_assert_false(is_active(0, AIOTOP_UNKNOWN));
    g_assert_false(is_active(AIOTOP_UNKNOWN, AIOTOP_UNKNOWN));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(void);
    } tests[] = {
        { "/delta/rates-and-shares", test_rates_and_shares },
        { "/delta/other-time-is-the-rest", test_other_time_is_the_rest },
        { "/delta/no-state-no-other-time", test_no_state_no_other_time },
        { "/delta/kernel-time", test_kernel_time },
        { "/delta/cumulative", test_cumulative },
        { "/delta/cpu-time-does-not-begin-with-the-profile",
          test_cpu_time_does_not_begin_with_the_profile },
        { "/delta/silent-source", test_silent_source },
        { "/delta/birth-of-a-source", test_birth_of_a_source },
        { "/delta/birth-of-a-loop", test_birth_of_a_loop },
        { "/delta/death-of-a-loop", test_death_of_a_loop },
        { "/delta/thread-number-is-given-again",
          test_thread_number_is_given_again },
        { "/delta/loop-counter-goes-back", test_loop_counter_goes_back },
        { "/delta/counter-goes-back", test_counter_goes_back },
        { "/delta/time-goes-back-alone", test_time_goes_back_alone },
        { "/delta/id-is-another-source", test_id_is_another_source },
        { "/delta/profiling-restarted", test_profiling_restarted },
        { "/delta/process-restarted", test_process_restarted },
        { "/delta/clock-goes-back", test_clock_goes_back },
        { "/delta/sequence-goes-back", test_sequence_goes_back },
        { "/delta/missing-counter-is-unknown",
          test_missing_counter_is_unknown },
        { "/delta/running-source", test_running_source },
        { "/delta/what-is-active", test_what_is_active },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].name, tests[i].func);
    }
    return g_test_run();
}
