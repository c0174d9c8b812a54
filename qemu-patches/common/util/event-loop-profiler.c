/*
 * Event loop profiler: the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See include/qemu/event-loop-profiler.h for what it is for and what it
 * costs, and util/event-loop-profiler-int.h for who may read and write what.
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "qemu/rcu_queue.h"
#include "qemu/timer.h"
#include "qobject/json-writer.h"
#include "block/aio.h"
#include "event-loop-profiler-int.h"
#include "event-loop-clock.h"
#include "event-loop-image.h"

bool event_loop_profiling;
uint32_t event_loop_period;
uint64_t event_loop_since_ns;
uint64_t event_loop_since_ticks;
uint64_t event_loop_stall_ns = UINT64_MAX;

/* Protects changes of event_loop_threads; held for a few instructions */
static QemuMutex threads_lock;
EventLoopThreads event_loop_threads =
    QTAILQ_HEAD_INITIALIZER(event_loop_threads);

static uint32_t last_source_id;

/*
 * The running thread's loop.  Nothing here yields, so that a coroutine cannot
 * move to another thread between the look-up and the use of it.
 */
static __thread EventLoopThread *this_thread;

static void __attribute__((__constructor__)) event_loop_profiler_init(void)
{
    qemu_mutex_init(&threads_lock);
}

EventLoopStamp event_loop_profiler_stamp(void)
{
    return event_loop_ticks();
}

/* Backlogs */

EventLoopBacklog *event_loop_backlog_new(void)
{
    return g_new0(EventLoopBacklog, 1);
}

void event_loop_backlog_free(EventLoopBacklog *backlog)
{
    if (backlog) {
        g_free_rcu(backlog, rcu);
    }
}

/*
 * This comes before the bottom half is in the list, and the list is taken
 * before the backlog is forgotten: so it may be missed, if both happen at
 * once, but none is shown that is gone.
 */
EventLoopStamp event_loop_profiler_bh_queued(EventLoopBacklog *backlog)
{
    EventLoopStamp now = event_loop_ticks();

    if (qatomic_read_u64(&backlog->since) < elp_get(event_loop_since_ticks)) {
        qatomic_set_u64(&backlog->since, now);
    }
    return now;
}

uint64_t event_loop_ticks_to_ns(EventLoopStamp start, EventLoopStamp end)
{
    return end > start ? event_loop_clock_ns(end - start) : 0;
}

/*
 * What a reader must see at once is written between these. The fence of
 * the first comes before the clock is read: a dispatch that a reader took
 * for running ends later than it looked.
 */
static void write_begin(unsigned *seq)
{
    qatomic_set(seq, *seq + 1);
    /* Before what is written next.  Pairs with read_retry()'s. */
    smp_wmb();
}

static void write_end(unsigned *seq)
{
    /* After what was written.  Pairs with read_begin()'s. */
    smp_wmb();
    qatomic_set(seq, *seq + 1);
}

/* Sources */

static unsigned hash(const EventLoopThread *t, const EventLoopCallback *c)
{
    uint64_t key = (uintptr_t)c->address + (uintptr_t)c->name + c->kind;

    key ^= (c->label ? (uintptr_t)c->label : (uintptr_t)c->fd) << 20;
    return (key * 0x9e3779b97f4a7c15ull) >> (64 - t->table_bits);
}

/*
 * A wrapper gives the name of what it wraps with its own address, so that the
 * name tells sources apart, too: by its address, as literals are merged.
 */
static bool is_source(const EventLoopSource *s, const EventLoopCallback *c)
{
    return s->address == c->address && s->name == c->name &&
           s->label == c->label && s->kind == c->kind &&
           (c->label || s->fd == c->fd);
}

/* The slot of a source, or the one where it is to go */
static EventLoopSource **find_slot(EventLoopThread *t,
                                   const EventLoopCallback *c)
{
    unsigned mask = (1u << t->table_bits) - 1;
    unsigned i = hash(t, c);

    while (t->table[i] && !is_source(t->table[i], c)) {
        i = (i + 1) & mask;
    }
    return &t->table[i];
}

static void grow_table(EventLoopThread *t)
{
    EventLoopSource *s;

    g_free(t->table);
    t->table_bits++;
    t->table = g_new0(EventLoopSource *, 1u << t->table_bits);
    QSIMPLEQ_FOREACH(s, &t->sources, next) {
        EventLoopCallback c = {
            .kind = s->kind,
            .address = s->address,
            .name = s->name,
            .label = s->label,
            .fd = s->fd,
        };

        *find_slot(t, &c) = s;
    }
}

static char *source_json(const EventLoopSource *s)
{
    g_autoptr(JSONWriter) writer = json_writer_new(false);
    g_autofree char *callback = event_loop_image_address(s->address);
    const char *json;

    json_writer_start_object(writer, NULL);
    json_writer_int64(writer, "id", s->id);
    json_writer_str(writer, "kind", EventLoopSourceKind_str(s->kind));
    json_writer_str(writer, "name", event_loop_source_name(s));
    if (s->label) {
        json_writer_str(writer, "label", s->label);
    }
    if (callback) {
        json_writer_str(writer, "callback", callback);
    }
    json_writer_end_object(writer);
    json = json_writer_get(writer);

    /* more members follow */
    return g_strndup(json, strlen(json) - 1);
}

static EventLoopSource *new_source(EventLoopThread *t,
                                   const EventLoopCallback *c)
{
    EventLoopSource *s = g_new0(EventLoopSource, 1);

    s->address = c->address;
    s->name = c->name;
    s->label = event_loop_label_ref(c->label);
    s->kind = c->kind;
    s->fd = c->fd;
    s->id = qatomic_inc_fetch(&last_source_id);
    s->remainder = c->address == g_main_context_dispatch;
    s->json = source_json(s);
    t->source_count++;
    return s;
}

/* A source's first dispatch */
static EventLoopSource *add_source(EventLoopThread *t,
                                   const EventLoopCallback *c)
{
    EventLoopSource *s;

    if (t->source_count >= EVENT_LOOP_SOURCES_MAX) {
        s = t->other[c->kind];
        if (!s) {
            EventLoopCallback other = { .kind = c->kind, .fd = -1 };

            s = t->other[c->kind] = new_source(t, &other);
            QSIMPLEQ_INSERT_TAIL_RCU(&t->sources, s, next);
        }
        return s;
    }
    s = new_source(t, c);
    QSIMPLEQ_INSERT_TAIL_RCU(&t->sources, s, next);
    if (t->source_count * 2 > (1u << t->table_bits)) {
        grow_table(t);
    } else {
        *find_slot(t, c) = s;
    }
    return s;
}

static EventLoopSource *find_source(EventLoopThread *t,
                                    const EventLoopCallback *c)
{
    EventLoopSource *s = *find_slot(t, c);

    if (unlikely(!s)) {
        return add_source(t, c);
    }
    if (unlikely(s->fd != c->fd)) {
        qatomic_set(&s->fd, c->fd);
    }
    return s;
}

static void free_source(EventLoopSource *s)
{
    event_loop_label_unref(s->label);
    g_free((char *)s->json);
    g_free(s);
}

static void drop_sources(EventLoopThread *t)
{
    EventLoopSource *s, *tmp;

    QSIMPLEQ_FOREACH_SAFE(s, &t->sources, next, tmp) {
        call_rcu(s, free_source, rcu);
    }
}

/* Threads */

static void free_thread(EventLoopThread *t)
{
    event_loop_label_unref(t->name);
    g_free(t);
}

static void thread_exit(Notifier *notifier, void *data)
{
    EventLoopThread *t = container_of(notifier, EventLoopThread,
                                      exit_notifier);

    WITH_QEMU_LOCK_GUARD(&threads_lock) {
        QTAILQ_REMOVE_RCU(&event_loop_threads, t, next);
    }
    this_thread = NULL;
    drop_sources(t);
    g_free(t->table);
    call_rcu(t, free_thread, rcu);
}

static char *thread_name(void)
{
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
    t->thread_id = qemu_get_thread_id();
#ifdef CONFIG_LINUX
    pthread_getcpuclockid(pthread_self(), &t->cpu_clock);
#endif
}

static EventLoopThread *new_thread(const char *name, AioContext *ctx)
{
    EventLoopThread *t = g_new0(EventLoopThread, 1);

    t->name = event_loop_label_new(name);
    if (ctx) {
        t->ctx = ctx;
        t->backlog = ctx->backlog;
    }
    identify_thread(t);
    QSIMPLEQ_INIT(&t->sources);
    t->exit_notifier.notify = thread_exit;
    qemu_thread_atexit_add(&t->exit_notifier);
    WITH_QEMU_LOCK_GUARD(&threads_lock) {
        QTAILQ_INSERT_TAIL_RCU(&event_loop_threads, t, next);
    }
    this_thread = t;
    return t;
}

void event_loop_register(const char *name, AioContext *ctx)
{
    if (!this_thread) {
        new_thread(name, ctx);
    }
}

/* A thread's first hook in a period of profiling */
static EventLoopThread *begin_period(EventLoopThread *t)
{
    EventLoopStamp now;

    if (!t) {
        g_autofree char *name = thread_name();

        t = new_thread(name, NULL);
    }

    drop_sources(t);
    g_free(t->table);
    t->table_bits = 6;
    t->table = g_new0(EventLoopSource *, 1u << t->table_bits);
    t->source_count = 0;
    memset(t->other, 0, sizeof(t->other));

    write_begin(&t->seq);
    /* not QSIMPLEQ_INIT(): readers may be on their way along the list */
    t->sources.sqh_last = &t->sources.sqh_first;
    qatomic_set(&t->sources.sqh_first, NULL);
    now = event_loop_ticks();
    qatomic_set(&t->depth, 0);
    qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
    elp_set(t->since_ns, get_clock());
    elp_set(t->state_since, now);
    elp_set(t->iterations, 0);
    elp_set(t->dispatches, 0);
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
    /* After all of that.  Pairs with event_loop_is_seen(). */
    qatomic_store_release(&t->period, qatomic_read(&event_loop_period));
    write_end(&t->seq);
    t->woken = now;
    t->batch_depth = -1;
    t->batch = 0;
    return t;
}

static inline EventLoopThread *current_thread(void)
{
    EventLoopThread *t = this_thread;

    if (unlikely(!t || t->period != qatomic_read(&event_loop_period))) {
        return begin_period(t);
    }
    return t;
}

EventLoopThread *event_loop_current_thread(void)
{
    return current_thread();
}

/* Overruns */

static void G_GNUC_NO_INLINE add_overrun(EventLoopThread *t,
                                         EventLoopSource *source,
                                         EventLoopStamp start,
                                         EventLoopStamp end)
{
    EventLoopOverrun *overrun =
        &t->overruns[t->overrun_count % EVENT_LOOP_OVERRUNS];

    qatomic_set(&overrun->source, source);
    elp_set(overrun->start, start);
    elp_set(overrun->end, end);
    /* After the overrun.  Pairs with drain_overruns()'s. */
    smp_wmb();
    event_loop_add(&t->overrun_count, 1);
}

/*
 * A dispatch that others are nested in is the one that the loop waited for.
 * What the main loop does otherwise is none of its callbacks.
 */
static bool is_outermost(const EventLoopThread *t, unsigned depth)
{
    return !depth || (depth == 1 && t->stack[0].source->remainder);
}

/* Dispatches */

void event_loop_profiler_begin(EventLoopDispatch *dispatch,
                               const EventLoopCallback *callback,
                               EventLoopStamp ready, int64_t late_ns)
{
    EventLoopThread *t = current_thread();
    EventLoopSource *s = find_source(t, callback);
    unsigned depth = t->depth;
    EventLoopStamp start;

    if (callback->fd >= 0) {
        ready = t->woken;
    } else if (unlikely(ready < elp_get(event_loop_since_ticks))) {
        /* stamped in an earlier period, or not at all */
        ready = 0;
    }

    write_begin(&t->seq);
    start = t->batch ?: event_loop_ticks();
    if (depth < EVENT_LOOP_STACK_MAX) {
        EventLoopFrame *frame = &t->stack[depth];

        /* Pairs with event_loop_read(), which may see a new source here */
        qatomic_store_release(&frame->source, s);
        elp_set(frame->start, start);
        elp_set(frame->nested_ns, 0);
    }
    /* After the frame.  Pairs with event_loop_read(). */
    qatomic_store_release(&t->depth, depth + 1);
    qatomic_set(&t->state, EVENT_LOOP_STATE_DISPATCHING);
    elp_set(t->state_since, start);
    write_end(&t->seq);

    dispatch->thread = t;
    dispatch->source = s;
    dispatch->start = start;
    dispatch->woken = t->woken;
    dispatch->period = t->period;
    dispatch->delay_ns = ready ? event_loop_ticks_to_ns(ready, start) + late_ns
                               : -1;
    t->batch = 0;
}

void event_loop_profiler_end(EventLoopDispatch *dispatch)
{
    EventLoopThread *t = dispatch->thread;
    EventLoopSource *s = dispatch->source;
    unsigned depth = t->depth - 1;
    uint64_t total_ns, nested_ns = 0, busy_ns, ns;
    int64_t delay_ns = dispatch->delay_ns;
    EventLoopStamp end;

    if (unlikely(t->period != dispatch->period)) {
        /* profiling was stopped and started, and the source is gone */
        return;
    }

    write_begin(&t->seq);
    end = event_loop_ticks();
    total_ns = event_loop_ticks_to_ns(dispatch->start, end);
    if (likely(depth < EVENT_LOOP_STACK_MAX)) {
        nested_ns = t->stack[depth].nested_ns;
    }
    busy_ns = total_ns > nested_ns ? total_ns - nested_ns : 0;

    qatomic_set(&t->depth, depth);
    event_loop_add(&t->dispatches, 1);
    if (likely(!depth)) {
        event_loop_add(&t->dispatch_ns, total_ns);
        qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
        elp_set(t->state_since, end);
    } else if (depth <= EVENT_LOOP_STACK_MAX) {
        EventLoopFrame *frame = &t->stack[depth - 1];

        event_loop_add(&frame->nested_ns, total_ns);
        elp_set(t->state_since, frame->start);
    }

    ns = unlikely(s->remainder) ? busy_ns : total_ns;
    write_begin(&s->seq);
    elp_set(s->last, end);
    event_loop_add(&s->total_ns, total_ns);
    event_loop_add(&s->busy_ns, busy_ns);
    if (ns > s->max_ns) {
        elp_set(s->max_ns, ns);
    }
    /* A call that is counted has its time.  Pairs with read_source(). */
    smp_wmb();
    event_loop_add(&s->histogram[event_loop_bucket(ns)], 1);
    if (delay_ns >= 0) {
        event_loop_add(&s->delay_ns, delay_ns);
        if (delay_ns > s->delay_max_ns) {
            elp_set(s->delay_max_ns, delay_ns);
        }
        /* A delay that is counted has its call.  Pairs with read_source(). */
        smp_wmb();
        event_loop_add(&s->delay_histogram[event_loop_bucket(delay_ns)], 1);
    }
    write_end(&s->seq);
    if (unlikely(ns >= qatomic_read_u64(&event_loop_stall_ns)) &&
        is_outermost(t, depth)) {
        add_overrun(t, s, dispatch->start, end);
    }
    write_end(&t->seq);

    t->woken = dispatch->woken;
    t->batch = t->batch_depth == depth ? end : 0;
}

void event_loop_profiler_dispatch(const EventLoopCallback *callback,
                                  EventLoopStamp ready, int64_t late_ns,
                                  void (*cb)(void *), void *opaque)
{
    EventLoopDispatch dispatch;

    event_loop_profiler_begin(&dispatch, callback, ready, late_ns);
    cb(opaque);
    event_loop_profiler_end(&dispatch);
}

void event_loop_profiler_batch_begin(void)
{
    EventLoopThread *t = current_thread();

    t->batch_depth = t->depth;
    t->batch = 0;
}

void event_loop_profiler_bh_batch_begin(EventLoopBacklog *backlog)
{
    /* who queues reads it, from other CPUs */
    if (qatomic_read_u64(&backlog->since)) {
        qatomic_set_u64(&backlog->since, 0);
    }
    event_loop_profiler_batch_begin();
}

void event_loop_profiler_batch_end(void)
{
    EventLoopThread *t = current_thread();

    t->batch_depth = -1;
    t->batch = 0;
}

/* The loop's own time */

static void enter_state(EventLoopThread *t, EventLoopState state)
{
    write_begin(&t->seq);
    qatomic_set(&t->state, state);
    elp_set(t->state_since, event_loop_ticks());
    write_end(&t->seq);
}

/*
 * Back to what the loop did before, and the time goes to @counter.  Within a
 * dispatch it is part of that, whatever the nested loop does.
 */
static void leave_state(EventLoopThread *t, EventLoopState state,
                        uint64_t *counter)
{
    EventLoopStamp now;

    if (unlikely(t->state != state)) {
        /* profiling was started in the middle of it */
        return;
    }
    write_begin(&t->seq);
    now = event_loop_ticks();
    if (!t->depth) {
        uint64_t ns = event_loop_ticks_to_ns(t->state_since, now);

        event_loop_add(counter, ns);
        if (state == EVENT_LOOP_STATE_BQL_WAIT &&
            ns >= qatomic_read_u64(&event_loop_stall_ns)) {
            add_overrun(t, NULL, t->state_since, now);
        }
        qatomic_set(&t->state, EVENT_LOOP_STATE_RUNNING);
        elp_set(t->state_since, now);
    } else {
        unsigned top = MIN(t->depth, EVENT_LOOP_STACK_MAX) - 1;

        qatomic_set(&t->state, EVENT_LOOP_STATE_DISPATCHING);
        elp_set(t->state_since, t->stack[top].start);
    }
    write_end(&t->seq);
    t->woken = now;
}

void event_loop_profiler_wait_begin(int64_t timeout_ns)
{
    EventLoopThread *t = current_thread();

    elp_set(t->timeout_ns, timeout_ns);
    enter_state(t, EVENT_LOOP_STATE_WAITING);
}

void event_loop_profiler_wait_end(void)
{
    EventLoopThread *t = current_thread();

    leave_state(t, EVENT_LOOP_STATE_WAITING, &t->wait_ns);
}

void event_loop_profiler_poll_begin(void)
{
    enter_state(current_thread(), EVENT_LOOP_STATE_POLLING);
}

void event_loop_profiler_poll_end(bool hit)
{
    EventLoopThread *t = current_thread();

    leave_state(t, EVENT_LOOP_STATE_POLLING, &t->poll_ns);
    event_loop_add(hit ? &t->poll_hits : &t->poll_misses, 1);
}

/* The thread waits for the big lock, if it is an event loop */
void event_loop_profiler_bql_state(EventLoopThread *t, bool waits)
{
    EventLoopStamp woken = t->woken;

    if (!t->ctx) {
        /* a thread that only takes the lock has no time of its own */
        return;
    }
    if (waits) {
        enter_state(t, EVENT_LOOP_STATE_BQL_WAIT);
    } else {
        leave_state(t, EVENT_LOOP_STATE_BQL_WAIT, &t->bql_wait_ns);
        /* what was ready then is as late as it waited for the lock */
        t->woken = woken;
    }
}

void event_loop_profiler_iteration(int64_t poll_max_ns)
{
    EventLoopThread *t = current_thread();

    if (!t->depth) {
        event_loop_add(&t->iterations, 1);
        elp_set(t->poll_max_ns, poll_max_ns);
    }
}

/* Start and stop */

void event_loop_set_stall_threshold(uint64_t ns)
{
    qatomic_set_u64(&event_loop_stall_ns, ns);
}

uint64_t event_loop_stall_threshold(void)
{
    return qatomic_read_u64(&event_loop_stall_ns);
}

void event_loop_profiler_start(void)
{
    EventLoopThread *t;
    uint64_t ticks;

    assert(!event_loop_profiling);
    event_loop_clock_init();
    event_loop_image_init();

    WITH_QEMU_LOCK_GUARD(&threads_lock) {
        if (this_thread) {
            /* it may be the child of the process that registered it */
            identify_thread(this_thread);
        }
        event_loop_clock_now(&ticks, &event_loop_since_ns);
        elp_set(event_loop_since_ticks, ticks);
        qatomic_set(&event_loop_period, event_loop_period + 1);
        qatomic_set(&event_loop_profiling, true);
        QTAILQ_FOREACH(t, &event_loop_threads, next) {
            if (t->ctx) {
                aio_notify(t->ctx);
            }
        }
    }
    if (bql_locked()) {
        event_loop_profiler_bql_taken();
    }
}

void event_loop_profiler_stop(void)
{
    qatomic_set(&event_loop_profiling, false);
}
