/*
 * Sums that only grow, whatever becomes of sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/format/ledger.h>

#include "told.h"

/* All begins at 0, as what was before the exporter is not its own */
static void test_begins_at_zero(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned before[] = { 100 }, now[] = { 130 };

    tell_many(told, 1, before, 1);
    g_assert_true(find(told, "s0")->shown);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 0);
    tell_many(told, 1, now, 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 30);
    g_assert_cmpuint(find(told, "s0")->counts.busy_ns, ==, 30000000);
    g_assert_cmpuint(other(told)->calls, ==, 0);
}

static void test_those_with_the_same_labels_are_one(void)
{
    g_autoptr(Told) told = told_new();

    for (unsigned i = 1; i <= 2; i++) {
        g_autofree char *one = source(1, "bh", "f", "vd0", i, i);
        g_autofree char *two = source(2, "bh", "f", "vd0", 10 * i, i);
        g_autofree char *loops =
            g_strdup_printf(LOOPS(LOOP("l", 7, "%s,%s")), one, two);

        tell(told, 1, loops);
    }
    g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->sources->len, ==, 1);
    g_assert_cmpuint(find(told, "f")->counts.calls, ==, 11);
}

/* What was not sampled in between is not lost, nor is what came twice */
static void test_samples_that_were_missed(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned calls[][1] = { { 100 }, { 110 }, { 130 } };

    tell_many(told, 1, calls[0], 1);
    {
        g_autofree char *text = source(1, "bh", "s0", "", 110, 110);
        g_autofree char *loops =
            g_strdup_printf(LOOPS(LOOP("main-loop", 7, "%s")), text);

        take(told, make(told, 1, loops));
    }
    tell_many(told, 1, calls[2], 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 30);
    book(told);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 30);
}

/* Another profiling period: a reset, which Prometheus knows */
static void test_begins_anew(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned calls[][1] = { { 100 }, { 150 }, { 3 }, { 5 } };

    tell_many(told, 1, calls[0], 1);
    tell_many(told, 1, calls[1], 1);
    told->since_s = 12;
    told->sequence = 0;
    tell_many(told, 1, calls[2], 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 0);
    tell_many(told, 1, calls[3], 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 2);
}

static void test_loops_of_one_name(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1, LOOPS(LOOP("io", 8, "") "," LOOP("io", 9, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 0)->name, ==, "io");
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 1)->name, ==,
                    "io (thread 9)");
    /* The other one keeps its name, as its series would jump */
    tell(told, 1, LOOPS(LOOP("io", 9, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 0)->name, ==,
                    "io (thread 9)");
    /* Whatever they are called, no two are called the same */
    tell(told, 1,
         LOOPS(LOOP("io", 9, "") "," LOOP("x", 4, "") "," LOOP(
             "x (thread 5)", 6, "") "," LOOP("x", 5, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 3)->name, !=,
                    aiotop_ledger_loop(told->ledger, 2)->name);
}

/* One that was deleted and made again is another thread, of the same name */
static void test_a_loop_that_was_made_again(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1, LOOPS(LOOP("io", 8, "")));
    tell(told, 1, LOOPS(LOOP("io", 9, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 0)->name, ==, "io");
}

static void test_no_more_than_so_many_loops(void)
{
    g_autoptr(Told) told = told_new();
    g_autoptr(GString) loops = g_string_new("'loops':[");

    for (unsigned i = 0; i < AIOTOP_LEDGER_LOOPS + 2; i++) {
        g_string_append_printf(loops,
                               "%s{'name':'io%u','thread-id':%u,"
                               "'state':'waiting','iterations':1}",
                               i ? "," : "", i, 100 + i);
    }
    g_string_append_c(loops, ']');
    tell(told, 1, loops->str);
    g_assert_nonnull(aiotop_ledger_loop(told->ledger, AIOTOP_LEDGER_LOOPS - 1));
    g_assert_null(aiotop_ledger_loop(told->ledger, AIOTOP_LEDGER_LOOPS));
    g_assert_null(aiotop_ledger_loop(told->ledger, AIOTOP_LEDGER_LOOPS + 2));
}

/* Every bound is one of QEMU's, so that nothing is shared out between two */
static void test_bounds(void)
{
    for (unsigned i = 0; i < AIOTOP_LEDGER_BOUNDS; i++) {
        uint64_t bound_ns = aiotop_ledger_bound_ns(i);
        unsigned bucket = aiotop_histogram_index(bound_ns);

        g_assert_cmpuint(bound_ns, ==, UINT64_C(64) << 2 * i);
        g_assert_cmpuint(aiotop_histogram_lower_ns(bucket), ==, bound_ns);
    }
}

/* As while another reader is stopped; what a loop does goes on from there */
static void test_times_that_fell(void)
{
    static const struct {
        unsigned told_ns, expected_ns;
    } cases[] = { { 900, 900 }, { 400, 900 }, { 950, 950 } };
    g_autoptr(Told) told = told_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *loops = g_strdup_printf(
            "'loops':[{'name':'l','thread-id':7,'since-ns':1,"
            "'state':'waiting','wait-ns':1%u,'poll-ns':2%u,'dispatch-ns':3%u,"
            "'sources':[]}]",
            cases[i].told_ns, cases[i].told_ns, cases[i].told_ns);
        const AiotopLedgerTimes *times;

        tell(told, 1, loops);
        times = &aiotop_ledger_loop(told->ledger, 0)->times;
        g_assert_cmpuint(times->wait_ns, ==, 1000 + cases[i].expected_ns);
        g_assert_cmpuint(times->poll_ns, ==, 2000 + cases[i].expected_ns);
        g_assert_cmpuint(times->dispatch_ns, ==, 3000 + cases[i].expected_ns);
        g_assert_cmpuint(times->bql_wait_ns, ==, AIOTOP_UNKNOWN);
    }
}

/* Each bucket, and what it takes, by itself */
static void test_histogram(void)
{
    for (unsigned bucket = 0; bucket < AIOTOP_HISTOGRAM_BUCKETS; bucket++) {
        g_autoptr(Told) told = told_new();
        g_autofree char *loops = g_strdup_printf(
            LOOPS(LOOP("l", 7,
                       "{'id':1,'kind':'bh','name':'f','calls':3,"
                       "'timed-calls':3,'busy-ns':600,'total-ns':600,"
                       "'max-ns':1,'delay-ns':90,"
                       "'histogram':{'buckets':[%u],'counts':[3]},"
                       "'delay-histogram':{'buckets':[%u],'counts':[2]}}")),
            bucket, bucket);
        const AiotopLedgerLoop *loop;
        unsigned slot = 0;

        tell(told, 1, LOOPS(LOOP("l", 7, "")));
        tell(told, 1, loops);
        loop = aiotop_ledger_loop(told->ledger, 0);
        while (!loop->duration.count[slot]) {
            slot++;
        }
        g_assert_cmpuint(loop->duration.count[slot], ==, 3);
        g_assert_cmpuint(loop->delay.count[slot], ==, 2);
        if (slot < AIOTOP_LEDGER_BOUNDS) {
            g_assert_cmpuint(aiotop_histogram_upper_ns(bucket), <=,
                             aiotop_ledger_bound_ns(slot));
        }
        if (slot) {
            g_assert_cmpuint(aiotop_histogram_lower_ns(bucket), >=,
                             aiotop_ledger_bound_ns(slot - 1));
        }
        g_assert_cmpfloat(loop->duration.sum_ns, ==, 600);
        g_assert_cmpfloat(loop->delay.sum_ns, ==, 90);
    }
}

/* The sum is of the calls that the histogram counts */
static void test_histogram_of_a_thinned_loop(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1, LOOPS(LOOP("l", 7, "")));
    tell(told, 1,
         LOOPS(LOOP("l", 7,
                    "{'id':1,'kind':'bh','name':'f','calls':1000,"
                    "'timed-calls':10,'busy-ns':200000,'total-ns':200000,"
                    "'max-ns':1,'histogram':{'buckets':[5],'counts':[10]}}")));
    g_assert_cmpfloat(aiotop_ledger_loop(told->ledger, 0)->duration.sum_ns, ==,
                      2000);
}

static void test_nodes(void)
{
    g_autoptr(Told) told = told_new();
    g_autoptr(GString) first = g_string_new("'loops':[],'nodes':[");
    g_autoptr(GString) second = g_string_new("'loops':[],'nodes':[");

    for (unsigned i = 0; i < AIOTOP_LEDGER_NODES + 3; i++) {
        const char *comma = i ? "," : "";

        g_string_append_printf(first,
                               "%s"
                               "{'node':'n%u',"
                               "'in-flight':0,'completed':%u,'stages':[]}",
                               comma, i, 100);
        g_string_append_printf(second,
                               "%s"
                               "{'node':'n%u',"
                               "'in-flight':0,'completed':%u,'stages':[]}",
                               comma, i, 101 + i);
    }
    g_string_append(first, "]");
    g_string_append(second, "]");
    tell(told, 1, first->str);
    tell(told, 1, second->str);
    g_assert_cmpstr(aiotop_ledger_node(told->ledger, "n0")->name, ==, "n0");
    g_assert_null(aiotop_ledger_node(told->ledger, "n64"));
    g_assert_cmpuint(aiotop_ledger_other_completed(told->ledger), ==,
                     65 + 66 + 67);
}

/* QEMU says which device has a request there now, and that is no name */
static void test_devices(void)
{
    g_autoptr(Told) told = told_new();
    static const char *const devices[] = { "", "'device':'vd0',", "",
                                           "'device':'vd1'," };

    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *text = g_strdup_printf(
            "'loops':[],'nodes':[{'node':'n',%s'stages':[]}]", devices[i]);

        tell(told, 1, text);
        g_assert_cmpstr(aiotop_ledger_node(told->ledger, "n")->device, ==,
                        i ? "vd0" : "");
    }
}

/* Threads that end take what they had out of QEMU's list */
static void test_big_lock(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1,
         "'loops':[],'bql':{'threads':[{'name':'a','thread-id':7,'holds':1,"
         "'held-ns':100,'waits':1,'wait-ns':10},{'name':'b','thread-id':8,"
         "'holds':1,'held-ns':900,'waits':1,'wait-ns':90}]}");
    g_assert_cmpuint(aiotop_ledger_bql_held_ns(told->ledger), ==, 0);
    tell(told, 1,
         "'loops':[],'bql':{'threads':[{'name':'a','thread-id':7,'holds':1,"
         "'held-ns':150,'waits':1,'wait-ns':12}]}");
    g_assert_cmpuint(aiotop_ledger_bql_held_ns(told->ledger), ==, 50);
    g_assert_cmpuint(aiotop_ledger_bql_wait_ns(told->ledger), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/begins-at-zero", test_begins_at_zero);
    g_test_add_func("/ledger/those-with-the-same-labels-are-one",
                    test_those_with_the_same_labels_are_one);
    g_test_add_func("/ledger/samples-that-were-missed",
                    test_samples_that_were_missed);
    g_test_add_func("/ledger/begins-anew", test_begins_anew);
    g_test_add_func("/ledger/loops-of-one-name", test_loops_of_one_name);
    g_test_add_func("/ledger/a-loop-that-was-made-again",
                    test_a_loop_that_was_made_again);
    g_test_add_func("/ledger/no-more-than-so-many-loops",
                    test_no_more_than_so_many_loops);
    g_test_add_func("/ledger/bounds", test_bounds);
    g_test_add_func("/ledger/times-that-fell", test_times_that_fell);
    g_test_add_func("/ledger/histogram", test_histogram);
    g_test_add_func("/ledger/histogram-of-a-thinned-loop",
                    test_histogram_of_a_thinned_loop);
    g_test_add_func("/ledger/nodes", test_nodes);
    g_test_add_func("/ledger/devices", test_devices);
    g_test_add_func("/ledger/big-lock", test_big_lock);
    return g_test_run();
}
