/*
 * Event loop profiler: the sources in a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/rcu_queue.h"
#include "event-loop-clock.h"
#include "event-loop-json.h"
#include "event-loop-snapshot-int.h"

/* A source that may be listed, and what speaks for it */
typedef struct Candidate {
    EventLoopSource *source;
    bool running;
    /* its own time since the snapshot that is asked for */
    uint64_t busy_ns;
} Candidate;

/* Histograms */

/* Writes the numbers of the buckets, or what is in them, before @p */
static char *write_list(char *p, const uint64_t *histogram, unsigned buckets,
                        bool counts)
{
    bool last = true;
    unsigned i;

    for (i = buckets; i-- > 0;) {
        if (histogram[i]) {
            if (!last) {
                *--p = ',';
            }
            last = false;
            p = write_u64(p, counts ? histogram[i] : i);
        }
    }
    return p;
}

static char *write_text(char *p, const char *text)
{
    size_t len = strlen(text);

    return memcpy(p - len, text, len);
}

/*
 * All at once, and from its end on: they are most of a snapshot.  Hence no
 * spaces in the lists, either.
 */
static void put_histogram(GString *json, const char *name,
                          const uint64_t *histogram, unsigned buckets)
{
    /* numbers of up to 3 and 20 digits, each with a comma; and the names */
    char text[EVENT_LOOP_BUCKETS * (4 + 21) + 128];
    char *end = text + sizeof(text);
    char *p = write_text(end, "]}");

    p = write_list(p, histogram, buckets, true);
    p = write_text(p, "], \"counts\": [");
    p = write_list(p, histogram, buckets, false);
    p = write_text(p, "\": {\"buckets\": [");
    p = write_text(p, name);
    p = write_text(p, ", \"");
    g_string_append_len(json, p, end - p);
}

/* Counters */

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

/* Returns whether it is running. All snapshots read all sources so. */
static bool read_source(const EventLoopSnapshot *snapshot,
                        const EventLoopView *loop,
                        EventLoopSource *s, EventLoopSourceView *view)
{
    bool running;

    event_loop_read_source(s, view);
    running = add_source_progress(loop, s, view);
    view->busy_ns = event_loop_not_less(snapshot, &s->shown.busy_ns,
                                        view->busy_ns);
    view->total_ns = event_loop_not_less(snapshot, &s->shown.total_ns,
                                         view->total_ns);
    return running;
}

/* Its own time at the snapshot that is asked for; 0 if that is not known */
static uint64_t busy_ns_before(const EventLoopSnapshot *snapshot,
                               const EventLoopSource *s)
{
    uint64_t after = snapshot->after_sequence;

    return after && snapshot->sequence - after <= EVENT_LOOP_SEQUENCES
           ? s->shown.busy_ns_at[after % EVENT_LOOP_SEQUENCES] : 0;
}

/*
 * Notes what is shown.  Returns whether the source has dispatched since the
 * snapshot that is asked for.
 */
static bool note_source(const EventLoopSnapshot *snapshot, EventLoopSource *s,
                        const EventLoopSourceView *view)
{
    if (!snapshot->exclusive) {
        return true;
    }
    s->shown.busy_ns_at[snapshot->sequence % EVENT_LOOP_SEQUENCES] =
        view->busy_ns;
    if (s->shown.calls != view->calls) {
        s->shown.calls = view->calls;
        s->shown.sequence = snapshot->sequence;
    }
    return !snapshot->after_sequence ||
           s->shown.sequence > snapshot->after_sequence;
}

static void put_counters(const EventLoopSnapshot *snapshot,
                         const EventLoopSourceView *view)
{
    GString *json = snapshot->json;

    put_member(json, "calls", view->calls);
    put_member(json, "timed-calls", view->timed);
    put_member(json, "busy-ns", view->busy_ns);
    put_member(json, "total-ns", view->total_ns);
    put_member(json, "max-ns", view->max_ns);
    if (view->delays) {
        put_member(json, "delay-ns", view->delay_ns);
        put_member(json, "delay-max-ns", view->delay_max_ns);
    }
    if (view->last) {
        put_member(json, "last-ns",
                   event_loop_stamp_ns(&snapshot->now, view->last));
    }
    if (snapshot->histograms && view->timed) {
        put_histogram(json, "histogram", view->histogram, view->buckets);
    }
    if (snapshot->histograms && view->delays) {
        put_histogram(json, "delay-histogram", view->delay_histogram,
                      view->delay_buckets);
    }
    put(json, "}");
}

static void put_source(const EventLoopSnapshot *snapshot, EventLoopSource *s,
                       const EventLoopSourceView *view, bool first)
{
    GString *json = snapshot->json;

    if (!first) {
        put(json, ", ");
    }
    g_string_append(json, s->json);
    if (qatomic_read(&s->fd) >= 0) {
        put_member(json, "fd", qatomic_read(&s->fd));
    }
    put_counters(snapshot, view);
}

static bool is_too_long(const EventLoopSnapshot *snapshot)
{
    return snapshot->json->len > snapshot->end;
}

static void put_all(const EventLoopSnapshot *snapshot, const EventLoopThread *t,
                    const EventLoopView *loop)
{
    EventLoopSource *s;
    bool first = true;

    QSIMPLEQ_FOREACH_RCU(s, &t->sources, next) {
        EventLoopSourceView view;
        bool running = read_source(snapshot, loop, s, &view);
        bool is_new = note_source(snapshot, s, &view);

        if (is_new || running) {
            put_source(snapshot, s, &view, first);
            first = false;
            if (is_too_long(snapshot)) {
                return;
            }
        }
    }
}

/* The rest */

static void add_histogram(uint64_t *sum, unsigned *sum_buckets,
                          const uint64_t *histogram, unsigned buckets)
{
    unsigned i;

    for (i = 0; i < buckets; i++) {
        sum[i] += histogram[i];
    }
    *sum_buckets = MAX(*sum_buckets, buckets);
}

static void add_view(EventLoopSourceView *rest, const EventLoopSourceView *view)
{
    rest->last = MAX(rest->last, view->last);
    rest->busy_ns += view->busy_ns;
    rest->total_ns += view->total_ns;
    rest->max_ns = MAX(rest->max_ns, view->max_ns);
    rest->delay_ns += view->delay_ns;
    rest->delay_max_ns = MAX(rest->delay_max_ns, view->delay_max_ns);
    rest->calls += view->calls;
    rest->timed += view->timed;
    rest->delays += view->delays;
    add_histogram(rest->histogram, &rest->buckets, view->histogram,
                  view->buckets);
    add_histogram(rest->delay_histogram, &rest->delay_buckets,
                  view->delay_histogram, view->delay_buckets);
}

static void put_rest(const EventLoopSnapshot *snapshot,
                     const EventLoopSourceView *rest, bool first)
{
    GString *json = snapshot->json;

    if (!first) {
        put(json, ", ");
    }
    put(json, "{\"id\": 0");
    put_string(json, "kind",
               EventLoopSourceKind_str(EVENT_LOOP_SOURCE_KIND_REST));
    put_string(json, "name", "(rest)");
    put_counters(snapshot, rest);
}

/* Those that run come first, then the busiest */
static int compare_candidates(gconstpointer a, gconstpointer b)
{
    const Candidate *x = a, *y = b;

    if (x->running != y->running) {
        return y->running - x->running;
    }
    if (x->busy_ns != y->busy_ns) {
        return x->busy_ns < y->busy_ns ? 1 : -1;
    }
    return x->source->id < y->source->id ? -1 : 1;
}

static void put_busiest(const EventLoopSnapshot *snapshot,
                        const EventLoopThread *t, const EventLoopView *loop)
{
    g_autoptr(GArray) candidates = g_array_new(false, false, sizeof(Candidate));
    EventLoopSourceView view, rest = { };
    uint64_t listed = snapshot->max_sources;
    EventLoopSource *s;
    bool has_rest = false;
    guint i;

    QSIMPLEQ_FOREACH_RCU(s, &t->sources, next) {
        bool running = read_source(snapshot, loop, s, &view);
        Candidate candidate = {
            .source = s,
            .running = running,
            .busy_ns = view.busy_ns - MIN(busy_ns_before(snapshot, s),
                                          view.busy_ns),
        };
        bool is_new = note_source(snapshot, s, &view);

        if (running || (is_new && snapshot->max_sources)) {
            g_array_append_val(candidates, candidate);
            listed += running;
        } else {
            add_view(&rest, &view);
            has_rest = true;
        }
    }
    if (candidates->len > listed) {
        g_array_sort(candidates, compare_candidates);
    }
    for (i = 0; i < candidates->len && !is_too_long(snapshot); i++) {
        s = g_array_index(candidates, Candidate, i).source;
        read_source(snapshot, loop, s, &view);
        if (i < listed) {
            put_source(snapshot, s, &view, !i);
        } else {
            add_view(&rest, &view);
            has_rest = true;
        }
    }
    if (has_rest) {
        put_rest(snapshot, &rest, !candidates->len);
    }
}

void event_loop_put_sources(const EventLoopSnapshot *snapshot,
                            const EventLoopThread *t,
                            const EventLoopView *loop)
{
    if (snapshot->has_max_sources) {
        put_busiest(snapshot, t, loop);
    } else {
        put_all(snapshot, t, loop);
    }
}
