/*
 * Event loop profiler tests: rounds that are timed, and rounds that are not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-info.h"
#include "event-loop-thin.h"
#include "qapi/error.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-request.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "util/event-loop-clock.h"
#include "util/event-loop-draw.h"

static AioContext *ctx;

static void count_cb(void *opaque)
{
    ++*(uint64_t *)opaque;
}

/* All calls are counted; each timed round stands for those before it */
static void test_weights(void)
{
    EventLoopThread *t = event_loop_current_thread();
    uint64_t rounds = 0, stood_for = 0, timed = 0, calls = 0, counted = 0;
    EventLoopSourceView view;
    int i;

    thin();
    go_on_until(false);
    /* a stretch of timed rounds begins */
    calls = read_source(nothing).calls;
    for (i = 0; i < 200000 || event_loop_counted || t->weight == 1; i++) {
        if (event_loop_counted) {
            counted++;
        } else {
            if (t->weight == 1) {
                /* this thread lost its CPU in one of them: none is meant */
                stood_for += counted;
            }
            counted = 0;
            stood_for += i ? t->weight : 1;
            timed++;
        }
        dispatch(nothing, NULL);
        rounds++;
        event_loop_iteration(0);
    }
    view = read_source(nothing);
    g_assert_cmpint(view.calls, ==, calls + rounds);
    g_assert_cmpint(timed, <, rounds / 10);
    g_assert_cmpint(view.timed, >=, timed);
    g_assert_cmpint(view.timed, <, view.calls / 2);
    /* but for the first stretch, and the one that begins */
    g_assert_cmpint(stood_for, >, rounds * 0.9);
    g_assert_cmpint(stood_for, <, rounds * 1.1);
}

/* Without a bound, and where rounds are long, all of them are timed */
static void test_whole(void)
{
    EventLoopSourceView view;
    int i;

    event_loop_set_max_overhead(0);
    event_loop_globals.reading_ns = DEAR_NS;
    for (i = 0; i < 5000; i++) {
        event_loop_iteration(0);
        g_assert_null(event_loop_counted);
        dispatch(nothing, NULL);
    }
    view = read_source(nothing);
    g_assert_cmpint(view.calls, ==, 5000);
    g_assert_cmpint(view.timed, ==, 5000);

    event_loop_globals.reading_ns = 1;
    for (i = 0; i < 4000; i++) {
        if (i == 2000) {
            /* by then the short rounds are forgotten */
            event_loop_set_max_overhead(1000);
        }
        event_loop_iteration(0);
        g_assert_null(event_loop_counted);
        spin(SCALE_US);
        dispatch(nothing, NULL);
    }
}

/* What timing takes is no work of the loop, which others would have, too */
static void test_other(void)
{
    EventLoopThread *t = event_loop_current_thread();
    int i;

    event_loop_set_max_overhead(0);
    event_loop_globals.reading_ns = 1;
    for (i = 0; i < 2000; i++) {
        event_loop_iteration(0);
        spin(20 * SCALE_US);
        dispatch(nothing, NULL);
    }
    g_assert_cmpint(t->draw.other_ns, >, 10 * SCALE_US);
    event_loop_globals.reading_ns = DEAR_NS;
    for (i = 0; i < 20000 && t->draw.other_ns; i++) {
        event_loop_iteration(0);
        dispatch(nothing, NULL);
    }
    g_assert_cmpint(t->draw.other_ns, ==, 0);
}

/* The bound may be set while loops run */
static void test_bound_changes(void)
{
    thin();
    event_loop_set_max_overhead(0);
    go_on_until(false);
    go_on_until(false);
}

/* What is hardly ever called is timed in each call */
static void test_first_calls(void)
{
    uint64_t called = 0;
    EventLoopSourceView view;
    int i;

    thin();
    for (i = 0; i < 1000; i++) {
        g_assert_nonnull(event_loop_counted);
        dispatch(count_cb, &called);
    }
    view = read_source(count_cb);
    g_assert_cmpint(called, ==, 1000);
    g_assert_cmpint(view.calls, ==, 1000);
    g_assert_cmpint(view.timed, ==, EVENT_LOOP_MATURE_CALLS);
    /* these stand for themselves */
    g_assert_cmpint(view.total_ns, <=, view.max_ns * view.timed);
}

static void spin_cb(void *opaque)
{
    if (opaque) {
        spin(*(int64_t *)opaque);
    }
}

/* The loop's dispatches as a whole are known, and a long round has a sequel */
static void test_long_round(void)
{
    EventLoopThread *t = event_loop_current_thread();
    int64_t ns = 100 * SCALE_MS;
    uint64_t dispatch_ns;

    thin();
    grow_up(spin_cb, NULL);
    go_on_until(false);
    go_on_until(true);
    dispatch_ns = t->dispatch_ns;
    t->draw.other_ns = 0;
    dispatch(spin_cb, &ns);
    /* whatever comes next, the stretch ends */
    go_on_until(false);
    g_assert_cmpint(t->dispatch_ns - dispatch_ns, >=, ns * 0.9);
    g_assert_cmpint(t->weight, ==, 1);
    g_assert_cmpint(t->rounds_left, >, 10);
}

/* A wait is timed in each round, if it may last */
static void test_wait(void)
{
    EventLoopThread *t = event_loop_current_thread();
    uint64_t wait_ns;

    thin();
    wait_ns = t->wait_ns;
    event_loop_wait_begin(1);
    spin(SCALE_MS);
    event_loop_wait_end();
    g_assert_nonnull(event_loop_counted);
    g_assert_cmpint(t->wait_ns - wait_ns, >=, SCALE_MS * 0.999);
    event_loop_wait_begin(0);
    g_assert_cmpint(t->state, ==, EVENT_LOOP_STATE_RUNNING);
    event_loop_wait_end();
}

/* Until a round begins that is timed, and stands for others */
static void go_on_until_weighted(void)
{
    EventLoopThread *t = event_loop_current_thread();

    thin();
    do {
        go_on_until(true);
        go_on_until(false);
    } while (t->weight == 1);
}

/* Polling stands for that of other rounds, but not if it is stuck */
static void test_poll(void)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopTicks since;
    uint64_t poll_ns;

    go_on_until_weighted();
    poll_ns = t->poll_ns;
    event_loop_poll_begin();
    spin(SCALE_US);
    event_loop_poll_end(false);
    g_assert_cmpint(t->poll_ns - poll_ns, >=, SCALE_US * 0.999 * t->weight);

    go_on_until_weighted();
    poll_ns = t->poll_ns;
    since = event_loop_ticks(t->period);
    event_loop_poll_begin();
    spin(STALL_NS);
    event_loop_poll_end(false);
    g_assert_cmpint(t->poll_ns - poll_ns, >=, STALL_NS * 0.999);
    g_assert_cmpint(t->poll_ns - poll_ns, <=,
                    event_loop_ns(since, event_loop_ticks(t->period)));
}

static void poll_for(int64_t ns)
{
    event_loop_poll_begin();
    spin(ns);
    event_loop_poll_end(false);
}

/* No longer than the loop may poll, if this thread lost its CPU meanwhile */
static void test_long_poll(void)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopTicks since;
    uint64_t poll_ns;

    go_on_until_weighted();
    poll_ns = t->poll_ns;
    since = event_loop_ticks(t->period);
    poll_for(STALL_NS / 4);
    g_assert_cmpint(t->poll_ns - poll_ns, >=, STALL_NS / 4 * 0.999);
    g_assert_cmpint(t->poll_ns - poll_ns, <=,
                    event_loop_ns(since, event_loop_ticks(t->period)) +
                    POLL_MAX_NS * (t->weight - 1));
}

/* It is not taken for what the loop itself does in others, of any weight */
static void check_long_poll(bool weighted, int64_t ns)
{
    EventLoopThread *t = event_loop_current_thread();
    int64_t spin_ns = 20 * POLL_MAX_NS;
    uint64_t dispatch_ns;

    if (weighted) {
        go_on_until_weighted();
    } else {
        thin();
        event_loop_set_max_overhead(0);
        go_on_until(false);
        t->rounds_left = 0;
        event_loop_iteration(POLL_MAX_NS);
        g_assert_cmpint(t->weight, ==, 1);
    }
    t->draw.timed_rounds = 1;
    t->draw.timed_poll_ns = 0;
    t->draw.work_ns = 0;
    poll_for(ns);
    t->rounds_left = 0;
    event_loop_iteration(POLL_MAX_NS);
    g_assert_cmpint(t->draw.other_ns, <=, 1 + POLL_MAX_NS);

    thin();
    t->draw.work_ns = 0;
    grow_up(spin_cb, NULL);
    go_on_until(false);
    go_on_until(true);
    dispatch_ns = t->dispatch_ns;
    dispatch(spin_cb, &spin_ns);
    t->rounds_left = 0;
    event_loop_iteration(POLL_MAX_NS);
    g_assert_cmpint(t->dispatch_ns - dispatch_ns, >=, spin_ns * 0.9);
}

static void test_long_poll_alone(void)
{
    check_long_poll(false, STALL_NS / 4);
    check_long_poll(false, STALL_NS);
}

static void test_long_poll_weighted(void)
{
    check_long_poll(true, STALL_NS / 4);
    check_long_poll(true, STALL_NS);
}

static void wait_cb(void *opaque)
{
    event_loop_wait_begin(1);
    event_loop_wait_end();
}

/* Nor does a round poll for longer because a dispatch in it waits */
static void test_poll_and_nested_wait(void)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopTicks since;

    go_on_until_weighted();
    t->draw.timed_poll_ns = 0;
    since = event_loop_ticks(t->period);
    event_loop_poll_begin();
    spin(100 * SCALE_US);
    event_loop_poll_end(true);
    dispatch(wait_cb, NULL);
    event_loop_iteration(0);
    g_assert_cmpint(t->draw.timed_poll_ns, <=,
                    event_loop_ns(since, event_loop_ticks(t->period)));
}

/* What was drawn in a rush does not last while the loop is idle */
static void test_idle(void)
{
    EventLoopThread *t = event_loop_current_thread();

    thin();
    while (t->rounds_left < 10) {
        go_on_until(false);
        go_on_until(true);
    }
    /* as if it had waited for some seconds */
    t->draw.since -= 6e9 / event_loop_globals.rate *
                     (1ull << EVENT_LOOP_CLOCK_SHIFT);
    event_loop_add(&t->wait_ns, 6e9);
    event_loop_wait_begin(1);
    event_loop_wait_end();
    g_assert_nonnull(event_loop_counted);
    event_loop_iteration(0);
    g_assert_null(event_loop_counted);
    g_assert_cmpint(t->weight, ==, 1);
    g_assert_cmpint(t->rounds_left, >, 10);
}

static void start_cb(void *opaque)
{
    *(EventLoopTicks *)opaque = event_loop_current_thread()->stack[0].start;
}

/* A dispatch begins where its own round's wait ended, not an earlier one's */
static void test_fresh(void)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopTicks start, before;
    int i;

    for (i = 0; i < 2; i++) {
        if (i) {
            thin();
        }
        event_loop_wait_begin(-1);
        event_loop_wait_end();
        if (i) {
            dispatch(nothing, NULL);
        }
        before = event_loop_ticks(t->period);
        go_on_until(false);
        event_loop_batch_begin();
        dispatch(start_cb, &start);
        event_loop_batch_end();
        g_assert_cmpint(start, >=, before);
    }

    go_on_until(false);
    event_loop_wait_begin(-1);
    event_loop_wait_end();
    before = event_loop_ticks(t->period);
    event_loop_batch_begin();
    dispatch(start_cb, &start);
    event_loop_batch_end();
    g_assert_cmpint(start, <=, before);
}

/* Who profiles anew begins with rounds that are timed */
static void test_restart(void)
{
    int i;

    thin();
    event_loop_profiler_stop();
    event_loop_profiler_start();
    event_loop_globals.reading_ns = DEAR_NS;
    event_loop_iteration(0);
    for (i = 0; i < 50; i++) {
        g_assert_null(event_loop_counted);
        dispatch(nothing, NULL);
        event_loop_iteration(0);
    }
    g_assert_cmpint(read_source(nothing).timed, ==, 50);
}

static void coroutine_fn requests_entry(void *opaque)
{
    EventLoopPlace *place = opaque;
    int i;

    for (i = 0; i < 10; i++) {
        event_loop_request_end(event_loop_request_begin(
            place, EVENT_LOOP_REQUEST_TYPE_READ, 0, 512));
    }
}

/* One round more, and the next draw, after rounds of 100 us with that each */
static void draw_after(uint64_t requests, uint64_t waits)
{
    EventLoopThread *t = event_loop_current_thread();

    t->draw.all_rounds = 500;
    t->draw.all_ns = 500 * 100 * SCALE_US;
    t->draw.all_requests = 500 * requests;
    t->draw.timed_rounds = 100;
    t->draw.timed_dispatches = 100;
    t->draw.timed_waits = 100 * waits;
    t->rounds_left = 1;
    event_loop_iteration(0);
    event_loop_draw_next(t);
}

/*
 * Waits that may last are timed in each round, and what they take of the
 * bound, readings and all else, is not there for dispatches
 */
static void test_waits(void)
{
    EventLoopThread *t = event_loop_current_thread();
    bool counted = false;
    int i;

    event_loop_set_max_overhead(10);
    event_loop_globals.reading_ns = 15;
    for (i = 0; i < 100; i++) {
        draw_after(0, 0);
        g_assert_null(event_loop_counted);
    }
    for (i = 0; i < 10; i++) {
        event_loop_wait_begin(1);
        event_loop_wait_end();
    }
    draw_after(0, 0);
    g_assert_cmpint(t->draw.timed_waits, ==, 10);
    for (i = 0; i < 100; i++) {
        draw_after(0, 10);
        counted = counted || event_loop_counted;
    }
    g_assert_true(counted);
}

/* What it costs to note them is within the bound, too */
static void test_requests(void)
{
    EventLoopPlace *place = event_loop_place_new("node0");
    EventLoopThread *t = event_loop_current_thread();
    bool counted = false;
    int i;

    event_loop_set_max_overhead(10);
    event_loop_globals.reading_ns = 15;
    draw_after(0, 0);
    for (i = 0; i < 100; i++) {
        draw_after(0, 0);
        g_assert_null(event_loop_counted);
    }
    qemu_coroutine_enter(qemu_coroutine_create(requests_entry, place));
    draw_after(0, 0);
    g_assert_cmpint(t->draw.all_requests, ==, 10);
    for (i = 0; i < 100; i++) {
        draw_after(100, 0);
        counted = counted || event_loop_counted;
    }
    g_assert_true(counted);
    event_loop_place_free(place);
}

static void hold(int64_t ns)
{
    event_loop_bql_taken();
    if (ns) {
        spin(ns);
    }
    event_loop_bql_released();
}

/* Until the next hold is one that is only counted */
static void hold_until_counted(void)
{
    EventLoopThread *t = event_loop_current_thread();
    int i;

    for (i = 0; i < 1000 && !t->bql.left; i++) {
        hold(0);
    }
    g_assert_cmpint(t->bql.left, >, 0);
}

static uint64_t held_since(void)
{
    EventLoopThread *t = event_loop_current_thread();

    return event_loop_held_since(t, t->bql.held_since,
                                 event_loop_ticks(t->period));
}

/* All holds are counted; of those that go on it is known since when */
static void test_holds(void)
{
    EventLoopThread *t = event_loop_current_thread();
    uint64_t held_ns, since, stood_for = 0;
    int i;

    thin();
    for (i = 0; i < 100000; i++) {
        if (!t->bql.left) {
            stood_for += t->bql.weight;
        }
        hold(0);
    }
    g_assert_cmpint(t->bql.holds, ==, 100000);
    g_assert_cmpint(stood_for, <=, 100000);
    g_assert_cmpint(stood_for, >, 90000);

    hold_until_counted();
    look();
    event_loop_bql_taken();
    g_assert_true(t->bql.held_since & EVENT_LOOP_HOLD);
    look();
    since = held_since();
    spin(STALL_NS);
    look();
    g_assert_cmpint(held_since(), ==, since);
    g_assert_false(t->bql.held_since & EVENT_LOOP_HOLD);
    held_ns = t->bql.held_ns;
    event_loop_bql_released();
    g_assert_cmpint(t->bql.held_since, ==, 0);
    g_assert_cmpint(t->bql.held_ns - held_ns, >=, STALL_NS * 0.999);

    /* it is not taken for the next one */
    hold_until_counted();
    event_loop_bql_taken();
    since = event_loop_ticks(t->period);
    look();
    event_loop_bql_released();
    event_loop_bql_taken();
    look();
    g_assert_cmpint(held_since(), >=, since);
    event_loop_bql_released();
}

/* What is queued in a round that is not timed has no delay, but its place */
static void test_no_delay(void)
{
    uint64_t called = 0;
    QEMUBH *bh = aio_bh_new(ctx, count_cb, &called);
    QEMUBH *other = aio_bh_new(iohandler_get_aio_context(), count_cb, &called);
    EventLoopThread *t = event_loop_current_thread();
    unsigned patience = 0;
    EventLoopView view;

    thin();
    grow_up(count_cb, &called);
    g_assert_cmpint(read_source(count_cb).delays, ==, 0);
    qemu_bh_schedule(bh);
    qemu_bh_schedule(other);
    event_loop_read(t, &view, &patience);
    g_assert_cmpint(event_loop_pending_since(t, &view), >, 0);
    qemu_bh_cancel(other);
    g_assert_cmpint(event_loop_pending_since(t, &view), ==, 0);
    aio_bh_poll(ctx);
    g_assert_cmpint(called, ==, EVENT_LOOP_MATURE_CALLS + 1);
    g_assert_cmpint(read_source(count_cb).delays, ==, 0);

    /* a stamp of long ago is not taken for one of now */
    go_on_until(false);
    qemu_bh_schedule(bh);
    qemu_bh_cancel(bh);
    go_on_until(true);
    qemu_bh_schedule(bh);
    go_on_until(false);
    aio_bh_poll(ctx);
    g_assert_cmpint(read_source(count_cb).delays, ==, 0);
    qemu_bh_delete(bh);
    qemu_bh_delete(other);
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);
    ctx = qemu_get_aio_context();

    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-draw/weights", test_weights);
    add_test("/event-loop-draw/whole", test_whole);
    add_test("/event-loop-draw/waits", test_waits);
    add_test("/event-loop-draw/other", test_other);
    add_test("/event-loop-draw/bound-changes", test_bound_changes);
    add_test("/event-loop-draw/first-calls", test_first_calls);
    add_test("/event-loop-draw/long-round", test_long_round);
    add_test("/event-loop-draw/wait", test_wait);
    add_test("/event-loop-draw/poll", test_poll);
    add_test("/event-loop-draw/long-poll", test_long_poll);
    add_test("/event-loop-draw/long-poll-alone", test_long_poll_alone);
    add_test("/event-loop-draw/long-poll-weighted", test_long_poll_weighted);
    add_test("/event-loop-draw/poll-and-nested-wait",
             test_poll_and_nested_wait);
    add_test("/event-loop-draw/idle", test_idle);
    add_test("/event-loop-draw/fresh", test_fresh);
    add_test("/event-loop-draw/restart", test_restart);
    add_test("/event-loop-draw/requests", test_requests);
    add_test("/event-loop-draw/holds", test_holds);
    add_test("/event-loop-draw/no-delay", test_no_delay);
    return g_test_run();
}
