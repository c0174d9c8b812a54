/*
 * Thresholds of the check
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include "made-check.h"

static void test_thresholds(void)
{
    /* 12 % and 25 %; 5 % and 2 % for the lock */
    g_autoptr(AiotopSample) sample = sample_of(
        LOOP("main-loop", 7, 120000000, ",'bql-wait-ns':50000000") "," LOOP(
            "io0", 8, 250000000,
            ",'bql-wait-ns':20000000,"
            "'sources':[{'id':1,'kind':'bh','name':'f','calls':1,"
            "'max-ns':2000000,'histogram':{'buckets':[60],'counts':[1]},"
            "'delay-histogram':{'buckets':[40],'counts':[1]}}]"),
        "");
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        { "dispatch=24.9", "dispatch 25.0 % in io0 is out of the range 24.9 %"
                           "& dispatch=25%;24.9;;0;" },
        { "dispatch%=24%", "dispatch 25.0 % in io0 is out of the range 24 %" },
        { "dispatch=30:", "is out of the range 30: %" },
        { "dispatch=@20:30",
          "dispatch 25.0 % in io0 is in the range @20:30 %" },
        { "bql=4.9", "bql 5.0 % in main-loop is out of the range 4.9 %" },
        { "longest-dispatch=1999us", "longest-dispatch 2.00ms in io0 is out of"
                                     " the range 0.001999 s" },
        { "delay-p99=65us", "delay-p99 65.5us in io0 is out of the range" },
        { "run-queue%=19.9", "run-queue 20.0 % in io0 is out of" },
    };
    static const char *const fine[] = {
        "dispatch=25",          "dispatch=25:",           "bql=5",
        "longest-dispatch=2ms", "longest-dispatch=0.002", "delay-p99=66us",
        "run-queue=20",
    };
    AiotopCheck both = defaults;

    sample->loops[1].run_queue_ns = S / 5;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        AiotopCheck warn = defaults, crit = defaults;

        set_threshold(&warn, AIOTOP_CHECK_WARNING, cases[i].text);
        check_line(sample, &warn, AIOTOP_CHECK_WARNING, cases[i].says);
        set_threshold(&crit, AIOTOP_CHECK_CRITICAL, cases[i].text);
        check_line(sample, &crit, AIOTOP_CHECK_CRITICAL, "");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(fine); i++) {
        AiotopCheck check = defaults;

        set_threshold(&check, AIOTOP_CHECK_WARNING, fine[i]);
        set_threshold(&check, AIOTOP_CHECK_CRITICAL, fine[i]);
        check_line(sample, &check, AIOTOP_CHECK_OK, "");
    }
    set_threshold(&both, AIOTOP_CHECK_WARNING, "dispatch=10");
    set_threshold(&both, AIOTOP_CHECK_CRITICAL, "dispatch=20");
    set_threshold(&both, AIOTOP_CHECK_WARNING, "longest-dispatch=@1ms:1s");
    check_line(sample, &both, AIOTOP_CHECK_CRITICAL,
               "longest-dispatch 2.00ms in io0 is in the range @0.001:1 s;"
               " dispatch 25.0 % in io0 is out of the range 20 %; "
               "& dispatch=25%;10;20;0; "
               "& longest-dispatch=0.002s;@0.001:1;;0;");
}

/* No dispatch is none that is too long; a share that nobody tells is unknown */
static void test_thresholds_of_what_is_not_known(void)
{
    g_autoptr(AiotopSample) idle = sample_of(IDLE, "");
    g_autoptr(AiotopSample) stuck = sample_of(STUCK(398000000000), "");
    AiotopCheck check = defaults;

    set_threshold(&check, AIOTOP_CHECK_WARNING, "longest-dispatch=1ms");
    set_threshold(&check, AIOTOP_CHECK_CRITICAL, "delay-p99=1ms");
    check_line(idle, &check, AIOTOP_CHECK_OK,
               " longest-dispatch=U;0.001;;0;& delay-p99=U;;0.001;0; ");
    set_threshold(&check, AIOTOP_CHECK_CRITICAL, "run-queue=20");
    check_line(idle, &check, AIOTOP_CHECK_UNKNOWN,
               "run-queue is not known of this QEMU&run-queue=U;;20;0;");
    check_line(stuck, &check, AIOTOP_CHECK_CRITICAL, "callback-stuck in");
    check = defaults;
    set_threshold(&check, AIOTOP_CHECK_WARNING, "run-queue=20");
    check_line(idle, &check, AIOTOP_CHECK_UNKNOWN, "is not known");
}

static void test_wrong_thresholds(void)
{
    static const char *const wrong[] = {
        "",           "dispatch",     "=10",
        "nonsense=1", "dispatch=",    "%=1",
        "disp=1",     "dispatch%%=1", "delay-p99%=1",
        "dispatch=x", "dispatch=1ms", "longest-dispatch=1%",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        AiotopCheck check = defaults;
        g_autoptr(GError) error = NULL;

        g_test_message("%s", wrong[i]);
        g_assert_false(aiotop_check_set_threshold(&check, AIOTOP_CHECK_WARNING,
                                                  wrong[i], &error));
        g_assert_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/thresholds/ranges", test_thresholds);
    g_test_add_func("/thresholds/of-what-is-not-known",
                    test_thresholds_of_what_is_not_known);
    g_test_add_func("/thresholds/wrong", test_wrong_thresholds);
    return g_test_run();
}
