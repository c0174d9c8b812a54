/*
 * Rules: each one at its threshold, and just beside it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/rules.h>

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/wakes-too-often", test_wakes_too_often);
    return g_test_run();
}
