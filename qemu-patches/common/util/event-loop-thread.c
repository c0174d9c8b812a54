/*
 * Event loop profiler: the records of threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-label.h"
#include "qemu/lockable.h"
#include "qemu/memalign.h"
#include "qemu/rcu_queue.h"
#include "qobject/json-writer.h"
#include "event-loop-clock.h"
#include "event-loop-draw.h"
#include "event-loop-name.h"
#include "event-loop-source.h"

/* Protects changes of event_loop_threads; held for a few instructions */
static QemuMutex threads_lock;
EventLoopThreads event_loop_threads =
    QTAILQ_HEAD_INITIALIZER(event_loop_threads);
static uint64_t last_thread_number;

EventLoopThread event_loop_nobody;
__thread EventLoopThread *event_loop_this_thread = &event_loop_nobody;

#ifndef __x86_64__
EventLoopThread *G_GNUC_NO_INLINE event_loop_thread_now(void)
{
    /* not merged with a call before */
    asm volatile("");
    return event_loop_this_thread;
}
#endif

static void __attribute__((__constructor__)) event_loop_thread_init(void)
{
    qemu_mutex_init(&threads_lock);
}

static void free_thread(EventLoopThread *t)
{
    event_loop_label_unref(t->name);
    g_free((char *)t->json);
    qemu_vfree(t);
}

/* Its record, and what it counted, are gone */
static void forget_thread(EventLoopThread *t)
{
    WITH_QEMU_LOCK_GUARD(&threads_lock) {
        QTAILQ_REMOVE_RCU(&event_loop_threads, t, next);
    }
    event_loop_drop_sources(QSIMPLEQ_FIRST(&t->sources));
    g_free(t->table);
    call_rcu(t, free_thread, rcu);
}

static void thread_exit(gpointer t)
{
    event_loop_this_thread = &event_loop_nobody;
    event_loop_counted = NULL;
    forget_thread(t);
}

/*
 * Threads that take the big lock need not be QEMU's own: libraries have
 * theirs, whose end qemu_thread_atexit_add() does not tell.
 */
static GPrivate thread_end = G_PRIVATE_INIT(thread_exit);

static char *thread_name(void)
{
    const char *own = event_loop_own_name();

    if (own) {
        return g_strdup(own);
    }
    /* one of a library */
#ifdef CONFIG_LINUX
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/comm",
                                            qemu_get_thread_id());
    char *name;

    if (g_file_get_contents(path, &name, NULL, NULL)) {
        return g_strchomp(name);
    }
#endif
    return g_strdup("thread");
}

static void identify_thread(EventLoopThread *t)
{
    g_autoptr(JSONWriter) writer = json_writer_new(false);
    const char *json;

    t->thread_id = qemu_get_thread_id();
#ifdef CONFIG_LINUX
    pthread_getcpuclockid(pthread_self(), &t->cpu_clock);
#endif
    json_writer_start_object(writer, NULL);
    json_writer_int64(writer, "thread-id", t->thread_id);
    json_writer_str(writer, "name", t->name);
    json_writer_end_object(writer);
    json = json_writer_get(writer);
    g_free((char *)t->json);
    /* more members follow */
    t->json = g_strndup(json, strlen(json) - 1);
}

static EventLoopThread *new_thread(const char *name, AioContext *ctx)
{
    EventLoopThread *t = qemu_memalign(__alignof__(EventLoopThread),
                                       sizeof(EventLoopThread));

    memset(t, 0, sizeof(*t));
    t->top = t->stack;
    t->name = event_loop_label_new(name);
    if (ctx) {
        t->ctx = ctx;
        t->backlogs[0] = ctx->backlog;
    }
    identify_thread(t);
    QSIMPLEQ_INIT(&t->sources);
    g_private_set(&thread_end, t);
    WITH_QEMU_LOCK_GUARD(&threads_lock) {
        t->number = ++last_thread_number;
        QTAILQ_INSERT_TAIL_RCU(&event_loop_threads, t, next);
    }
    event_loop_this_thread = t;
    return t;
}

void event_loop_register(const char *name, AioContext *ctx)
{
    event_loop_name_thread(name);
    if (event_loop_this_thread != &event_loop_nobody) {
        if (event_loop_this_thread->ctx) {
            return;
        }
        /* it was caught dispatching before it became a loop */
        forget_thread(event_loop_this_thread);
    }
    new_thread(name, ctx);
}

void event_loop_register_context(AioContext *ctx)
{
    EventLoopThread *t = event_loop_this_thread;

    if (t->backlogs[0] && !t->backlogs[1]) {
        /* With what is in it.  Pairs with oldest_stamp(). */
        qatomic_store_release(&t->backlogs[1], ctx->backlog);
    }
}

EventLoopThread *event_loop_begin_period(EventLoopThread *t)
{
    EventLoopSource *old;
    EventLoopTicks now;
    uint32_t period;
    unsigned i;

    if (t == &event_loop_nobody) {
        g_autofree char *name = thread_name();

        t = new_thread(name, NULL);
    }
    /* Pairs with begin_profiling() */
    period = qatomic_load_acquire(&event_loop_globals.period);
    now = event_loop_ticks(period);

    event_loop_write_begin(&t->seq);
    /*
     * Not QSIMPLEQ_INIT(): readers may be on their way along the list.  They
     * are unlinked before they are given to RCU.
     */
    old = QSIMPLEQ_FIRST(&t->sources);
    t->sources.sqh_last = &t->sources.sqh_first;
    qatomic_set(&t->sources.sqh_first, NULL);
    qatomic_set(&t->top, t->stack);
    for (i = 0; i < EVENT_LOOP_STACK_MAX; i++) {
        elp_set(t->stack[i].start, 0);
        elp_set(t->stack[i].nested_ns, 0);
        t->stack[i].woken = 0;
    }
    qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
    elp_set(t->since_ns, get_clock());
    elp_set(t->state_since, now);
    elp_set(t->iterations, 0);
    elp_set(t->dropped_calls, 0);
    elp_set(t->wait_ns, 0);
    elp_set(t->poll_ns, 0);
    elp_set(t->dispatch_ns, 0);
    elp_set(t->bql_wait_ns, 0);
    elp_set(t->poll_hits, 0);
    elp_set(t->poll_misses, 0);
    elp_set(t->poll_max_ns, 0);
    elp_set(t->overrun_count, 0);
    elp_set(t->bql.held_since, 0);
    elp_set(t->bql.wait_since, 0);
    elp_set(t->bql.holds, 0);
    elp_set(t->bql.held_ns, 0);
    elp_set(t->bql.waits, 0);
    elp_set(t->bql.wait_ns, 0);
    event_loop_draw_init(t, now);
    qatomic_cmpxchg(&t->mark.state, EVENT_LOOP_MARK_SET, EVENT_LOOP_MARK_NONE);
    /* After all of that.  Pairs with event_loop_is_seen(). */
    qatomic_store_release(&t->period, period);
    event_loop_write_end(&t->seq);

    event_loop_drop_sources(old);
    event_loop_init_sources(t);
    t->woken = now;
    t->fresh = 0;
    t->batch_frame = NULL;
    elp_set(t->batch, 0);
    t->bql.timed = false;
    t->bql.left = 0;
    t->bql.weight = 1;
    t->bql.drawn = 0;
    return t;
}

void event_loop_identify_child(void)
{
    EventLoopThread *t = event_loop_this_thread;

    if (t != &event_loop_nobody && t->thread_id != qemu_get_thread_id()) {
        event_loop_name_child();
        identify_thread(t);
    }
}

void event_loop_wake_all(void)
{
    EventLoopThread *t;

    QEMU_LOCK_GUARD(&threads_lock);
    QTAILQ_FOREACH(t, &event_loop_threads, next) {
        if (t->ctx) {
            aio_notify(t->ctx);
        }
    }
}
