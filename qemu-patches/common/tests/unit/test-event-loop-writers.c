/*
 * Event loop profiler tests: who waits until a descriptor can be written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-info.h"
#include "io/channel-util.h"
#include "qapi/error.h"
#include "qemu/event-loop-compat.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-writer.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/sockets.h"
#include "qemu/thread.h"
#include "qemu/timer.h"

/* So many are noted, and so many are listed */
#define WRITERS_MAX 1024
#define LISTED_MAX 64

#define N_THREADS 4
#define N_ROUNDS 2000

/* Two ends: nobody reads what is written to ours */
typedef struct Pair {
    int ours;
    int theirs;
} Pair;

static void pair_init(Pair *pair)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    pair->ours = fds[0];
    pair->theirs = fds[1];
    qemu_set_blocking(pair->ours, false, NULL);
    qemu_set_blocking(pair->theirs, false, NULL);
}

static void pair_cleanup(Pair *pair)
{
    close(pair->ours);
    close(pair->theirs);
}

static void fill(int fd)
{
    static const char block[4096];

    while (write(fd, block, sizeof(block)) > 0) {
        /* more */
    }
    g_assert_cmpint(errno, ==, EAGAIN);
}

static void drain(int fd)
{
    char block[4096];

    while (read(fd, block, sizeof(block)) > 0) {
        /* more */
    }
}

static EventLoopWriterInfo *find_writer(EventLoopsInfo *info, int fd)
{
    EventLoopWriterInfoList *l;

    for (l = info->writers; l; l = l->next) {
        if (l->value->fd == fd) {
            return l->value;
        }
    }
    return NULL;
}

/* Asserts who waits to write to @fd. Returns since when */
static uint64_t get_since(int fd, const char *name, const char *label)
{
    g_autoptr(EventLoopsInfo) info = query(0);
    EventLoopWriterInfo *writer = find_writer(info, fd);

    g_assert_nonnull(writer);
    g_assert_cmpstr(writer->name, ==, name);
    g_assert_cmpstr(writer->label, ==, label);
    g_assert_cmpint(writer->since_ns, <=, info->time_ns);
    return writer->since_ns;
}

static void assert_none(int fd)
{
    g_autoptr(EventLoopsInfo) info = query(0);

    g_assert_null(find_writer(info, fd));
}

static void read_nothing(void *opaque)
{
}

/* Writes as much as there is room for, and waits for more */
static void write_all(void *opaque)
{
    Pair *pair = opaque;

    fill(pair->ours);
}

static void set_handler(Pair *pair, IOHandler *io_read, IOHandler *io_write,
                        const char *label)
{
    aio_set_fd_handler_full(qemu_get_aio_context(), pair->ours, io_read,
                            io_write, NULL, NULL, pair, "read_nothing",
                            "write_all", NULL, label);
}

/* It is known from when it is armed until it is not, whatever else is set */
static void test_armed(void)
{
    const char *label = event_loop_label_new("chr0");
    Pair pair;
    uint64_t before, since;

    pair_init(&pair);
    fill(pair.ours);
    set_handler(&pair, read_nothing, NULL, label);
    assert_none(pair.ours);
    before = get_clock();
    set_handler(&pair, NULL, write_all, label);
    since = get_since(pair.ours, "write_all", "chr0");
    g_assert_cmpint(since, >=, before);
    set_handler(&pair, read_nothing, write_all, label);
    poll_all();
    g_assert_cmpint(get_since(pair.ours, "write_all", "chr0"), ==, since);
    set_handler(&pair, read_nothing, NULL, label);
    assert_none(pair.ours);
    set_handler(&pair, NULL, write_all, NULL);
    g_assert_cmpint(get_since(pair.ours, "write_all", NULL), >, since);
    set_handler(&pair, NULL, NULL, NULL);
    assert_none(pair.ours);
    event_loop_label_unref(label);
    pair_cleanup(&pair);
}

/* One that could write, and waits for more, waits since then */
static void test_ready(void)
{
    Pair pair;
    uint64_t armed, since;

    pair_init(&pair);
    fill(pair.ours);
    set_handler(&pair, NULL, write_all, NULL);
    armed = get_since(pair.ours, "write_all", NULL);
    poll_all();
    g_assert_cmpint(get_since(pair.ours, "write_all", NULL), ==, armed);
    drain(pair.theirs);
    poll_all();
    since = get_since(pair.ours, "write_all", NULL);
    g_assert_cmpint(since, >, armed);
    poll_all();
    g_assert_cmpint(get_since(pair.ours, "write_all", NULL), ==, since);
    set_handler(&pair, NULL, NULL, NULL);
    pair_cleanup(&pair);
}

static void run_main_context(void)
{
    while (g_main_context_iteration(NULL, false)) {
        /* again */
    }
}

/* Takes what comes, and writes what there is room for */
static gboolean channel_cb(QIOChannel *ioc, GIOCondition condition,
                           gpointer opaque)
{
    Pair *pair = opaque;

    drain(pair->ours);
    fill(pair->ours);
    return G_SOURCE_CONTINUE;
}

/* The same of a channel's watch, which is not ready because it can be read */
static void test_watch(void)
{
    QIOChannel *ioc;
    Pair pair;
    uint64_t armed;
    guint tag;

    pair_init(&pair);
    fill(pair.ours);
    ioc = qio_channel_new_fd(pair.ours, &error_abort);
    qio_channel_set_name(ioc, "chardev-chr0");
    tag = qio_channel_add_watch(ioc, G_IO_IN, channel_cb, &pair, NULL);
    assert_none(pair.ours);
    g_source_remove(tag);
    tag = qio_channel_add_watch(ioc, G_IO_IN | G_IO_OUT, channel_cb, &pair,
                                NULL);
    armed = get_since(pair.ours, "channel_cb", "chardev-chr0");
    g_assert_cmpint(write(pair.theirs, "x", 1), ==, 1);
    run_main_context();
    g_assert_cmpint(get_since(pair.ours, "channel_cb", "chardev-chr0"), ==,
                    armed);
    drain(pair.theirs);
    run_main_context();
    g_assert_cmpint(get_since(pair.ours, "channel_cb", "chardev-chr0"), >,
                    armed);
    g_source_remove(tag);
    assert_none(pair.ours);
    object_unref(OBJECT(ioc));
    close(pair.theirs);
}

/* Those that wait longest are listed, oldest first; the table has an end */
static void test_many(void)
{
    static EventLoopWriter *writers[WRITERS_MAX];
    g_autoptr(EventLoopsInfo) info = NULL;
    EventLoopWriterInfoList *l;
    int n = 0;

    for (int i = 0; i < WRITERS_MAX; i++) {
        writers[i] = event_loop_writer_new("many", NULL, i);
        g_assert_nonnull(writers[i]);
    }
    g_assert_null(event_loop_writer_new("many", NULL, WRITERS_MAX));
    /* the first one is the youngest now */
    event_loop_writer_ready(writers[0]);
    event_loop_writer_ready(NULL);
    event_loop_writer_free(NULL);
    info = query(0);
    for (l = info->writers; l; l = l->next) {
        g_assert_cmpint(l->value->fd, ==, ++n);
    }
    g_assert_cmpint(n, ==, LISTED_MAX);
    for (int i = 0; i < WRITERS_MAX; i++) {
        event_loop_writer_free(writers[i]);
    }
    assert_none(1);
}

typedef struct Churn {
    QemuThread thread;
    int number;
    int *running;
} Churn;

static void *churn(void *opaque)
{
    Churn *churn = opaque;
    g_autofree char *text = g_strdup_printf("label%d", churn->number);

    for (int i = 0; i < N_ROUNDS; i++) {
        const char *label = event_loop_label_new(text);
        EventLoopWriter *writer = event_loop_writer_new("churn", label,
                                                        churn->number);

        event_loop_writer_ready(writer);
        event_loop_label_unref(label);
        event_loop_writer_free(writer);
    }
    qatomic_dec(churn->running);
    return NULL;
}

/* A reader sees what is one's only, while they come and go */
static void test_threads(void)
{
    Churn churns[N_THREADS];
    int running = N_THREADS;

    for (int i = 0; i < N_THREADS; i++) {
        churns[i].number = i;
        churns[i].running = &running;
        qemu_thread_create(&churns[i].thread, "churn", churn, &churns[i],
                           QEMU_THREAD_JOINABLE);
    }
    while (qatomic_read(&running)) {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopWriterInfoList *l;

        for (l = info->writers; l; l = l->next) {
            g_autofree char *text = g_strdup_printf("label%d", l->value->fd);

            g_assert_cmpstr(l->value->name, ==, "churn");
            g_assert_cmpstr(l->value->label, ==, text);
        }
    }
    for (int i = 0; i < N_THREADS; i++) {
        qemu_thread_join(&churns[i].thread);
    }
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_abort);
    module_call_init(MODULE_INIT_QOM);
    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop-writers/armed", test_armed);
    add_test("/event-loop-writers/ready", test_ready);
    add_test("/event-loop-writers/watch", test_watch);
    add_test("/event-loop-writers/many", test_many);
    add_test("/event-loop-writers/threads", test_threads);
    return g_test_run();
}
