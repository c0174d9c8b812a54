/*
 * Event loop profiler: requests in flight, as writers and readers share them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef EVENT_LOOP_REQUEST_INT_H
#define EVENT_LOOP_REQUEST_INT_H

#include "event-loop-profiler-int.h"
#include "qemu/coroutine.h"
#include "qemu/event-loop-request.h"

/* Slots come so many at a time, and there are no more than so many */
#define EVENT_LOOP_SLAB_SLOTS 64
#define EVENT_LOOP_SLABS_MAX 256
#define EVENT_LOOP_SLOTS_MAX (EVENT_LOOP_SLAB_SLOTS * EVENT_LOOP_SLABS_MAX)

/*
 * What tells a slot's requests from each other, and is their id:
 *   bit 0: whether it is in flight
 *   then: the slot's own number
 *   the rest: how many there were before
 */
#define EVENT_LOOP_SLOT_IN_FLIGHT 1ull
#define EVENT_LOOP_SLOT_STEP (EVENT_LOOP_SLOTS_MAX * 2ull)

/*
 * A coroutine keeps its slots: one for its requests, one for what these ask of
 * other nodes in the same coroutine, and so on.  The first cache line is what
 * each request needs.
 */
struct EventLoopSlot {
    /* changes before and after all others; see read_slot() */
    uint64_t id;
    EventLoopTicks since;
    /* NULL: it has not come to a node yet, but to @backend */
    EventLoopPlace *place;
    /* NULL: it does not come from a BlockBackend */
    EventLoopBackend *backend;
    int64_t offset;
    int64_t bytes;
    /* of the request that it is a part of; NULL: the coroutine's first one */
    EventLoopSlot *outer;
    uint32_t period;
    uint8_t type;
    uint8_t stage;
    /* @part_of is of this request */
    bool is_handed_on;

    /* of the writers: for what is a part of it, or the next free one */
    EventLoopSlot *inner;
    Coroutine *co;
    /* @id of another coroutine's request that those of this one are parts of */
    uint64_t part_of;
    /* before @since: not known */
    EventLoopTicks stage_since;
    /* a label, in the stage "throttled" */
    const char *waits_for;
    /* in the stage "worker" */
    int thread_id;
} QEMU_ALIGNED(64);

/* Only the last one of them may not be there yet */
extern EventLoopSlot *event_loop_slabs[EVENT_LOOP_SLABS_MAX];
extern unsigned event_loop_slab_count;
/* A variable for the sake of tests */
extern unsigned event_loop_slabs_max;

/* So many nodes have numbers of their own; what is left is one more */
#define EVENT_LOOP_PLACES_MAX 1024
#define EVENT_LOOP_PLACE_OTHER (EVENT_LOOP_PLACES_MAX + 1)
#define EVENT_LOOP_SERIAL_OTHER 1

struct EventLoopPlace {
    struct rcu_head rcu;
    /* a label */
    const char *name;
    /* name of its driver; NULL: it has none; set before it has an index */
    const char *driver;
    /* its place in event_loop_places; 0: it has had no request */
    uint32_t index;
    /* tells it from others that had this index; set before that */
    uint64_t serial;
    /* the node is gone */
    bool gone;
};

/*
 * By their index, from 1 on; read in RCU critical sections.  The last one is
 * always NULL, as it stands for many.
 */
extern EventLoopPlace *event_loop_places[EVENT_LOOP_PLACE_OTHER + 1];
/* No index is greater, but for EVENT_LOOP_PLACE_OTHER */
extern uint32_t event_loop_last_place;
/* A variable for the sake of tests */
extern unsigned event_loop_places_max;

struct EventLoopBackend {
    struct rcu_head rcu;
    EventLoopPlace *place;
    /* a label */
    const char *device;
    /* those that it was, held, as coroutines may still have them */
    GSList *former_devices;
};

/* What was done at a node, by one thread */
typedef struct EventLoopTally {
    /* of the node; if it is another one, the rest is of no meaning */
    uint64_t serial;
    uint64_t completed;
    EventLoopTicks last;
} EventLoopTally;

/*
 * What belongs to a thread.  It is there for ever, and another thread's if
 * that one has ended: so it has one writer at a time, and its numbers remain.
 */
typedef struct EventLoopDesk EventLoopDesk;
struct EventLoopDesk {
    /* of the thread alone: how many requests ended, in whatever period */
    uint64_t ended;
    /* what follows is of this period */
    uint32_t period;
    uint64_t untracked;
    EventLoopTally tallies[EVENT_LOOP_PLACE_OTHER + 1];

    /* in the list of all, from the newest to the oldest */
    EventLoopDesk *next;
    /* in the list of those without a thread */
    EventLoopDesk *next_unused;
};

extern EventLoopDesk *event_loop_desks;

/* How many requests ended in the running thread, since its first one did */
uint64_t event_loop_requests_ended(void);

/* Gives the node an index, if it has none yet */
void event_loop_place_assign(EventLoopPlace *place);

/* What was done at a node, by all threads */
EventLoopTally event_loop_place_sum(uint32_t period, uint32_t index,
                                    uint64_t serial);

/* Whether the node is gone, and has done nothing for long */
bool event_loop_place_expired(const EventLoopPlace *place,
                              const EventLoopTally *sum, EventLoopTicks now);

/*
 * What a request's begin takes for now, if its thread knows nothing newer.  It
 * is a moment old, and who looks for stalls renews it; 0: nobody does.
 */
extern EventLoopTicks event_loop_tick QEMU_ALIGNED(64);
void event_loop_renew_tick(void);

#endif /* EVENT_LOOP_REQUEST_INT_H */
