/*
 * Event loop profiler: requests of the block layer that are in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest whose disk is dead has loops that are all idle.  So each request is
 * noted while it is in flight: in a slot, which only who works on it writes.
 * Slots stay with their coroutine, which is used again and again: so a begin
 * and an end write to one cache line, and neither reads a clock in an event
 * loop, takes a lock, or allocates memory, but for a coroutine's first
 * requests.  Slots are there for ever, so that readers need no lock either.
 *
 * What is noted of a request stands in its coroutine: so a layer below
 * knows what its own request is a part of, and may say what it waits for,
 * without being told which request it is.
 *
 * Without a profiler each of these hooks is one branch that is not taken.
 */

#ifndef QEMU_EVENT_LOOP_REQUEST_H
#define QEMU_EVENT_LOOP_REQUEST_H

#include "qapi/qapi-types-event-loop-request.h"
#include "qemu/coroutine-core.h"
#include "qemu/event-loop-profiler.h"

/* A request in flight */
typedef struct EventLoopSlot EventLoopSlot;

/* A node of the block layer, as where requests are in flight */
typedef struct EventLoopPlace EventLoopPlace;

/* A BlockBackend, as where requests come from */
typedef struct EventLoopBackend EventLoopBackend;

/* A new node of this name. Any thread. */
EventLoopPlace *event_loop_place_new(const char *node_name);

/* @driver: name of the node's driver, which stays; before its first request */
void event_loop_place_set_driver(EventLoopPlace *place, const char *driver);

/*
 * The node goes away, and has no request any more; accepts NULL.  Its numbers
 * may be shown for a while.
 */
void event_loop_place_free(EventLoopPlace *place);

const char *event_loop_profiler_place_label(const EventLoopPlace *place);

/*
 * The node's name, which is there as long as @place; NULL if nobody profiles,
 * or @place is
 */
static inline const char *event_loop_place_label(const EventLoopPlace *place)
{
    return event_loop_profiled() ? event_loop_profiler_place_label(place)
                                 : NULL;
}

EventLoopBackend *event_loop_backend_new(void);

/* It goes away, and has no request any more */
void event_loop_backend_free(EventLoopBackend *backend);

/* From now on its requests go to this node, or to none if it is NULL */
void event_loop_backend_set_place(EventLoopBackend *backend,
                                  EventLoopPlace *place);

/* Its requests are those of the guest's device of this id; NULL: of none */
void event_loop_backend_set_device(EventLoopBackend *backend, const char *id);

const char *
event_loop_profiler_backend_label(const EventLoopBackend *backend);

/*
 * The device's id, which is there as long as @backend, whatever device it is
 * that of then; NULL if there is none, or nobody profiles
 */
static inline const char *
event_loop_backend_label(const EventLoopBackend *backend)
{
    return event_loop_profiled() ? event_loop_profiler_backend_label(backend)
                                 : NULL;
}

EventLoopStamp event_loop_profiler_now(void);

/*
 * Now, whatever the running thread does: it takes a reading of the clock.  0
 * if nobody wants to know.
 */
static inline EventLoopStamp event_loop_now(void)
{
    return event_loop_profiled() ? event_loop_profiler_now() : 0;
}

EventLoopSlot *
event_loop_profiler_request_begin(EventLoopPlace *place, Coroutine *co,
                                  EventLoopRequestType type,
                                  int64_t offset, int64_t bytes);
EventLoopSlot *
event_loop_profiler_backend_begin(EventLoopBackend *backend, Coroutine *co,
                                  EventLoopRequestType type,
                                  int64_t offset, int64_t bytes);
void event_loop_profiler_request_end(EventLoopSlot *slot);
EventLoopSlot *event_loop_profiler_request_of(const Coroutine *co);
void event_loop_profiler_request_stage(EventLoopSlot *slot,
                                       EventLoopRequestStage stage);

/**
 * event_loop_request_begin:
 * @place: the node that is to do it, or NULL
 * @type: what it is
 * @offset: where in the node it begins; bytes
 * @bytes: how long it is
 *
 * A request to a node begins, in the running coroutine.  If it is the request
 * that came from a BlockBackend of this node, it is noted already.
 *
 * Returns: what event_loop_request_end() is to have; may be NULL
 */
static inline EventLoopSlot *
event_loop_request_begin(EventLoopPlace *place, EventLoopRequestType type,
                         int64_t offset, int64_t bytes)
{
    return event_loop_profiled()
           ? event_loop_profiler_request_begin(place, qemu_coroutine_self(),
                                               type, offset, bytes)
           : NULL;
}

/* The same where it is known that the running coroutine is @co */
static inline EventLoopSlot *
event_loop_request_begin_in(Coroutine *co, EventLoopPlace *place,
                            EventLoopRequestType type,
                            int64_t offset, int64_t bytes)
{
    return event_loop_profiled()
           ? event_loop_profiler_request_begin(place, co, type, offset, bytes)
           : NULL;
}

/* The same for a BlockBackend, before its request is queued anywhere */
static inline EventLoopSlot *
event_loop_backend_begin(EventLoopBackend *backend, EventLoopRequestType type,
                         int64_t offset, int64_t bytes)
{
    return event_loop_profiled()
           ? event_loop_profiler_backend_begin(backend, qemu_coroutine_self(),
                                               type, offset, bytes)
           : NULL;
}

/* It is done, in the coroutine in which it began, whatever its thread is */
static inline void event_loop_request_end(EventLoopSlot *slot)
{
    if (unlikely(slot)) {
        event_loop_profiler_request_end(slot);
    }
}

static inline void event_loop_request_guard_end(EventLoopSlot **slot)
{
    event_loop_request_end(*slot);
}

/* A request that is in flight until the end of the block of code */
#define EVENT_LOOP_REQUEST_GUARD(place, type, offset, bytes)                 \
    __attribute__((cleanup(event_loop_request_guard_end), unused))           \
    EventLoopSlot *event_loop_request_guard =                                \
        event_loop_request_begin((place), EVENT_LOOP_REQUEST_TYPE_##type,    \
                                 (offset), (bytes))

#define EVENT_LOOP_BACKEND_GUARD(backend, type, offset, bytes)               \
    __attribute__((cleanup(event_loop_request_guard_end), unused))           \
    EventLoopSlot *event_loop_request_guard =                                \
        event_loop_backend_begin((backend), EVENT_LOOP_REQUEST_TYPE_##type,  \
                                 (offset), (bytes))

void event_loop_profiler_request_hand_on(Coroutine *part,
                                         const Coroutine *co);

/*
 * What @part will ask for is a part of the running coroutine's request, if it
 * has one.  @part may outlive that.
 */
static inline void event_loop_request_hand_on(Coroutine *part)
{
    if (event_loop_profiled() && qemu_in_coroutine()) {
        event_loop_profiler_request_hand_on(part, qemu_coroutine_self());
    }
}

/* The innermost request of this coroutine, which runs; or NULL */
static inline EventLoopSlot *event_loop_request_of(const Coroutine *co)
{
    return event_loop_profiled() ? event_loop_profiler_request_of(co) : NULL;
}

/* The same where it is not known which coroutine runs */
static inline EventLoopSlot *event_loop_request_self(void)
{
    return event_loop_profiled()
           ? event_loop_profiler_request_of(qemu_coroutine_self()) : NULL;
}

/*
 * What the request, if it is not NULL, waits for from now on.  Called by who
 * works on it: that is its coroutine, unless that has handed it on.
 */
static inline void event_loop_request_stage(EventLoopSlot *slot,
                                            EventLoopRequestStage stage)
{
    if (unlikely(slot)) {
        event_loop_profiler_request_stage(slot, stage);
    }
}

/*
 * From here to there the running coroutine's request waits for something else
 * than the node's driver
 */
static inline EventLoopSlot *
event_loop_stage_begin(EventLoopRequestStage stage)
{
    EventLoopSlot *slot = event_loop_request_self();

    event_loop_request_stage(slot, stage);
    return slot;
}

/* The same in the coroutine @co, which runs */
static inline EventLoopSlot *
event_loop_stage_begin_in(const Coroutine *co, EventLoopRequestStage stage)
{
    EventLoopSlot *slot = event_loop_request_of(co);

    event_loop_request_stage(slot, stage);
    return slot;
}

static inline void event_loop_stage_end(EventLoopSlot *slot)
{
    event_loop_request_stage(slot, EVENT_LOOP_REQUEST_STAGE_DRIVER);
}

/*
 * The running coroutine's request waits in the throttle group of this name, a
 * label, which is there until it no longer waits
 */
void event_loop_request_throttled(EventLoopSlot *slot, const char *group);

/* A coroutine that had these slots is freed */
void event_loop_slots_free(EventLoopSlot *first);

/* This thread of a thread pool works on it */
void event_loop_request_worker(EventLoopSlot *slot, int thread_id);

#endif /* QEMU_EVENT_LOOP_REQUEST_H */
