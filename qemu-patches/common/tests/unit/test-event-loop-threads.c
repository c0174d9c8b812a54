/*
 * Event loop profiler tests: loops in several threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "block/aio-wait.h"
#include "event-loop-info.h"
#include "iothread.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"

typedef struct Work {
    QEMUBH *bh;
    bool stop;
} Work;

typedef struct Reader {
    QemuThread thread;
    int64_t thread_id;
    uint64_t calls;
    bool has_read;
    bool stop;
} Reader;

static void *reader_thread(void *opaque)
{
    Reader *reader = opaque;
    uint64_t calls = 0, busy_ns = 0, wait_ns = 0, since = 0;

    rcu_register_thread();
    while (!qatomic_read(&reader->stop)) {
        g_autoptr(EventLoopsInfo) info = query(since);
        EventLoopInfo *loop = find_loop(info, reader->thread_id);
        EventLoopSourceInfo *s;

        since = info->sequence;
        if (!loop) {
            continue;
        }
        s = find_source(loop, "again_bh");
        if (s) {
            assert_source(s);
            g_assert_cmpint(s->calls, >=, calls);
            reader->calls = calls = s->calls;
            qatomic_set(&reader->has_read, calls > 0);
        }
        if (!info->has_stalls) {
            /*
             * the other reader lost its CPU in the middle: then nobody
             * remembers how much of what goes on was shown
             */
            continue;
        }
        g_assert_cmpint(loop->wait_ns, >=, wait_ns);
        wait_ns = loop->wait_ns;
        if (s) {
            g_assert_cmpint(s->busy_ns, >=, busy_ns);
            busy_ns = s->busy_ns;
        }
    }
    rcu_unregister_thread();
    return NULL;
}

static void again_bh(void *opaque)
{
    Work *work = opaque;

    if (!qatomic_read(&work->stop)) {
        qemu_bh_schedule(work->bh);
    }
}

static void thread_id_bh(void *opaque)
{
    *(int64_t *)opaque = qemu_get_thread_id();
}

/* Each read of a source belongs together, while its loop goes on */
static void test_concurrent_reader(void)
{
    IOThread *iothread = iothread_new();
    AioContext *other = iothread_get_aio_context(iothread);
    Reader reader[2] = { };
    Work work = { };
    int64_t thread_id;
    int i;

    aio_wait_bh_oneshot(other, thread_id_bh, &thread_id);
    work.bh = aio_bh_new(other, again_bh, &work);
    qemu_bh_schedule(work.bh);
    for (i = 0; i < 2; i++) {
        reader[i].thread_id = thread_id;
        qemu_thread_create(&reader[i].thread, "reader", reader_thread,
                           &reader[i], QEMU_THREAD_JOINABLE);
    }
    g_usleep(2 * G_USEC_PER_SEC);
    for (i = 0; i < 2; i++) {
        /* however late it gets a CPU */
        while (!qatomic_read(&reader[i].has_read)) {
            g_usleep(1000);
        }
    }
    qatomic_set(&work.stop, true);

    /* a loop that ends while it is read */
    aio_wait_bh_oneshot(other, thread_id_bh, &thread_id);
    qemu_bh_delete(work.bh);
    iothread_join(iothread);
    for (i = 0; i < 2; i++) {
        qatomic_set(&reader[i].stop, true);
        qemu_thread_join(&reader[i].thread);
        g_assert_cmpint(reader[i].calls, >, 0);
    }
}

/* A loop is gone when its thread is, and those after it are as they were */
static void test_loop_ends(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    int64_t thread_id[2];
    IOThread *iothread[2];
    int i;

    for (i = 0; i < 2; i++) {
        iothread[i] = iothread_new();
        aio_wait_bh_oneshot(iothread_get_aio_context(iothread[i]),
                            thread_id_bh, &thread_id[i]);
    }
    info = query(0);
    g_assert_nonnull(find_loop(info, thread_id[0]));
    g_assert_nonnull(find_loop(info, thread_id[1]));
    qapi_free_EventLoopsInfo(info);
    iothread_join(iothread[0]);
    info = query(0);
    g_assert_null(find_loop(info, thread_id[0]));
    g_assert_nonnull(find_loop(info, thread_id[1]));
    iothread_join(iothread[1]);
}

static void count_bh(void *opaque)
{
    (*(int *)opaque)++;
}

typedef struct OtherThread {
    QemuThread thread;
    int64_t thread_id;
    EventLoopsInfo *info;
} OtherThread;

static void *dispatch_for_main(void *opaque)
{
    OtherThread *other = opaque;

    rcu_register_thread();
    other->thread_id = qemu_get_thread_id();
    aio_bh_poll(qemu_get_aio_context());
    other->info = query(0);
    rcu_unregister_thread();
    return NULL;
}

/*
 * Who holds the big lock may dispatch for the main context: the time is that
 * of the thread, not of the context
 */
static void test_other_thread(void)
{
    OtherThread other;
    EventLoopSourceInfo *s;
    EventLoopInfo *loop;
    int count = 0;

    poll_all();
    aio_bh_schedule_oneshot(qemu_get_aio_context(), count_bh, &count);
    qemu_thread_create(&other.thread, "vcpu", dispatch_for_main, &other,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&other.thread);

    g_assert_cmpint(count, ==, 1);
    loop = find_loop(other.info, other.thread_id);
    g_assert_nonnull(loop);
    s = find_source(loop, "count_bh");
    g_assert_cmpint(s->calls, ==, 1);
    g_assert_null(find_source(this_loop(other.info), "count_bh"));
    g_assert_false(loop->has_state);
    g_assert_true(this_loop(other.info)->has_state);
    qapi_free_EventLoopsInfo(other.info);
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_fatal);

    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-threads/other-thread", test_other_thread);
    add_test("/event-loop-threads/loop-ends", test_loop_ends);
    add_test("/event-loop-threads/concurrent-reader",
             test_concurrent_reader);
    return g_test_run();
}
