/*
 * Event loop profiler tests: what goes on that nobody times
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-info.h"
#include "event-loop-thin.h"
#include "qapi/error.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "util/event-loop-clock.h"
#include "util/event-loop-stall.h"

/*
 * The stalls of this source, and the last of them.  Others may have some, too:
 * this thread lost its CPU.
 */
static unsigned stalls_of(void (*cb)(void *),
                          const EventLoopStallRecord **last)
{
    const EventLoopStallRecord *stalls;
    unsigned n, i, found = 0;

    stalls = event_loop_stalls(&n);
    for (i = 0; i < n; i++) {
        if (stalls[i].source_id == get_internal(cb)->id) {
            *last = &stalls[i];
            found++;
        }
    }
    return found;
}

typedef struct Stuck {
    /* the looks at it, and what they saw */
    int looks;
    EventLoopTicks seen;
    bool nested;
} Stuck;

static void stuck_cb(void *opaque)
{
    EventLoopThread *t = event_loop_current_thread();
    Stuck *stuck = opaque;
    unsigned patience = 0;
    EventLoopView view;
    int i;

    if (stuck->nested) {
        dispatch(nothing, NULL);
    }
    for (i = 0; i < stuck->looks; i++) {
        look();
        event_loop_read(t, &view, &patience);
        event_loop_estimate(t, &view);
        g_assert_true(view.stable);
        g_assert_cmpint(view.depth, ==, 1);
        g_assert_true(view.stack[0].counted);
        g_assert_cmpint(view.stack[0].start, <=, view.now);
        if (!i) {
            stuck->seen = view.stack[0].start;
        }
        /* it does not move */
        g_assert_cmpint(view.stack[0].start, ==, stuck->seen);
        spin(STALL_NS);
    }
    if (stuck->nested) {
        dispatch(nothing, NULL);
    }
}

static void check_stuck(bool nested)
{
    Stuck stuck = { };
    const EventLoopStallRecord *stall = NULL;
    EventLoopSourceView before, after;
    unsigned n;

    thin();
    grow_up(stuck_cb, &stuck);
    before = read_source(stuck_cb);

    go_on_until(true);
    look();
    spin(SCALE_MS);
    stuck = (Stuck) { .looks = 2, .nested = nested };
    dispatch(stuck_cb, &stuck);
    look();

    after = read_source(stuck_cb);
    g_assert_cmpint(after.calls, ==, before.calls + 1);
    g_assert_cmpint(after.timed, ==, before.timed + 1);
    g_assert_cmpint(after.total_ns - before.total_ns, >=,
                    2 * STALL_NS * 0.999);
    g_assert_cmpint(stalls_of(stuck_cb, &stall), ==, 1);
    g_assert_false(stall->ongoing);
    g_assert_cmpint(stall->duration_ns, >=, 2 * STALL_NS * 0.999);

    /* the mark is not taken for another one's */
    n = stalls_of(nothing, &stall);
    dispatch(nothing, NULL);
    g_assert_cmpint(stalls_of(nothing, &stall), ==, n);
    g_assert_cmpint(stalls_of(stuck_cb, &stall), ==, 1);
}

/* A dispatch that is only counted is a stall nevertheless */
static void test_stuck(void)
{
    check_stuck(false);
}

static void test_stuck_nested(void)
{
    check_stuck(true);
}

static void marked_cb(void *opaque)
{
    EventLoopThread *t = event_loop_current_thread();

    if (!opaque) {
        return;
    }
    look();
    /* a mark that the loop sets while the watch takes it for not marked */
    t->mark = (EventLoopMark) {
        .state = EVENT_LOOP_MARK_SET,
        .source = get_internal(marked_cb),
        .calls = get_internal(marked_cb)->calls,
        .waits = true,
    };
    look();
    g_assert_cmpint(t->mark.state, ==, EVENT_LOOP_MARK_SET);
    g_assert_cmpint(t->mark.since, ==, 0);
    g_assert_true(t->mark.waits);
    /* that of another call gives way to this one's */
    t->mark.calls--;
    look();
    g_assert_cmpint(t->mark.state, ==, EVENT_LOOP_MARK_SET);
    g_assert_cmpint(t->mark.calls, ==, get_internal(marked_cb)->calls);
    g_assert_cmpint(t->mark.since, >, 0);
    g_assert_false(t->mark.waits);
}

/* Who has read the clock for a wait knows better than the watch */
static void test_marked_meanwhile(void)
{
    EventLoopThread *t = event_loop_current_thread();

    thin();
    grow_up(marked_cb, NULL);
    go_on_until(true);
    dispatch(marked_cb, t);
    g_assert_cmpint(t->mark.state, ==, EVENT_LOOP_MARK_NONE);
}

/* One that is over before it is looked again is none */
static void test_short(void)
{
    Stuck stuck = { };
    const EventLoopStallRecord *stall;
    EventLoopSourceView before, after;

    thin();
    grow_up(stuck_cb, &stuck);
    before = read_source(stuck_cb);
    look();
    stuck.looks = 1;
    dispatch(stuck_cb, &stuck);
    stuck.looks = 0;
    dispatch(stuck_cb, &stuck);
    look();
    after = read_source(stuck_cb);
    g_assert_cmpint(after.calls, ==, before.calls + 2);
    g_assert_cmpint(after.timed, ==, before.timed);
    g_assert_cmpint(stalls_of(stuck_cb, &stall), ==, 0);
}

static void brief_cb(void *opaque)
{
    int looks;

    if (opaque) {
        event_loop_set_stall_threshold(SCALE_US);
        for (looks = *(int *)opaque; looks; looks--) {
            look();
        }
        spin(2 * SCALE_US);
    }
}

/*
 * How much longer its dispatches took than before, with one that is a stall,
 * in a round that is counted, or not, which has so many looks
 */
static uint64_t brief_stall_ns(bool counted, int looks, uint64_t *took_ns)
{
    EventLoopThread *t = event_loop_current_thread();
    uint64_t before_ns = read_source(brief_cb).total_ns;
    EventLoopTicks since;

    do {
        go_on_until(!counted);
        go_on_until(counted);
    } while (!counted && t->weight == 1);
    look();
    since = event_loop_ticks(t->period);
    dispatch(brief_cb, &looks);
    *took_ns = event_loop_ns(since, event_loop_ticks(t->period));
    look();
    event_loop_set_stall_threshold(STALL_NS);
    return read_source(brief_cb).total_ns - before_ns;
}

/* A stall between two looks is one, and it is as any other dispatch */
static void test_brief_stall(void)
{
    EventLoopThread *t = event_loop_current_thread();
    const uint64_t long_ns = 3 * EVENT_LOOP_LOOK_MIN_NS;
    const EventLoopStallRecord *stall = NULL;
    uint64_t ns, took_ns;
    unsigned n;

    thin();
    grow_up(brief_cb, NULL);
    do {
        n = stalls_of(brief_cb, &stall);
        ns = brief_stall_ns(false, 0, &took_ns);
        g_assert_cmpint(stalls_of(brief_cb, &stall), ==, n + 1);
        g_assert_false(stall->ongoing);
        /* unless this thread lost its CPU in it */
    } while (took_ns >= long_ns);
    g_assert_cmpint(ns, >=, t->weight * 2 * SCALE_US * 0.999);

    do {
        n = stalls_of(brief_cb, &stall);
        ns = brief_stall_ns(true, 2, &took_ns);
        g_assert_cmpint(stalls_of(brief_cb, &stall), ==, n + 1);
        g_assert_false(stall->ongoing);
    } while (took_ns >= long_ns);
    g_assert_cmpint(ns, ==, 0);
}

/* A look that comes late says nothing of what it sees for the first time */
static void test_late_look(void)
{
    Stuck stuck = { };
    uint64_t count;

    thin();
    grow_up(stuck_cb, &stuck);
    go_on_until(true);
    look();
    count = event_loop_stall_count();
    spin(3 * STALL_NS);
    dispatch(nothing, NULL);
    look();
    g_assert_cmpint(event_loop_stall_count(), ==, count);
    spin(3 * STALL_NS);
    stuck.looks = 1;
    dispatch(stuck_cb, &stuck);
    look();
    g_assert_cmpint(event_loop_stall_count(), ==, count);

    go_on_until(false);
    look();
    count = event_loop_stall_count();
    spin(3 * STALL_NS);
    event_loop_iteration(0);
    event_loop_wait_begin(0);
    look();
    g_assert_cmpint(event_loop_stall_count(), ==, count);
    event_loop_wait_end();
}

static void wait_cb(void *opaque)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopTicks seen = 0;
    unsigned patience = 0;
    EventLoopView view;
    int i;

    if (!opaque) {
        return;
    }
    event_loop_iteration(0);
    event_loop_wait_begin(-1);
    /* it is seen, in its wait too */
    for (i = 0; i < 3; i++) {
        look();
        event_loop_read(t, &view, &patience);
        event_loop_estimate(t, &view);
        g_assert_true(view.stable);
        g_assert_cmpint(view.depth, ==, 1);
        g_assert_cmpint(view.state, ==, EVENT_LOOP_STATE_WAITING);
        seen = seen ?: view.stack[0].start;
        g_assert_cmpint(view.stack[0].start, ==, seen);
        spin(STALL_NS);
    }
    event_loop_wait_end();
    /* one of its own kind is not taken for it */
    dispatch(wait_cb, NULL);
    dispatch(nothing, NULL);
}

/* A loop in a dispatch that waits: both are timed, and stand for themselves */
static void test_nested_wait(void)
{
    EventLoopThread *t = event_loop_current_thread();
    const EventLoopStallRecord *stall;
    EventLoopSourceView before, after;
    EventLoopTicks woken;
    uint64_t nested;

    thin();
    grow_up(wait_cb, NULL);
    go_on_until(true);
    look();
    before = read_source(wait_cb);
    nested = read_source(nothing).timed;
    woken = t->woken;
    dispatch(wait_cb, t);
    g_assert_cmpint(t->woken, ==, woken);
    after = read_source(wait_cb);
    g_assert_cmpint(after.calls, ==, before.calls + 2);
    g_assert_cmpint(after.timed, ==, before.timed + 2);
    g_assert_cmpint(after.total_ns - before.total_ns, >=,
                    3 * STALL_NS * 0.999);
    g_assert_cmpint(stalls_of(wait_cb, &stall), ==, 1);
    /* it keeps its number when it is over */
    look();
    g_assert_cmpint(stalls_of(wait_cb, &stall), ==, 1);
    g_assert_false(stall->ongoing);
    g_assert_cmpint(read_source(nothing).timed, ==, nested + 1);
    g_assert_cmpint(t->weight, ==, 1);
    g_assert_cmpint(t->mark.state, ==, EVENT_LOOP_MARK_NONE);
}

static void look_begins(void)
{
    event_loop_wait_begin(0);
}

static void look_ends(void)
{
    event_loop_wait_end();
}

static void poll_ends(void)
{
    event_loop_poll_end(false);
}

/* The cause of the only stall that goes on */
static EventLoopStallCause ongoing_stall(void)
{
    unsigned n, i;
    const EventLoopStallRecord *stalls = event_loop_stalls(&n), *found = NULL;

    for (i = 0; i < n; i++) {
        if (stalls[i].ongoing) {
            g_assert_null(found);
            found = &stalls[i];
        }
    }
    g_assert_nonnull(found);
    return found->cause;
}

/* How long this loop has waited, as a snapshot has it */
static uint64_t shown_wait_ns(void)
{
    g_autoptr(EventLoopsInfo) info = query(0);

    return this_loop(info)->wait_ns;
}

/* What the loop is in between two dispatches does not come back */
static void check_stuck_look(bool counted, void (*begin)(void),
                             void (*end)(void), EventLoopStallCause cause)
{
    EventLoopThread *t = event_loop_current_thread();
    uint64_t dispatch_ns, wait_ns, ns;
    EventLoopTicks since;
    unsigned patience = 0;
    EventLoopView view;
    int i;

    thin();
    go_on_until(!counted);
    go_on_until(counted);
    since = t->draw.since;
    dispatch_ns = t->dispatch_ns;
    wait_ns = t->wait_ns;
    look();
    dispatch(nothing, NULL);
    begin();
    for (i = 0; i < 5; i++) {
        look();
        spin(STALL_NS);
    }
    look();
    g_assert_cmpint(ongoing_stall(), ==, cause);
    ns = shown_wait_ns() - wait_ns;
    g_assert_cmpint(ns, >=, 5 * STALL_NS * 0.999);
    g_assert_cmpint(ns, <=, event_loop_ns(since,
                                          event_loop_ticks(t->period)));
    event_loop_read(t, &view, &patience);
    ns = event_loop_ns(since, event_loop_ticks(t->period));
    g_assert_true(view.stable);
    g_assert_true(view.counted == counted);
    g_assert_cmpint(view.wait_ns - wait_ns, >=, 5 * STALL_NS * 0.999);
    g_assert_cmpint(view.counted_ns, <=, ns - (view.wait_ns - wait_ns));
    end();

    t->rounds_left = 0;
    event_loop_iteration(0);
    ns = event_loop_ns(since, event_loop_ticks(t->period));
    g_assert_cmpint(t->wait_ns - wait_ns, >=, 5 * STALL_NS * 0.999);
    g_assert_cmpint(t->dispatch_ns - dispatch_ns, <=,
                    ns - (t->wait_ns - wait_ns));

    /* it is not booked once more, and nothing is shown that is not booked */
    wait_ns = t->wait_ns;
    g_assert_cmpint(shown_wait_ns(), ==, wait_ns);
    go_on_until(true);
    t->rounds_left = 0;
    event_loop_iteration(0);
    g_assert_cmpint(t->wait_ns, ==, wait_ns);
}

/* It is a wait, and no dispatch, whether the round is timed or not */
static void test_stuck_look(void)
{
    check_stuck_look(true, look_begins, look_ends,
                     EVENT_LOOP_STALL_CAUSE_WAIT);
}

static void test_stuck_look_timed(void)
{
    check_stuck_look(false, look_begins, look_ends,
                     EVENT_LOOP_STALL_CAUSE_WAIT);
}

static void test_stuck_poll(void)
{
    check_stuck_look(true, event_loop_poll_begin, poll_ends,
                     EVENT_LOOP_STALL_CAUSE_POLL);
}

/* What the loop has gone on from by then is no longer a look for events */
static void test_late_for_look(void)
{
    EventLoopThread *t = event_loop_current_thread();
    unsigned patience = 0;
    EventLoopView view;
    uint64_t looks_ns;

    thin();
    look();
    spin(SCALE_MS);
    event_loop_read(t, &view, &patience);
    g_assert_true(view.stable);
    g_assert_true(view.counted);
    g_assert_cmpint(t->watch.still_since, >, 0);
    looks_ns = t->looks_ns;
    t->rounds_left = 0;
    event_loop_iteration(0);
    g_assert_true(event_loop_lock_readers());
    event_loop_look(t, &view);
    event_loop_unlock_readers();
    g_assert_cmpint(t->looks_ns, ==, looks_ns);
    g_assert_cmpint(t->watch.still_since, ==, 0);
}

/* Who asks in the middle of somebody's looks learns what those before saw */
static void test_meeting(void)
{
    thin();
    look();
    g_assert_true(event_loop_is_counted());
    event_loop_begin_looks();
    g_assert_true(event_loop_is_counted());
    event_loop_begin_looks();
    g_assert_false(event_loop_is_counted());
}

/* What takes as long as three looks was looked at, whatever the threshold */
static void test_interval(void)
{
    uint64_t ns;

    thin();
    look();
    g_assert_true(event_loop_is_counted());
    for (ns = 1; ns <= 1000 * NANOSECONDS_PER_SECOND; ns *= 10) {
        event_loop_set_stall_threshold(ns);
        g_assert_cmpint(event_loop_globals.long_ns, ==,
                        3 * event_loop_look_interval_ns());
    }
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);
    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-look/stuck", test_stuck);
    add_test("/event-loop-look/stuck-nested", test_stuck_nested);
    add_test("/event-loop-look/marked-meanwhile", test_marked_meanwhile);
    add_test("/event-loop-look/short", test_short);
    add_test("/event-loop-look/brief-stall", test_brief_stall);
    add_test("/event-loop-look/late-look", test_late_look);
    add_test("/event-loop-look/nested-wait", test_nested_wait);
    add_test("/event-loop-look/stuck-look", test_stuck_look);
    add_test("/event-loop-look/stuck-look-timed", test_stuck_look_timed);
    add_test("/event-loop-look/stuck-poll", test_stuck_poll);
    add_test("/event-loop-look/late-for-look", test_late_for_look);
    add_test("/event-loop-look/meeting", test_meeting);
    add_test("/event-loop-look/interval", test_interval);
    return g_test_run();
}
