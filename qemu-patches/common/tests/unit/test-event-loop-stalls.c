/*
 * Event loop profiler tests: stalls, backlogs, and the big lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "block/aio-wait.h"
#include "event-loop-info.h"
#include "iothread.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-event-loop.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "qobject/qjson.h"
#include "qobject/qobject.h"

/* far above what a busy machine takes from a dispatch */
#define THRESHOLD_NS (200 * SCALE_MS)

static unsigned count_stalls(const EventLoopsInfo *info)
{
    const EventLoopStallList *l;
    unsigned n = 0;

    g_assert_true(info->has_stalls);
    for (l = info->stalls; l; l = l->next) {
        n++;
    }
    return n;
}

/* The only stall that there is */
static EventLoopStall *only_stall(const EventLoopsInfo *info)
{
    g_assert_cmpint(count_stalls(info), ==, 1);
    return info->stalls->value;
}

static void run_bh(QEMUBHFunc *cb, const char *name, void *opaque)
{
    aio_bh_schedule_oneshot_full(qemu_get_aio_context(), cb, opaque, name,
                                 NULL);
    poll_all();
}

static void spin_bh(void *opaque)
{
    spin(*(int64_t *)opaque);
}

/* Only what took longer than the threshold is in the log */
static void test_stall(void)
{
    int64_t shorter_ns = SCALE_MS, longer_ns = THRESHOLD_NS / 1000 * 1001;
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopStall *stall;
    int64_t before, after;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    run_bh(spin_bh, "shorter", &shorter_ns);
    before = get_clock();
    run_bh(spin_bh, "longer", &longer_ns);
    after = get_clock();

    info = query(0);
    g_assert_cmpint(info->stall_threshold_ns, ==, THRESHOLD_NS);
    g_assert_cmpint(info->stall_count, ==, 1);
    stall = only_stall(info);
    g_assert_cmpint(stall->id, ==, 1);
    g_assert_cmpint(stall->cause, ==, EVENT_LOOP_STALL_CAUSE_DISPATCH);
    g_assert_cmpint(stall->u.dispatch.kind, ==, EVENT_LOOP_SOURCE_KIND_BH);
    g_assert_cmpstr(stall->u.dispatch.name, ==, "longer");
    g_assert_cmpstr(stall->loop, ==, "main-loop");
    g_assert_cmpint(stall->thread_id, ==, qemu_get_thread_id());
    g_assert_cmpint(stall->u.dispatch.source_id, ==,
                    find_source(this_loop(info), "longer")->id);
    g_assert_false(stall->ongoing);
    /* two readings of two clocks: they agree to some parts in a million */
    g_assert_cmpint(stall->duration_ns, >=, longer_ns - longer_ns / 1000);
    g_assert_cmpint(stall->start_ns, >=, before - SCALE_MS);
    g_assert_cmpint(stall->start_ns + stall->duration_ns, <=,
                    after + SCALE_MS);
}

typedef struct Nested {
    EventLoopsInfo *info;
    QEMUBH *inner;
} Nested;

static void inner_bh(void *opaque)
{
    Nested *nested = opaque;

    spin(THRESHOLD_NS);
    nested->info = query(0);
}

static void outer_bh(void *opaque)
{
    Nested *nested = opaque;

    spin(THRESHOLD_NS);
    qemu_bh_schedule(nested->inner);
    while (!nested->info) {
        aio_poll(qemu_get_aio_context(), false);
    }
}

/* A stall is seen while it goes on; of nested ones, it is the outermost */
static void test_ongoing(void)
{
    Nested nested = { };
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopStall *ongoing, *over;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    nested.inner = qemu_bh_new(inner_bh, &nested);
    run_bh(outer_bh, "outer", &nested);
    qemu_bh_delete(nested.inner);

    ongoing = only_stall(nested.info);
    g_assert_true(ongoing->ongoing);
    g_assert_cmpstr(ongoing->u.dispatch.name, ==, "outer");
    info = query(0);
    over = only_stall(info);
    g_assert_cmpint(over->id, ==, ongoing->id);
    g_assert_cmpstr(over->u.dispatch.name, ==, "outer");
    g_assert_false(over->ongoing);
    g_assert_cmpint(over->duration_ns, >, ongoing->duration_ns);
    g_assert_cmpint(info->stall_count, ==, 1);
    qapi_free_EventLoopsInfo(nested.info);
}

static void nothing_bh(void *opaque)
{
}

static void stall_often(unsigned n)
{
    while (n--) {
        run_bh(nothing_bh, "nothing", NULL);
        qapi_free_EventLoopsInfo(query(0));
    }
}

static void block_bh(void *opaque)
{
    qemu_event_wait(opaque);
}

/* The last ones are kept, and so are those that go on */
static void test_log(void)
{
    IOThread *iothread = iothread_new();
    AioContext *ctx = iothread_get_aio_context(iothread);
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopStallList *l;
    QemuEvent event;
    uint64_t id, blocked = 0;

    qemu_event_init(&event, false);
    event_loop_set_stall_threshold(1);
    aio_bh_schedule_oneshot(ctx, block_bh, &event);
    while (!blocked) {
        qapi_free_EventLoopsInfo(info);
        info = query(0);
        for (l = info->stalls; l; l = l->next) {
            if (!g_strcmp0(l->value->u.dispatch.name, "block_bh")) {
                blocked = l->value->id;
            }
        }
    }
    stall_often(200);

    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(count_stalls(info), ==, 128);
    l = info->stalls;
    g_assert_cmpint(l->value->id, ==, blocked);
    g_assert_true(l->value->ongoing);
    id = info->stall_count - 127;
    for (l = l->next; l; l = l->next) {
        g_assert_cmpint(l->value->id, ==, ++id);
        g_assert_false(l->value->ongoing);
    }
    g_assert_cmpint(info->stall_count, >=, 201);

    qemu_event_set(&event);
    iothread_join(iothread);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    for (l = info->stalls; l; l = l->next) {
        g_assert_false(l->value->ongoing);
    }
    qemu_event_destroy(&event);
}

/* All are counted, even if more come than are kept until a reader comes */
static void test_unread(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    unsigned i;

    event_loop_set_stall_threshold(1);
    for (i = 0; i < 40; i++) {
        run_bh(nothing_bh, "nothing", NULL);
    }
    info = query(0);
    g_assert_cmpint(info->stall_count, ==, 40);
    g_assert_cmpint(count_stalls(info), ==, 15);
}

/* The next stall that is told, or NULL */
static EventLoopStall *next_stall(EventLoopStallNews *news)
{
    g_autoptr(GString) json = g_string_new(NULL);
    EventLoopStall *stall = NULL;
    QObject *object;
    Visitor *v;

    if (!event_loop_next_stall(json, news)) {
        return NULL;
    }
    object = qobject_from_json(json->str, &error_abort);
    v = qobject_input_visitor_new(object);
    visit_type_EventLoopStall(v, NULL, &stall, &error_abort);
    visit_free(v);
    qobject_unref(object);
    return stall;
}

static void tell_bh(void *opaque)
{
    EventLoopStall **stall = opaque;
    EventLoopStallNews news;

    spin(THRESHOLD_NS);
    *stall = next_stall(&news);
    g_assert_cmpint(news.suppressed, ==, 1);
    g_assert_cmpint(news.phase, ==, EVENT_LOOP_STALL_PHASE_BEGIN);
}

/*
 * The first news come at once, and what goes on is newer than what was over
 * before; then there are none for a second
 */
static void test_told(void)
{
    int64_t longer_ns = THRESHOLD_NS;
    EventLoopStall *first = NULL, *last;
    EventLoopStallNews news;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    run_bh(spin_bh, "before", &longer_ns);
    run_bh(tell_bh, "told", &first);
    g_assert_nonnull(first);
    g_assert_cmpstr(first->u.dispatch.name, ==, "told");
    g_assert_cmpint(first->id, ==, 2);
    g_assert_true(first->ongoing);

    /* its end, and two more, of which no beginning was seen */
    run_bh(spin_bh, "second", &longer_ns);
    run_bh(spin_bh, "third", &longer_ns);
    while (!(last = next_stall(&news))) {
        g_usleep(1000);
    }
    g_assert_cmpstr(last->u.dispatch.name, ==, "third");
    g_assert_cmpint(last->id, ==, 4);
    g_assert_false(last->ongoing);
    g_assert_cmpint(news.suppressed, ==, 2);
    g_assert_cmpint(news.phase, ==, EVENT_LOOP_STALL_PHASE_END);
    g_assert_cmpint(last->start_ns, >=, first->start_ns);
    g_assert_null(next_stall(&news));
    qapi_free_EventLoopStall(first);
    qapi_free_EventLoopStall(last);
}

static void raise_bh(void *opaque)
{
    EventLoopStall **stall = opaque;
    EventLoopStallNews news;

    spin(THRESHOLD_NS);
    *stall = next_stall(&news);
    event_loop_set_stall_threshold(UINT64_MAX);
}

/* A stall that was told ends, whatever the threshold is by then */
static void test_raised(void)
{
    EventLoopStall *first = NULL, *last;
    EventLoopStallNews news;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    run_bh(raise_bh, "raised", &first);
    g_assert_true(first->ongoing);
    while (!(last = next_stall(&news))) {
        g_usleep(1000);
    }
    g_assert_cmpint(last->id, ==, first->id);
    g_assert_false(last->ongoing);
    qapi_free_EventLoopStall(first);
    qapi_free_EventLoopStall(last);
}

/* A new period has nothing of the one before */
static void test_period(void)
{
    int64_t longer_ns = THRESHOLD_NS;
    g_autoptr(EventLoopsInfo) info = NULL;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    run_bh(spin_bh, "before", &longer_ns);
    event_loop_bql_taken();
    qapi_free_EventLoopsInfo(query(0));
    aio_bh_schedule_oneshot(qemu_get_aio_context(), nothing_bh, NULL);
    event_loop_profiler_stop();
    event_loop_profiler_start();
    info = query(0);
    g_assert_cmpint(info->stall_count, ==, 0);
    g_assert_cmpint(count_stalls(info), ==, 0);
    g_assert_null(info->bql);
    g_assert_false(this_loop(info)->has_bh_pending_since_ns);

    /* what is queued now counts, though the old one is there still */
    aio_bh_schedule_oneshot(qemu_get_aio_context(), nothing_bh, NULL);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_true(this_loop(info)->has_bh_pending_since_ns);
    poll_all();
}

/* The oldest of the bottom halves that are queued */
static void test_backlog(void)
{
    g_autoptr(EventLoopsInfo) info = query(0);
    int64_t before, since;

    poll_all();
    g_assert_false(this_loop(info)->has_bh_pending_since_ns);

    before = get_clock();
    aio_bh_schedule_oneshot(qemu_get_aio_context(), nothing_bh, NULL);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_true(this_loop(info)->has_bh_pending_since_ns);
    since = this_loop(info)->bh_pending_since_ns;
    g_assert_cmpint(since, >=, before - SCALE_MS);
    g_assert_cmpint(since, <=, info->time_ns + SCALE_MS);

    spin(5 * SCALE_MS);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), nothing_bh, NULL);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(this_loop(info)->bh_pending_since_ns, <=, since + SCALE_MS);

    poll_all();
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_false(this_loop(info)->has_bh_pending_since_ns);
}

/* The big lock, as a thread would use it that is no event loop */
typedef struct Taker {
    QemuThread thread;
    int64_t thread_id;
    QemuEvent waits, go_on, has, let_go, gone, end;
} Taker;

static void *taker_thread(void *opaque)
{
    Taker *taker = opaque;

    rcu_register_thread();
    taker->thread_id = qemu_get_thread_id();
    event_loop_bql_wait_begin();
    qemu_event_set(&taker->waits);
    qemu_event_wait(&taker->go_on);
    event_loop_bql_wait_end();
    event_loop_bql_taken();
    qemu_event_set(&taker->has);
    qemu_event_wait(&taker->let_go);
    event_loop_bql_released();
    qemu_event_set(&taker->gone);
    qemu_event_wait(&taker->end);
    rcu_unregister_thread();
    return NULL;
}

static EventLoopBqlThread *bql_thread(const EventLoopsInfo *info,
                                      int64_t thread_id)
{
    EventLoopBqlThreadList *l;

    g_assert_nonnull(info->bql);
    for (l = info->bql->threads; l; l = l->next) {
        if (l->value->thread_id == thread_id) {
            return l->value;
        }
    }
    g_assert_not_reached();
}

static void test_bql(void)
{
    g_autoptr(EventLoopsInfo) info = query(0);
    EventLoopBqlThread *t;
    Taker taker;
    uint64_t held_since;

    g_assert_null(info->bql);
    qemu_event_init(&taker.waits, false);
    qemu_event_init(&taker.go_on, false);
    qemu_event_init(&taker.has, false);
    qemu_event_init(&taker.let_go, false);
    qemu_event_init(&taker.gone, false);
    qemu_event_init(&taker.end, false);

    event_loop_bql_taken();
    qemu_thread_create(&taker.thread, "taker", taker_thread, &taker,
                       QEMU_THREAD_JOINABLE);
    qemu_event_wait(&taker.waits);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(info->bql->holder_thread_id, ==, qemu_get_thread_id());
    held_since = info->bql->held_since_ns;
    g_assert_cmpint(held_since, <=, info->time_ns + SCALE_MS);
    t = bql_thread(info, qemu_get_thread_id());
    g_assert_cmpint(t->holds, ==, 1);
    g_assert_cmpint(t->waits, ==, 0);
    g_assert_false(t->has_waiting_since_ns);
    t = bql_thread(info, taker.thread_id);
    g_assert_cmpint(t->holds, ==, 0);
    g_assert_cmpint(t->waits, ==, 1);
    g_assert_true(t->has_waiting_since_ns);
    /* it only takes the lock, and is no event loop for that */
    g_assert_null(find_loop(info, taker.thread_id));

    event_loop_bql_released();
    qemu_event_set(&taker.go_on);
    qemu_event_wait(&taker.has);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(info->bql->holder_thread_id, ==, taker.thread_id);
    g_assert_cmpint(info->bql->held_since_ns, >=, held_since);
    t = bql_thread(info, taker.thread_id);
    g_assert_cmpint(t->holds, ==, 1);
    g_assert_cmpint(t->wait_ns, >, 0);
    g_assert_false(t->has_waiting_since_ns);
    g_assert_cmpint(bql_thread(info, qemu_get_thread_id())->held_ns, >, 0);

    qemu_event_set(&taker.let_go);
    qemu_event_wait(&taker.gone);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_false(info->bql->has_holder_thread_id);
    g_assert_false(info->bql->has_held_since_ns);
    g_assert_cmpint(bql_thread(info, taker.thread_id)->held_ns, >, 0);

    qemu_event_set(&taker.end);
    qemu_thread_join(&taker.thread);
    qemu_event_destroy(&taker.waits);
    qemu_event_destroy(&taker.go_on);
    qemu_event_destroy(&taker.has);
    qemu_event_destroy(&taker.let_go);
    qemu_event_destroy(&taker.gone);
    qemu_event_destroy(&taker.end);
}

/* A loop that waits for the big lock stalls as if it were in a callback */
static void test_bql_stall(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopStall *stall;
    uint64_t id;

    event_loop_set_stall_threshold(THRESHOLD_NS);
    event_loop_bql_wait_begin();
    spin(THRESHOLD_NS);
    info = query(0);
    g_assert_cmpint(this_loop(info)->state, ==, EVENT_LOOP_STATE_BQL_WAIT);
    stall = only_stall(info);
    g_assert_true(stall->ongoing);
    g_assert_cmpint(stall->cause, ==, EVENT_LOOP_STALL_CAUSE_BQL_WAIT);
    g_assert_cmpstr(stall->loop, ==, "main-loop");
    id = stall->id;

    event_loop_bql_wait_end();
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    stall = only_stall(info);
    g_assert_cmpint(stall->id, ==, id);
    g_assert_false(stall->ongoing);
    g_assert_cmpint(stall->duration_ns, >=, THRESHOLD_NS - SCALE_MS);
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);

    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-stalls/stall", test_stall);
    add_test("/event-loop-stalls/ongoing", test_ongoing);
    add_test("/event-loop-stalls/log", test_log);
    add_test("/event-loop-stalls/unread", test_unread);
    add_test("/event-loop-stalls/told", test_told);
    add_test("/event-loop-stalls/raised", test_raised);
    add_test("/event-loop-stalls/period", test_period);
    add_test("/event-loop-stalls/backlog", test_backlog);
    add_test("/event-loop-stalls/bql", test_bql);
    add_test("/event-loop-stalls/bql-stall", test_bql_stall);
    return g_test_run();
}
