/*
 * Event loop profiler tests: what requests of the block layer wait for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/block.h"
#include "block/block-copy.h"
#include "block/block_int.h"
#include "block/thread-pool.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qemu/event-loop-command.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-request.h"
#include "qemu/main-loop.h"
#include "qobject/qdict.h"
#include "system/block-backend.h"

/* How long requests to the slow node take; nanoseconds */
#define LATENCY "20000000"

/* A node, and a BlockBackend of it */
typedef struct Disk {
    BlockDriverState *bs;
    BlockBackend *blk;
    unsigned done;
    char buffer[512];
    QEMUIOVector qiov;
} Disk;

/* Takes @options */
static void open_options(Disk *disk, QDict *options)
{
    disk->done = 0;
    disk->bs = bdrv_open(NULL, NULL, options, BDRV_O_RDWR, &error_abort);
    disk->blk = blk_new_with_bs(disk->bs, BLK_PERM_ALL, BLK_PERM_ALL,
                                &error_abort);
    qemu_iovec_init_buf(&disk->qiov, disk->buffer, sizeof(disk->buffer));
}

static void open_disk(Disk *disk, const char *latency)
{
    QDict *options = qdict_new();

    qdict_put_str(options, "driver", "null-co");
    qdict_put_str(options, "node-name", "disk0");
    qdict_put_str(options, "latency-ns", latency);
    open_options(disk, options);
}

static void close_disk(Disk *disk)
{
    blk_unref(disk->blk);
    bdrv_unref(disk->bs);
}

static void done_cb(void *opaque, int ret)
{
    Disk *disk = opaque;

    g_assert_cmpint(ret, ==, 0);
    disk->done++;
}

static void wait_done(Disk *disk, unsigned n)
{
    while (disk->done < n) {
        aio_poll(qemu_get_aio_context(), true);
    }
}

/* So that there is something to be flushed */
static void write_disk(Disk *disk)
{
    blk_aio_pwritev(disk->blk, 0, &disk->qiov, 0, done_cb, disk);
    wait_done(disk, 1);
}

/* How many requests of the node are in the stage */
static unsigned count_stage(EventLoopRequestStage stage)
{
    g_autoptr(EventLoopsInfo) info = query(0);
    EventLoopNodeStageList *l;

    g_assert_nonnull(info->nodes);
    g_assert_null(info->nodes->next);
    g_assert_cmpstr(info->nodes->value->node, ==, "disk0");
    for (l = info->nodes->value->stages; l; l = l->next) {
        if (l->value->stage == stage) {
            return l->value->count;
        }
    }
    return 0;
}

static uint64_t completed(void)
{
    g_autoptr(EventLoopsInfo) info = query(0);

    g_assert_nonnull(info->nodes);
    g_assert_cmpint(info->nodes->value->in_flight, ==, 0);
    return info->nodes->value->completed;
}

/* Each is one request of the node, whatever it is */
static void test_types(void)
{
    static const EventLoopRequestType types[] = {
        EVENT_LOOP_REQUEST_TYPE_READ, EVENT_LOOP_REQUEST_TYPE_WRITE,
        EVENT_LOOP_REQUEST_TYPE_FLUSH,
    };
    Disk disk;
    int i;

    open_disk(&disk, LATENCY);
    write_disk(&disk);
    blk_aio_preadv(disk.blk, 0, &disk.qiov, 0, done_cb, &disk);
    blk_aio_pwritev(disk.blk, 0, &disk.qiov, 0, done_cb, &disk);
    blk_aio_flush(disk.blk, done_cb, &disk);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        unsigned seen = 0;
        EventLoopRequestList *l;

        for (l = info->requests; l; l = l->next) {
            for (i = 0; i < ARRAY_SIZE(types); i++) {
                if (l->value->type == types[i]) {
                    seen |= 1 << i;
                }
            }
            g_assert_cmpint(l->value->stage, ==,
                            EVENT_LOOP_REQUEST_STAGE_DRIVER);
        }
        g_assert_cmpint(seen, ==, 7);
        g_assert_cmpstr(info->nodes->value->driver, ==, "null-co");
        g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_DRIVER), ==, 3);
    }
    wait_done(&disk, 4);
    g_assert_cmpint(completed(), ==, 4);
    close_disk(&disk);
}

static void test_drained(void)
{
    Disk disk;

    open_disk(&disk, "0");
    bdrv_drained_begin(disk.bs);
    blk_aio_preadv(disk.blk, 0, &disk.qiov, 0, done_cb, &disk);
    blk_aio_flush(disk.blk, done_cb, &disk);
    g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_DRAINED), ==, 2);
    bdrv_drained_end(disk.bs);
    wait_done(&disk, 2);
    g_assert_cmpint(completed(), ==, 2);
    close_disk(&disk);
}

static void test_serialising(void)
{
    Disk disk;

    open_disk(&disk, LATENCY);
    blk_aio_pwritev(disk.blk, 0, &disk.qiov, BDRV_REQ_SERIALISING, done_cb,
                    &disk);
    blk_aio_pwritev(disk.blk, 0, &disk.qiov, 0, done_cb, &disk);
    g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_SERIALISING), ==, 1);
    g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_DRIVER), ==, 1);
    wait_done(&disk, 2);
    g_assert_cmpint(completed(), ==, 2);
    close_disk(&disk);
}

static void test_flush(void)
{
    Disk disk;

    open_disk(&disk, LATENCY);
    write_disk(&disk);
    blk_aio_flush(disk.blk, done_cb, &disk);
    blk_aio_flush(disk.blk, done_cb, &disk);
    g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_FLUSH), ==, 1);
    g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_DRIVER), ==, 1);
    wait_done(&disk, 3);
    g_assert_cmpint(completed(), ==, 3);
    close_disk(&disk);
}

/* Thread pools */

typedef struct Work {
    QemuSemaphore begun, go;
    EventLoopPlace *place;
    unsigned done;
} Work;

static int work_func(void *opaque)
{
    Work *work = opaque;

    qemu_sem_post(&work->begun);
    qemu_sem_wait(&work->go);
    return 0;
}

static void coroutine_fn work_entry(void *opaque)
{
    Work *work = opaque;
    EVENT_LOOP_REQUEST_GUARD(work->place, READ, 0, 0);

    thread_pool_submit_co(work_func, work);
    work->done++;
}

static void test_pool(void)
{
    AioContext *ctx = qemu_get_aio_context();
    Work work = { .place = event_loop_place_new("disk0") };
    int64_t max = ctx->thread_pool_max;
    int i;

    qemu_sem_init(&work.begun, 0);
    qemu_sem_init(&work.go, 0);
    aio_context_set_thread_pool_params(ctx, 0, 2, &error_abort);
    for (i = 0; i < 5; i++) {
        qemu_coroutine_enter(qemu_coroutine_create(work_entry, &work));
    }
    poll_all();
    qemu_sem_wait(&work.begun);
    qemu_sem_wait(&work.begun);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopRequestList *l;
        EventLoopPool *pool;

        g_assert_nonnull(info->pools);
        pool = info->pools->value;
        g_assert_cmpstr(pool->loop, ==, "main-loop");
        g_assert_cmpint(pool->max_threads, ==, 2);
        g_assert_cmpint(pool->threads, ==, 2);
        g_assert_cmpint(pool->idle, ==, 0);
        g_assert_cmpint(pool->queued, ==, 3);
        g_assert_true(pool->has_queued_since_ns);
        g_assert_true(pool->has_running_since_ns);
        g_assert_cmpint(pool->running_since_ns, <=, info->time_ns);
        g_assert_cmpint(pool->queued_since_ns, <=, info->time_ns);
        g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_WORKER), ==, 2);
        g_assert_cmpint(count_stage(EVENT_LOOP_REQUEST_STAGE_POOL), ==, 3);
        for (l = info->requests; l; l = l->next) {
            g_assert_true(l->value->has_thread_id ==
                          (l->value->stage ==
                           EVENT_LOOP_REQUEST_STAGE_WORKER));
        }
    }
    for (i = 0; i < 5; i++) {
        qemu_sem_post(&work.go);
    }
    /* no thread works on them any more, though their loop does not know yet */
    while (count_stage(EVENT_LOOP_REQUEST_STAGE_DRIVER) < 5) {
        g_usleep(100);
    }
    g_assert_cmpint(work.done, ==, 0);
    while (work.done < 5) {
        aio_poll(ctx, true);
    }
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_cmpint(info->pools->value->queued, ==, 0);
        g_assert_false(info->pools->value->has_queued_since_ns);
    }
    g_assert_cmpint(completed(), ==, 5);
    aio_context_set_thread_pool_params(ctx, 0, max, &error_abort);
    event_loop_place_free(work.place);
    qemu_sem_destroy(&work.begun);
    qemu_sem_destroy(&work.go);
}

/* Who works for whom */

static void put_child(QDict *options, const char *child, const char *node,
                      const char *latency)
{
    g_autofree char *driver = g_strconcat(child, ".driver", NULL);
    g_autofree char *name = g_strconcat(child, ".node-name", NULL);
    g_autofree char *latency_ns = g_strconcat(child, ".latency-ns", NULL);

    qdict_put_str(options, driver, "null-co");
    qdict_put_str(options, name, node);
    qdict_put_str(options, latency_ns, latency);
}

/* The requests that a driver has others do are parts of the one to it */
static void test_parts(void)
{
    QDict *options = qdict_new();
    Disk disk;

    qdict_put_str(options, "driver", "quorum");
    qdict_put_str(options, "node-name", "quorum0");
    qdict_put_str(options, "vote-threshold", "1");
    put_child(options, "children.0", "child0", LATENCY);
    put_child(options, "children.1", "child1", LATENCY);
    open_options(&disk, options);
    blk_aio_pwritev(disk.blk, 0, &disk.qiov, 0, done_cb, &disk);
    blk_aio_preadv(disk.blk, 0, &disk.qiov, 0, done_cb, &disk);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        unsigned parents = 0, children = 0;
        EventLoopRequestList *l, *p;

        for (l = info->requests; l; l = l->next) {
            for (p = info->requests; p; p = p->next) {
                if (l->value->has_parent && l->value->parent == p->value->id) {
                    g_assert_cmpstr(p->value->node, ==, "quorum0");
                    g_assert_cmpint(p->value->type, ==, l->value->type);
                    g_assert_true(g_str_has_prefix(l->value->node, "child"));
                    children++;
                }
            }
            parents += !l->value->has_parent;
        }
        g_assert_cmpint(parents, ==, 2);
        g_assert_cmpint(children, ==, 4);
    }
    wait_done(&disk, 2);
    close_disk(&disk);
}

/* A coroutine that does something to a node has its name */
static void test_label(void)
{
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopSourceInfo *s;
    Disk disk;

    open_disk(&disk, "0");
    g_assert_cmpint(bdrv_flush(disk.bs), ==, 0);
    info = query(0);
    s = find_source(this_loop(info), "bdrv_co_flush_entry");
    g_assert_nonnull(s);
    g_assert_cmpstr(s->label, ==, "disk0");
    close_disk(&disk);
}

/* A copy that a job wants to know of when it is done */
typedef struct Copy {
    BlockCopyState *state;
    BlockCopyCallState *call;
    bool done;
} Copy;

static void copied_cb(void *opaque)
{
    Copy *copy = opaque;

    g_assert_true(qemu_in_coroutine());
    g_assert_null(qemu_coroutine_label());
    copy->done = true;
}

static void coroutine_fn copy_entry(void *opaque)
{
    Copy *copy = opaque;

    g_assert_cmpstr(qemu_coroutine_label(), ==, "job0");
    copy->call = block_copy_async(copy->state, 0,
                                  block_copy_cluster_size(copy->state), 1, 0,
                                  copied_cb, copy);
}

/* Who copies has the job's label, but no longer when the job is told of it */
static void test_copy(void)
{
    const char *label = event_loop_label_new("job0");
    QDict *options = qdict_new();
    Disk source, target;
    Copy copy = { };

    open_disk(&source, "0");
    qdict_put_str(options, "driver", "null-co");
    open_options(&target, options);
    copy.state = block_copy_state_new((BdrvChild *)blk_root(source.blk),
                                      (BdrvChild *)blk_root(target.blk),
                                      source.bs, NULL, false, 0, &error_abort);
    qemu_coroutine_enter(qemu_coroutine_create_labelled(copy_entry, &copy,
                                                        label));
    while (!copy.done) {
        aio_poll(qemu_get_aio_context(), true);
    }
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopSourceInfo *s = find_source(this_loop(info),
                                             "block_copy_async_co_entry");

        g_assert_nonnull(s);
        g_assert_cmpstr(s->label, ==, "job0");
    }
    block_copy_call_free(copy.call);
    block_copy_state_free(copy.state);
    event_loop_label_unref(label);
    close_disk(&target);
    close_disk(&source);
}

/* Commands */

static void test_commands(void)
{
    EventLoopReceived *first = event_loop_command_begin("block_resize");
    EventLoopReceived *second = event_loop_command_begin(NULL);
    EventLoopReceived *ours = event_loop_command_begin("query-event-loops");

    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopCommand *command = info->commands->value;

        g_assert_cmpstr(command->name, ==, "block_resize");
        g_assert_cmpint(command->since_ns, <=, info->time_ns);
        command = info->commands->next->value;
        g_assert_cmpstr(command->name, ==, "(unknown)");
        g_assert_null(info->commands->next->next);
    }
    event_loop_command_end(ours);
    event_loop_command_end(first);
    event_loop_command_end(second);
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_false(info->has_commands);
    }

    /* one that was received before is not known */
    first = event_loop_command_begin("block_resize");
    event_loop_profiler_stop();
    g_assert_null(event_loop_command_begin("stop"));
    event_loop_profiler_start();
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_false(info->has_commands);
    }
    event_loop_command_end(first);
}

int main(int argc, char **argv)
{
    bdrv_init();
    qemu_init_main_loop(&error_abort);
    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop/block/types", test_types);
    add_test("/event-loop/block/drained", test_drained);
    add_test("/event-loop/block/serialising", test_serialising);
    add_test("/event-loop/block/flush", test_flush);
    add_test("/event-loop/block/pool", test_pool);
    add_test("/event-loop/block/parts", test_parts);
    add_test("/event-loop/block/label", test_label);
    add_test("/event-loop/block/copy", test_copy);
    add_test("/event-loop/block/commands", test_commands);
    return g_test_run();
}
