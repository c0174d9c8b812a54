/*
 * Rules: each one at its threshold, and just beside it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/diagnose/thresholds.h>

#define MS UINT64_C(1000000)

/* A loop of which a second was watched; the kernel took @kernel_ns */
static AiotopLoopSample waking(uint64_t kernel_ns, uint64_t iterations)
{
    return (AiotopLoopSample){
        .wall_ns = 1000 * MS,
        .iterations = iterations,
        .dispatch_ns = 15 * MS,
        .other_ns = 35 * MS,
        .kernel_ns = kernel_ns,
    };
}

static void check_wakes(AiotopLoopSample loop, bool expected)
{
    g_assert_true(aiotop_rule_wakes_too_often(&loop) == expected);
}

static void test_wakes_too_often(void)
{
    uint64_t limit_ns = AIOTOP_RULE_WAKE_PERCENT * 10 * MS;
    AiotopLoopSample busy = waking(limit_ns + MS, 3000);

    check_wakes(waking(limit_ns + MS, 3000), true);
    check_wakes(waking(limit_ns, 3000), false);
    check_wakes(waking(limit_ns + MS, AIOTOP_RULE_WAKE_HZ + 1), true);
    check_wakes(waking(limit_ns + MS, AIOTOP_RULE_WAKE_HZ), false);
    /* Callbacks and own code take as much: it has that much to do */
    busy.dispatch_ns = limit_ns + MS - busy.other_ns;
    check_wakes(busy, false);
    busy.dispatch_ns--;
    check_wakes(busy, true);
    check_wakes(waking(AIOTOP_UNKNOWN, 3000), false);
    check_wakes(waking(limit_ns + MS, AIOTOP_UNKNOWN), false);
}

static AiotopLoop loops[] = {
    AIOTOP_LOOP_NOTHING_KNOWN,
    AIOTOP_LOOP_NOTHING_KNOWN,
    AIOTOP_LOOP_NOTHING_KNOWN,
};

static void check_stuck(uint64_t dispatch_age_ns, uint64_t lock_wait_age_ns,
                        bool expected)
{
    AiotopLoopSample loop = {
        .now = &loops[0],
        .dispatch_age_ns = dispatch_age_ns,
        .lock_wait_age_ns = lock_wait_age_ns,
    };

    AiotopDispatch dispatch = { 1, 0 };
    AiotopSnapshot now = { .time_ns = 1000 * MS };
    AiotopSample sample = { .now = &now };

    loops[0].stack = &dispatch;
    loops[0].stack_depth = dispatch_age_ns != AIOTOP_UNKNOWN;
    g_assert_true(aiotop_rule_stuck(&sample, &loop, 100 * MS) == expected);
    loops[0].stack_depth = 0;
}

static void test_stuck(void)
{
    check_stuck(100 * MS, AIOTOP_UNKNOWN, true);
    check_stuck(100 * MS - 1, AIOTOP_UNKNOWN, false);
    check_stuck(AIOTOP_UNKNOWN, 100 * MS, true);
    check_stuck(AIOTOP_UNKNOWN, 100 * MS - 1, false);
    check_stuck(AIOTOP_UNKNOWN, AIOTOP_UNKNOWN, false);
}

/* A callback that waits for the lock is one; so is a thread without a row */
static void test_each_stuck_thread_counts_once(void)
{
    AiotopBqlThread threads[] = {
        { .thread_id = 1, .waiting_since_ns = 500 * MS },
        { .thread_id = 4, .waiting_since_ns = 900 * MS },
        { .thread_id = 5, .waiting_since_ns = 900 * MS + 1 },
        { .thread_id = 6, .waiting_since_ns = AIOTOP_UNKNOWN },
    };
    AiotopDispatch dispatch = { 1, 0 };
    AiotopLoopSample rows[G_N_ELEMENTS(loops)];
    AiotopSnapshot now = {
        .time_ns = 1000 * MS,
        .bql = { .threads = threads, .n_threads = G_N_ELEMENTS(threads) },
    };
    AiotopSample sample = { .now = &now, .loops = rows, .n_loops = 3 };

    for (unsigned i = 0; i < G_N_ELEMENTS(loops); i++) {
        loops[i].thread_id = i + 1;
        rows[i] = (AiotopLoopSample){
            .now = &loops[i],
            .dispatch_age_ns = AIOTOP_UNKNOWN,
            .lock_wait_age_ns = AIOTOP_UNKNOWN,
        };
    }
    loops[0].stack = loops[1].stack = &dispatch;
    loops[0].stack_depth = loops[1].stack_depth = 1;
    rows[0].dispatch_age_ns = 500 * MS;
    rows[0].lock_wait_age_ns = 500 * MS;
    rows[1].dispatch_age_ns = 100 * MS;
    g_assert_cmpuint(aiotop_rule_count_stuck(&sample, 100 * MS), ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/wakes-too-often", test_wakes_too_often);
    g_test_add_func("/rules/stuck", test_stuck);
    g_test_add_func("/rules/each-stuck-thread-counts-once",
                    test_each_stuck_thread_counts_once);
    return g_test_run();
}
