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
#include "qobject/json-writer.h"
#include "qemu-version.h"
#include "event-loop-profiler-int.h"
#include "event-loop-clock.h"
#include "event-loop-image.h"

/*
 * A writer that is in the middle of a change lost its CPU there.  It is given
 * time to go on, but not for ever: it may be in a debugger's hands.
 */
#define READ_TRIES 70
#define READ_TRIES_BUSY 50
#define READ_WAIT_US 100

/* Not worth to be waited for: see read_source() */
#define SOURCE_READ_TRIES 10

/* Another reader that holds the lock for longer was stopped there */
#define LOCK_TRIES 100
#define LOCK_WAIT_US 100

/* What a snapshot is made of, while it is made */
typedef struct Snapshot {
    GString *json;
    uint64_t sequence;
    uint64_t since;
    bool histograms;
    /* no other thread makes a snapshot: we may write what was shown */
    bool exclusive;
    /* one instant on both clocks */
    uint64_t ticks;
    uint64_t ns;
    /* nanoseconds a tick, from the beginning of the period until then */
    double rate;
} Snapshot;

/* A loop's counters at one instant */
typedef struct LoopView {
    unsigned seq;
    /* its members belong together */
    bool stable;
    EventLoopStamp now;
    EventLoopState state;
    uint64_t since_ns;
    EventLoopStamp state_since;
    int64_t timeout_ns;
    unsigned depth;
    EventLoopFrame stack[EVENT_LOOP_STACK_MAX];
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    uint64_t bql_wait_ns;
    uint64_t iterations;
    uint64_t dispatches;
    uint64_t poll_hits;
    uint64_t poll_misses;
    uint64_t poll_max_ns;
} LoopView;

/* A source's counters at one instant */
typedef struct SourceView {
    unsigned seq;
    bool stable;
    EventLoopStamp last;
    uint64_t busy_ns;
    uint64_t total_ns;
    uint64_t max_ns;
    uint64_t delay_ns;
    uint64_t delay_max_ns;
    uint64_t calls;
    uint64_t delays;
    /* those past the longest time are empty, and were not read */
    unsigned buckets;
    unsigned delay_buckets;
    uint64_t histogram[EVENT_LOOP_BUCKETS];
    uint64_t delay_histogram[EVENT_LOOP_BUCKETS];
} SourceView;

static QemuMutex readers_lock;
static uint64_t last_sequence;
/* the last snapshot that is done, of those that were made with the lock */
static unsigned done_sequence;
/* number of the first snapshot of the present period */
static uint64_t first_sequence;
static uint32_t shown_period;

static void __attribute__((__constructor__)) event_loop_snapshot_init(void)
{
    qemu_mutex_init(&readers_lock);
}

/* JSON */

/* Writes a number that ends before @end. Returns where it begins. */
static char *write_u64(char *end, uint64_t n)
{
    do {
        *--end = '0' + n % 10;
        n /= 10;
    } while (n);
    return end;
}

static void put_u64(GString *json, uint64_t n)
{
    char digits[20];
    char *end = digits + sizeof(digits);
    char *p = write_u64(end, n);

    g_string_append_len(json, p, end - p);
}

/* Each pair at once: they are most of a snapshot */
static void put_pair(GString *json, unsigned a, uint64_t b)
{
    char pair[48];
    char *end = pair + sizeof(pair);
    char *p = end;

    *--p = ' ';
    *--p = ',';
    *--p = ']';
    p = write_u64(p, b);
    *--p = ' ';
    *--p = ',';
    p = write_u64(p, a);
    *--p = '[';
    g_string_append_len(json, p, end - p);
}

#define put(json, text) g_string_append_len(json, text, sizeof(text) - 1)

/* All but the first member of an object */
#define put_member(json, name, n)           \
    do {                                    \
        put(json, ", \"" name "\": ");      \
        put_u64(json, n);                   \
    } while (0)

static void put_string(GString *json, const char *name, const char *value)
{
    g_autoptr(JSONWriter) writer = json_writer_new(false);

    json_writer_str(writer, NULL, value);
    g_string_append_printf(json, ", \"%s\": %s", name,
                           json_writer_get(writer));
}

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

/*
 * The instant of a stamp, as CLOCK_MONOTONIC nanoseconds: on the line through
 * two pairs of readings of both clocks, one from when the period began and
 * one from now, so that an old stamp does not move from snapshot to snapshot
 */
static uint64_t stamp_ns(const Snapshot *snapshot, EventLoopStamp stamp)
{
    return snapshot->ns + (int64_t)((int64_t)(stamp - snapshot->ticks) *
                                    snapshot->rate);
}

/* Counters */

/*
 * Whether what was read since @seq belongs together, or must do because its
 * writer does not go on
 */
static bool read_retry(const unsigned *counter, unsigned seq, unsigned *tries,
                       bool may_wait, bool *stable)
{
    /* After what was read.  Pairs with write_begin()'s. */
    smp_rmb();
    *stable = !(seq & 1) && qatomic_read(counter) == seq;
    if (*stable || ++*tries >= READ_TRIES) {
        return false;
    }
    if (may_wait && *tries > READ_TRIES_BUSY) {
        g_usleep(READ_WAIT_US);
    }
    return true;
}

static unsigned read_begin(const unsigned *counter)
{
    unsigned seq = qatomic_read(counter);

    /* Before what is read next.  Pairs with write_end()'s. */
    smp_rmb();
    return seq;
}

static void read_loop(const EventLoopThread *t, LoopView *view)
{
    unsigned tries = 0, i;

    do {
        /* first, so that no later end of the state is before it */
        view->now = event_loop_ticks();
        view->seq = read_begin(&t->seq);
        view->state = qatomic_read(&t->state);
        view->since_ns = elp_get(t->since_ns);
        view->state_since = elp_get(t->state_since);
        view->timeout_ns = elp_get(t->timeout_ns);
        view->depth = MIN(qatomic_read(&t->depth), EVENT_LOOP_STACK_MAX);
        for (i = 0; i < view->depth; i++) {
            /* Pairs with event_loop_profiler_begin() */
            view->stack[i].source = qatomic_load_acquire(&t->stack[i].source);
            view->stack[i].start = elp_get(t->stack[i].start);
            view->stack[i].nested_ns = elp_get(t->stack[i].nested_ns);
        }
        view->wait_ns = elp_get(t->wait_ns);
        view->poll_ns = elp_get(t->poll_ns);
        view->dispatch_ns = elp_get(t->dispatch_ns);
        view->bql_wait_ns = elp_get(t->bql_wait_ns);
        view->iterations = elp_get(t->iterations);
        view->dispatches = elp_get(t->dispatches);
        view->poll_hits = elp_get(t->poll_hits);
        view->poll_misses = elp_get(t->poll_misses);
        view->poll_max_ns = elp_get(t->poll_max_ns);
    } while (read_retry(&t->seq, view->seq, &tries, true, &view->stable));
}

/* Adds the state in progress to the time of its kind */
static void add_progress(LoopView *view)
{
    uint64_t *counter = NULL;
    EventLoopStamp since = view->state_since;

    if (!view->stable) {
        /* the counter may have it already */
        return;
    }
    if (view->depth) {
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
        *counter += event_loop_ticks_to_ns(since, view->now);
    }
}

/*
 * A source that dispatches all the time on another CPU changes faster than it
 * can be read.  So it is read in the opposite order of its being written:
 * what does not belong together to the letter holds together all the same, as
 * each delay has its call, each call its time, and the sum of the histogram is
 * the number of calls.
 */
static void read_source(const EventLoopSource *s, SourceView *view)
{
    unsigned tries = READ_TRIES - SOURCE_READ_TRIES, i;

    do {
        view->seq = read_begin(&s->seq);
        view->calls = 0;
        view->delays = 0;
        view->delay_buckets = event_loop_bucket(elp_get(s->delay_max_ns)) + 1;
        for (i = 0; i < view->delay_buckets; i++) {
            view->delay_histogram[i] = elp_get(s->delay_histogram[i]);
            view->delays += view->delay_histogram[i];
        }
        /* Pairs with event_loop_profiler_end()'s */
        smp_rmb();
        view->delay_max_ns = elp_get(s->delay_max_ns);
        view->delay_ns = elp_get(s->delay_ns);
        view->buckets = event_loop_bucket(elp_get(s->max_ns)) + 1;
        for (i = 0; i < view->buckets; i++) {
            view->histogram[i] = elp_get(s->histogram[i]);
            view->calls += view->histogram[i];
        }
        /* Pairs with event_loop_profiler_end()'s */
        smp_rmb();
        view->max_ns = elp_get(s->max_ns);
        view->busy_ns = elp_get(s->busy_ns);
        view->total_ns = elp_get(s->total_ns);
        view->last = elp_get(s->last);
    } while (read_retry(&s->seq, view->seq, &tries, false, &view->stable));
    view->busy_ns = MIN(view->busy_ns, view->total_ns);
    view->max_ns = MIN(view->max_ns, view->total_ns);
    view->delay_max_ns = MIN(view->delay_max_ns, view->delay_ns);
}

/*
 * Adds the source's dispatches in progress, unless one of them ended after
 * the loop was read: then the source's counters may have it already.
 */
static bool add_source_progress(const EventLoopThread *t,
                                const LoopView *loop,
                                const EventLoopSource *s, SourceView *view)
{
    uint64_t busy_ns = 0, total_ns = 0;
    bool running = false;
    unsigned i;

    for (i = 0; i < loop->depth; i++) {
        const EventLoopFrame *frame = &loop->stack[i];
        uint64_t ns = event_loop_ticks_to_ns(frame->start, loop->now);
        uint64_t nested_ns = frame->nested_ns;

        if (frame->source != s) {
            continue;
        }
        if (i + 1 < loop->depth) {
            nested_ns += event_loop_ticks_to_ns(frame[1].start, loop->now);
        }
        running = true;
        total_ns += ns;
        busy_ns += ns > nested_ns ? ns - nested_ns : 0;
    }
    /* After the source was read.  Pairs with write_begin()'s. */
    smp_rmb();
    if (running && loop->stable && qatomic_read(&t->seq) == loop->seq) {
        view->busy_ns += busy_ns;
        view->total_ns += total_ns;
    }
    return running;
}

/* The greater of what is and what was shown: counters only grow */
static uint64_t not_less(const Snapshot *snapshot, uint64_t *shown, uint64_t n)
{
    uint64_t last = qatomic_read_u64(shown);

    if (n < last) {
        return last;
    }
    if (snapshot->exclusive) {
        qatomic_set_u64(shown, n);
    }
    return n;
}

/* Whether the source has dispatched since the snapshot that is asked for */
static bool source_is_new(const Snapshot *snapshot, EventLoopSource *s,
                          const SourceView *view)
{
    if (!snapshot->exclusive || !view->stable) {
        return true;
    }
    if (s->shown.seq != view->seq) {
        s->shown.seq = view->seq;
        s->shown.sequence = snapshot->sequence;
    }
    return s->shown.sequence > snapshot->since;
}

static bool put_source(Snapshot *snapshot, const EventLoopThread *t,
                       const LoopView *loop, EventLoopSource *s, bool first)
{
    GString *json = snapshot->json;
    SourceView view;
    bool running, is_new;

    read_source(s, &view);
    running = add_source_progress(t, loop, s, &view);
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
        put_member(json, "last-ns", stamp_ns(snapshot, view.last));
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

static void put_stack(const Snapshot *snapshot, const LoopView *view)
{
    GString *json = snapshot->json;
    unsigned first = 0, i;

    /* what the main loop does otherwise is no callback around a callback */
    while (first + 1 < view->depth && view->stack[first].source->remainder) {
        first++;
    }
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
        put_u64(json, stamp_ns(snapshot, view->stack[i].start));
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

static void put_loop(Snapshot *snapshot, EventLoopThread *t)
{
    GString *json = snapshot->json;
    /* a registered loop may not have come by a hook yet */
    bool seen = qatomic_read(&t->period) == qatomic_read(&event_loop_period);
    LoopView view = { };
    EventLoopSource *s;
    bool first = true;

    if (seen) {
        read_loop(t, &view);
        add_progress(&view);
    }

    put(json, "{\"thread-id\": ");
    put_u64(json, t->thread_id);
    put_string(json, "name", t->name);
    put_member(json, "since-ns",
               seen ? view.since_ns : event_loop_since_ns);
    put_member(json, "iterations", view.iterations);
    put_member(json, "dispatches", view.dispatches);
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
    /* what a thread does that was caught dispatching is only known then */
    if (seen && (t->ctx || view.state != EVENT_LOOP_STATE_RUNNING)) {
        if (view.state == EVENT_LOOP_STATE_WAITING && view.timeout_ns > 0) {
            put_member(json, "timer-deadline-ns",
                       stamp_ns(snapshot, view.state_since) +
                       view.timeout_ns);
        }
        put_string(json, "state", EventLoopState_str(view.state));
        put_member(json, "state-since-ns",
                   stamp_ns(snapshot, view.state_since));
    }
    put_stack(snapshot, &view);
    put(json, ", \"sources\": [");
    if (seen) {
        QSIMPLEQ_FOREACH_RCU(s, &t->sources, next) {
            if (put_source(snapshot, t, &view, s, first)) {
                first = false;
            }
        }
    }
    put(json, "]}");
}

static bool lock_readers(void)
{
    int i;

    for (i = 0; i < LOCK_TRIES; i++) {
        if (!qemu_mutex_trylock(&readers_lock)) {
            return true;
        }
        g_usleep(LOCK_WAIT_US);
    }
    return false;
}

/* Numbers the snapshot. The caller has the readers' lock. */
static void begin_exclusive(Snapshot *snapshot)
{
    EventLoopThread *t;

    if (shown_period != event_loop_period) {
        shown_period = event_loop_period;
        first_sequence = last_sequence + 1;
        QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
            elp_set(t->shown.wait_ns, 0);
            elp_set(t->shown.poll_ns, 0);
            elp_set(t->shown.dispatch_ns, 0);
            elp_set(t->shown.bql_wait_ns, 0);
        }
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
        begin_exclusive(snapshot);
    } else {
        /*
         * Without the lock nobody knows what this snapshot shows first; but
         * the next one may ask for all since the last that was made with it.
         */
        snapshot->sequence = qatomic_read(&done_sequence);
        snapshot->since = 0;
    }
    event_loop_clock_now(&snapshot->ticks, &snapshot->ns);
    snapshot->rate = (double)(snapshot->ns - event_loop_since_ns) /
                     MAX(snapshot->ticks - elp_get(event_loop_since_ticks), 1);
}

void event_loop_snapshot(GString *json, const EventLoopProcess *process,
                         uint64_t since, bool histograms)
{
    Snapshot snapshot = {
        .json = json,
        .since = since,
        .histograms = histograms,
        .exclusive = lock_readers(),
    };
    EventLoopThread *t;
    bool first = true;

    RCU_READ_LOCK_GUARD();
    begin_snapshot(&snapshot);

    put(json, "{\"sequence\": ");
    put_u64(json, snapshot.sequence);
    put_member(json, "time-ns", snapshot.ns);
    put_member(json, "pid", getpid());
    if (process->vm_name) {
        put_string(json, "vm-name", process->vm_name);
    }
    put_string(json, "qemu-version", QEMU_FULL_VERSION);
    if (event_loop_image_build_id()) {
        put_string(json, "build-id", event_loop_image_build_id());
    }
    put_member(json, "profiling-since-ns", event_loop_since_ns);
    put_member(json, "stall-threshold-ns", process->stall_threshold_ns);
    if (process->run_state) {
        put_string(json, "run-state", process->run_state);
    }
    put(json, ", \"loops\": [");
    QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
        if (t->ctx || qatomic_read(&t->period) == event_loop_period) {
            if (!first) {
                put(json, ", ");
            }
            first = false;
            put_loop(&snapshot, t);
        }
    }
    put(json, "]}");

    if (snapshot.exclusive) {
        qatomic_set(&done_sequence, last_sequence);
        qemu_mutex_unlock(&readers_lock);
    }
}
