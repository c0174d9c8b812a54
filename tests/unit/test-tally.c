/*
 * What samples of a thread add up to: its loop's time, sources and state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include "made-sampled.h"
#include "sampling/tally.h"

#define MS UINT64_C(1000000)

/* Shares of what the kernel's clocks say, by the samples of running and sleep */
static void test_shares(void)
{
    AiotopFunction functions[2] = { { .name = (char *)"one" },
                                    { .offset = 0x1234 } };
    AiotopPlace one = { .n_calls = 1, .in_loop = true };
    AiotopPlace two = { .n_calls = 1, .nearest = "near" };
    AiotopPlace waits = { .activity = AIOTOP_ACTIVITY_WAITS };
    AiotopPlace thread = { .n_calls = 1 };
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
    AiotopTally *tally = aiotop_tally_new(0, NULL);

    one.calls[0] = (AiotopCall){ AIOTOP_PLACE_BH, &functions[0], 0 };
    two.calls[0] = (AiotopCall){ AIOTOP_PLACE_FD, &functions[1], 0 };
    thread.calls[0] = (AiotopCall){ AIOTOP_PLACE_THREAD, &functions[0], 0 };
    loop.thread.cpu_ns = loop.run_queue_ns = 0;
    aiotop_tally_fill(tally, &loop, 1000);
    g_free(loop.sources);

    for (unsigned i = 0; i < 3; i++) {
        aiotop_tally_add(tally, &one, NULL, NULL, false, 1);
    }
    aiotop_tally_add(tally, &two, NULL, NULL, false, 1);
    aiotop_tally_add(tally, &waits, NULL, NULL, true, 3);
    aiotop_tally_look(tally, 1300000000, AIOTOP_UNKNOWN);
    aiotop_tally_add(tally, &two, NULL, NULL, true, 1);
    /* 400 ms on the CPU, and 800 asleep; what it was ready for one is neither */
    loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    loop.thread.cpu_ns = 400000000;
    loop.run_queue_ns = 100000000;
    aiotop_tally_fill(tally, &loop, 1300001000);
    g_assert_cmpuint(loop.n_sources, ==, 2);
    g_assert_cmpstr(loop.sources[0]->name, ==, "one");
    g_assert_cmpuint(loop.sources[0]->busy_ns, ==, 300000000);
    g_assert_cmpstr(loop.sources[1]->name, ==, "?+0x1234");
    g_assert_cmpstr(loop.sources[1]->label, ==, "in near");
    g_assert_cmpuint(loop.sources[1]->busy_ns, ==, 100000000 + 200000000);
    g_assert_cmpuint(loop.sources[1]->samples, ==, 2);
    g_assert_cmpuint(loop.dispatch_ns, ==, 600000000);
    g_assert_cmpuint(loop.wait_ns, ==, 600000000);
    g_assert_cmpuint(loop.stack_depth, ==, 1);
    g_assert_cmpuint(loop.stack[0].since_ns, ==, AIOTOP_UNKNOWN);
    for (unsigned i = 0; i < 2; i++) {
        aiotop_source_unref(loop.sources[i]);
    }
    g_free(loop.sources);
    g_free(loop.stack);

    /* A thread that is no loop, and sleeps, is not busy with what it runs */
    aiotop_tally_look(tally, 2300000000, AIOTOP_UNKNOWN);
    aiotop_tally_add(tally, &thread, NULL, NULL, true, 5);
    aiotop_tally_fill(tally, &loop, 2300001000);
    g_assert_cmpuint(loop.n_sources, ==, 2);
    for (unsigned i = 0; i < 2; i++) {
        aiotop_source_unref(loop.sources[i]);
    }
    g_free(loop.sources);
    g_free(loop.stack);
    aiotop_tally_free(tally);
}

/* Who goes on sleeping is looked at rarely, and sleeps meanwhile */
static void test_goes_on(void)
{
    AiotopPlace waits = { .activity = AIOTOP_ACTIVITY_WAITS, .in_loop = true };
    AiotopTally *tally = aiotop_tally_new(0, NULL);

    aiotop_tally_add(tally, &waits, NULL, NULL, true, 1);
    for (unsigned i = 1; i <= 3; i++) {
        AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;

        loop.thread.cpu_ns = 0;
        aiotop_tally_fill(tally, &loop, i * 1000);
        g_assert_cmpuint(loop.wait_ns, ==, (i - 1) * 1000);
        g_free(loop.sources);
        g_free(loop.stack);
    }
    aiotop_tally_free(tally);
}

/* Who takes time without a sample has it when one comes */
static void test_carried_over(void)
{
    AiotopFunction function = { .name = (char *)"one" };
    AiotopPlace one = { .n_calls = 1, .in_loop = true };
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
    AiotopTally *tally = aiotop_tally_new(0, NULL);

    one.calls[0] = (AiotopCall){ AIOTOP_PLACE_BH, &function, 0 };
    for (unsigned i = 0; i < 4; i++) {
        loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
        loop.thread.cpu_ns = i * 1000;
        if (i == 3) {
            aiotop_tally_add(tally, &one, NULL, NULL, false, 1);
        }
        aiotop_tally_fill(tally, &loop, 1000000 + i * 5000);
        g_assert_cmpuint(loop.n_sources, ==, i == 3);
        if (i < 3) {
            g_free(loop.sources);
        }
    }
    g_assert_cmpuint(loop.sources[0]->busy_ns, ==, 3000);
    aiotop_source_unref(loop.sources[0]);
    g_free(loop.sources);
    g_free(loop.stack);
    aiotop_tally_free(tally);
}

static void assert_state(AiotopTally *tally, uint64_t runs, uint64_t time_ns,
                         AiotopLoopState state, uint64_t since_ns)
{
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;

    loop.thread.state = 'S';
    loop.thread.runs = runs;
    aiotop_tally_fill(tally, &loop, time_ns);
    g_assert_cmpint(loop.state, ==, state);
    g_assert_cmpuint(loop.state_since_ns, ==, since_ns);
    g_assert_cmpuint(loop.stack_depth, ==,
                     state == AIOTOP_LOOP_DISPATCHING ? 1 : 0);
    sampled_clear(&loop);
}

/* Nobody is said to be where he has left, nor to be there for longer */
static void test_state(void)
{
    AiotopFunction function = { .name = (char *)"one" };
    AiotopPlace one = { .n_calls = 1, .in_loop = true };
    AiotopPlace waits = { .activity = AIOTOP_ACTIVITY_WAITS, .in_loop = true };
    AiotopTally *tally = aiotop_tally_new(0, NULL);

    one.calls[0] = (AiotopCall){ AIOTOP_PLACE_BH, &function, 0 };
    aiotop_tally_look(tally, 1000 * MS, 5);
    aiotop_tally_add(tally, &one, NULL, NULL, true, 1);
    assert_state(tally, 5, 900000 * MS, AIOTOP_LOOP_DISPATCHING, 1000 * MS);
    assert_state(tally, 6, 1010 * MS, AIOTOP_LOOP_UNKNOWN, AIOTOP_UNKNOWN);
    /* In the same sleep, and in another one at the same place */
    aiotop_tally_look(tally, 2000 * MS, 5);
    aiotop_tally_add(tally, &one, NULL, NULL, true, 1);
    assert_state(tally, 5, 2100 * MS, AIOTOP_LOOP_DISPATCHING, 1000 * MS);
    aiotop_tally_look(tally, 3000 * MS, 6);
    aiotop_tally_add(tally, &one, NULL, NULL, true, 1);
    assert_state(tally, 6, 3100 * MS, AIOTOP_LOOP_DISPATCHING, 3000 * MS);

    aiotop_tally_look(tally, 4000 * MS, 7);
    aiotop_tally_add(tally, &waits, NULL, NULL, true, 1);
    assert_state(tally, 7, 900000 * MS, AIOTOP_LOOP_WAITING, 4000 * MS);
    assert_state(tally, 8, 4100 * MS, AIOTOP_LOOP_WAITING, AIOTOP_UNKNOWN);
    assert_state(tally, 8, 6000 * MS, AIOTOP_LOOP_UNKNOWN, AIOTOP_UNKNOWN);

    aiotop_tally_look(tally, 7000 * MS, AIOTOP_UNKNOWN);
    aiotop_tally_add(tally, &one, NULL, NULL, false, 1);
    assert_state(tally, 8, 7100 * MS, AIOTOP_LOOP_DISPATCHING, AIOTOP_UNKNOWN);
    assert_state(tally, 8, 9000 * MS, AIOTOP_LOOP_UNKNOWN, AIOTOP_UNKNOWN);
    aiotop_tally_free(tally);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tally/shares", test_shares);
    g_test_add_func("/tally/goes-on", test_goes_on);
    g_test_add_func("/tally/carried-over", test_carried_over);
    g_test_add_func("/tally/state", test_state);
    return g_test_run();
}
