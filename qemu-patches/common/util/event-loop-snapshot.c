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
#include "event-loop-request-int.h"
#include "event-loop-snapshot-int.h"
#include "event-loop-stall.h"

static uint64_t last_sequence;
/* the last snapshot that is done, of those that were made with the lock */
static uint64_t done_sequence;
/* number of the first snapshot of the present period */
static uint64_t first_sequence;
/* the period of what was shown; without the lock it may be an earlier one */
static uint32_t shown_period;

uint64_t event_loop_not_less(const EventLoopSnapshot *snapshot, uint64_t *shown,
                             uint64_t n)
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
        if (view->counted) {
            /* it is in that already */
            return;
        }
        counter = &view->dispatch_ns;
        since = view->stack[0].start;
    } else if (view->untimed) {
        /* it is in @wait_ns already, if it was seen to last */
        return;
    } else if (view->state == EVENT_LOOP_STATE_WAITING) {
        counter = &view->wait_ns;
    } else if (view->state == EVENT_LOOP_STATE_POLLING && !view->counted) {
        counter = &view->poll_ns;
    } else if (view->state == EVENT_LOOP_STATE_BQL_WAIT) {
        counter = &view->bql_wait_ns;
    }
    if (counter) {
        *counter += event_loop_ns(since, view->now);
    }
}

static void put_stack(const EventLoopSnapshot *snapshot,
                      const EventLoopView *view)
{
    GString *json = snapshot->json;
    unsigned first = event_loop_first_frame(view), i;

    put(json, ", \"stack\": [");
    for (i = first; i < view->depth; i++) {
        if (i > first) {
            put(json, ", ");
        }
        put(json, "{\"source-id\": ");
        put_u64(json, view->stack[i].source->id);
        put_member(json, "since-ns",
                   event_loop_stamp_ns(&snapshot->now, view->stack[i].start));
        put(json, "}");
    }
    put(json, "]");
}

bool event_loop_is_stamp(const EventLoopSnapshot *snapshot,
                         EventLoopStamp stamp)
{
    return (stamp & EVENT_LOOP_TAG_MASK) ==
               event_loop_period_tag(snapshot->now.period) &&
           stamp > EVENT_LOOP_TAG_MASK;
}

void event_loop_put_stamp(const EventLoopSnapshot *snapshot, const char *name,
                          EventLoopStamp stamp)
{
    GString *json = snapshot->json;

    if (event_loop_is_stamp(snapshot, stamp)) {
        put(json, ", \"");
        g_string_append(json, name);
        put(json, "\": ");
        put_u64(json, event_loop_stamp_ns(&snapshot->now, stamp));
    }
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

static void put_backlog(const EventLoopSnapshot *snapshot,
                        const EventLoopThread *t, const EventLoopView *view)
{
    EventLoopTicks since = event_loop_pending_since(t, view);

    if (since) {
        put_member(snapshot->json, "bh-pending-since-ns",
                   event_loop_stamp_ns(&snapshot->now, since));
    }
}

static void put_loop(EventLoopSnapshot *snapshot, EventLoopThread *t)
{
    GString *json = snapshot->json;
    /* a registered loop may not have come by a hook yet */
    bool seen = event_loop_is_seen(t);
    EventLoopView view = { };

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
               event_loop_not_less(snapshot, &t->shown.dispatches,
                                   seen ? event_loop_dispatches(t) : 0));
    put_member(json, "wait-ns",
               event_loop_not_less(snapshot, &t->shown.wait_ns,
                                   view.wait_ns));
    put_member(json, "poll-ns",
               event_loop_not_less(snapshot, &t->shown.poll_ns,
                                   view.poll_ns));
    put_member(json, "poll-hits", view.poll_hits);
    put_member(json, "poll-misses", view.poll_misses);
    put_member(json, "dispatch-ns",
               event_loop_not_less(snapshot, &t->shown.dispatch_ns,
                                   view.dispatch_ns));
    put_member(json, "bql-wait-ns",
               event_loop_not_less(snapshot, &t->shown.bql_wait_ns,
                                   view.bql_wait_ns));
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
        event_loop_put_sources(snapshot, t, &view);
    }
    put(json, "]}");
}

/* A counter, with the time since @since that it does not have yet */
static uint64_t read_interval(const EventLoopSnapshot *snapshot,
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
static EventLoopTicks put_bql_thread(const EventLoopSnapshot *snapshot,
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
               event_loop_not_less(snapshot, &t->shown.bql_held_ns, held_ns));
    put_member(json, "waits", elp_get(t->bql.waits));
    put_member(json, "wait-ns",
               event_loop_not_less(snapshot, &t->shown.bql_lock_wait_ns,
                                   wait_ns));
    if (wait_since) {
        put_member(json, "waiting-since-ns",
                   event_loop_stamp_ns(&snapshot->now, wait_since));
    }
    put(json, "}");
    return held_since;
}

/* Tools have no big lock, and nothing is said of it then */
static void put_bql(const EventLoopSnapshot *snapshot)
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

static void put_stalls(const EventLoopSnapshot *snapshot)
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
static void begin_exclusive(EventLoopSnapshot *snapshot)
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
    if (snapshot->after_sequence < first_sequence ||
        snapshot->after_sequence >= snapshot->sequence) {
        snapshot->after_sequence = 0;
    }
}

static void begin_snapshot(EventLoopSnapshot *snapshot)
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
        snapshot->after_sequence = 0;
    }
    snapshot->now = event_loop_instant_now();
}

static void put_process(GString *json, const EventLoopInstant *now,
                        const EventLoopProcess *process)
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
    put_string(json, "clock",
               EventLoopClock_str(now->period & EVENT_LOOP_PERIOD_COUNTER
                                  ? EVENT_LOOP_CLOCK_TSC
                                  : EVENT_LOOP_CLOCK_MONOTONIC));
    put_member(json, "max-overhead", event_loop_max_overhead());
    put_member(json, "stall-threshold-ns", event_loop_stall_threshold());
    if (process->run_state) {
        put_string(json, "run-state", process->run_state);
    }
}

static void put_bounds(GString *json)
{
    unsigned i;

    put(json, ", \"histogram-bounds\": [");
    for (i = 0; i < EVENT_LOOP_BUCKETS; i++) {
        if (i) {
            put(json, ", ");
        }
        put_u64(json, event_loop_bucket_bound(i));
    }
    put(json, "]");
}

/*
 * Each loop in an RCU critical section of its own: all of them at once would
 * keep the whole process from freeing anything for some milliseconds.
 */
static void put_loops(EventLoopSnapshot *snapshot)
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
    EventLoopSnapshot snapshot = {
        .json = json,
        .after_sequence = query->after_sequence,
        .histograms = query->histograms,
        .has_max_sources = query->has_max_sources,
        .max_sources = query->max_sources,
        .end = query->max_size ? start + query->max_size : SIZE_MAX,
        .exclusive = event_loop_lock_readers(),
        .patience = EVENT_LOOP_PATIENCE,
    };

    begin_snapshot(&snapshot);
    put(json, "{\"sequence\": ");
    put_u64(json, snapshot.sequence);
    put_member(json, "time-ns", snapshot.now.ns);
    put_process(json, &snapshot.now, process);
    if (query->histograms) {
        put_bounds(json);
    }
    put_loops(&snapshot);
    event_loop_put_threads(&snapshot);
    WITH_RCU_READ_LOCK_GUARD() {
        put_bql(&snapshot);
        if (snapshot.exclusive) {
            event_loop_stalls_update(&snapshot.patience);
            put_stalls(&snapshot);
        }
    }
    event_loop_put_requests(&snapshot);
    event_loop_put_pools(&snapshot);
    event_loop_put_commands(&snapshot);
    event_loop_put_writers(&snapshot);
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

bool event_loop_next_stall(GString *json, EventLoopStallNews *news)
{
    const EventLoopStallRecord *stall = NULL;
    unsigned patience = EVENT_LOOP_PATIENCE;
    EventLoopInstant now;

    event_loop_renew_tick();
    if (!event_loop_lock_readers()) {
        return false;
    }
    event_loop_clock_check();
    WITH_RCU_READ_LOCK_GUARD() {
        now = event_loop_instant_now();
        event_loop_stalls_update(&patience);
        stall = event_loop_stall_next(now.ns, &news->suppressed);
        if (stall) {
            news->phase = stall->ongoing ? EVENT_LOOP_STALL_PHASE_BEGIN
                                         : EVENT_LOOP_STALL_PHASE_END;
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
