/*
 * Event loop profiler tests: what has to be played to be seen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interleavings of threads, and numbers that take days to be reached; by way of
 * the profiler's own header files.
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
#include "util/event-loop-profiler-int.h"
#include "util/event-loop-reader.h"

/* far above what a busy machine takes from what does nothing */
#define LONG_NS (500 * SCALE_MS)

static AioContext *ctx;

static void nothing(void *opaque)
{
}

/* One dispatch of the source with this label */
static void dispatch(const char *label)
{
    event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "nothing", label, -1, 0,
                        nothing, NULL);
}

static void begin(EventLoopDispatch *d, const char *name)
{
    event_loop_dispatch_begin(d, EVENT_LOOP_SOURCE_KIND_GLIB, nothing, name,
                              NULL, -1);
}

static void run_in_thread(void *(*run)(void *), void *opaque)
{
    QemuThread thread;

    qemu_thread_create(&thread, "other", run, opaque, QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
}

/* Dispatches that do not end where or when they should */

static void *end_elsewhere(void *opaque)
{
    EventLoopDispatch d;

    /* it has a record of its own, and a dispatch in it */
    begin(&d, "elsewhere");
    event_loop_dispatch_end(opaque);
    g_assert_cmpint(event_loop_depth(event_loop_current_thread()), ==, 1);
    event_loop_dispatch_end(&d);
    g_assert_cmpint(event_loop_depth(event_loop_current_thread()), ==, 0);
    return NULL;
}

/* A callback that yields and goes on in another thread */
static void test_ends_elsewhere(void)
{
    EventLoopThread *t = event_loop_current_thread();
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopDispatch outer, inner;

    begin(&outer, "outer");
    begin(&inner, "inner");
    run_in_thread(end_elsewhere, &inner);
    g_assert_cmpint(event_loop_depth(t), ==, 2);
    event_loop_dispatch_end(&outer);
    g_assert_cmpint(event_loop_depth(t), ==, 0);

    info = query(0);
    get_source(info, "outer", EVENT_LOOP_SOURCE_KIND_GLIB, 1);
    g_assert_null(this_loop(info)->stack);
}

/* A callback that yields, and goes on after what it was nested in */
static void test_ends_late(void)
{
    EventLoopThread *t = event_loop_current_thread();
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopDispatch outer, inner, next, nested;

    begin(&outer, "outer");
    begin(&inner, "inner");
    event_loop_dispatch_end(&outer);
    /* not nested in anything */
    event_loop_dispatch_end(&inner);
    g_assert_cmpint(event_loop_depth(t), ==, 0);

    begin(&outer, "outer");
    begin(&inner, "inner");
    event_loop_dispatch_end(&outer);
    begin(&next, "next");
    begin(&nested, "nested");
    /* in another dispatch's frame */
    event_loop_dispatch_end(&inner);
    g_assert_cmpint(event_loop_depth(t), ==, 2);
    event_loop_dispatch_end(&nested);
    event_loop_dispatch_end(&next);
    g_assert_cmpint(event_loop_depth(t), ==, 0);

    info = query(0);
    get_source(info, "outer", EVENT_LOOP_SOURCE_KIND_GLIB, 2);
    get_source(info, "next", EVENT_LOOP_SOURCE_KIND_GLIB, 1);
    get_source(info, "nested", EVENT_LOOP_SOURCE_KIND_GLIB, 1);
    g_assert_cmpint(this_loop(info)->dispatches, ==, 4);
}

/* A callback that is left by siglongjmp(), again and again */
static void test_never_ends(void)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopDispatch outer, inner;
    int i;

    for (i = 0; i < 1000; i++) {
        begin(&outer, "outer");
        begin(&inner, "inner");
        event_loop_dispatch_end(&outer);
    }
    g_assert_cmpint(event_loop_depth(t), ==, 0);

    /* more deeply than is shown */
    begin(&outer, "outer");
    for (i = 0; i < 1000; i++) {
        begin(&inner, "inner");
    }
    qapi_free_EventLoopsInfo(query(0));
    event_loop_dispatch_end(&outer);
    g_assert_cmpint(event_loop_depth(t), ==, 0);
}

/* Sources */

static EventLoopSource *get_internal(const char *label)
{
    EventLoopThread *t = event_loop_current_thread();
    EventLoopSource *s;

    QSIMPLEQ_FOREACH(s, &t->sources, next) {
        if (s->label == label) {
            return s;
        }
    }
    g_assert_not_reached();
}

/* Numbers in a bucket that are greater than fits in */
static void test_carry(void)
{
    const char *label = event_loop_label_new("carry");
    const uint64_t many = 1ull << 32;
    EventLoopSourceView view;
    EventLoopSource *s;
    uint64_t all;
    int i;

    dispatch(label);
    s = get_internal(label);
    /* whichever bucket it is going to be */
    for (i = 0; i < EVENT_LOOP_BUCKETS; i++) {
        s->histograms[EVENT_LOOP_HISTOGRAM_TIME][i] = UINT32_MAX;
    }
    s->max_ns = s->busy_ns = UINT64_MAX / 2;
    all = (uint64_t)EVENT_LOOP_BUCKETS * UINT32_MAX;
    for (i = 0; i < 1000; i++) {
        dispatch(label);
        event_loop_read_source(s, &view);
        g_assert_cmpint(view.calls, ==, ++all);
    }
    g_assert_nonnull(s->carry);

    /* stopped in the middle, before the bucket was cleared, and after */
    for (i = 0; i < EVENT_LOOP_BUCKETS; i++) {
        if ((*s->carry)[EVENT_LOOP_HISTOGRAM_TIME][i]) {
            break;
        }
    }
    g_assert_cmpint((*s->carry)[EVENT_LOOP_HISTOGRAM_TIME][i], ==, 2);
    (*s->carry)[EVENT_LOOP_HISTOGRAM_TIME][i] = 3;
    s->histograms[EVENT_LOOP_HISTOGRAM_TIME][i] = UINT32_MAX;
    event_loop_read_source(s, &view);
    g_assert_cmpint(view.histogram[i], ==, many + UINT32_MAX);
    s->histograms[EVENT_LOOP_HISTOGRAM_TIME][i] = 0;
    event_loop_read_source(s, &view);
    g_assert_cmpint(view.histogram[i], ==, 2 * many);
    event_loop_label_unref(label);
}

static unsigned count_sources(const EventLoopsInfo *info)
{
    const EventLoopSourceInfoList *l;
    unsigned n = 0;

    for (l = this_loop((EventLoopsInfo *)info)->sources; l; l = l->next) {
        n++;
    }
    return n;
}

/* Sources of devices that are gone end, and their labels with them */
static void test_sources_end(void)
{
    const char *lasting = event_loop_label_new("lasting");
    unsigned before = event_loop_label_count();
    g_autoptr(EventLoopsInfo) info = NULL;
    uint32_t id;
    int i;

    event_loop_expiry.ended_ns = 0;
    dispatch(lasting);
    info = query(0);
    id = this_loop(info)->sources->value->id;
    for (i = 0; i < 20000; i++) {
        g_autofree char *text = g_strdup_printf("device%d", i);
        const char *label = event_loop_label_new(text);

        dispatch(label);
        /* a label may have several sources, whose end it is all the same */
        event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_FD_READ, "nothing", label,
                            3, 0, nothing, NULL);
        event_loop_label_unref(label);
    }
    /* they are freed some at a time */
    for (i = 0; i < 100 && event_loop_label_count() >= before + 1000; i++) {
        drain_call_rcu();
    }
    /* what ended last waits for others, to be freed with them */
    g_assert_cmpint(event_loop_label_count(), <, before + 1000);

    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(count_sources(info), <, 100);
    g_assert_null(find_source(this_loop(info), "(other)"));
    /* whose label is in use is there, however long ago it dispatched */
    g_assert_cmpint(this_loop(info)->sources->value->id, ==, id);
    dispatch(lasting);
    g_assert_cmpint(get_internal(lasting)->id, ==, id);
    event_loop_expiry.ended_ns = 60 * NANOSECONDS_PER_SECOND;
    event_loop_label_unref(lasting);
}

/* A source that runs, or stalled just now, is not dropped */
static void test_sources_in_use(void)
{
    const char *running = event_loop_label_new("running");
    const char *stalled = event_loop_label_new("stalled");
    EventLoopDispatch d;
    EventLoopSource *s[2];
    int i;

    dispatch(running);
    event_loop_set_stall_threshold(0);
    dispatch(stalled);
    event_loop_set_stall_threshold(UINT64_MAX);
    s[0] = get_internal(running);
    s[1] = get_internal(stalled);
    event_loop_dispatch_begin(&d, EVENT_LOOP_SOURCE_KIND_BH, nothing,
                              "nothing", running, -1);
    event_loop_label_unref(running);
    event_loop_label_unref(stalled);
    event_loop_expiry.ended_ns = 0;
    for (i = 0; i < 1000; i++) {
        g_autofree char *text = g_strdup_printf("device%d", i);
        const char *label = event_loop_label_new(text);

        dispatch(label);
        event_loop_label_unref(label);
    }
    drain_call_rcu();
    g_assert_true(get_internal(running) == s[0]);
    g_assert_true(get_internal(stalled) == s[1]);
    event_loop_dispatch_end(&d);
    event_loop_expiry.ended_ns = 60 * NANOSECONDS_PER_SECOND;
}

/* When there is no room, those make some that have not been seen for long */
static void test_room(void)
{
    EventLoopThread *t = event_loop_current_thread();
    const char *labels[EVENT_LOOP_SOURCES_MAX + 2];
    g_autoptr(EventLoopsInfo) info = NULL;
    int i;

    for (i = 0; i < ARRAY_SIZE(labels); i++) {
        g_autofree char *text = g_strdup_printf("label%d", i);

        labels[i] = event_loop_label_new(text);
        dispatch(labels[i]);
    }
    info = query(0);
    g_assert_cmpint(count_sources(info), ==, EVENT_LOOP_SOURCES_MAX + 1);
    get_source(info, "(other)", EVENT_LOOP_SOURCE_KIND_BH, 2);

    /* as long as it may take to come here */
    event_loop_expiry.pause_ns = 600 * NANOSECONDS_PER_SECOND;
    event_loop_expiry.idle_ns = 0;
    dispatch(labels[EVENT_LOOP_SOURCES_MAX]);
    /* it takes a while each time, and is not done again so soon */
    g_assert_cmpint(t->source_count, ==, EVENT_LOOP_SOURCES_MAX);
    event_loop_expiry.pause_ns = 0;
    dispatch(labels[EVENT_LOOP_SOURCES_MAX]);
    g_assert_cmpint(t->source_count, ==, 1);
    g_assert_cmpint(get_internal(labels[EVENT_LOOP_SOURCES_MAX])->id, >,
                    EVENT_LOOP_SOURCES_MAX);
    event_loop_expiry.idle_ns = 600 * NANOSECONDS_PER_SECOND;
    event_loop_expiry.pause_ns = 10 * NANOSECONDS_PER_SECOND;
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    /* what it has counted stays */
    get_source(info, "(other)", EVENT_LOOP_SOURCE_KIND_BH, 3);
    for (i = 0; i < ARRAY_SIZE(labels); i++) {
        event_loop_label_unref(labels[i]);
    }
}

/* Threads */

typedef struct Foreign {
    pthread_t thread;
    int64_t thread_id;
    QemuEvent taken;
    QemuEvent end;
} Foreign;

static void *foreign_thread(void *opaque)
{
    Foreign *foreign = opaque;

    foreign->thread_id = qemu_get_thread_id();
    event_loop_bql_taken();
    event_loop_bql_released();
    qemu_event_set(&foreign->taken);
    qemu_event_wait(&foreign->end);
    return NULL;
}

static bool takes_bql(const EventLoopsInfo *info, int64_t thread_id)
{
    EventLoopBqlThreadList *l;

    for (l = info->bql ? info->bql->threads : NULL; l; l = l->next) {
        if (l->value->thread_id == thread_id) {
            return true;
        }
    }
    return false;
}

/* A thread that a library made is forgotten when it ends, like all others */
static void test_foreign_thread(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    Foreign foreign;

    qemu_event_init(&foreign.taken, false);
    qemu_event_init(&foreign.end, false);
    g_assert_cmpint(pthread_create(&foreign.thread, NULL, foreign_thread,
                                   &foreign), ==, 0);
    qemu_event_wait(&foreign.taken);
    info = query(0);
    g_assert_true(takes_bql(info, foreign.thread_id));
    qemu_event_set(&foreign.end);
    pthread_join(foreign.thread, NULL);
    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_false(takes_bql(info, foreign.thread_id));
    qemu_event_destroy(&foreign.taken);
    qemu_event_destroy(&foreign.end);
}

static void *become_loop(void *opaque)
{
    AioContext *other = aio_context_new(&error_abort);
    g_autoptr(EventLoopsInfo) info = NULL;

    rcu_register_thread();
    dispatch(NULL);
    event_loop_register("becoming", other);
    /* it is, and remains one */
    event_loop_register("again", other);
    event_loop_iteration(0);
    info = query(0);
    g_assert_cmpstr(this_loop(info)->name, ==, "becoming");
    g_assert_true(this_loop(info)->has_state);
    rcu_unregister_thread();
    return other;
}

/* It dispatched before it was known as a loop */
static void test_becomes_loop(void)
{
    QemuThread thread;

    qemu_thread_create(&thread, "caught", become_loop, NULL,
                       QEMU_THREAD_JOINABLE);
    aio_context_unref(qemu_thread_join(&thread));
}

/* Readers */

/* Writers that were stopped, however many, are waited for once */
static void test_patience(void)
{
    EventLoopThread *t = event_loop_current_thread();
    unsigned patience = 2;
    EventLoopView view;

    t->seq++;
    event_loop_read(t, &view, &patience);
    g_assert_false(view.stable);
    g_assert_cmpint(patience, ==, 0);
    event_loop_read(t, &view, &patience);
    g_assert_false(view.stable);
    g_assert_cmpint(patience, ==, 0);
    t->seq++;
    event_loop_read(t, &view, &patience);
    g_assert_true(view.stable);
}

/*
 * A thread that loses its CPU where a dispatch is about to begin: the time is
 * going to be that dispatch's, and is not shown as its caller's meanwhile
 */
static void test_before_dispatch(void)
{
    const int64_t ns = LONG_NS;
    EventLoopThread *t = event_loop_current_thread();
    unsigned patience = 0;
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopDispatch outer;
    EventLoopTicks start;
    EventLoopView view;

    begin(&outer, "outer");
    event_loop_batch_begin();
    dispatch(NULL);
    spin(ns);
    info = query(0);
    g_assert_cmpint(find_source(this_loop(info), "outer")->busy_ns, <, ns);
    dispatch(NULL);
    event_loop_batch_end();

    /* in the middle of its beginning */
    start = t->stack[0].start;
    t->stack[0].start = 0;
    event_loop_read(t, &view, &patience);
    g_assert_false(view.stable);
    g_assert_cmpint(view.stack[0].start, ==, view.now);
    t->stack[0].start = start;
    event_loop_dispatch_end(&outer);

    qapi_free_EventLoopsInfo(info);
    info = query(0);
    g_assert_cmpint(find_source(this_loop(info), "outer")->busy_ns, <, ns);
    g_assert_cmpint(find_source(this_loop(info), "nothing")->busy_ns, >=,
                    ns * 0.999);
}

/* While a reader is stopped, what others show is not of an earlier period */
static void test_reader_stopped(void)
{
    int64_t ns = LONG_NS;
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopDispatch d;
    uint64_t sequence;

    begin(&d, "long");
    spin(ns);
    event_loop_dispatch_end(&d);
    info = query(0);
    g_assert_cmpint(this_loop(info)->dispatch_ns, >=, ns);
    sequence = info->sequence;
    qapi_free_EventLoopsInfo(info);

    event_loop_profiler_stop();
    event_loop_profiler_start();
    g_assert_true(event_loop_lock_readers());
    dispatch(NULL);
    info = query(0);
    g_assert_cmpint(this_loop(info)->dispatch_ns, <, ns);
    g_assert_cmpint(info->sequence, ==, sequence);
    event_loop_unlock_readers();
}

/* Delays */

/* The source of this name has one delay more, and this is how long it is */
static int64_t delay_of(const char *name, uint64_t calls)
{
    static uint64_t before;
    g_autoptr(EventLoopsInfo) info = query(0);
    EventLoopSourceInfo *s = find_source(this_loop(info), name);
    int64_t delay;

    g_assert_nonnull(s);
    g_assert_cmpint(histogram_sum(s->delay_histogram), ==, calls);
    delay = s->delay_ns - (calls > 1 ? before : 0);
    before = s->delay_ns;
    return delay;
}

static void count_bh(void *opaque)
{
    (*(int *)opaque)++;
}

static void timer_cb(void *opaque)
{
}

/* A timer for a time long past is late from when it was armed */
static void test_timer_in_the_past(void)
{
    const int64_t ns = 10 * SCALE_MS, slack_ns = NANOSECONDS_PER_SECOND;
    QEMUTimer timer;
    int64_t delay;

    /* the host may be a day old, or this test's CPU be taken for a while */
    g_assert_cmpint(qemu_clock_get_ns(QEMU_CLOCK_REALTIME), >, 3 * slack_ns);
    aio_timer_init(ctx, &timer, QEMU_CLOCK_REALTIME, SCALE_NS, timer_cb, NULL);
    timer_mod(&timer, 1);
    spin(ns);
    poll_all();
    delay = delay_of("timer_cb", 1);
    g_assert_cmpint(delay, >=, ns * 0.999);
    g_assert_cmpint(delay, <, slack_ns);

    /* and it is late from its deadline, if that comes later */
    timer_mod(&timer, qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + 5 * ns);
    spin(6 * ns);
    poll_all();
    delay = delay_of("timer_cb", 2);
    g_assert_cmpint(delay, >=, ns * 0.9);

    /* armed before the period, which is as long as it can be late */
    timer_mod(&timer, 1);
    spin(slack_ns / 10);
    event_loop_profiler_stop();
    event_loop_profiler_start();
    poll_all();
    g_assert_cmpint(delay_of("timer_cb", 1), <, slack_ns / 10);
}

/* A clock that is set by hand does not tell how late a timer is */
static void test_host_timer(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    QEMUTimer timer;

    aio_timer_init(ctx, &timer, QEMU_CLOCK_HOST, SCALE_NS, timer_cb, NULL);
    timer_mod(&timer, 1);
    poll_all();
    info = query(0);
    g_assert_false(get_source(info, "timer_cb", EVENT_LOOP_SOURCE_KIND_TIMER,
                              1)->has_delay_ns);
}

static bool is_pending(void)
{
    g_autoptr(EventLoopsInfo) info = query(0);

    return this_loop(info)->has_bh_pending_since_ns;
}

/* Bottom halves that are not to run do not wait to be run */
static void test_cancelled(void)
{
    int count = 0;
    QEMUBH *bh = aio_bh_new(ctx, count_bh, &count);
    int64_t ns = LONG_NS;

    dispatch(NULL);
    g_assert_false(is_pending());
    qemu_bh_schedule(bh);
    g_assert_true(is_pending());
    qemu_bh_cancel(bh);
    g_assert_false(is_pending());

    /* it is in the list still, and late from now on */
    spin(ns);
    qemu_bh_schedule(bh);
    g_assert_true(is_pending());
    poll_all();
    g_assert_cmpint(count, ==, 1);
    g_assert_cmpint(delay_of("count_bh", 1), <, ns);

    qemu_bh_schedule(bh);
    qemu_bh_delete(bh);
    g_assert_false(is_pending());
    poll_all();
    bh = aio_bh_new(ctx, count_bh, &count);
    qemu_bh_delete(bh);
    g_assert_false(is_pending());
    poll_all();
    g_assert_cmpint(count, ==, 1);
}

/* The main thread has a second context, of QMP commands among others */
static void test_second_context(void)
{
    AioContext *iohandler = iohandler_get_aio_context();
    int count = 0;

    dispatch(NULL);
    g_assert_false(is_pending());
    aio_bh_schedule_oneshot(iohandler, count_bh, &count);
    g_assert_true(is_pending());
    aio_bh_poll(iohandler);
    g_assert_cmpint(count, ==, 1);
    g_assert_false(is_pending());
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);
    ctx = qemu_get_aio_context();

    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-internals/ends-elsewhere", test_ends_elsewhere);
    add_test("/event-loop-internals/ends-late", test_ends_late);
    add_test("/event-loop-internals/never-ends", test_never_ends);
    add_test("/event-loop-internals/carry", test_carry);
    add_test("/event-loop-internals/sources-end", test_sources_end);
    add_test("/event-loop-internals/sources-in-use", test_sources_in_use);
    add_test("/event-loop-internals/room", test_room);
    add_test("/event-loop-internals/foreign-thread", test_foreign_thread);
    add_test("/event-loop-internals/becomes-loop", test_becomes_loop);
    add_test("/event-loop-internals/patience", test_patience);
    add_test("/event-loop-internals/before-dispatch", test_before_dispatch);
    add_test("/event-loop-internals/reader-stopped", test_reader_stopped);
    add_test("/event-loop-internals/timer-in-the-past",
             test_timer_in_the_past);
    add_test("/event-loop-internals/host-timer", test_host_timer);
    add_test("/event-loop-internals/cancelled", test_cancelled);
    add_test("/event-loop-internals/second-context", test_second_context);
    return g_test_run();
}
