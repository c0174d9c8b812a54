/*
 * Event loop profiler: reading the counters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A snapshot is written as JSON text at once: ten thousand sources with their
 * histograms are half a million numbers, for which building a tree of QAPI
 * objects, a tree of QObjects and then text takes a hundred times as long.
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/rcu_queue.h"
#include "qemu/timer.h"
#include "qemu-version.h"
#include "event-loop-image.h"
#include "event-loop-json.h"
#include "event-loop-clock.h"
#include "event-loop-stall.h"

/* What a snapshot is made of, while it is made */
typedef struct Snapshot {
    GString *json;
    uint64_t sequence;
    uint64_t since;
    bool histograms;
    /* where @json is too long */
    size_t end;
    /* no other thread makes a snapshot: we may write what was shown */
    bool exclusive;
    EventLoopInstant now;
    /* see event_loop_read() */
    unsigned patience;
} Snapshot;

static uint64_t last_sequence;
/* the last snapshot that is done, of those that were made with the lock */
static uint64_t done_sequence;
/* number of the first snapshot of the present period */
static uint64_t first_sequence;
/* the period of what was shown; without the lock it may be an earlier one */
static uint32_t shown_period;

/* JSON */

/* At least one bucket must have something in it */
static void put_histogram(GString *json, const char *name,
                          const uint64_t *histogram, unsigned buckets)
{
    unsigned i;

    g_string_append(json, name);
    for (i = 0; i < buckets; i++) {
        if (histogram[i]) {
            put_pair(json, i, histogram[i]);
        }
    }
    /* the last pair's comma and space */
    g_string_truncate(json, json->len - 2);
    put(json, "]");
}

/* Counters */

/* Adds the state in progress to the time of its kind */
static void add_progress(EventLoopView *view)
{
    uint64_t *counter = NULL;
    EventLoopTicks since = view->state_since;

    if (!view->stable) {
        /* the counter may have it already */
        return;
    }
    view->dispatch_ns += view->counted_ns;
    if (view->depth) {
        if (view->stack[0].counted) {
            /* it is in that already */
            return;
        }
        counter = &view->dispatch_ns;
        since = view->stack[0].start;
    } else if (view->state == EVENT_LOOP_STATE_WAITING) {
        counter = &view->wait_ns;
    } else if (view->state == EVENT_LOOP_STATE_POLLING) {
        counter = &view->poll_ns;
    } else if (view->state == EVENT_LOOP_STATE_BQL_WAIT) {
        counter = &view->bql_wait_ns;
    }
    if (counter) {
        *counter += event_loop_ns(since, view->now);
    }
}

/*
 * Adds the source's dispatches in progress, unless one of them ended after
 * the loop was read: then the source's counters may have it already.
 */
static bool add_source_progress(const EventLoopView *loop,
                                const EventLoopSource *s,
                                EventLoopSourceView *view)
{
    uint64_t busy_ns = 0, total_ns = 0;
    bool running = false;
    uint64_t calls = view->calls;
    unsigned i;

    for (i = 0; i < loop->depth; i++) {
        const EventLoopViewFrame *frame = &loop->stack[i];
        uint64_t ns = event_loop_ns(frame->start, loop->now);
        uint64_t nested_ns = frame->nested_ns;

        if (frame->source != s) {
            continue;
        }
        if (i + 1 < loop->depth) {
            nested_ns += event_loop_ns(frame[1].start, loop->now);
        } else if (loop->batch) {
            /* what runs next begins there, and this must not shrink then */
            nested_ns += event_loop_ns(loop->batch, loop->now);
        }
        running = true;
        calls = frame->calls;
        total_ns += ns;
        busy_ns += ns > nested_ns ? ns - nested_ns : 0;
    }
    /* it has not ended before the source was read */
    if (running && view->calls == calls) {
        view->busy_ns += busy_ns;
        view->total_ns += total_ns;
    }
    return running;
}

/* The greater of what is and what was shown: counters only grow */
static uint64_t not_less(const Snapshot *snapshot, uint64_t *shown, uint64_t n)
{
    uint64_t last = elp_get(*shown);

    if (snapshot->exclusive) {
        n = MAX(n, last);
        elp_set(*shown, n);
        return n;
    }
    /* Pairs with begin_exclusive() */
    return qatomic_load_acquire(&shown_period) == snapshot->now.period
           ? MAX(n, elp_get(*shown)) : n;
}

/* Whether the source has dispatched since the snapshot that is asked for */
static bool source_is_new(const Snapshot *snapshot, EventLoopSource *s,
                          const EventLoopSourceView *view)
{
    if (!snapshot->exclusive) {
        return true;
    }
    if (s->shown.calls != view->calls) {
        s->shown.calls = view->calls;
        s->shown.sequence = snapshot->sequence;
    }
    return !snapshot->since || s->shown.sequence > snapshot->since;
}

static bool put_source(Snapshot *snapshot, const EventLoopView *loop, EventLoopSource *s,
                       bool first)
{
    GString *json = snapshot->json;
    EventLoopSourceView view;
    bool running, is_new;

    event_loop_read_source(s, &view);
    running = add_source_progress(loop, s, &view);
    is_new = source_is_new(snapshot, s, &view);
    if (!is_new && !running) {
        return false;
    }

    if (!first) {
        put(json, ", ");
    }
    g_string_append(json, s->json);
    if (qatomic_read(&s->fd) >= 0) {
        put_member(json, "fd", qatomic_read(&s->fd));
    }
    put_member(json, "calls", view.calls);
    put_member(json, "busy-ns",
               not_less(snapshot, &s->shown.busy_ns, view.busy_ns));
    put_member(json, "total-ns",
               not_less(snapshot, &s->shown.total_ns, view.total_ns));
    put_member(json, "max-ns", view.max_ns);
    if (view.delays) {
        put_member(json, "delay-ns", view.delay_ns);
        put_member(json, "delay-max-ns", view.delay_max_ns);
    }
    if (view.calls) {
        put_member(json, "last-ns",
                   event_loop_stamp_ns(&snapshot->now, view.last));
    }
    if (snapshot->histograms && view.calls) {
        put_histogram(json, ", \"histogram\": [", view.histogram,
                      view.buckets);
    }
    if (snapshot->histograms && view.delays) {
        put_histogram(json, ", \"delay-histogram\": [", view.delay_histogram,
                      view.delay_buckets);
    }
    put(json, "}");
    return true;
}

static void put_stack(const Snapshot *snapshot, const EventLoopView *view)
{
    GString *json = snapshot->json;
    unsigned first = event_loop_first_frame(view), i;

    put(json, ", \"stack\": [");
    for (i = first; i < view->depth; i++) {
        if (i > first) {
            put(json, ", ");
        }
        put_u64(json, view->stack[i].source->id);
    }
    put(json, "], \"stack-since-ns\": [");
    for (i = first; i < view->depth; i++) {
        if (i > first) {
            put(json, ", ");
        }
        put_u64(json, event_loop_stamp_ns(&snapshot->now,
                                          view->stack[i].start));
    }
    put(json, "]");
}

static void put_cpu_time(GString *json, const EventLoopThread *t)
{
#ifdef CONFIG_LINUX
    struct timespec ts;

    if (!clock_gettime(t->cpu_clock, &ts)) {
        put_member(json, "cpu-ns",
                   ts.tv_sec * NANOSECONDS_PER_SECOND + ts.tv_nsec);
    }
#endif
}

static void put_backlog(const Snapshot *snapshot, const EventLoopThread *t,
                        const EventLoopView *view)
{
    EventLoopTicks since = event_loop_pending_since(t, view);

    if (since) {
        put_member(snapshot->json, "bh-pending-since-ns",
                   event_loop_stamp_ns(&snapshot->now, since));
    }
}

static void put_loop(Snapshot *snapshot, EventLoopThread *t)
{
    GString *json = snapshot->json;
    /* a registered loop may not have come by a hook yet */
    bool seen = event_loop_is_seen(t);
    EventLoopView view = { };
    EventLoopSource *s;
    bool first = true;

    if (seen) {
        event_loop_read(t, &view, &snapshot->patience);
        event_loop_estimate(t, &view);
        add_progress(&view);
    }

    g_string_append(json, t->json);
    put_member(json, "since-ns",
               seen ? view.since_ns
                    : elp_get(event_loop_globals.since_ns));
    put_member(json, "iterations", view.iterations);
    put_member(json, "dispatches",
               not_less(snapshot, &t->shown.dispatches,
                        seen ? event_loop_dispatches(t) : 0));
    put_member(json, "wait-ns",
               not_less(snapshot, &t->shown.wait_ns, view.wait_ns));
    put_member(json, "poll-ns",
               not_less(snapshot, &t->shown.poll_ns, view.poll_ns));
    put_member(json, "poll-hits", view.poll_hits);
    put_member(json, "poll-misses", view.poll_misses);
    put_member(json, "dispatch-ns",
               not_less(snapshot, &t->shown.dispatch_ns, view.dispatch_ns));
    put_member(json, "bql-wait-ns",
               not_less(snapshot, &t->shown.bql_wait_ns, view.bql_wait_ns));
    put_member(json, "poll-max-ns", view.poll_max_ns);
    put_cpu_time(json, t);
    put_backlog(snapshot, t, &view);
    /* what a thread does that was caught dispatching is only known then */
    if (seen && (t->ctx || view.state != EVENT_LOOP_STATE_RUNNING)) {
        if (view.state == EVENT_LOOP_STATE_WAITING && view.timeout_ns > 0) {
            put_member(json, "timer-deadline-ns",
                       event_loop_stamp_ns(&snapshot->now, view.state_since) +
                       view.timeout_ns);
        }
        put_string(json, "state", EventLoopState_str(view.state));
        put_member(json, "state-since-ns",
                   event_loop_stamp_ns(&snapshot->now, view.state_since));
    }
    put_stack(snapshot, &view);
    put(json, ", \"sources\": [");
    if (seen) {
        QSIMPLEQ_FOREACH_RCU(s, &t->sources, next) {
            if (put_source(snapshot, &view, s, first)) {
                first = false;
                if (json->len > snapshot->end) {
                    return;
                }
            }
        }
    }
    put(json, "]}");
}

/* A counter, with the time since @since that it does not have yet */
static uint64_t read_interval(const Snapshot *snapshot,
                              const EventLoopThread *t,
                              const uint64_t *counter,
                              const EventLoopTicks *since,
                              EventLoopTicks *start)
{
    uint64_t ns = qatomic_read_u64(counter);

    /* Pairs with end_interval()'s */
    smp_rmb();
    *start = event_loop_held_since(t, qatomic_read_u64(since),
                                   snapshot->now.ticks);
    return *start ? ns + event_loop_ns(*start, snapshot->now.ticks)
                  : ns;
}

/* Returns since when the thread has the big lock; 0: it has not */
static EventLoopTicks put_bql_thread(const Snapshot *snapshot,
                                     EventLoopThread *t, bool first)
{
    GString *json = snapshot->json;
    EventLoopTicks held_since, wait_since;
    uint64_t held_ns = read_interval(snapshot, t, &t->bql.held_ns,
                                     &t->bql.held_since, &held_since);
    uint64_t wait_ns = read_interval(snapshot, t, &t->bql.wait_ns,
                                     &t->bql.wait_since, &wait_since);

    if (!first) {
        put(json, ", ");
    }
    g_string_append(json, t->json);
    put_member(json, "holds", elp_get(t->bql.holds));
    put_member(json, "held-ns",
               not_less(snapshot, &t->shown.bql_held_ns, held_ns));
    put_member(json, "waits", elp_get(t->bql.waits));
    put_member(json, "wait-ns",
               not_less(snapshot, &t->shown.bql_lock_wait_ns, wait_ns));
    if (wait_since) {
        put_member(json, "waiting-since-ns",
                   event_loop_stamp_ns(&snapshot->now, wait_since));
    }
    put(json, "}");
    return held_since;
}

/* Tools have no big lock, and nothing is said of it then */
static void put_bql(const Snapshot *snapshot)
{
    GString *json = snapshot->json;
    EventLoopTicks held_since = 0;
    int64_t holder = 0;
    bool first = true;
    EventLoopThread *t;

    QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
        if (event_loop_is_seen(t) &&
            (elp_get(t->bql.holds) || elp_get(t->bql.waits))) {
            EventLoopTicks since;

            if (first) {
                put(json, ", \"bql\": {\"threads\": [");
            }
            since = put_bql_thread(snapshot, t, first);
            first = false;
            /* it may have gone from one to the next while we looked */
            if (since > held_since) {
                held_since = since;
                holder = t->thread_id;
            }
        }
    }
    if (first) {
        return;
    }
    put(json, "]");
    if (held_since) {
        put_member(json, "holder-thread-id", holder);
        put_member(json, "held-since-ns",
                   event_loop_stamp_ns(&snapshot->now, held_since));
    }
    put(json, "}");
}

static void put_stalls(const Snapshot *snapshot)
{
    GString *json = snapshot->json;
    unsigned n, i;
    const EventLoopStallRecord *stalls = event_loop_stalls(&n);

    put_member(json, "stall-count", event_loop_stall_count());
    put(json, ", \"stalls\": [");
    for (i = 0; i < n; i++) {
        if (i) {
            put(json, ", ");
        }
        event_loop_stall_put(json, &snapshot->now, &stalls[i]);
    }
    put(json, "]");
}

/* Numbers the snapshot. The caller has the readers' lock. */
static void begin_exclusive(Snapshot *snapshot)
{
    EventLoopThread *t;

    uint32_t period = qatomic_read(&event_loop_globals.period);

    if (shown_period != period) {
        first_sequence = last_sequence + 1;
        QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
            elp_set(t->shown.dispatches, 0);
            elp_set(t->shown.wait_ns, 0);
            elp_set(t->shown.poll_ns, 0);
            elp_set(t->shown.dispatch_ns, 0);
            elp_set(t->shown.bql_wait_ns, 0);
            elp_set(t->shown.bql_held_ns, 0);
            elp_set(t->shown.bql_lock_wait_ns, 0);
        }
        /* After what was shown before.  Pairs with not_less(). */
        qatomic_store_release(&shown_period, period);
    }
    snapshot->sequence = ++last_sequence;
    if (snapshot->since < first_sequence ||
        snapshot->since >= snapshot->sequence) {
        snapshot->since = 0;
    }
}

static void begin_snapshot(Snapshot *snapshot)
{
    if (snapshot->exclusive) {
        event_loop_clock_check();
        WITH_RCU_READ_LOCK_GUARD() {
            begin_exclusive(snapshot);
        }
    } else {
        /*
         * Without the lock nobody knows what this snapshot shows first; but
         * the next one may ask for all since the last that was made with it.
         */
        snapshot->sequence = elp_get(done_sequence);
        snapshot->since = 0;
    }
    snapshot->now = event_loop_instant_now();
}

static void put_process(GString *json, const EventLoopProcess *process)
{
    put_member(json, "pid", getpid());
    if (process->vm_name) {
        put_string(json, "vm-name", process->vm_name);
    }
    put_string(json, "qemu-version", QEMU_FULL_VERSION);
    if (event_loop_image_build_id()) {
        put_string(json, "build-id", event_loop_image_build_id());
    }
    put_member(json, "profiling-since-ns",
               elp_get(event_loop_globals.since_ns));
    put_member(json, "stall-threshold-ns", event_loop_stall_threshold());
    if (process->run_state) {
        put_string(json, "run-state", process->run_state);
    }
}

/*
 * Each loop in an RCU critical section of its own: all of them at once would
 * keep the whole process from freeing anything for some milliseconds.
 */
static void put_loops(Snapshot *snapshot)
{
    GString *json = snapshot->json;
    uint64_t number = 0;
    bool first = true, more = true;

    put(json, ", \"loops\": [");
    while (more && json->len <= snapshot->end) {
        EventLoopThread *t;

        RCU_READ_LOCK_GUARD();
        t = event_loop_next_thread(number);
        more = t;
        if (!t) {
            break;
        }
        number = t->number;
        if (event_loop_is_loop(t)) {
            if (!first) {
                put(json, ", ");
            }
            first = false;
            put_loop(snapshot, t);
        }
    }
    put(json, "]");
}

bool event_loop_snapshot(GString *json, const EventLoopProcess *process,
                         const EventLoopQuery *query)
{
    size_t start = json->len;
    Snapshot snapshot = {
        .json = json,
        .since = query->since,
        .histograms = query->histograms,
        .end = query->max_size ? start + query->max_size : SIZE_MAX,
        .exclusive = event_loop_lock_readers(),
        .patience = EVENT_LOOP_PATIENCE,
    };

    begin_snapshot(&snapshot);
    put(json, "{\"sequence\": ");
    put_u64(json, snapshot.sequence);
    put_member(json, "time-ns", snapshot.now.ns);
    put_process(json, process);
    put_loops(&snapshot);
    WITH_RCU_READ_LOCK_GUARD() {
        put_bql(&snapshot);
        if (snapshot.exclusive) {
            event_loop_stalls_update(&snapshot.patience);
            put_stalls(&snapshot);
        }
    }
    put(json, "}");
    if (snapshot.exclusive) {
        elp_set(done_sequence, last_sequence);
        event_loop_unlock_readers();
    }
    if (json->len > snapshot.end) {
        g_string_truncate(json, start);
        return false;
    }
    return true;
}

bool event_loop_next_stall(GString *json, uint64_t *suppressed)
{
    const EventLoopStallRecord *stall = NULL;
    unsigned patience = EVENT_LOOP_PATIENCE;
    EventLoopInstant now;

    if (!event_loop_lock_readers()) {
        return false;
    }
    event_loop_clock_check();
    WITH_RCU_READ_LOCK_GUARD() {
        now = event_loop_instant_now();
        event_loop_stalls_update(&patience);
        stall = event_loop_stall_next(now.ns, suppressed);
        if (stall) {
            event_loop_stall_put(json, &now, stall);
        }
    }
    event_loop_unlock_readers();
    return stall;
}

uint64_t event_loop_look_interval_ns(void)
{
    unsigned looks = event_loop_is_counted() ? EVENT_LOOP_LOOKS_COUNTED
                                             : EVENT_LOOP_LOOKS;

    return MIN(MAX(event_loop_stall_threshold() / looks,
                   EVENT_LOOP_LOOK_MIN_NS), EVENT_LOOP_LOOK_MAX_NS);
}
