/*
 * Event loop profiler tests: names of threads, coroutines and GLib sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-info.h"
#include "io/channel-null.h"
#include "io/channel-watch.h"
#include "qapi/error.h"
#include "qemu/coroutine.h"
#include "qemu/event-loop-glib.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-name.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "util/event-loop-profiler-int.h"

static EventLoopThreadInfo *find_thread(EventLoopsInfo *info, const char *name)
{
    EventLoopThreadInfoList *l;
    EventLoopThreadInfo *found = NULL;

    for (l = info->threads; l; l = l->next) {
        if (!strcmp(l->value->name, name)) {
            g_assert_null(found);
            found = l->value;
        }
    }
    return found;
}

/* A thread that says which one it is, and goes on until it is told to end */
typedef struct Other {
    QemuThread thread;
    int thread_id;
    QemuEvent end;
} Other;

static void *wait_for_end(void *opaque)
{
    Other *other = opaque;

    qatomic_store_release(&other->thread_id, qemu_get_thread_id());
    qemu_event_wait(&other->end);
    return NULL;
}

static void begin_other(Other *other, const char *name)
{
    other->thread_id = 0;
    qemu_event_init(&other->end, false);
    qemu_thread_create(&other->thread, name, wait_for_end, other,
                       QEMU_THREAD_JOINABLE);
    while (!qatomic_load_acquire(&other->thread_id)) {
        g_usleep(100);
    }
}

static void end_other(Other *other)
{
    qemu_event_set(&other->end);
    qemu_thread_join(&other->thread);
    qemu_event_destroy(&other->end);
}

/* The host need not know the names, nor is there one for a library's thread */
static void test_threads(void)
{
    g_autofree char *long_name = g_strnfill(2 * EVENT_LOOP_NAME_SIZE, 'x');
    g_autofree char *cut = g_strnfill(EVENT_LOOP_NAME_SIZE - 1, 'x');
    EventLoopsInfo *info;
    EventLoopThreadInfo *t;
    Other other, another;

    begin_other(&other, "CPU 0/TCG, far longer than the host's names");
    begin_other(&another, long_name);
    info = query(0);
    t = find_thread(info, "CPU 0/TCG, far longer than the host's names");
    g_assert_nonnull(t);
    g_assert_cmpint(t->thread_id, ==, other.thread_id);
#ifdef CONFIG_LINUX
    g_assert_true(t->has_cpu_ns);
    g_assert_cmpint(find_thread(info, "main-loop")->cpu_ns, >, 0);
#endif
    g_assert_cmpint(find_thread(info, cut)->thread_id, ==, another.thread_id);
    g_assert_cmpint(find_thread(info, "main-loop")->thread_id, ==,
                    qemu_get_thread_id());
    g_assert_nonnull(find_thread(info, "call_rcu"));
    qapi_free_EventLoopsInfo(info);

    end_other(&other);
    end_other(&another);
    info = query(0);
    g_assert_null(find_thread(info,
                              "CPU 0/TCG, far longer than the host's names"));
    g_assert_null(find_thread(info, cut));
    qapi_free_EventLoopsInfo(info);

    /* there is room for one more where they were, even without a name */
    begin_other(&other, NULL);
    info = query(0);
    g_assert_cmpint(find_thread(info, "(unnamed)")->thread_id, ==,
                    other.thread_id);
    qapi_free_EventLoopsInfo(info);
    end_other(&other);
}

static void count_bh(void *opaque)
{
    ++*(int *)opaque;
}

static void *dispatch_as_other(void *opaque)
{
    rcu_register_thread();
    aio_bh_poll(qemu_get_aio_context());
    *(EventLoopsInfo **)opaque = query(0);
    rcu_unregister_thread();
    return NULL;
}

/* A thread that is caught dispatching is called as QEMU calls it */
static void test_caught(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopInfoList *l;
    bool found = false;
    QemuThread thread;
    int count = 0;

    aio_bh_schedule_oneshot(qemu_get_aio_context(), count_bh, &count);
    qemu_thread_create(&thread, "a migration thread", dispatch_as_other, &info,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
    g_assert_cmpint(count, ==, 1);
    for (l = info->loops; l; l = l->next) {
        found = found || !strcmp(l->value->name, "a migration thread");
    }
    g_assert_true(found);
}

static void *end_at_once(void *opaque)
{
    return NULL;
}

static void *make_threads(void *opaque)
{
    bool *stop = opaque;
    unsigned i;

    for (i = 0; !qatomic_read(stop); i++) {
        QemuThread thread;

        qemu_thread_create(&thread, i % 2 ? "bbbbbbbb" : "aaaaaaaa",
                           end_at_once, NULL, QEMU_THREAD_JOINABLE);
        qemu_thread_join(&thread);
    }
    return NULL;
}

/* Whoever reads them while they come and go gets whole names */
static void test_churn(void)
{
    g_autoptr(EventLoopsInfo) first = NULL;
    bool stop = false;
    QemuThread thread;
    int i;

    qemu_thread_create(&thread, "maker", make_threads, &stop,
                       QEMU_THREAD_JOINABLE);
    do {
        qapi_free_EventLoopsInfo(first);
        first = query(0);
    } while (!find_thread(first, "maker"));
    for (i = 0; i < 300; i++) {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopThreadInfoList *l;

        for (l = info->threads; l; l = l->next) {
            const char *name = l->value->name;

            g_assert_true(!strcmp(name, "aaaaaaaa") ||
                          !strcmp(name, "bbbbbbbb") ||
                          !strcmp(name, "maker") ||
                          !strcmp(name, "call_rcu") ||
                          !strcmp(name, "main-loop"));
        }
        g_assert_nonnull(find_thread(info, "maker"));
    }
    qatomic_set(&stop, true);
    qemu_thread_join(&thread);
}

/* Coroutines */

static void coroutine_fn yield_co(void *opaque)
{
    EventLoopsInfo **info = opaque;

    qemu_coroutine_yield();
    *info = query(0);
}

static void assert_running(EventLoopInfo *loop, unsigned depth,
                           const char *name, const char *label)
{
    EventLoopDispatchInfoList *frame = loop->stack;
    EventLoopSourceInfo *s = find_source(loop, name);

    while (frame && depth--) {
        frame = frame->next;
    }
    g_assert_nonnull(frame);
    g_assert_nonnull(s);
    g_assert_cmpint(frame->value->source_id, ==, s->id);
    g_assert_cmpstr(s->label, ==, label);
}

/* An entry is nested in what entered it, and has the coroutine's name */
static void test_coroutine(void)
{
    const char *label = event_loop_label_new("job0");
    g_autoptr(EventLoopsInfo) info = NULL, during = NULL;
    EventLoopSourceInfo *s;
    Coroutine *co;

    co = qemu_coroutine_create_labelled(yield_co, &during, label);
    g_assert_null(qemu_coroutine_label());
    qemu_coroutine_enter(co);
    g_assert_null(during);
    aio_co_schedule(qemu_get_aio_context(), co);
    poll_all();
    g_assert_nonnull(during);
    assert_running(this_loop(during), 0, "co_schedule_bh_cb", NULL);
    assert_running(this_loop(during), 1, "yield_co", "job0");
    info = query(0);
    s = get_source(info, "yield_co", EVENT_LOOP_SOURCE_KIND_COROUTINE, 2);
    g_assert_cmpint(s->timed_calls, ==, 2);
    g_assert_true(s->has_callback);
    event_loop_label_unref(label);
}

static void coroutine_fn label_co(void *opaque)
{
    *(const char **)opaque = qemu_coroutine_label();
}

static void coroutine_fn whole_co(void *opaque)
{
    qemu_coroutine_enter(qemu_coroutine_create_part(label_co, opaque));
}

/* What is done for a coroutine has its label, and nothing else has */
static void test_part(void)
{
    const char *label = event_loop_label_new("job0"), *seen = NULL;

    qemu_coroutine_enter(qemu_coroutine_create_labelled(whole_co, &seen,
                                                        label));
    g_assert_true(seen == label);
    qemu_coroutine_enter(qemu_coroutine_create_part(label_co, &seen));
    g_assert_null(seen);
    seen = label;
    qemu_coroutine_enter(qemu_coroutine_create(whole_co, &seen));
    g_assert_null(seen);
    event_loop_label_unref(label);
}

static void coroutine_fn nothing_co(void *opaque)
{
}

static void enter_one(void *opaque)
{
    qemu_coroutine_enter(qemu_coroutine_create(nothing_co, NULL));
}

/* Where only some rounds are timed, those entries stand for all of them */
static void test_estimate(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *outer, *inner;
    int i;

    event_loop_set_max_overhead(10);
    event_loop_globals.reading_ns = 100000;
    for (i = 0; i < 300000; i++) {
        event_loop_iteration(0);
        event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "enter_one", NULL, -1,
                            0, enter_one, NULL);
    }
    info = query(0);
    outer = find_source(this_loop(info), "enter_one");
    inner = find_source(this_loop(info), "nothing_co");
    g_assert_cmpint(outer->calls, ==, 300000);
    /* for rounds before one that was long no timed one stands */
    g_assert_cmpint(inner->calls, >, 2 * inner->timed_calls);
    g_assert_cmpint(inner->calls, <=, outer->calls + 4096);
    /* what it takes is the inner one's, as often as there were rounds */
    g_assert_cmpint(outer->busy_ns, <, outer->total_ns);
    event_loop_set_max_overhead(0);
}

/* GLib sources */

static int countdown;

static gboolean count_source(gpointer opaque)
{
    return --countdown > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean count_watch(QIOChannel *ioc, GIOCondition condition,
                            gpointer opaque)
{
    g_assert_true(opaque == &countdown);
    return count_source(NULL);
}

static void note_end(gpointer opaque)
{
    *(int *)opaque = -1;
}

static void run_main_loop(void)
{
    while (countdown > 0) {
        main_loop_wait(false);
    }
}

/* A source of GLib's is called like its callback, and labelled */
static void test_source(void)
{
    g_autofree char *text = g_strdup("chardev0");
    unsigned labels = event_loop_label_count();
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;

    countdown = 3;
    event_loop_source_add(g_idle_source_new(), count_source, NULL, text);
    memset(text, 'x', strlen(text));
    run_main_loop();
    info = query(0);
    s = get_source(info, "count_source", EVENT_LOOP_SOURCE_KIND_GLIB, 3);
    g_assert_cmpstr(s->label, ==, "chardev0");
    g_assert_true(s->has_callback);
    /* which the profiler holds, and nobody owns */
    g_assert_cmpint(event_loop_label_count(), ==, labels + 1);
}

/* A watch is called like its callback, and labelled like its channel */
static void test_watch(void)
{
    QIOChannel *ioc = QIO_CHANNEL(qio_channel_null_new());
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;

    qio_channel_set_name(ioc, "channel0");
    countdown = 3;
    qio_channel_add_watch(ioc, G_IO_OUT, count_watch, &countdown, note_end);
    run_main_loop();
    g_assert_cmpint(countdown, ==, -1);
    object_unref(OBJECT(ioc));
    info = query(0);
    s = get_source(info, "count_watch", EVENT_LOOP_SOURCE_KIND_GLIB, 3);
    g_assert_cmpstr(s->label, ==, "channel0");
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_abort);
    module_call_init(MODULE_INIT_QOM);
    g_test_init(&argc, &argv, NULL);

    add_test("/event-loop/names/threads", test_threads);
    add_test("/event-loop/names/caught", test_caught);
    add_test("/event-loop/names/churn", test_churn);
    add_test("/event-loop/names/coroutine", test_coroutine);
    add_test("/event-loop/names/part", test_part);
    add_test("/event-loop/names/estimate", test_estimate);
    add_test("/event-loop/names/source", test_source);
    add_test("/event-loop/names/watch", test_watch);
    return g_test_run();
}
