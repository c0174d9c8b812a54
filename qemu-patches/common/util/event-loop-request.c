/*
 * Event loop profiler: requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See include/qemu/event-loop-request.h.  A slot stays with its coroutine, and
 * moves with it from thread to thread.
 */

#include "qemu/osdep.h"
#include "qemu/coroutine_int.h"
#include "qemu/lockable.h"
#include "qemu/memalign.h"
#include "event-loop-clock.h"
#include "event-loop-request-int.h"

/*
 * Protects all but the slots that coroutines have; held for some instructions.
 * Readers do not take it.
 */
static QemuMutex slots_lock;
/* linked by @inner */
static EventLoopSlot *free_slots;
static EventLoopDesk *unused_desks;

EventLoopSlot *event_loop_slabs[EVENT_LOOP_SLABS_MAX];
unsigned event_loop_slab_count;
unsigned event_loop_slabs_max = EVENT_LOOP_SLABS_MAX;
EventLoopDesk *event_loop_desks;

/* Aligned in the header, so that its cache line is seldom written */
EventLoopTicks event_loop_tick;

static EventLoopDesk nobodys_desk;
static __thread EventLoopDesk *this_desk = &nobodys_desk;

static void __attribute__((__constructor__)) event_loop_request_init(void)
{
    qemu_mutex_init(&slots_lock);
}

/* Its thread ends: the desk is for others */
static void leave_desk(gpointer opaque)
{
    EventLoopDesk *desk = opaque;

    this_desk = &nobodys_desk;
    QEMU_LOCK_GUARD(&slots_lock);
    desk->next_unused = unused_desks;
    unused_desks = desk;
}

/* Vcpu threads and others, too, have requests: see thread_end */
static GPrivate desk_end = G_PRIVATE_INIT(leave_desk);

static EventLoopDesk *take_desk(void)
{
    EventLoopDesk *desk;

    WITH_QEMU_LOCK_GUARD(&slots_lock) {
        desk = unused_desks;
        if (desk) {
            unused_desks = desk->next_unused;
        } else {
            desk = g_new0(EventLoopDesk, 1);
            desk->next = event_loop_desks;
            /* Pairs with event_loop_place_sum() */
            qatomic_store_release(&event_loop_desks, desk);
        }
    }
    desk->ended = 0;
    this_desk = desk;
    g_private_set(&desk_end, desk);
    return desk;
}

/* The numbers of an earlier period are gone */
static void begin_period(EventLoopDesk *desk, uint32_t period)
{
    unsigned i;

    qatomic_set(&desk->period, 0);
    /*
     * Of no period before it is cleared.  Pairs with event_loop_place_sum()'s
     * last.
     */
    smp_wmb();
    for (i = 0; i < ARRAY_SIZE(desk->tallies); i++) {
        elp_set(desk->tallies[i].serial, 0);
    }
    elp_set(desk->untracked, 0);
    /* Pairs with event_loop_place_sum()'s acquire */
    qatomic_store_release(&desk->period, period);
}

static G_GNUC_NO_INLINE EventLoopDesk *prepare_desk(uint32_t period)
{
    EventLoopDesk *desk = this_desk == &nobodys_desk ? take_desk() : this_desk;

    if (desk->period != period) {
        begin_period(desk, period);
    }
    return desk;
}

/* The running thread's desk, in this period; nobody's is of none */
static inline EventLoopDesk *current_desk(uint32_t period)
{
    EventLoopDesk *desk = this_desk;

    return likely(desk->period == period) ? desk : prepare_desk(period);
}

uint64_t event_loop_requests_ended(void)
{
    return this_desk->ended;
}

static void add_slab(void)
{
    unsigned n = event_loop_slab_count, i;
    EventLoopSlot *slab = qemu_memalign(__alignof__(EventLoopSlot),
                                        sizeof(EventLoopSlot) *
                                        EVENT_LOOP_SLAB_SLOTS);

    memset(slab, 0, sizeof(EventLoopSlot) * EVENT_LOOP_SLAB_SLOTS);
    for (i = EVENT_LOOP_SLAB_SLOTS; i > 0; i--) {
        slab[i - 1].id = (n * EVENT_LOOP_SLAB_SLOTS + i - 1) *
                         (EVENT_LOOP_SLOT_IN_FLIGHT << 1);
        slab[i - 1].inner = free_slots;
        free_slots = &slab[i - 1];
    }
    event_loop_slabs[n] = slab;
    /* Pairs with read_slots() */
    qatomic_store_release(&event_loop_slab_count, n + 1);
}

/* One more slot for a coroutine, for what is a part of @outer; or NULL */
static EventLoopSlot *add_slot(EventLoopDesk *desk, Coroutine *co,
                               EventLoopSlot *outer)
{
    EventLoopSlot *slot;

    QEMU_LOCK_GUARD(&slots_lock);
    if (!free_slots && event_loop_slab_count < event_loop_slabs_max) {
        add_slab();
    }
    slot = free_slots;
    if (!slot) {
        elp_set(desk->untracked, desk->untracked + 1);
        return NULL;
    }
    free_slots = slot->inner;
    slot->inner = NULL;
    slot->co = co;
    /* Pairs with read_slot() */
    qatomic_store_release(&slot->outer, outer);
    if (outer) {
        outer->inner = slot;
    }
    return slot;
}

void event_loop_slots_free(EventLoopSlot *first)
{
    EventLoopSlot *last = first;

    while (last->inner) {
        last = last->inner;
    }
    QEMU_LOCK_GUARD(&slots_lock);
    last->inner = free_slots;
    free_slots = first;
}

void event_loop_renew_tick(void)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);

    elp_set(event_loop_tick, event_loop_ticks(period));
    /* Before the period is read again.  Pairs with begin_profiling()'s. */
    smp_mb();
    if (qatomic_read(&event_loop_globals.period) != period) {
        /* it is a time of another clock, maybe: none is known */
        elp_set(event_loop_tick, 0);
    }
}

EventLoopStamp event_loop_profiler_now(void)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);

    return (event_loop_ticks(period) & ~(EventLoopStamp)EVENT_LOOP_TAG_MASK) |
           event_loop_period_tag(period);
}

static inline bool is_in_flight(const EventLoopSlot *slot)
{
    return slot->id & EVENT_LOOP_SLOT_IN_FLIGHT;
}

/*
 * What a slot has before its request is in flight.  That of a BlockBackend has
 * no @place yet.
 */
static inline __attribute__((always_inline))
EventLoopSlot *fill_slot(EventLoopSlot *slot, uint32_t period,
                         EventLoopTicks now, EventLoopPlace *place,
                         EventLoopBackend *backend, Coroutine *co,
                         EventLoopRequestType type,
                         int64_t offset, int64_t bytes)
{
    /* After its last end.  Pairs with read_slot()'s last. */
    smp_wmb();
    elp_set(slot->since, now);
    qatomic_set(&slot->place, place);
    qatomic_set(&slot->backend, backend);
    qatomic_set_i64(&slot->offset, offset);
    qatomic_set_i64(&slot->bytes, bytes);
    qatomic_set(&slot->period, period);
    qatomic_set(&slot->type, type);
    qatomic_set(&slot->stage, EVENT_LOOP_REQUEST_STAGE_DRIVER);
    qatomic_set(&slot->is_handed_on, co->part_of != 0);
    if (unlikely(co->part_of)) {
        qatomic_set_u64(&slot->part_of, co->part_of);
    }
    co->slot = slot;
    /* After all of that.  Pairs with read_slot()'s first. */
    smp_wmb();
    elp_set(slot->id, slot->id + EVENT_LOOP_SLOT_IN_FLIGHT);
    return slot;
}

/* A begin in whose way there is something */
static G_GNUC_NO_INLINE EventLoopSlot *
begin_slowly(EventLoopPlace *place, Coroutine *co, EventLoopRequestType type,
             int64_t offset, int64_t bytes, EventLoopBackend *backend)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopSlot *slot = co->slot, *outer = NULL;

    if (slot && is_in_flight(slot)) {
        outer = slot;
        slot = outer->inner;
    }
    slot = slot ?: add_slot(current_desk(period), co, outer);
    /* a BlockBackend's has one, and may go away at any time */
    if (place && !place->index) {
        event_loop_place_assign(place);
    }
    return slot ? fill_slot(slot, period, event_loop_ticks(period), place,
                            backend, co, type, offset, bytes) : NULL;
}

/*
 * When it begins is known without a reading of the clock: a loop knows when it
 * woke; but only if that was timed, and it may be long ago, so that the moment
 * of the last look may be the newer one.  Whoever is no loop reads the clock.
 * No function is called but at the end, so that no register has to be saved.
 */
static inline __attribute__((always_inline))
EventLoopSlot *begin(EventLoopSlot *slot, EventLoopPlace *place, Coroutine *co,
                     EventLoopRequestType type, int64_t offset, int64_t bytes,
                     EventLoopBackend *backend)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    const EventLoopThread *t = event_loop_this_thread;
    EventLoopTicks tick = elp_get(event_loop_tick);

    if (unlikely(!tick || t->period != period)) {
        return begin_slowly(place, co, type, offset, bytes, backend);
    }
    return fill_slot(slot, period, MAX(tick, t->woken), place, backend, co,
                     type, offset, bytes);
}

static EVENT_LOOP_HOT EventLoopSlot *
begin_at_node(EventLoopPlace *place, Coroutine *co, EventLoopRequestType type,
              int64_t offset, int64_t bytes)
{
    EventLoopSlot *slot = co->slot;

    if (unlikely(!place)) {
        return NULL;
    }
    if (slot && is_in_flight(slot)) {
        slot = slot->inner;
    }
    /* Pairs with event_loop_place_assign() */
    if (unlikely(!slot || !qatomic_load_acquire(&place->index))) {
        return begin_slowly(place, co, type, offset, bytes, NULL);
    }
    return begin(slot, place, co, type, offset, bytes, NULL);
}

EVENT_LOOP_HOT EventLoopSlot *
event_loop_profiler_request_begin(EventLoopPlace *place, Coroutine *co,
                                  EventLoopRequestType type,
                                  int64_t offset, int64_t bytes)
{
    EventLoopSlot *slot = co->slot;

    /* Pairs with event_loop_backend_set_place() */
    if (slot && is_in_flight(slot) && !slot->place && place &&
        qatomic_load_acquire(&slot->backend->place) == place) {
        /* It has come to its node now.  Pairs with read_slot()'s acquire. */
        qatomic_store_release(&slot->place, place);
        return NULL;
    }
    return begin_at_node(place, co, type, offset, bytes);
}

EVENT_LOOP_HOT EventLoopSlot *
event_loop_profiler_backend_begin(EventLoopBackend *backend, Coroutine *co,
                                  EventLoopRequestType type,
                                  int64_t offset, int64_t bytes)
{
    EventLoopSlot *slot = co->slot;

    if (unlikely(!qatomic_read(&backend->place))) {
        return NULL;
    }
    if (unlikely(!slot || is_in_flight(slot))) {
        return begin_slowly(NULL, co, type, offset, bytes, backend);
    }
    return begin(slot, NULL, co, type, offset, bytes, backend);
}

/* The index was that of another node */
static void begin_tally(EventLoopTally *tally, uint64_t serial)
{
    elp_set(tally->serial, 0);
    /*
     * It is nobody's before it is cleared.  Pairs with event_loop_place_sum()'s
     * last.
     */
    smp_wmb();
    elp_set(tally->completed, 0);
    /* Pairs with event_loop_place_sum()'s first */
    smp_wmb();
    elp_set(tally->serial, serial);
}

static inline void complete(EventLoopTally *tally, EventLoopTicks last)
{
    elp_set(tally->last, last);
    /* After its time.  Pairs with event_loop_place_sum()'s second. */
    smp_wmb();
    event_loop_add(&tally->completed, 1);
}

static inline void leave_slot(EventLoopSlot *slot)
{
    EventLoopSlot *outer = slot->outer;

    elp_set(slot->id, slot->id + (EVENT_LOOP_SLOT_STEP -
                                  EVENT_LOOP_SLOT_IN_FLIGHT));
    if (outer) {
        slot->co->slot = outer;
    }
}

/* An end in whose way there is something */
static G_GNUC_NO_INLINE void end_slowly(EventLoopSlot *slot)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopDesk *desk = current_desk(period);
    EventLoopPlace *place = slot->place ?: qatomic_read(&slot->backend->place);

    desk->ended++;
    if (place && slot->period == period &&
        slot->type != EVENT_LOOP_REQUEST_TYPE_BLOCK_STATUS) {
        EventLoopTally *tally = &desk->tallies[place->index];

        if (tally->serial != place->serial) {
            begin_tally(tally, place->serial);
        }
        complete(tally, MAX(event_loop_ticks(period), slot->since));
    }
    leave_slot(slot);
}

EVENT_LOOP_HOT void event_loop_profiler_request_end(EventLoopSlot *slot)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopTicks tick = elp_get(event_loop_tick);
    const EventLoopPlace *place = slot->place;
    EventLoopDesk *desk = this_desk;
    EventLoopTally *tally;

    if (unlikely(!place || desk->period != period ||
                 slot->period != period || !tick ||
                 slot->type == EVENT_LOOP_REQUEST_TYPE_BLOCK_STATUS)) {
        end_slowly(slot);
        return;
    }
    tally = &desk->tallies[place->index];
    if (unlikely(tally->serial != place->serial)) {
        end_slowly(slot);
        return;
    }
    desk->ended++;
    complete(tally, MAX(tick, slot->since));
    leave_slot(slot);
}

EVENT_LOOP_HOT
EventLoopSlot *event_loop_profiler_request_of(const Coroutine *co)
{
    EventLoopSlot *slot = co->slot;

    return slot && is_in_flight(slot) ? slot : NULL;
}

void event_loop_profiler_request_hand_on(Coroutine *part, const Coroutine *co)
{
    const EventLoopSlot *slot = event_loop_profiler_request_of(co);

    part->part_of = slot ? slot->id : co->part_of;
}

/* Stages */

static inline void enter_stage(EventLoopSlot *slot,
                               EventLoopRequestStage stage)
{
    elp_set(slot->stage_since, elp_get(event_loop_tick));
    /* After what belongs to it.  Pairs with read_slot(). */
    qatomic_store_release(&slot->stage, stage);
}

EVENT_LOOP_HOT
void event_loop_profiler_request_stage(EventLoopSlot *slot,
                                       EventLoopRequestStage stage)
{
    enter_stage(slot, stage);
}

void event_loop_request_throttled(EventLoopSlot *slot, const char *group)
{
    if (slot) {
        qatomic_set(&slot->waits_for, group);
        enter_stage(slot, EVENT_LOOP_REQUEST_STAGE_THROTTLED);
    }
}

void event_loop_request_worker(EventLoopSlot *slot, int thread_id)
{
    if (slot) {
        qatomic_set(&slot->thread_id, thread_id);
        enter_stage(slot, EVENT_LOOP_REQUEST_STAGE_WORKER);
    }
}
