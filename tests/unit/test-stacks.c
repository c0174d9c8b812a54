/*
 * Stacks from outside of a QEMU that is profiled: whose they are, what is below
 * a callback, and that nothing else changes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include <glib.h>

#include <qemu-aiotop/diagnose/sampled.h>
#include <qemu-aiotop/format/sample.h>
#include <qemu-aiotop/model/stacks.h>

#include "quoted.h"
#include "sampling/tally.h"

/* Two queues of a disk have the same callback, and one source has its own */
static AiotopSnapshot *snapshot_at(unsigned s)
{
    g_autofree char *text = g_strdup_printf(
        "{'time-ns':%u000000000,'pid':7,'profiling-since-ns':1,'loops':[{"
        "'name':'io','thread-id':8,'dispatches':%u,'dispatch-ns':%u000000,"
        "'sources':["
        "{'id':1,'kind':'fd-read','name':'read_queue','label':'vd0/vq0',"
        "'callback':4096,'calls':%u,'busy-ns':%u000000},"
        "{'id':2,'kind':'fd-read','name':'read_queue','label':'vd0/vq1',"
        "'callback':4096,'calls':%u,'busy-ns':%u000000},"
        "{'id':3,'kind':'bh','name':'plugged','callback':4096,'calls':%u,"
        "'module':{'file':'/lib/block.so'},'busy-ns':%u000000},"
        "{'id':4,'kind':'bh','name':'unknown','calls':%u,'busy-ns':%u000000}"
        "]}]}",
        s, s, 10 * s, s, 4 * s, s, 2 * s, s, 3 * s, s, s);

    return parse(text);
}

static AiotopFunction functions[] = {
    { .name = (char *)"read_queue", .offset = 4096 },
    { .name = (char *)"f", .offset = 1 },
    { .name = (char *)"g", .offset = 2 },
    { .name = (char *)"plugged", .offset = 4096, .module = (char *)"block.so" },
    { .name = (char *)"stranger", .offset = 3 },
};

enum {
    READ_QUEUE,
    F,
    G,
    PLUGGED,
    STRANGER
};

/* Seen @n times in a callback, and in that many functions below it */
static void see(AiotopTally *tally, bool asleep, unsigned n, unsigned callback,
                unsigned depth, const unsigned *below)
{
    AiotopPlace place = { .n_calls = 1, .in_loop = true };
    AiotopWalk walk = { .n = depth + 1 };
    AiotopSite sites[8] = { { .function = &functions[callback] } };
    AiotopSampledStack *stack = NULL;

    place.calls[0] =
        (AiotopCall){ AIOTOP_PLACE_FD, &functions[callback], depth };
    walk.frames[depth].site = &sites[0];
    for (unsigned i = 0; i < depth; i++) {
        sites[i + 1].function = &functions[below[i]];
        walk.frames[depth - 1 - i].site = &sites[i + 1];
    }
    aiotop_tally_add(tally, &place, &walk, &stack, asleep, n);
}

static void take_stacks(AiotopTally *tally, AiotopSnapshot *snapshot)
{
    GArray *stacks = g_array_new(FALSE, FALSE, sizeof(AiotopSampledStack));

    aiotop_tally_add_stacks(tally, &snapshot->loops[0], true, stacks);
    snapshot->n_sampled_stacks = stacks->len;
    snapshot->sampled_stacks =
        (AiotopSampledStack *)g_array_free(stacks, FALSE);
    snapshot->sampled.hz = 49;
    snapshot->sampled.behind_ns = 12000000;
}

/* read_queue > f > g > f, six times, twice asleep; alone, twice */
static AiotopSample *sample_stacks(void)
{
    static const unsigned below[] = { F, G, F };
    g_autoptr(AiotopSnapshot) before = snapshot_at(1), now = snapshot_at(2);
    size_t bytes = 0;
    AiotopTally *tally = aiotop_tally_new(0, &bytes);

    see(tally, false, 5, READ_QUEUE, 3, below);
    take_stacks(tally, before);
    see(tally, false, 4, READ_QUEUE, 3, below);
    see(tally, true, 2, READ_QUEUE, 3, below);
    see(tally, false, 2, READ_QUEUE, 0, NULL);
    see(tally, false, 1, PLUGGED, 1, below);
    see(tally, false, 9, STRANGER, 1, below);
    take_stacks(tally, now);
    aiotop_tally_free(tally);
    return aiotop_sample_new(before, now);
}

static void assert_function(const GArray *all, unsigned i, const char *name,
                            unsigned self, unsigned running, unsigned asleep)
{
    const AiotopFunctionSample *function =
        &g_array_index(all, AiotopFunctionSample, i);

    g_assert_cmpuint(i, <, all->len);
    g_assert_cmpstr(function->name, ==, name);
    g_assert_cmpuint(function->self, ==, self);
    g_assert_cmpuint(function->running, ==, running);
    g_assert_cmpuint(function->asleep, ==, asleep);
}

/* By callback and module, whatever the label; one that calls itself is once */
static void test_functions(void)
{
    g_autoptr(AiotopSample) sample = sample_stacks();
    g_autoptr(GArray) stacks = aiotop_stacks_new(sample);

    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GArray) all =
            aiotop_functions_below(stacks, sample, &sample->sources[i]);

        g_assert_cmpuint(all->len, ==, 3);
        assert_function(all, 0, "read_queue", 2, 6, 2);
        assert_function(all, 1, "f", 4, 4, 2);
        assert_function(all, 2, "g", 0, 4, 2);
    }
    for (unsigned i = 2; i < 4; i++) {
        g_autoptr(GArray) all =
            aiotop_functions_below(stacks, sample, &sample->sources[i]);

        g_assert_cmpuint(all->len, ==, i == 2 ? 2 : 0);
    }
}

/* What QEMU has counted stays, and is shared out by the samples */
static void test_folded(void)
{
    g_autoptr(AiotopSample) sample = sample_stacks();
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(AiotopQuery) query = { 0 };

    aiotop_query_init(&query);
    aiotop_format_folded(out, sample, &query);
    g_assert_nonnull(strstr(out->str,
                            "pid 7;io;fd-read;read_queue vd0/vq0;f;g;f 3000\n"
                            "pid 7;io;fd-read;read_queue vd0/vq0 1000\n"));
    g_assert_nonnull(strstr(out->str,
                            "pid 7;io;fd-read;read_queue vd0/vq1;f;g;f 1500\n"
                            "pid 7;io;fd-read;read_queue vd0/vq1 500\n"));
    g_assert_nonnull(strstr(out->str, "pid 7;io;bh;plugged;f 3000\n"));
    g_assert_nonnull(strstr(out->str, "pid 7;io;bh;unknown 1000\n"));
    g_assert_null(strstr(out->str, "stranger"));
}

static void test_json(void)
{
    g_autoptr(AiotopSample) sample = sample_stacks();
    g_autoptr(AiotopSnapshot) first = snapshot_at(1), second = snapshot_at(2);
    g_autoptr(AiotopSample) plain = aiotop_sample_new(first, second);
    g_autoptr(GString) with = g_string_new(NULL);
    g_autoptr(GString) without = g_string_new(NULL);
    g_auto(AiotopQuery) query = { 0 };
    static const char added[] =
        ",\"functions\":[{\"name\":\"read_queue\",\"self_samples\":2,"
        "\"running_samples\":6,\"asleep_samples\":2},{\"name\":\"f\","
        "\"self_samples\":4,\"running_samples\":4,\"asleep_samples\":2},"
        "{\"name\":\"g\",\"self_samples\":0,\"running_samples\":4,"
        "\"asleep_samples\":2}]";

    aiotop_query_init(&query);
    aiotop_format_json(with, sample, &query);
    aiotop_format_json(without, plain, &query);
    g_assert_nonnull(strstr(with->str, added));
    g_assert_null(strstr(without->str, "functions"));
    /* All but these is as it was */
    g_string_replace(with, added, "", 0);
    g_string_replace(with,
                     ",\"functions\":[{\"name\":\"plugged\",\"self_samples\":0,"
                     "\"running_samples\":1,\"asleep_samples\":0},{\"name\":"
                     "\"f\",\"self_samples\":1,\"running_samples\":1,"
                     "\"asleep_samples\":0}]",
                     "", 0);
    g_string_replace(with, ",\"functions\":[]", "", 0);
    g_string_replace(with,
                     "\"sampled\":{\"hz\":49,\"samples\":0,\"lost\":0,"
                     "\"unknown\":0,\"behind_ns\":12000000,"
                     "\"user_only\":false}",
                     "\"sampled\":null", 0);
    g_assert_cmpstr(with->str, ==, without->str);
}

/* With another connection sampling begins anew, and profiling does not */
static void test_begun_anew(void)
{
    g_autoptr(AiotopSample) sample = sample_stacks();
    g_autoptr(GArray) stacks = NULL, all = NULL;
    g_autoptr(GString) head = g_string_new(NULL);

    sample->before->n_sampled_stacks = 1;
    sample->before->sampled_stacks[0].samples = 1000;
    sample->before->sampled.samples = 1000;
    sample->now->sampled.samples = 9;
    stacks = aiotop_stacks_new(sample);
    all = aiotop_functions_below(stacks, sample, &sample->sources[0]);
    assert_function(all, 0, "read_queue", 2, 11, 2);
    aiotop_sampled_append(head, sample);
    g_assert_cmpstr(head->str, ==,
                    "  SAMPLED at 49 Hz: 9 samples, 0 lost, 0 that can't be"
                    " told, 12.0ms behind");
}

/* Static functions of two files may have the same name */
static void test_same_names(void)
{
    static AiotopFunction twins[] = {
        { .name = (char *)"twin", .offset = 4096 },
        { .name = (char *)"twin", .offset = 5 },
    };
    g_autoptr(AiotopSnapshot) before = snapshot_at(1), now = snapshot_at(2);
    g_autoptr(AiotopSample) sample = NULL;
    g_autoptr(GArray) stacks = NULL, all = NULL;
    size_t bytes = 0;
    AiotopTally *tally = aiotop_tally_new(0, &bytes);

    for (unsigned i = 0; i < 4; i++) {
        AiotopPlace place = { .n_calls = 1, .in_loop = true };
        AiotopSite site = { .function = &twins[i % 2] };
        AiotopWalk walk = { .frames = { { .site = &site } }, .n = 1 };
        AiotopSampledStack *stack = NULL;

        if (i == 2) {
            take_stacks(tally, before);
        }
        place.calls[0] = (AiotopCall){ AIOTOP_PLACE_FD, &twins[i % 2], 0 };
        aiotop_tally_add(tally, &place, &walk, &stack, false, 10 + i);
    }
    take_stacks(tally, now);
    aiotop_tally_free(tally);
    sample = aiotop_sample_new(before, now);
    stacks = aiotop_stacks_new(sample);
    g_assert_cmpuint(stacks->len, ==, 2);
    all = aiotop_functions_below(stacks, sample, &sample->sources[0]);
    g_assert_cmpuint(all->len, ==, 1);
    assert_function(all, 0, "twin", 12, 12, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stacks/functions", test_functions);
    g_test_add_func("/stacks/folded", test_folded);
    g_test_add_func("/stacks/json", test_json);
    g_test_add_func("/stacks/begun-anew", test_begun_anew);
    g_test_add_func("/stacks/same-names", test_same_names);
    return g_test_run();
}
