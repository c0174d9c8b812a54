/*
 * Event loop profiler tests: real AioContexts, real callbacks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"

static AioContext *ctx;

/* Work */

typedef struct Work {
    QEMUBH *bh;
    QEMUTimer timer;
    EventNotifier notifier;
    int left;
    void (*inside)(struct Work *work);
} Work;

static void spin_bh(void *opaque)
{
    spin(*(int64_t *)opaque);
}

/* Tests */

static void test_bottom_half(void)
{
    int64_t ns = 2 * SCALE_MS;
    QEMUBH *bh = aio_bh_new(ctx, spin_bh, &ns);
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    int i;

    for (i = 0; i < 3; i++) {
        qemu_bh_schedule(bh);
        /* scheduled twice is called once */
        qemu_bh_schedule(bh);
        spin(SCALE_MS);
        aio_poll(ctx, false);
    }

    info = query(0);
    s = get_source(info, "spin_bh", EVENT_LOOP_SOURCE_KIND_BH, 3);
    g_assert_cmpint(s->busy_ns, >=, 3 * ns * 0.999);
    g_assert_cmpint(s->busy_ns, ==, s->total_ns);
    g_assert_cmpint(s->max_ns, >=, ns * 0.999);
    g_assert_cmpint(s->delay_ns, >=, 3 * SCALE_MS * 0.999);
    g_assert_cmpint(histogram_sum(s->delay_histogram), ==, 3);
    g_assert_true(s->has_callback);
    g_assert_null(s->module);
    g_assert_false(s->has_fd);
    g_assert_cmpint(s->last_ns, <=, info->time_ns);
    qemu_bh_delete(bh);
    poll_all();
}

static void read_notifier(EventNotifier *e)
{
    event_notifier_test_and_clear(e);
}

static void test_fd_handler(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    EventNotifier e;

    event_notifier_init(&e, false);
    aio_set_event_notifier(ctx, &e, read_notifier, NULL, NULL);
    event_notifier_set(&e);
    aio_poll(ctx, true);

    info = query(0);
    s = get_source(info, "read_notifier", EVENT_LOOP_SOURCE_KIND_FD_READ, 1);
    g_assert_cmpint(s->fd, ==, event_notifier_get_fd(&e));
    g_assert_cmpint(histogram_sum(s->delay_histogram), ==, 1);

    aio_set_event_notifier(ctx, &e, NULL, NULL, NULL);
    event_notifier_cleanup(&e);
}

/* Handlers that are registered anew each time are one source */
static void test_handler_set_again(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventNotifier e;
    int i;

    event_notifier_init(&e, false);
    for (i = 0; i < 100; i++) {
        aio_set_event_notifier(ctx, &e, read_notifier, NULL, NULL);
        event_notifier_set(&e);
        aio_poll(ctx, true);
        aio_set_event_notifier(ctx, &e, NULL, NULL, NULL);
    }

    info = query(0);
    get_source(info, "read_notifier", EVENT_LOOP_SOURCE_KIND_FD_READ, 100);
    event_notifier_cleanup(&e);
}

/* A label is who it is, not the file descriptor */
static void test_label(void)
{
    const char *label = event_loop_label_new("vd0/vq0");
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    EventNotifier e[2];
    int i;

    for (i = 0; i < 2; i++) {
        event_notifier_init(&e[i], false);
        aio_set_event_notifier_full(ctx, &e[i], read_notifier, NULL, NULL,
                                    "read_notifier", NULL, label);
        event_notifier_set(&e[i]);
        aio_poll(ctx, true);
    }

    info = query(0);
    s = get_source(info, "read_notifier", EVENT_LOOP_SOURCE_KIND_FD_READ, 2);
    g_assert_cmpstr(s->label, ==, "vd0/vq0");
    g_assert_cmpint(s->fd, ==, event_notifier_get_fd(&e[1]));
    for (i = 0; i < 2; i++) {
        aio_set_event_notifier(ctx, &e[i], NULL, NULL, NULL);
        event_notifier_cleanup(&e[i]);
    }
    event_loop_label_unref(label);
}

/* Labels with one text are one; it ends with the last reference to it */
static void test_label_references(void)
{
    unsigned before = event_loop_label_count();
    const char *label = event_loop_label_new("vd1/vq0");

    g_assert_null(event_loop_label_new(NULL));
    g_assert_true(event_loop_label_new("vd1/vq0") == label);
    g_assert_true(event_loop_label_new("vd1/vq1") != label);
    g_assert_true(event_loop_label_hold(label) == label);
    g_assert_cmpint(event_loop_label_count(), ==, before + 2);
    event_loop_label_unref(label);
    g_assert_true(event_loop_label_has_owner(label));
    event_loop_label_unref(label);
    g_assert_false(event_loop_label_has_owner(label));
    drain_call_rcu();
    g_assert_cmpstr(label, ==, "vd1/vq0");
    event_loop_label_drop(label);
    /* it has ended, though it may be in the table yet */
    label = event_loop_label_new("vd1/vq0");
    drain_call_rcu();
    g_assert_true(event_loop_label_new("vd1/vq0") == label);
    event_loop_label_unref(label);
    event_loop_label_unref(label);
    event_loop_label_unref(event_loop_label_new("vd1/vq1"));
    drain_call_rcu();
    g_assert_cmpint(event_loop_label_count(), ==, before + 1);
}

static void count_down_timer(void *opaque)
{
    Work *work = opaque;

    if (--work->left) {
        timer_mod_ns(&work->timer,
                     qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + 1);
    }
}

/* Armed again in its callback; late by as much as the loop was away */
static void test_timer(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    Work work = { .left = 10 };
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);

    aio_timer_init(ctx, &work.timer, QEMU_CLOCK_REALTIME, SCALE_NS,
                   count_down_timer, &work);
    timer_mod_ns(&work.timer, now);
    spin(5 * SCALE_MS);
    while (work.left) {
        aio_poll(ctx, true);
    }

    info = query(0);
    s = get_source(info, "count_down_timer", EVENT_LOOP_SOURCE_KIND_TIMER,
                   10);
    g_assert_cmpint(histogram_sum(s->delay_histogram), ==, 10);
    g_assert_cmpint(s->delay_max_ns, >=, 5 * SCALE_MS * 0.999);
}

static void inner_bh(void *opaque)
{
    spin(4 * SCALE_MS);
}

static void outer_bh(void *opaque)
{
    QEMUBH *bh = aio_bh_new(ctx, inner_bh, NULL);

    spin(2 * SCALE_MS);
    qemu_bh_schedule(bh);
    aio_poll(ctx, true);
    spin(SCALE_MS);
    qemu_bh_delete(bh);
}

/* Self time and total time, and the loop's time counts the outer one once */
static void test_nested(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *inner, *outer;
    QEMUBH *bh = aio_bh_new(ctx, outer_bh, NULL);

    qemu_bh_schedule(bh);
    aio_poll(ctx, true);

    info = query(0);
    inner = get_source(info, "inner_bh", EVENT_LOOP_SOURCE_KIND_BH, 1);
    outer = get_source(info, "outer_bh", EVENT_LOOP_SOURCE_KIND_BH, 1);
    g_assert_cmpint(inner->busy_ns, ==, inner->total_ns);
    g_assert_cmpint(inner->busy_ns, >=, 4 * SCALE_MS * 0.999);
    g_assert_cmpint(outer->busy_ns, >=, 3 * SCALE_MS * 0.999);
    g_assert_cmpint(outer->total_ns, ==, outer->busy_ns + inner->total_ns);
    g_assert_cmpint(this_loop(info)->dispatch_ns, ==, outer->total_ns);
    g_assert_cmpint(this_loop(info)->dispatches, ==, 2);
    g_assert_cmpint(this_loop(info)->iterations, ==, 1);
    g_assert_cmpint(this_loop(info)->wait_ns, ==, 0);
    qemu_bh_delete(bh);
    poll_all();
}

static EventLoopsInfo *seen_inside;

static void look_bh(void *opaque)
{
    spin(3 * SCALE_MS);
    seen_inside = query(0);
}

static void look_outer_bh(void *opaque)
{
    QEMUBH *bh = aio_bh_new(ctx, look_bh, NULL);

    qemu_bh_schedule(bh);
    aio_poll(ctx, true);
    qemu_bh_delete(bh);
}

/* A dispatch in progress: the stack, and its time so far */
static void test_in_progress(void)
{
    QEMUBH *bh = aio_bh_new(ctx, look_outer_bh, NULL);
    EventLoopInfo *loop;
    EventLoopSourceInfo *inner, *outer;

    qemu_bh_schedule(bh);
    aio_poll(ctx, true);

    loop = this_loop(seen_inside);
    outer = find_source(loop, "look_outer_bh");
    inner = find_source(loop, "look_bh");
    g_assert_true(loop->has_state);
    g_assert_cmpint(loop->state, ==, EVENT_LOOP_STATE_DISPATCHING);
    g_assert_cmpint(loop->stack->value->source_id, ==, outer->id);
    g_assert_cmpint(loop->stack->next->value->source_id, ==, inner->id);
    g_assert_null(loop->stack->next->next);
    g_assert_cmpint(loop->state_since_ns, ==,
                    loop->stack->next->value->since_ns);
    g_assert_cmpint(loop->stack->value->since_ns, <=, loop->state_since_ns);
    g_assert_cmpint(inner->calls, ==, 0);
    g_assert_cmpint(inner->busy_ns, >=, 3 * SCALE_MS * 0.999);
    g_assert_cmpint(outer->calls, ==, 0);
    g_assert_cmpint(outer->total_ns, >=, inner->total_ns);
    g_assert_cmpint(outer->busy_ns + inner->busy_ns, ==, outer->total_ns);
    g_assert_cmpint(loop->dispatch_ns, >=, outer->total_ns);
    qapi_free_EventLoopsInfo(seen_inside);
    qemu_bh_delete(bh);
    poll_all();
}

static void free_bh(void *opaque)
{
    Work *work = opaque;

    qemu_bh_delete(work->bh);
    g_free(work);
}

static void free_timer(void *opaque)
{
    g_free(opaque);
}

static void free_handler(EventNotifier *e)
{
    aio_set_event_notifier(ctx, e, NULL, NULL, NULL);
    event_notifier_cleanup(e);
    g_free(e);
}

/* What a callback has freed is not looked at: for AddressSanitizer */
static void test_freed_inside(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    Work *work = g_new0(Work, 1);
    QEMUTimer *timer = g_new0(QEMUTimer, 1);
    EventNotifier *e = g_new0(EventNotifier, 1);

    work->bh = aio_bh_new(ctx, free_bh, work);
    qemu_bh_schedule(work->bh);
    aio_timer_init(ctx, timer, QEMU_CLOCK_REALTIME, SCALE_NS, free_timer,
                   timer);
    timer_mod_ns(timer, 0);
    event_notifier_init(e, true);
    aio_set_event_notifier(ctx, e, free_handler, NULL, NULL);
    poll_all();

    info = query(0);
    get_source(info, "free_bh", EVENT_LOOP_SOURCE_KIND_BH, 1);
    get_source(info, "free_timer", EVENT_LOOP_SOURCE_KIND_TIMER, 1);
    get_source(info, "free_handler", EVENT_LOOP_SOURCE_KIND_FD_READ, 1);
}

static void count_bh(void *opaque)
{
    (*(int *)opaque)++;
}

/* A device that comes, works and goes, with an id that never comes back */
static void plug(int i)
{
    g_autofree char *text = g_strdup_printf("device%d/vq0", i);
    const char *label = event_loop_label_new(text);
    int count = 0;

    aio_bh_schedule_oneshot_full(ctx, count_bh, &count, "count_bh", label);
    poll_all();
    event_loop_label_unref(label);
    g_assert_cmpint(count, ==, 1);
}

/* What devices leave behind ends, if nobody profiles at once */
static void test_hot_plug(void)
{
    unsigned before = event_loop_label_count();
    int i;

    event_loop_profiler_stop();
    for (i = 0; i < 20000; i++) {
        plug(i);
    }
    drain_call_rcu();
    g_assert_cmpint(event_loop_label_count(), ==, before);
    event_loop_profiler_start();
}

/* Bottom halves that are allocated for one call are one source */
static void test_one_shot(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    int count = 0, i;

    for (i = 0; i < 5000; i++) {
        aio_bh_schedule_oneshot(ctx, count_bh, &count);
    }
    poll_all();

    g_assert_cmpint(count, ==, 5000);
    info = query(0);
    get_source(info, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 5000);
}

/* Past the limit one source of a kind takes the rest */
static void test_too_many_sources(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfoList *l;
    EventLoopSourceInfo *s;
    uint64_t calls = 0;
    int count = 0, sources = 0, i;

    for (i = 0; i < 5000; i++) {
        g_autofree char *text = g_strdup_printf("label%d", i);
        const char *label = event_loop_label_new(text);
        QEMUBH *bh = aio_bh_new(ctx, count_bh, &count);

        qemu_bh_set_label(bh, label);
        qemu_bh_schedule(bh);
        aio_poll(ctx, false);
        qemu_bh_delete(bh);
        event_loop_label_unref(label);
    }
    poll_all();

    info = query(0);
    for (l = this_loop(info)->sources; l; l = l->next) {
        assert_source(l->value);
        calls += l->value->calls;
        sources++;
    }
    g_assert_cmpint(calls, ==, 5000);
    g_assert_cmpint(sources, ==, 4096 + 1);
    s = get_source(info, "(other)", EVENT_LOOP_SOURCE_KIND_BH, 5000 - 4096);
    g_assert_null(s->label);
    g_assert_false(s->has_callback);
}

/* Only what has dispatched since then, and everything where then is unknown */
static void test_since(void)
{
    g_autoptr(EventLoopsInfo) first = NULL, second = NULL, third = NULL;
    g_autoptr(EventLoopsInfo) unknown = NULL, again = NULL;
    int64_t ns = 0;
    int count = 0;

    aio_bh_schedule_oneshot(ctx, count_bh, &count);
    aio_bh_schedule_oneshot(ctx, spin_bh, &ns);
    poll_all();
    first = query(0);
    aio_bh_schedule_oneshot(ctx, count_bh, &count);
    poll_all();
    second = query(first->sequence);
    third = query(second->sequence);
    unknown = query(third->sequence + 100);

    g_assert_cmpint(second->sequence, >, first->sequence);
    g_assert_nonnull(find_source(this_loop(first), "spin_bh"));
    g_assert_null(find_source(this_loop(second), "spin_bh"));
    get_source(second, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 2);
    g_assert_null(this_loop(third)->sources);
    g_assert_nonnull(find_source(this_loop(unknown), "spin_bh"));
    /* another reader's snapshot takes nothing from it */
    again = query(first->sequence);
    get_source(again, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 2);
}

static void restart_bh(void *opaque)
{
    event_loop_profiler_stop();
    event_loop_profiler_start();
    aio_poll(ctx, false);
}

static void stop_bh(void *opaque)
{
    event_loop_profiler_stop();
}

static void start_bh(void *opaque)
{
    event_loop_profiler_start();
    aio_poll(ctx, false);
}

/* Switched off and on in the middle of dispatches */
static void test_restart(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    int count = 0;

    aio_bh_schedule_oneshot(ctx, restart_bh, NULL);
    poll_all();
    aio_bh_schedule_oneshot(ctx, count_bh, &count);
    poll_all();
    info = query(0);
    g_assert_null(find_source(this_loop(info), "restart_bh"));
    get_source(info, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 1);
    g_assert_null(this_loop(info)->stack);

    aio_bh_schedule_oneshot(ctx, stop_bh, NULL);
    poll_all();
    aio_bh_schedule_oneshot(ctx, count_bh, &count);
    poll_all();
    aio_bh_schedule_oneshot(ctx, start_bh, NULL);
    poll_all();
    aio_bh_schedule_oneshot(ctx, count_bh, &count);
    poll_all();
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_null(find_source(this_loop(info), "start_bh"));
    get_source(info, "count_bh", EVENT_LOOP_SOURCE_KIND_BH, 1);
    g_assert_null(this_loop(info)->stack);
    g_assert_cmpint(this_loop(info)->state, ==, EVENT_LOOP_STATE_RUNNING);
}

/* Where the time goes adds up to the wall time, the state in progress too */
static void test_loop_time(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopInfo *loop;
    int64_t ns = 10 * SCALE_MS;
    Work work = { };

    aio_timer_init(ctx, &work.timer, QEMU_CLOCK_REALTIME, SCALE_NS,
                   count_down_timer, &work);
    aio_bh_schedule_oneshot(ctx, spin_bh, &ns);
    poll_all();

    /* where this thread does not get a CPU in time there is nothing to wait */
    do {
        work.left = 1;
        timer_mod_ns(&work.timer, qemu_clock_get_ns(QEMU_CLOCK_REALTIME) +
                                  SCALE_MS);
        while (work.left) {
            aio_poll(ctx, true);
        }
        qapi_free_EventLoopsInfo(info);
        info = query(0);
        loop = this_loop(info);
    } while (loop->wait_ns < SCALE_MS);

    g_assert_cmpint(loop->dispatch_ns, >=, ns * 0.999);
    g_assert_cmpint(loop->bql_wait_ns, ==, 0);
    g_assert_cmpint(loop->wait_ns + loop->poll_ns + loop->dispatch_ns, <=,
                    info->time_ns - loop->since_ns);
    g_assert_cmpint(loop->iterations, >=, 2);
    g_assert_false(loop->has_timer_deadline_ns);
}

static void poll_ready(EventNotifier *e)
{
    event_notifier_test_and_clear(e);
}

static bool poll_hit(void *opaque)
{
    return true;
}

static void end_wait(void *opaque)
{
}

/* Found ready by polling, which is booked as such */
static void test_polling(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopInfo *loop;
    EventNotifier e;
    QEMUTimer *timer = aio_timer_new(ctx, QEMU_CLOCK_REALTIME, SCALE_MS,
                                     end_wait, NULL);

    aio_context_set_poll_params(ctx, 100 * SCALE_US, 0, 0, &error_abort);
    event_notifier_init(&e, true);
    aio_set_event_notifier(ctx, &e, read_notifier, poll_hit, poll_ready);
    /* polling grows from 0 with events that come soon */
    while (true) {
        EventLoopSourceInfo *s;

        event_notifier_set(&e);
        aio_poll(ctx, true);
        /* io_uring has something until it watches it again: no polling */
        poll_all();
        timer_mod(timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + 1);
        aio_poll(ctx, true);
        qapi_free_EventLoopsInfo(info);
        info = query(0);
        loop = this_loop(info);
        s = find_source(loop, "poll_ready");
        if (s) {
            g_assert_cmpint(s->kind, ==, EVENT_LOOP_SOURCE_KIND_FD_POLL);
            break;
        }
    }
    g_assert_cmpint(loop->poll_hits, >, 0);
    g_assert_cmpint(loop->poll_max_ns, ==, 100 * SCALE_US);
    g_assert_cmpint(loop->poll_ns, >, 0);
    aio_set_event_notifier(ctx, &e, NULL, NULL, NULL);
    event_notifier_cleanup(&e);
    timer_free(timer);
    aio_context_set_poll_params(ctx, 0, 0, 0, &error_abort);
}

/* Nothing is counted, and nothing breaks, without a profiler */
static void test_off(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    int count = 0;

    event_loop_profiler_stop();
    aio_bh_schedule_oneshot(ctx, count_bh, &count);
    poll_all();
    g_assert_cmpint(count, ==, 1);
    g_assert_cmpint(event_loop_stamp(), ==, 0);
    event_loop_profiler_start();
    info = query(0);
    g_assert_null(this_loop(info)->sources);
    g_assert_cmpstr(this_loop(info)->name, ==, "main-loop");
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);
    ctx = qemu_get_aio_context();

    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-profiler/off", test_off);
    add_test("/event-loop-profiler/bottom-half", test_bottom_half);
    add_test("/event-loop-profiler/fd-handler", test_fd_handler);
    add_test("/event-loop-profiler/handler-set-again",
             test_handler_set_again);
    add_test("/event-loop-profiler/label", test_label);
    add_test("/event-loop-profiler/label-references", test_label_references);
    add_test("/event-loop-profiler/hot-plug", test_hot_plug);
    add_test("/event-loop-profiler/timer", test_timer);
    add_test("/event-loop-profiler/nested", test_nested);
    add_test("/event-loop-profiler/in-progress", test_in_progress);
    add_test("/event-loop-profiler/freed-inside", test_freed_inside);
    add_test("/event-loop-profiler/one-shot", test_one_shot);
    add_test("/event-loop-profiler/too-many-sources", test_too_many_sources);
    add_test("/event-loop-profiler/since", test_since);
    add_test("/event-loop-profiler/restart", test_restart);
    add_test("/event-loop-profiler/loop-time", test_loop_time);
    add_test("/event-loop-profiler/polling", test_polling);
    return g_test_run();
}
