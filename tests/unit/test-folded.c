/*
 * Lines of a flame graph
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/format/sample.h>

#include "golden.h"
#include "quoted.h"
#include "transcript.h"

static char *fold(const AiotopSample *sample, const AiotopQuery *query)
{
    GString *out = g_string_new(NULL);

    aiotop_format_folded(out, sample, query);
    return g_string_free(out, FALSE);
}

/* Of a QEMU that is profiled: microseconds in each source */
static void test_profiled(void)
{
    g_autoptr(AiotopSample) sample = recorded_sample("storage-daemon");
    g_auto(AiotopQuery) query;
    g_autofree char *all = NULL, *some = NULL;

    aiotop_query_init(&query);
    all = fold(sample, &query);
    compare_golden("storage-daemon.folded", all);
    g_assert_true(aiotop_query_set_filter(&query, "null_bh", NULL));
    some = fold(sample, &query);
    g_assert_cmpstr(some, ==, "");
}

static void add_stack(AiotopSnapshot *snapshot, int64_t thread_id,
                      uint32_t source_id, const char *text, uint64_t samples)
{
    unsigned n = snapshot->n_sampled_stacks++;

    snapshot->sampled_stacks =
        g_renew(AiotopSampledStack, snapshot->sampled_stacks,
                snapshot->n_sampled_stacks);
    snapshot->sampled_stacks[n] =
        (AiotopSampledStack){ thread_id, source_id, g_ref_string_new(text),
                              samples };
}

/* Of one that is sampled: what came in the interval, by stacks */
static void test_stacks(void)
{
    static const char loops[] =
        "'loops':[{'name':'main-loop','thread-id':7,'sources':["
        "{'id':1,'kind':'bh','name':'one_bh','busy-ns':%u}]}]";
    g_autofree char *first_loops = g_strdup_printf(loops, 1),
                    *second_loops = g_strdup_printf(loops, 2);
    g_autofree char *first = g_strdup_printf("{'time-ns':1000000000,'pid':7,"
                                             "'profiling-since-ns':1,%s}",
                                             first_loops);
    g_autofree char *second = g_strdup_printf("{'time-ns':2000000000,'pid':7,"
                                              "'profiling-since-ns':1,%s}",
                                              second_loops);
    g_autoptr(AiotopSnapshot) before = parse(first), now = parse(second);
    g_autoptr(AiotopSample) sample = NULL;
    g_auto(AiotopQuery) query;
    g_autofree char *all = NULL, *some = NULL;

    before->host_only = now->host_only = true;
    before->sampled.hz = now->sampled.hz = 49;
    now->vm_name = g_ref_string_new("a;b\n");
    now->loops[0].sources[0]->samples = 9;
    add_stack(before, 7, 1, "bh;one_bh;f", 3);
    add_stack(before, 7, 0, "waiting;ppoll", 5);
    add_stack(now, 7, 1, "bh;one_bh;f", 10);
    add_stack(now, 7, 1, "bh;one_bh;g", 2);
    add_stack(now, 7, 0, "waiting;ppoll", 5);
    add_stack(now, 7, 0, "running", 1);
    /* One that has the number of another one, which has ended */
    add_stack(before, 7, 1, "bh;one_bh;h", 9);
    add_stack(now, 7, 1, "bh;one_bh;h", 4);
    /* A thread that is not there any more */
    add_stack(now, 8, 0, "running", 1);
    sample = aiotop_sample_new(before, now);
    aiotop_query_init(&query);
    all = fold(sample, &query);
    g_assert_cmpstr(all, ==,
                    "a,b\\n;main-loop;bh;one_bh;f 7\n"
                    "a,b\\n;main-loop;bh;one_bh;g 2\n"
                    "a,b\\n;main-loop;running 1\n"
                    "a,b\\n;main-loop;bh;one_bh;h 4\n");
    g_assert_true(aiotop_query_set_filter(&query, "one_bh", NULL));
    some = fold(sample, &query);
    g_assert_cmpstr(some, ==,
                    "a,b\\n;main-loop;bh;one_bh;f 7\n"
                    "a,b\\n;main-loop;bh;one_bh;g 2\n"
                    "a,b\\n;main-loop;bh;one_bh;h 4\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/folded/profiled", test_profiled);
    g_test_add_func("/folded/stacks", test_stacks);
    return g_test_run();
}
