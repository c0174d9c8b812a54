/*
 * Event loop profiler tests: what a snapshot has, and what it leaves out
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "util/event-loop-profiler-int.h"

static void nothing(void *opaque)
{
}

/*
 * A source of this name is busy for so many thousand times @ns: by its
 * counter, as the test may lose its CPU for longer than it runs.
 */
static void run(const char *name, int64_t ns)
{
    EventLoopSource *s;

    aio_bh_schedule_oneshot_full(qemu_get_aio_context(), nothing, NULL, name,
                                 NULL);
    poll_all();
    QSIMPLEQ_FOREACH(s, &event_loop_current_thread()->sources, next) {
        if (!strcmp(event_loop_source_name(s), name)) {
            event_loop_add(&s->busy_ns, ns * 1000);
        }
    }
}

static EventLoopsInfo *query_busiest(uint32_t max_sources,
                                     uint64_t after_sequence)
{
    EventLoopQuery query = {
        .after_sequence = after_sequence,
        .histograms = true,
        .has_max_sources = true,
        .max_sources = max_sources,
    };

    return query_with(&query);
}

static unsigned count_sources(EventLoopsInfo *info)
{
    const EventLoopSourceInfoList *l;
    unsigned n = 0;

    for (l = this_loop(info)->sources; l; l = l->next) {
        n++;
    }
    return n;
}

/* All sources of the loop together */
static EventLoopSourceInfo add_up(EventLoopsInfo *info)
{
    const EventLoopSourceInfoList *l;
    EventLoopSourceInfo sum = { };

    for (l = this_loop(info)->sources; l; l = l->next) {
        assert_source(l->value);
        sum.calls += l->value->calls;
        sum.timed_calls += l->value->timed_calls;
        sum.busy_ns += l->value->busy_ns;
        sum.total_ns += l->value->total_ns;
        sum.delay_ns += l->value->delay_ns;
        sum.last_ns = MAX(sum.last_ns, l->value->last_ns);
        sum.max_ns = MAX(sum.max_ns, l->value->max_ns);
        sum.delay_max_ns = MAX(sum.delay_max_ns, l->value->delay_max_ns);
    }
    return sum;
}

/* What is listed and the rest are all there is */
static void assert_complete(EventLoopsInfo *some)
{
    g_autoptr(EventLoopsInfo) all = query(0);
    EventLoopSourceInfo a = add_up(some), b = add_up(all);

    g_assert_cmpint(a.calls, ==, b.calls);
    g_assert_cmpint(a.timed_calls, ==, b.timed_calls);
    g_assert_cmpint(a.busy_ns, ==, b.busy_ns);
    g_assert_cmpint(a.total_ns, ==, b.total_ns);
    g_assert_cmpint(a.delay_ns, ==, b.delay_ns);
    g_assert_cmpint(a.max_ns, ==, b.max_ns);
    g_assert_cmpint(a.delay_max_ns, ==, b.delay_max_ns);
    /* instants of one stamp, seen from two snapshots */
    g_assert_cmpint(llabs((int64_t)(a.last_ns - b.last_ns)), <, SCALE_MS);
}

static EventLoopSourceInfo *find_rest(EventLoopsInfo *info)
{
    EventLoopSourceInfo *rest = find_source(this_loop(info), "(rest)");

    if (rest) {
        g_assert_cmpint(rest->kind, ==, EVENT_LOOP_SOURCE_KIND_REST);
        g_assert_cmpint(rest->id, ==, 0);
        g_assert_null(rest->label);
        g_assert_false(rest->has_callback);
        g_assert_false(rest->has_fd);
    }
    return rest;
}

/* Only the busiest are listed, and the others are summed */
static void test_busiest(void)
{
    g_autoptr(EventLoopsInfo) two = NULL, none = NULL, many = NULL;

    run("small", SCALE_MS);
    run("large", 4 * SCALE_MS);
    run("medium", 2 * SCALE_MS);
    run("small", SCALE_MS / 100);

    two = query_busiest(2, 0);
    g_assert_cmpint(count_sources(two), ==, 3);
    get_source(two, "large", EVENT_LOOP_SOURCE_KIND_BH, 1);
    get_source(two, "medium", EVENT_LOOP_SOURCE_KIND_BH, 1);
    g_assert_cmpint(find_rest(two)->calls, ==, 2);
    assert_complete(two);

    none = query_busiest(0, 0);
    g_assert_cmpint(count_sources(none), ==, 1);
    g_assert_cmpint(find_rest(none)->calls, ==, 4);
    assert_complete(none);

    many = query_busiest(3, 0);
    g_assert_cmpint(count_sources(many), ==, 3);
    g_assert_null(find_rest(many));
    assert_complete(many);
}

/*
 * The busiest are those of the interval.  What has done nothing in it is not
 * listed, but summed.
 */
static void test_busiest_since(void)
{
    g_autoptr(EventLoopsInfo) first = NULL, second = NULL, third = NULL;
    g_autoptr(EventLoopsInfo) unknown = NULL;
    uint64_t rest_calls;

    run("before", 5 * SCALE_MS);
    run("silent", 11 * SCALE_MS / 2);
    run("now", SCALE_MS);
    first = query_busiest(1, 0);
    g_assert_nonnull(find_source(this_loop(first), "silent"));
    rest_calls = find_rest(first)->calls;
    g_assert_cmpint(rest_calls, ==, 2);

    run("now", 2 * SCALE_MS);
    run("before", SCALE_MS);
    second = query_busiest(1, first->sequence);
    get_source(second, "now", EVENT_LOOP_SOURCE_KIND_BH, 2);
    g_assert_cmpint(find_rest(second)->calls, ==, 3);
    assert_complete(second);

    /* nothing new, but for the sums */
    third = query_busiest(9, second->sequence);
    g_assert_cmpint(count_sources(third), ==, 1);
    g_assert_cmpint(find_rest(third)->calls, ==, 5);
    assert_complete(third);

    /* since the beginning */
    unknown = query_busiest(1, third->sequence + 100);
    g_assert_nonnull(find_source(this_loop(unknown), "before"));
    assert_complete(unknown);
}

/* Each reader has an interval of its own, as far as that is remembered */
static void test_busiest_of_two_readers(void)
{
    g_autoptr(EventLoopsInfo) first = NULL, last = NULL, late = NULL;
    int i;

    run("before", 9 * SCALE_MS);
    first = query_busiest(0, 0);
    run("soon", 4 * SCALE_MS);
    for (i = 0; i < 15; i++) {
        qapi_free_EventLoopsInfo(query(0));
        if (i == 7) {
            run("before", SCALE_MS);
        }
    }
    last = query_busiest(1, first->sequence);
    g_assert_cmpint(last->sequence, ==, first->sequence + 16);
    g_assert_nonnull(find_source(this_loop(last), "soon"));

    /* by now it is not, so that it is since the beginning */
    late = query_busiest(1, first->sequence);
    g_assert_nonnull(find_source(this_loop(late), "before"));
    assert_complete(late);
}

static void look_bh(void *opaque)
{
    EventLoopsInfo **info = opaque;

    spin(SCALE_MS);
    info[0] = query_busiest(0, 0);
    info[1] = query_busiest(1, 0);
}

/* What is running is listed besides, so that its name is known */
static void test_running(void)
{
    EventLoopsInfo *info[2];
    int i;

    run("large", 4 * SCALE_MS);
    run("small", SCALE_MS);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), look_bh, info);
    poll_all();
    for (i = 0; i < 2; i++) {
        EventLoopInfo *loop = this_loop(info[i]);

        g_assert_cmpint(count_sources(info[i]), ==, 2 + i);
        g_assert_cmpint(loop->stack->value->source_id, ==,
                        find_source(loop, "look_bh")->id);
        g_assert_true(!find_source(loop, "large") == !i);
        g_assert_cmpint(find_rest(info[i])->calls, ==, 2 - i);
        qapi_free_EventLoopsInfo(info[i]);
    }
}

/* Nobody has to know how the bounds come about */
static void test_bounds(void)
{
    EventLoopQuery plain = { };
    g_autoptr(EventLoopsInfo) without = query_with(&plain), with = NULL;
    const uint64List *l;
    uint64_t expected = 0;
    int i = 0;

    run("spin", SCALE_MS);
    with = query(0);
    for (l = with->histogram_bounds; l; l = l->next, i++) {
        g_assert_cmpint(l->value, ==, expected);
        expected = !i ? 64 : i % 4 == 0 ? 64ull << (i / 4)
                                        : expected + (16ull << ((i - 1) / 4));
    }
    g_assert_cmpint(i, ==, 138);
    g_assert_false(without->has_histogram_bounds);
    g_assert_null(this_loop(without)->sources);
}

/* What is in a library is told of with its name */
static void test_module(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;

    event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "library", NULL, -1,
                        event_loop_stamp(), g_free, NULL);
    info = query(0);
    s = get_source(info, "library", EVENT_LOOP_SOURCE_KIND_BH, 1);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
    g_assert_true(s->has_callback);
    g_assert_nonnull(s->module);
    g_assert_nonnull(strstr(s->module->file, "libglib"));
    g_assert_nonnull(s->module->build_id);
    g_assert_cmpint(strlen(s->module->build_id) % 2, ==, 0);
#else
    g_assert_false(s->has_callback);
#endif
}


int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_abort);
    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-snapshot/busiest", test_busiest);
    add_test("/event-loop-snapshot/busiest-since", test_busiest_since);
    add_test("/event-loop-snapshot/busiest-of-two-readers",
             test_busiest_of_two_readers);
    add_test("/event-loop-snapshot/running", test_running);
    add_test("/event-loop-snapshot/bounds", test_bounds);
    add_test("/event-loop-snapshot/module", test_module);
    return g_test_run();
}
