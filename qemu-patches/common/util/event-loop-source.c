/*
 * Event loop profiler: the sources of a loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * They are in a list, for readers, and in a hash table.  There is an end to
 * them: who plugs and unplugs devices makes new sources all the time.  Those
 * whose label has no owner are dropped when the table would have to grow;
 * those that have been idle for long, when there is no room at all.
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-label.h"
#include "qemu/rcu_queue.h"
#include "qobject/json-writer.h"
#include "event-loop-clock.h"
#include "event-loop-image.h"
#include "event-loop-source.h"

EventLoopExpiry event_loop_expiry = {
    .ended_ns = 60 * NANOSECONDS_PER_SECOND,
    .idle_ns = 600 * NANOSECONDS_PER_SECOND,
    .pause_ns = 10 * NANOSECONDS_PER_SECOND,
};

/* Written by all threads, though seldom: on a line of its own */
static uint32_t last_source_id QEMU_ALIGNED(64);

EventLoopSource event_loop_no_source;

static unsigned hash(const EventLoopThread *t, const EventLoopCallback *c)
{
    uint64_t key = (uintptr_t)c->address + (uintptr_t)c->name + (c->what << 8);

    return ((key ^ c->what >> 48) * 0x9e3779b97f4a7c15ull) >>
           (64 - t->table_bits);
}

/* The slot of a source, or the one where it is to go */
static EventLoopSource **find_slot(EventLoopThread *t,
                                   const EventLoopCallback *c)
{
    unsigned mask = (1u << t->table_bits) - 1;
    unsigned i = hash(t, c);

    while (t->table[i] &&
           !event_loop_is_source(t->table[i], c->address, c->name, c->what)) {
        i = (i + 1) & mask;
    }
    return &t->table[i];
}

static void fill_table(EventLoopThread *t)
{
    EventLoopSource *s;
    unsigned i;

    g_free(t->table);
    t->table = g_new0(EventLoopSource *, 1u << t->table_bits);
    QSIMPLEQ_FOREACH(s, &t->sources, next) {
        EventLoopCallback c = {
            .address = s->address,
            .name = s->name,
            .what = s->what,
        };

        if (t->other[s->kind] != s) {
            *find_slot(t, &c) = s;
        }
    }
    for (i = 0; i < ARRAY_SIZE(t->mature); i++) {
        t->mature[i] = &event_loop_no_source;
    }
}

/* Sources that readers may see until a grace period is over */
typedef struct EventLoopDropped {
    struct rcu_head rcu;
    EventLoopSource *first;
} EventLoopDropped;

/* RCU's thread has the big lock: it gets it back after so many of them */
#define FREE_AT_ONCE 256

static void free_dropped(EventLoopDropped *dropped)
{
    int i;

    for (i = 0; i < FREE_AT_ONCE && dropped->first; i++) {
        EventLoopSource *s = dropped->first;

        dropped->first = s->dropped;
        event_loop_label_drop(s->label);
        g_free((char *)s->json);
        g_free(s->carry);
        g_free(s);
    }
    if (dropped->first) {
        call_rcu(dropped, free_dropped, rcu);
    } else {
        g_free(dropped);
    }
}

/* They are no longer in the list. @first is linked by @dropped. */
static void free_sources_later(EventLoopSource *first)
{
    if (first) {
        EventLoopDropped *dropped = g_new0(EventLoopDropped, 1);

        dropped->first = first;
        call_rcu(dropped, free_dropped, rcu);
    }
}

/* Whether somebody has its address: a frame, or an overrun that may be read */
static bool is_referenced(const EventLoopThread *t, const EventLoopSource *s)
{
    const EventLoopFrame *frame;
    unsigned i;

    for (frame = t->stack; frame < t->top; frame++) {
        if (frame->source == s) {
            return true;
        }
    }
    for (i = 0; i < EVENT_LOOP_OVERRUNS; i++) {
        if (t->overruns[i].source == s) {
            return true;
        }
    }
    return false;
}

/* How long ago it was last seen that it had been called meanwhile */
static uint64_t idle_ns(EventLoopSource *s, EventLoopTicks now)
{
    if (s->idle.calls != s->calls) {
        s->idle.calls = s->calls;
        s->idle.since = now;
    }
    return event_loop_ns(MAX(s->idle.since, s->last), now);
}

/* Drops sources that have ended, and if there is @no_room also idle ones */
static void drop_old_sources(EventLoopThread *t, bool no_room)
{
    EventLoopTicks now = event_loop_ticks(t->period);
    EventLoopSource *s, *last = NULL, *next, *first = NULL;
    uint64_t calls = 0;

    for (s = QSIMPLEQ_FIRST(&t->sources); s; s = next) {
        bool ended = s->label && !event_loop_label_has_owner(s->label);
        uint64_t ns = idle_ns(s, now);

        next = QSIMPLEQ_NEXT(s, next);
        if (!s->calls || t->other[s->kind] == s ||
            !((ended && ns >= event_loop_expiry.ended_ns) ||
              (no_room && ns >= event_loop_expiry.idle_ns)) ||
            is_referenced(t, s)) {
            last = s;
            continue;
        }
        /* A reader that is at @s goes on from there: its @next remains */
        if (last) {
            qatomic_set(&last->next.sqe_next, next);
        } else {
            qatomic_set(&t->sources.sqh_first, next);
        }
        if (!next) {
            t->sources.sqh_last = last ? &last->next.sqe_next
                                       : &t->sources.sqh_first;
        }
        t->source_count--;
        calls += s->calls;
        s->dropped = first;
        first = s;
    }
    /* They are no longer in the list.  Pairs with event_loop_dispatches(). */
    smp_wmb();
    event_loop_add(&t->dropped_calls, calls);
    free_sources_later(first);
}

/* Makes room for one more source. Returns false if there is none. */
static bool make_room(EventLoopThread *t)
{
    if (t->source_count >= EVENT_LOOP_SOURCES_MAX) {
        EventLoopTicks now = event_loop_ticks(t->period);

        /* each time it takes a while */
        if (t->full &&
            event_loop_ns(t->full, now) < event_loop_expiry.pause_ns) {
            return false;
        }
        t->full = now;
        drop_old_sources(t, true);
        fill_table(t);
    } else if (t->source_count * 2 >= (1u << t->table_bits)) {
        drop_old_sources(t, false);
        /* so that it does not come back at once */
        if (t->source_count * 8 >= (3u << t->table_bits)) {
            t->table_bits++;
        }
        fill_table(t);
    }
    return t->source_count < EVENT_LOOP_SOURCES_MAX;
}

static char *source_json(const EventLoopSource *s)
{
    g_autoptr(JSONWriter) writer = json_writer_new(false);
    EventLoopCode code;
    const char *json;

    json_writer_start_object(writer, NULL);
    json_writer_int64(writer, "id", s->id);
    json_writer_str(writer, "kind", EventLoopSourceKind_str(s->kind));
    json_writer_str(writer, "name", event_loop_source_name(s));
    if (s->label) {
        json_writer_str(writer, "label", s->label);
    }
    if (event_loop_image_find(s->address, &code)) {
        json_writer_uint64(writer, "callback", code.address);
        if (code.file) {
            json_writer_start_object(writer, "module");
            json_writer_str(writer, "file", code.file);
            if (code.build_id) {
                json_writer_str(writer, "build-id", code.build_id);
            }
            json_writer_end_object(writer);
        }
        g_free(code.build_id);
    }
    json_writer_end_object(writer);
    json = json_writer_get(writer);

    /* more members follow */
    return g_strndup(json, strlen(json) - 1);
}

/* A wait's condition is a literal, and its label is there for ever, too */
static const char *hold_label(const EventLoopCallback *c)
{
    const char *label = event_loop_callback_label(c);

    return event_loop_label_hold(
        event_loop_callback_kind(c) == EVENT_LOOP_SOURCE_KIND_WAIT
        ? event_loop_label_new(label) : label);
}

static EventLoopSource *new_source(EventLoopThread *t,
                                   const EventLoopCallback *c)
{
    EventLoopSource *s = g_new0(EventLoopSource, 1);

    s->address = c->address;
    s->name = c->name;
    s->what = c->what;
    s->label = hold_label(c);
    s->kind = event_loop_callback_kind(c);
    s->fd = c->fd;
    s->id = qatomic_inc_fetch(&last_source_id);
    s->remainder = !g_strcmp0(c->name, EVENT_LOOP_REMAINDER);
    s->sampled = s->kind == EVENT_LOOP_SOURCE_KIND_COROUTINE ||
                 s->kind == EVENT_LOOP_SOURCE_KIND_SUBMIT;
    s->json = source_json(s);
    QSIMPLEQ_INSERT_TAIL_RCU(&t->sources, s, next);
    return s;
}

/* A source's first dispatch */
static EventLoopSource *add_source(EventLoopThread *t,
                                   const EventLoopCallback *c)
{
    EventLoopSource *s;

    if (!make_room(t)) {
        EventLoopSourceKind kind = event_loop_callback_kind(c);
        EventLoopCallback other = {
            .what = event_loop_what(kind, NULL, -1),
            .fd = -1,
        };

        t->other[kind] = t->other[kind] ?: new_source(t, &other);
        return t->other[kind];
    }
    s = new_source(t, c);
    t->source_count++;
    *find_slot(t, c) = s;
    return s;
}

EventLoopSource *event_loop_find_source(EventLoopThread *t,
                                        const EventLoopCallback *c)
{
    EventLoopSource **slot = event_loop_source_slot(t, c->address, c->name,
                                                    c->what);
    EventLoopSource *s = *slot;

    if (unlikely(!event_loop_is_source(s, c->address, c->name, c->what))) {
        s = *find_slot(t, c) ?: add_source(t, c);
        if (s->calls >= EVENT_LOOP_MATURE_CALLS && s->address) {
            *slot = s;
        }
    }
    if (unlikely(s->fd != c->fd)) {
        qatomic_set(&s->fd, c->fd);
    }
    return s;
}

void event_loop_drop_sources(EventLoopSource *first)
{
    EventLoopSource *s;

    for (s = first; s; s = s->dropped) {
        s->dropped = QSIMPLEQ_NEXT(s, next);
    }
    free_sources_later(first);
}

void event_loop_init_sources(EventLoopThread *t)
{
    memset(t->overruns, 0, sizeof(t->overruns));
    memset(t->other, 0, sizeof(t->other));
    t->source_count = 0;
    t->table_bits = 6;
    fill_table(t);
    t->full = 0;
}
