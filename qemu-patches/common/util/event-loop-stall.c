/*
 * Event loop profiler: the log of stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/rcu_queue.h"
#include "qemu/timer.h"
#include "event-loop-clock.h"
#include "event-loop-json.h"
#include "event-loop-stall.h"

/* A loop's stalls are told no more often */
#define TELL_INTERVAL_NS NANOSECONDS_PER_SECOND

static EventLoopStallRecord stalls[EVENT_LOOP_STALLS_MAX];
static unsigned n_stalls;
static uint64_t stall_count;
/* the period that they are of, and the number of the last search in it */
static uint32_t stalls_period;
static uint64_t search;

/* What is said of a stall outlives its loop and its source */
static void drop_texts(EventLoopStallRecord *stall)
{
    event_loop_label_drop(stall->loop);
    event_loop_label_drop(stall->label);
}

/* Makes room for one more; those that go on are not forgotten */
static bool forget_one(void)
{
    unsigned i;

    for (i = 0; i < n_stalls; i++) {
        if (!stalls[i].ongoing) {
            drop_texts(&stalls[i]);
            n_stalls--;
            memmove(&stalls[i], &stalls[i + 1],
                    (n_stalls - i) * sizeof(stalls[0]));
            return true;
        }
    }
    return false;
}

static EventLoopStallRecord *find_stall(const EventLoopThread *t,
                                  EventLoopTicks start)
{
    unsigned i;

    for (i = n_stalls; i-- > 0;) {
        if (stalls[i].thread == t && stalls[i].start == start) {
            return &stalls[i];
        }
    }
    return NULL;
}

static EventLoopStallRecord *add_stall(const EventLoopThread *t,
                                 EventLoopStallCause cause,
                                 const EventLoopSource *s,
                                 EventLoopTicks start)
{
    EventLoopStallRecord *stall;

    stall_count++;
    if (n_stalls == EVENT_LOOP_STALLS_MAX && !forget_one()) {
        return NULL;
    }
    stall = &stalls[n_stalls++];
    *stall = (EventLoopStallRecord) {
        .id = stall_count,
        .thread = t,
        .loop = event_loop_label_hold(t->name),
        .thread_id = t->thread_id,
        .start = start,
        .cause = cause,
    };
    if (s) {
        stall->source_id = s->id;
        stall->kind = s->kind;
        stall->name = event_loop_source_name(s);
        stall->label = event_loop_label_hold(s->label);
    }
    return stall;
}

/* That a stall began or ended is to be told, unless a later one did */
static void tell(EventLoopThread *t, const EventLoopStallRecord *stall)
{
    if (t->watch.news) {
        t->watch.suppressed++;
    }
    t->watch.news = MAX(t->watch.news, stall->id);
}

/* What the loop has been in since @start is over the threshold */
static void note(EventLoopThread *t, EventLoopStallCause cause,
                 const EventLoopSource *s, EventLoopTicks start, uint64_t ns,
                 bool ongoing)
{
    EventLoopStallRecord *stall = find_stall(t, start);
    bool changed = !stall || stall->ongoing != ongoing;

    if (!stall) {
        stall = add_stall(t, cause, s, start);
        if (!stall) {
            return;
        }
    }
    stall->duration_ns = ns;
    stall->ongoing = ongoing;
    stall->seen = search;
    if (changed) {
        tell(t, stall);
    }
}

/* Takes over what the loop noted since the last time */
static void drain_overruns(EventLoopThread *t)
{
    uint64_t count = elp_get(t->overrun_count);
    uint64_t first = count > EVENT_LOOP_OVERRUNS
                     ? count - EVENT_LOOP_OVERRUNS : 0;
    uint64_t i;

    /* Before the overruns.  Pairs with add_overrun()'s second. */
    smp_rmb();
    if (t->watch.overruns < first) {
        /* they were overwritten, and all that is known is their number */
        stall_count += first - t->watch.overruns;
        t->watch.overruns = first;
    }
    for (i = t->watch.overruns; i < count; i++) {
        const EventLoopOverrun *o = &t->overruns[i % EVENT_LOOP_OVERRUNS];
        const EventLoopSource *s = qatomic_read(&o->source);
        EventLoopStallCause cause = qatomic_read(&o->cause);
        EventLoopTicks start = elp_get(o->start), end = elp_get(o->end);

        /* Was it overwritten?  Pairs with add_overrun()'s first. */
        smp_rmb();
        if (elp_get(t->overrun_count) >= i + EVENT_LOOP_OVERRUNS) {
            stall_count++;
            continue;
        }
        note(t, cause, s, start, event_loop_ns(start, end), false);
    }
    t->watch.overruns = count;
}

/* How long a dispatch has been going on; of the main loop only its own time */
static uint64_t frame_ns(const EventLoopView *view, unsigned i)
{
    const EventLoopViewFrame *frame = &view->stack[i];
    uint64_t ns = event_loop_ns(frame->start, view->now);
    uint64_t nested_ns = 0;

    if (frame->source->remainder) {
        nested_ns = frame->nested_ns;
        if (i + 1 < view->depth) {
            nested_ns += event_loop_ns(frame[1].start, view->now);
        }
    }
    return ns > nested_ns ? ns - nested_ns : 0;
}

static void keep_ongoing(EventLoopStallRecord *stall, uint64_t ns)
{
    if (stall && stall->ongoing) {
        stall->duration_ns = ns;
        stall->seen = search;
    }
}

/* What goes on does, whether it is outermost or not, and over the threshold */
static void keep_all_ongoing(const EventLoopThread *t,
                             const EventLoopView *view)
{
    unsigned i;

    for (i = 0; i < view->depth; i++) {
        keep_ongoing(find_stall(t, view->stack[i].start), frame_ns(view, i));
    }
    if (!view->depth && view->state != EVENT_LOOP_STATE_RUNNING) {
        keep_ongoing(find_stall(t, view->state_since),
                     event_loop_ns(view->state_since, view->now));
    }
}

/*
 * Whether it is known to last.  What is seen for the first time, and was not
 * timed, may have begun just now, however late this look is.
 */
static bool is_known_to_last(const EventLoopThread *t,
                             const EventLoopViewFrame *frame)
{
    return !frame->counted || t->watch.running.state == EVENT_LOOP_MARK_SET;
}

static void find_ongoing(EventLoopThread *t, unsigned *patience)
{
    uint64_t threshold = event_loop_stall_threshold(), ns;
    EventLoopStallCause cause;
    EventLoopView view;
    unsigned i;

    event_loop_read(t, &view, patience);
    if (view.stable) {
        event_loop_look(t, &view);
    } else {
        /* it is in the middle of a change: all goes on as far as we know */
        for (i = 0; i < n_stalls; i++) {
            if (stalls[i].thread == t) {
                stalls[i].seen = search;
            }
        }
        return;
    }
    keep_all_ongoing(t, &view);
    if (view.depth) {
        unsigned first = event_loop_first_frame(&view);
        const EventLoopViewFrame *frame = &view.stack[first];

        ns = frame_ns(&view, first);
        if (ns >= threshold && is_known_to_last(t, frame) &&
            event_loop_may_stall(t, frame->source)) {
            note(t, EVENT_LOOP_STALL_CAUSE_DISPATCH, frame->source,
                 frame->start, ns, true);
        }
    } else {
        ns = event_loop_ns(view.state_since, view.now);
        if (ns >= event_loop_state_limit(view.state, view.timeout_ns,
                                         &cause) &&
            (!view.untimed || t->watch.round_lasts)) {
            note(t, cause, NULL, view.state_since, ns, true);
        }
        /* the same, of what is between two dispatches */
        ns = event_loop_ns(t->watch.still_since, view.now);
        if (t->watch.still_until > t->watch.still_since && ns >= threshold &&
            view.state == EVENT_LOOP_STATE_RUNNING) {
            note(t, EVENT_LOOP_STALL_CAUSE_WAIT, NULL, t->watch.still_since,
                 ns, true);
        }
    }
}

/*
 * What goes on no longer ended without a note of it: it was overwritten, or
 * the threshold was raised meanwhile
 */
static void end_others(EventLoopThread *t)
{
    unsigned i;

    for (i = 0; i < n_stalls; i++) {
        EventLoopStallRecord *stall = &stalls[i];

        if (stall->thread == t && stall->ongoing && stall->seen != search) {
            stall->ongoing = false;
            tell(t, stall);
        }
    }
}

void event_loop_stalls_update(unsigned *patience)
{
    uint32_t period = qatomic_read(&event_loop_globals.period);
    EventLoopThread *t;
    unsigned i;

    if (stalls_period != period) {
        stalls_period = period;
        while (n_stalls) {
            drop_texts(&stalls[--n_stalls]);
        }
        stall_count = 0;
    }
    search++;
    event_loop_begin_looks();
    QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
        if (!event_loop_is_seen(t)) {
            continue;
        }
        if (t->watch.period != period) {
            memset(&t->watch, 0, sizeof(t->watch));
            qatomic_set(&t->watch.period, period);
        }
        if (!event_loop_is_loop(t)) {
            event_loop_look_at_thread(t, event_loop_ticks(period));
            continue;
        }
        /*
         * What is over comes first, in its order.  Then what goes on; and as
         * it may be over by now, what is over again.
         */
        drain_overruns(t);
        find_ongoing(t, patience);
        drain_overruns(t);
        end_others(t);
    }
    for (i = 0; i < n_stalls; i++) {
        if (stalls[i].ongoing && stalls[i].seen != search) {
            /* its thread ended, so that there is nobody to tell of */
            stalls[i].ongoing = false;
        }
    }
}

uint64_t event_loop_stall_count(void)
{
    return stall_count;
}

const EventLoopStallRecord *event_loop_stalls(unsigned *n)
{
    *n = n_stalls;
    return stalls;
}

static const EventLoopStallRecord *find_id(uint64_t id)
{
    unsigned i;

    for (i = n_stalls; i-- > 0;) {
        if (stalls[i].id == id) {
            return &stalls[i];
        }
    }
    return NULL;
}

const EventLoopStallRecord *event_loop_stall_next(uint64_t now_ns,
                                            uint64_t *suppressed)
{
    EventLoopThread *t;

    QTAILQ_FOREACH_RCU(t, &event_loop_threads, next) {
        const EventLoopStallRecord *stall;

        if (t->watch.period != stalls_period || !t->watch.news ||
            now_ns - t->watch.told_ns < TELL_INTERVAL_NS) {
            continue;
        }
        stall = find_id(t->watch.news);
        *suppressed = t->watch.suppressed;
        t->watch.news = 0;
        t->watch.suppressed = 0;
        if (stall) {
            t->watch.told_ns = now_ns;
            return stall;
        }
    }
    return NULL;
}

void event_loop_stall_put(GString *json, const EventLoopInstant *now,
                          const EventLoopStallRecord *stall)
{
    put(json, "{\"id\": ");
    put_u64(json, stall->id);
    put_string(json, "loop", stall->loop);
    put_member(json, "thread-id", stall->thread_id);
    put_string(json, "cause",
               EventLoopStallCause_str(stall->cause));
    if (stall->source_id) {
        put_member(json, "source-id", stall->source_id);
        put_string(json, "kind", EventLoopSourceKind_str(stall->kind));
        put_string(json, "name", stall->name);
        if (stall->label) {
            put_string(json, "label", stall->label);
        }
    }
    put_member(json, "start-ns", event_loop_stamp_ns(now, stall->start));
    put_member(json, "duration-ns", stall->duration_ns);
    put(json, ", \"ongoing\": ");
    g_string_append(json, stall->ongoing ? "true}" : "false}");
}
