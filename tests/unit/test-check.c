/*
 * The check for monitoring systems: each judgement, and its twin beside it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>
#include <string.h>

#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/format/check.h>

#include "made-check.h"

/* A log of which these are the last ones */
#define STALL(id, start, duration, members)                                    \
    "{'id':" #id ",'loop':'io0','thread-id':8,'cause':'dispatch',"             \
    "'source-id':3,'kind':'bh','name':'f','start-ns':" #start                  \
    ",'duration-ns':" #duration members "}"

static void test_ok(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(LOOP("main-loop", 7, 120000000, "") "," LOOP(
                      "io0", 8, 250000000,
                      ",'sources':[{'id':1,'kind':'bh','name':'f','calls':1,"
                      "'max-ns':2000000,'histogram':{'buckets':[60],"
                      "'counts':[1]},"
                      "'delay-histogram':{'buckets':[40],'counts':[1]}}]"),
                  "'vm-name':'vm1','stall-count':0,'stalls':[]");
    g_autofree char *line = expect(sample, &defaults, AIOTOP_CHECK_OK, "");

    g_assert_cmpstr(line, ==,
                    "QEMU-AIOTOP OK - vm1: 2 loops, longest dispatch 2.00ms in"
                    " io0 | loops=2;;;0; threads=0;;;0; stuck=0;;0;0;"
                    " stalls=0c;;;0; longest-dispatch=0.002s;;;0;"
                    " delay-p99=0.000065454s;;;0; dispatch=25%;;;0;"
                    " bql=0%;;;0; run-queue=U;;;0;\n");
}

/* One that was caught dispatching is none of the loops */
static void test_threads_are_counted_apart(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(IDLE ",{'name':'CPU 0/TCG','thread-id':9,'iterations':0,"
                       "'dispatches':2}"
                       ",{'name':'io9','thread-id':10,'iterations':0,'"
                       "dispatches':0,'state':'waiting'}",
                  "");
    g_autoptr(AiotopSample) two = sample_of(
        "{'name':'CPU 0','thread-id':9,'iterations':0,'dispatches':2},"
        "{'name':'CPU 1','thread-id':10,'iterations':0}",
        "");

    check_line(sample, &defaults, AIOTOP_CHECK_OK,
               " QEMU: 3 loops, 1 thread & loops=3;& threads=1;");
    check_line(two, &defaults, AIOTOP_CHECK_OK, " QEMU: 2 threads |");
}

static void test_stuck(void)
{
    g_autoptr(AiotopSample) over = sample_of(STUCK(398000000000), "");
    g_autoptr(AiotopSample) under = sample_of(STUCK(399900000001), "");
    AiotopCheck patient = defaults;

    check_line(over, &defaults, AIOTOP_CHECK_CRITICAL,
               "QEMU: callback-stuck in main-loop: fd-read chr_read has been"
               " running for 2.00s&; 1 loop, longest dispatch 2.00s in"
               " main-loop |& stuck=1;;0;0;& longest-dispatch=2s;");
    check_line(under, &defaults, AIOTOP_CHECK_OK,
               " stuck=0;;0;0;& longest-dispatch=0.099999999s;");
    patient.stall_ns = 2 * S + 1;
    check_line(over, &patient, AIOTOP_CHECK_OK, "");
}

static void test_stall_in_the_window(void)
{
    /* Ended at 101 s and at 100 s: 299 s and 300 s before now */
    g_autoptr(AiotopSample) sample =
        sample_of(IDLE, "'stall-count':2,'stalls':[" STALL(
                            1, 98000000000, 2000000000,
                            "") "," STALL(2, 100500000000, 500000000, "") "]");
    g_autoptr(AiotopSample) ongoing = sample_of(
        IDLE, "'stall-count':1,'stalls':[" STALL(1, 390000000000, 10000000000,
                                                 ",'ongoing':true") "]");
    AiotopCheck check = defaults;

    check_line(
        sample, &check, AIOTOP_CHECK_WARNING,
        "2 stalls ended in the last 300s&bh f in io0 took 2.00s&; 2 loops |"
        "& stalls=2c;;;0;");
    check.since_ns = 300 * S - 1;
    check_line(sample, &check, AIOTOP_CHECK_WARNING, "1 stall ended");
    check.since_ns = 299 * S - 1;
    check_line(sample, &check, AIOTOP_CHECK_OK, " stalls=2c;");
    check.since_ns = 300 * S;
    check.stall_ns = 2 * S;
    check_line(sample, &check, AIOTOP_CHECK_WARNING, "1 stall ended");
    check.stall_ns = 2 * S + 1;
    check_line(sample, &check, AIOTOP_CHECK_OK, "");
    /* Which is a stuck callback, or nothing */
    check_line(ongoing, &defaults, AIOTOP_CHECK_OK, "");
}

/* However short the window is, the interval is watched */
static void test_window_shorter_than_the_interval(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(IDLE, "'stall-count':1,'stalls':[" STALL(1, 398900000000,
                                                           200000000, "") "]");
    AiotopCheck check = { .since_ns = 0 };

    check_line(sample, &check, AIOTOP_CHECK_WARNING, "1 stall ended");
}

/* What the log has no room for may have been anything */
static void test_log_that_is_too_short(void)
{
    g_autoptr(AiotopSample) late =
        sample_of(IDLE, "'stall-count':9,'stalls':[" STALL(9, 100000000000,
                                                           100000000, "") "]");
    g_autoptr(AiotopSample) just =
        sample_of(IDLE, "'stall-count':9,'stalls':[" STALL(9, 99900000000,
                                                           100000000, "") "]");
    g_autoptr(AiotopSample) early =
        sample_of(IDLE, "'stall-count':9,'stalls':[" STALL(9, 99000000000,
                                                           999999999, "") "]");
    g_autoptr(AiotopSample) whole =
        sample_of(IDLE, "'stall-count':1,'stalls':[" STALL(9, 100000000000,
                                                           100000000, "") "]");
    g_autoptr(AiotopSample) unknown =
        sample_of(IDLE, "'stalls':[" STALL(9, 100000000000, 100000000, "") "]");
    g_autoptr(AiotopSample) ongoing = sample_of(
        IDLE, "'stall-count':9,'stalls':[" STALL(9, 1000000000, 399000000000,
                                                 ",'ongoing':true") "]");
    AiotopCheck check = defaults;

    check_line(
        late, &check, AIOTOP_CHECK_WARNING,
        "1 stall ended&; QEMU's log is too short for all stalls of this time;");
    check.stall_ns = S;
    check_line(late, &check, AIOTOP_CHECK_WARNING,
               "QEMU: QEMU's log is too short for all stalls of this time;"
               " 2 loops |& stalls=9c;");
    check_line(just, &check, AIOTOP_CHECK_WARNING, "log is too short");
    check_line(early, &check, AIOTOP_CHECK_OK, " stalls=9c;");
    check_line(whole, &check, AIOTOP_CHECK_OK, " stalls=1c;");
    check_line(unknown, &check, AIOTOP_CHECK_OK, " stalls=U;;;0;");
    check_line(ongoing, &check, AIOTOP_CHECK_WARNING, "log is too short");
}

/* Bucket 84 begins at 117 ms, 82 at 83 ms */
#define SOURCE(max, bucket)                                                    \
    LOOP("main-loop", 7, 0,                                                    \
         ",'sources':[{'id':1,'kind':'bh','name':'f','calls':1,'max-ns':" #max \
         ",'histogram':{'buckets':[" #bucket "],'counts':[1]}}]")

static void test_stall_in_no_log(void)
{
    g_autoptr(AiotopSample) over = sample_of(SOURCE(120000000, 84), "");
    g_autoptr(AiotopSample) under = sample_of(SOURCE(99000000, 82), "");

    check_line(over, &defaults, AIOTOP_CHECK_WARNING,
               "took up to 120ms&longest dispatch 120ms in main-loop");
    check_line(under, &defaults, AIOTOP_CHECK_OK, "");
}

/* What the guest may notice, as in the host's view; the worst with figures */
static void test_warnings(void)
{
    g_autoptr(AiotopSample) busy = sample_of(LOOP("io0", 8, 950000000, ""), "");
    g_autoptr(AiotopSample) under =
        sample_of(LOOP("io0", 8, 900000000, ""), "");
    g_autoptr(AiotopSample) unread = sample_of(
        LOOP("io0", 8, 950000000, ""),
        "'writers':[{'name':'f','label':'c','fd':5,'since-ns':380000000000}]");

    check_line(busy, &defaults, AIOTOP_CHECK_WARNING,
               " QEMU: overloaded in io0: It spends 95.0 % of its time in&"
               "; 1 loop | & stuck=0;");
    check_line(under, &defaults, AIOTOP_CHECK_OK, " QEMU: 1 loop | ");
    check_line(unread, &defaults, AIOTOP_CHECK_WARNING,
               " QEMU: back-pressure: & for 20.0s&; overloaded in io0; 1 loop");
}

static void test_not_profiled(void)
{
    g_autoptr(AiotopSample) sample = sample_of(
        "{'name':'main-loop','thread-id':7},{'name':'x','thread-id':8}", "");
    AiotopCheck check = defaults;

    sample->now->host_only = true;
    check_line(sample, &check, AIOTOP_CHECK_UNKNOWN,
               " - QEMU: it is not profiled; 2 threads | loops=0;;;0;"
               "& threads=2;");
    sample->now->unprofiled = AIOTOP_UNPROFILED_ADD;
    sample->now->pid = 7;
    check_line(sample, &check, AIOTOP_CHECK_UNKNOWN,
               ": it is not profiled: no event-loop-profiler object: add one "
               "with --enable 7; 2 threads");
    sample->loops[0].run_queue_ns = S / 2;
    check_line(sample, &check, AIOTOP_CHECK_WARNING,
               " --enable 7; not-scheduled in main-loop: & 50.0 %");
    set_threshold(&check, AIOTOP_CHECK_WARNING, "run-queue=20");
    check_line(sample, &check, AIOTOP_CHECK_WARNING, "run-queue 50.0 % in");
}

/* It is not said to lack a profiler, which nobody could ask */
static void test_stopped(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of("{'name':'main-loop','thread-id':7}", "");

    sample->now->host_only = true;
    sample->now->pid = 7;
    sample->now->halt.kind = AIOTOP_HALT_SIGNAL;
    check_line(sample, &defaults, AIOTOP_CHECK_CRITICAL,
               " - QEMU: stopped: Nothing in it runs,& stopped by a signal;"
               " 1 thread | & stuck=1;");
}

/* The performance data survive the longest of names, in a line of 1 KiB */
static void test_hostile_names(void)
{
    g_autofree char *name = g_strnfill(3000, 'n');
    g_autofree char *members = g_strdup_printf(
        "'vm-name':'\\u00e4%s|','stall-count':1,'stalls':[{'id':1,'loop':"
        "'a|b\\n%s','thread-id':8,'cause':'dispatch','source-id':3,'kind':'|',"
        "'name':'\\u001b[2J','start-ns':399000000000,"
        "'duration-ns':200000000}]",
        name, name);
    g_autofree char *loop = g_strdup_printf(
        "{'name':'|\\n\\u00e4%s','thread-id':7,'since-ns':1,'iterations':9,"
        "'dispatches':9,'state':'dispatching','state-since-ns':1,"
        "'stack':[{'source-id':1,'since-ns':398000000000}],'sources':[{'id':1,"
        "'kind':'bh','name':'%s'}]}",
        name, name);
    g_autoptr(AiotopSample) sample = sample_of(loop, members);
    g_autofree char *line = expect(sample, &defaults, AIOTOP_CHECK_CRITICAL,
                                   "nnn...& | loops=1;& run-queue=U;;;0;\n");

    g_assert_cmpuint(strlen(line), <, 1024);
    g_assert_true(g_utf8_validate(line, -1, NULL));
    for (const char *p = line; p[1]; p++) {
        g_assert_true((unsigned char)*p >= ' ');
    }
}

static void test_names_are_cut_at_a_character(void)
{
    g_autoptr(AiotopSample) whole =
        sample_of(IDLE, "'vm-name':'0123456789012345678901234567890123456789"
                        "01234567890123456789\\u00e4\\u00e4'");
    g_autoptr(AiotopSample) cut =
        sample_of(IDLE, "'vm-name':'0123456789012345678901234567890123456789"
                        "01234567890123456789\\u00e4\\u00e4-'");

    check_line(whole, &defaults, AIOTOP_CHECK_OK, "56789\303\244\303\244: ");
    check_line(cut, &defaults, AIOTOP_CHECK_OK, "56789...: ");
}

#define REQUEST(type)                                                          \
    "'requests':[{'id':1,'node':'n','type':'" type "','stage':'driver',"       \
    "'since-ns':390000000000}]"

/* What goes on, or takes long by design, pages nobody */
static void test_slow(void)
{
    g_autoptr(AiotopSample) stuck = sample_of(IDLE, REQUEST("read"));
    g_autoptr(AiotopSample) slow = sample_of(IDLE, REQUEST("ioctl"));

    check_line(stuck, &defaults, AIOTOP_CHECK_CRITICAL,
               "io-stuck of n: 1 request of node n& stuck=1;");
    check_line(slow, &defaults, AIOTOP_CHECK_WARNING,
               "io-stuck of n: 1 request of node n&an ioctl& stuck=0;");
}

/* It is well, as far as can be seen */
static void test_requests_that_are_not_known(void)
{
    static const char young[] = "began since profiling did, 5.00s ago";
    g_autoptr(AiotopSample) old =
        sample_of(IDLE, "'requests':[],'profiling-since-ns':395000000000");
    g_autoptr(AiotopSample) untracked =
        sample_of(IDLE, "'requests':[],'untracked-requests':30000");
    AiotopCheck patient = { .since_ns = 300 * S, .request_ns = 6 * S };
    AiotopCheckResult result;
    g_autoptr(GString) out = g_string_new(NULL);

    check_line(old, &patient, AIOTOP_CHECK_OK, young);
    check_line(untracked, &defaults, AIOTOP_CHECK_OK,
               "30000 requests are not tracked; 2 loops");
    aiotop_check_run(&result, old, &defaults);
    aiotop_format_check(out, old, &defaults, &result);
    g_assert_null(strstr(out->str, "began since"));
    aiotop_check_result_clear(&result);
}

static void test_no_answer(void)
{
    g_autofree char *longest = g_strnfill(2000, 'x');
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_check_unknown(out, "no | socket\n at /x");
    g_assert_cmpstr(out->str, ==,
                    "QEMU-AIOTOP UNKNOWN - no / socket\\n at /x\n");
    g_string_truncate(out, 0);
    aiotop_format_check_unknown(out, longest);
    g_assert_true(g_str_has_suffix(out->str, "xxx...\n"));
    g_assert_cmpuint(out->len, <, 1024);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/ok", test_ok);
    g_test_add_func("/check/threads-are-counted-apart",
                    test_threads_are_counted_apart);
    g_test_add_func("/check/stuck", test_stuck);
    g_test_add_func("/check/stall-in-the-window", test_stall_in_the_window);
    g_test_add_func("/check/window-shorter-than-the-interval",
                    test_window_shorter_than_the_interval);
    g_test_add_func("/check/log-that-is-too-short", test_log_that_is_too_short);
    g_test_add_func("/check/stall-in-no-log", test_stall_in_no_log);
    g_test_add_func("/check/warnings", test_warnings);
    g_test_add_func("/check/not-profiled", test_not_profiled);
    g_test_add_func("/check/stopped", test_stopped);
    g_test_add_func("/check/hostile-names", test_hostile_names);
    g_test_add_func("/check/names-are-cut-at-a-character",
                    test_names_are_cut_at_a_character);
    g_test_add_func("/check/slow", test_slow);
    g_test_add_func("/check/requests-that-are-not-known",
                    test_requests_that_are_not_known);
    g_test_add_func("/check/no-answer", test_no_answer);
    return g_test_run();
}
