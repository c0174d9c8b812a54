/*
 * Event loop profiler tests: what is waited for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "block/aio-wait.h"
#include "event-loop-info.h"
#include "io/channel-null.h"
#include "qapi/error.h"
#include "qemu/event-loop-wait.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "util/event-loop-profiler-int.h"

/* far above what a busy machine takes from a dispatch */
#define THRESHOLD_NS (200 * SCALE_MS)

/* What a nested loop waits for, and what was seen of it meanwhile */
typedef struct Waited {
    bool done;
    EventLoopsInfo *info;
    int64_t spin_ns;
} Waited;

static void finish_bh(void *opaque)
{
    Waited *waited = opaque;

    spin(waited->spin_ns);
    waited->info = query(0);
    waited->done = true;
}

static void wait_bh(void *opaque)
{
    Waited *waited = opaque;

    aio_bh_schedule_oneshot(qemu_get_aio_context(), finish_bh, waited);
    AIO_WAIT_WHILE_UNLOCKED(NULL, !waited->done);
}

static void poll_bh(void *opaque)
{
    Waited *waited = opaque;

    aio_bh_schedule_oneshot(qemu_get_aio_context(), finish_bh, waited);
    AIO_POLL_WHILE(qemu_get_aio_context(), !waited->done);
}

/* The source that is @depth frames within the outermost one that runs */
static EventLoopSourceInfo *running(EventLoopInfo *loop, unsigned depth)
{
    EventLoopDispatchInfoList *frame = loop->stack;
    EventLoopSourceInfoList *l;

    while (frame && depth--) {
        frame = frame->next;
    }
    g_assert_nonnull(frame);
    for (l = loop->sources; l; l = l->next) {
        if (l->value->id == frame->value->source_id) {
            return l->value;
        }
    }
    g_assert_not_reached();
}

static void assert_running(EventLoopInfo *loop, unsigned depth,
                           EventLoopSourceKind kind, const char *name,
                           const char *label)
{
    EventLoopSourceInfo *s = running(loop, depth);

    g_assert_cmpint(s->kind, ==, kind);
    g_assert_cmpstr(s->name, ==, name);
    g_assert_cmpstr(s->label, ==, label);
}

static void assert_nested(QEMUBHFunc *cb, const char *name)
{
    Waited waited = { };
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    EventLoopInfo *loop;

    aio_bh_schedule_oneshot_full(qemu_get_aio_context(), cb, &waited, "outer",
                                 NULL);
    poll_all();
    loop = this_loop(waited.info);
    assert_running(loop, 0, EVENT_LOOP_SOURCE_KIND_BH, "outer", NULL);
    assert_running(loop, 1, EVENT_LOOP_SOURCE_KIND_WAIT, name,
                   "!waited->done");
    assert_running(loop, 2, EVENT_LOOP_SOURCE_KIND_BH, "finish_bh", NULL);
    info = query(0);
    s = get_source(info, name, EVENT_LOOP_SOURCE_KIND_WAIT, 1);
    g_assert_cmpint(s->timed_calls, ==, 1);
    g_assert_cmpint(s->busy_ns, <, s->total_ns);
    qapi_free_EventLoopsInfo(waited.info);
}

/* A wait has its function and its condition, in the callback that waits */
static void test_nested(void)
{
    assert_nested(wait_bh, "wait_bh");
    assert_nested(poll_bh, "poll_bh");
}

/* What is not waited for is no wait */
static void test_none(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    bool done = true;

    g_assert_false(AIO_WAIT_WHILE_UNLOCKED(NULL, !done));
    AIO_POLL_WHILE(qemu_get_aio_context(), !done);
    poll_all();
    info = query(0);
    g_assert_null(find_source(this_loop(info), __func__));
}

/* Outside of all callbacks it is what the thread is in, and may stall */
static void test_outermost(void)
{
    Waited waited = { .spin_ns = THRESHOLD_NS };
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopStall *stall;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    wait_bh(&waited);
    assert_running(this_loop(waited.info), 0, EVENT_LOOP_SOURCE_KIND_WAIT,
                   "wait_bh", "!waited->done");
    g_assert_cmpint(waited.info->stall_count, ==, 1);
    info = query(0);
    g_assert_cmpint(info->stall_count, ==, 1);
    stall = info->stalls->value;
    g_assert_cmpint(stall->cause, ==, EVENT_LOOP_STALL_CAUSE_DISPATCH);
    g_assert_cmpint(stall->u.dispatch.kind, ==, EVENT_LOOP_SOURCE_KIND_WAIT);
    g_assert_cmpstr(stall->u.dispatch.name, ==, "wait_bh");
    g_assert_cmpstr(stall->u.dispatch.label, ==, "!waited->done");
    g_assert_false(stall->ongoing);
    qapi_free_EventLoopsInfo(waited.info);
}

static void *wait_long(void *opaque)
{
    EventLoopDispatch wait;

    /* so that it is known */
    event_loop_bql_taken();
    event_loop_bql_released();
    event_loop_blocked_begin(&wait, "wait_long", "a thread");
    spin(THRESHOLD_NS);
    *(EventLoopsInfo **)opaque = query(0);
    event_loop_dispatch_end(&wait);
    return NULL;
}

/* Who is no loop, and waits, holds nobody up */
static void test_no_loop(void)
{
    g_autoptr(EventLoopsInfo) waited = NULL, info = NULL;
    EventLoopInfoList *l;
    QemuThread thread;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    qemu_thread_create(&thread, "no loop", wait_long, &waited,
                       QEMU_THREAD_DETACHED);
    while (!qatomic_read(&waited)) {
        g_usleep(100);
    }
    for (l = waited->loops; strcmp(l->value->name, "no loop"); l = l->next) {
        g_assert_nonnull(l->next);
    }
    assert_running(l->value, 0, EVENT_LOOP_SOURCE_KIND_WAIT, "wait_long",
                   "a thread");
    info = query(0);
    g_assert_cmpint(waited->stall_count, ==, 0);
    g_assert_cmpint(info->stall_count, ==, 0);
}

static void nothing(void *opaque)
{
}

/* From now on rounds are only counted, as a reading of the clock is so dear */
static void thin(void)
{
    int i;

    event_loop_set_max_overhead(10);
    event_loop_globals.reading_ns = 100000;
    for (i = 0; !event_loop_counted; i++) {
        g_assert_cmpint(i, <, 100000);
        event_loop_iteration(0);
        event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "nothing", NULL, -1, 0,
                            nothing, NULL);
    }
}

/* It is seen with its time in a round that is only counted, too */
static void test_counted(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    int i;

    /* a source that has so many calls is no longer timed in each round */
    for (i = 0; i < EVENT_LOOP_MATURE_CALLS; i++) {
        Waited waited = { };

        wait_bh(&waited);
        qapi_free_EventLoopsInfo(waited.info);
    }
    for (i = 0; i < 2; i++) {
        Waited waited = { .spin_ns = SCALE_MS };

        thin();
        if (i) {
            wait_bh(&waited);
        } else {
            event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "outer", NULL, -1,
                                0, wait_bh, &waited);
        }
        qapi_free_EventLoopsInfo(waited.info);
    }
    info = query(0);
    s = get_source(info, "wait_bh", EVENT_LOOP_SOURCE_KIND_WAIT,
                   EVENT_LOOP_MATURE_CALLS + 2);
    g_assert_cmpint(s->timed_calls, ==, s->calls);
    g_assert_cmpint(s->total_ns, >, 2 * SCALE_MS);
    event_loop_set_max_overhead(0);
}

/* A reader that keeps a grace period from ending until somebody waits for it */
static void *read_until_waited(void *opaque)
{
    int main_id = *(int *)opaque;
    bool waits = false;

    rcu_register_thread();
    WITH_RCU_READ_LOCK_GUARD() {
        *(int *)opaque = 0;
        while (!waits) {
            g_autoptr(EventLoopsInfo) info = query(0);
            EventLoopInfo *loop = find_loop(info, main_id);

            waits = loop->stack;
            if (waits) {
                assert_running(loop, 0, EVENT_LOOP_SOURCE_KIND_WAIT,
                               "synchronize_rcu", "RCU readers");
            }
        }
    }
    rcu_unregister_thread();
    return NULL;
}

/* Waits that are no loops tell what for */
static void test_blocked(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    int id = qemu_get_thread_id();
    QemuThread thread;

    qemu_thread_create(&thread, "reader", read_until_waited, &id,
                       QEMU_THREAD_JOINABLE);
    while (qatomic_read(&id)) {
        g_usleep(100);
    }
    synchronize_rcu();
    qemu_thread_join(&thread);
    drain_call_rcu();
    info = query(0);
    get_source(info, "synchronize_rcu", EVENT_LOOP_SOURCE_KIND_WAIT, 1);
    g_assert_cmpstr(get_source(info, "drain_call_rcu",
                               EVENT_LOOP_SOURCE_KIND_WAIT, 1)->label, ==,
                    "RCU readers");
    g_assert_cmpstr(get_source(info, "qemu_thread_join",
                               EVENT_LOOP_SOURCE_KIND_WAIT, 1)->label, ==,
                    "a thread");
}

static void *wait_for_nobody(void *opaque)
{
    rcu_register_thread();
    synchronize_rcu();
    rcu_unregister_thread();
    return NULL;
}

/* It is not told of a thread that nobody knows, nor of RCU's own */
static void test_unknown(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopInfoList *l;
    QemuThread thread;

    qemu_thread_create(&thread, "nobody", wait_for_nobody, NULL,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
    drain_call_rcu();
    info = query(0);
    for (l = info->loops; l; l = l->next) {
        g_assert_cmpstr(l->value->name, !=, "nobody");
        g_assert_cmpstr(l->value->name, !=, "call_rcu");
    }
}

/* A channel that is ready is waited for all the same, for a moment */
static void test_channel(void)
{
    QIOChannel *ioc = QIO_CHANNEL(qio_channel_null_new());
    g_autoptr(EventLoopsInfo) info = NULL;

    qio_channel_wait(ioc, G_IO_OUT);
    object_unref(OBJECT(ioc));
    info = query(0);
    g_assert_cmpstr(get_source(info, "qio_channel_wait",
                               EVENT_LOOP_SOURCE_KIND_WAIT, 1)->label, ==,
                    "a channel");
    get_source(info, "qio_channel_wait_complete",
               EVENT_LOOP_SOURCE_KIND_GLIB, 1);
}

/* What a loop does outside of dispatches, for as long as @spin_ns */
static void wait_for(int64_t timeout_ns, int64_t spin_ns)
{
    event_loop_wait_begin(timeout_ns);
    spin(spin_ns);
    event_loop_wait_end();
}

/* A wait stalls if it lasts longer than it may; one without an end does not */
static void test_late(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopStall *stall;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    wait_for(-1, 2 * THRESHOLD_NS);
    wait_for(100 * (int64_t)THRESHOLD_NS, THRESHOLD_NS);
    info = query(0);
    g_assert_cmpint(info->stall_count, ==, 0);
    qapi_free_EventLoopsInfo(info);

    wait_for(SCALE_MS, THRESHOLD_NS + 2 * SCALE_MS);
    info = query(0);
    g_assert_cmpint(info->stall_count, ==, 1);
    stall = info->stalls->value;
    g_assert_cmpint(stall->cause, ==, EVENT_LOOP_STALL_CAUSE_WAIT);
    g_assert_cmpint(stall->duration_ns, >=, THRESHOLD_NS);
    g_assert_false(stall->ongoing);
}

/* Polling stalls as a dispatch does */
static void test_poll(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    event_loop_poll_begin();
    spin(THRESHOLD_NS + SCALE_MS);
    event_loop_poll_end(true);
    info = query(0);
    g_assert_cmpint(info->stall_count, ==, 1);
    g_assert_cmpint(info->stalls->value->cause, ==,
                    EVENT_LOOP_STALL_CAUSE_POLL);
    g_assert_cmpint(this_loop(info)->poll_hits, ==, 1);
}

/* What goes on without an end, in a loop that was to look only */
typedef struct Stuck {
    AioContext *ctx;
    bool polls;
    bool counted;
    int thread_id;
    bool done;
} Stuck;

static void *be_stuck(void *opaque)
{
    Stuck *stuck = opaque;

    rcu_register_thread();
    event_loop_register("stuck", stuck->ctx);
    event_loop_iteration(0);
    if (stuck->counted) {
        thin();
    }
    if (stuck->polls) {
        event_loop_poll_begin();
    } else {
        event_loop_wait_begin(0);
    }
    qatomic_store_release(&stuck->thread_id, qemu_get_thread_id());
    while (!qatomic_load_acquire(&stuck->done)) {
        g_usleep(1000);
    }
    if (stuck->polls) {
        event_loop_poll_end(false);
    } else {
        event_loop_wait_end();
    }
    rcu_unregister_thread();
    return NULL;
}

static void assert_stuck(bool polls, bool counted, EventLoopStallCause cause)
{
    Stuck stuck = {
        .ctx = aio_context_new(&error_abort),
        .polls = polls,
        .counted = counted,
    };
    bool found = false;
    QemuThread thread;

    event_loop_set_stall_threshold(20 * SCALE_MS);
    qemu_thread_create(&thread, "stuck", be_stuck, &stuck,
                       QEMU_THREAD_JOINABLE);
    while (!qatomic_load_acquire(&stuck.thread_id)) {
        g_usleep(100);
    }
    while (!found) {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopStallList *l;

        for (l = info->stalls; l; l = l->next) {
            found = found || (l->value->thread_id == stuck.thread_id &&
                              l->value->ongoing && l->value->cause == cause);
        }
        g_usleep(1000);
    }
    qatomic_store_release(&stuck.done, true);
    qemu_thread_join(&thread);
    aio_context_unref(stuck.ctx);
    event_loop_set_max_overhead(0);
}

/* It is seen while it goes on, whether anybody timed its beginning or not */
static void test_stuck(void)
{
    assert_stuck(false, false, EVENT_LOOP_STALL_CAUSE_WAIT);
    assert_stuck(false, true, EVENT_LOOP_STALL_CAUSE_WAIT);
    assert_stuck(true, false, EVENT_LOOP_STALL_CAUSE_POLL);
    assert_stuck(true, true, EVENT_LOOP_STALL_CAUSE_POLL);
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_abort);
    module_call_init(MODULE_INIT_QOM);
    g_test_init(&argc, &argv, NULL);

    add_test("/event-loop/wait/nested", test_nested);
    add_test("/event-loop/wait/none", test_none);
    add_test("/event-loop/wait/outermost", test_outermost);
    add_test("/event-loop/wait/no-loop", test_no_loop);
    add_test("/event-loop/wait/counted", test_counted);
    add_test("/event-loop/wait/blocked", test_blocked);
    add_test("/event-loop/wait/unknown", test_unknown);
    add_test("/event-loop/wait/channel", test_channel);
    add_test("/event-loop/wait/late", test_late);
    add_test("/event-loop/wait/poll", test_poll);
    add_test("/event-loop/wait/stuck", test_stuck);
    return g_test_run();
}
