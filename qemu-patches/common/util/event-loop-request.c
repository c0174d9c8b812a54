/*
 * Event loop profiler: requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See include/qemu/event-loop-request.h.  A request's coroutine may go on in
 * another thread, and so slots move from thread to thread: who has many of
 * them gives some to a list of all, from where others take theirs.
 */

#include "qemu/osdep.h"
#include "qemu/coroutine_int.h"
#include "qemu/lockable.h"
#include "qemu/memalign.h"
#include "event-loop-clock.h"
#include "event-loop-request-int.h"

/* So many a thread takes from the list of all, or leaves there */
#define BATCH 32
/* It has no more than so many free ones */
#define FREE_MAX (2 * EVENT_LOOP_SLAB_SLOTS)

/*
 * Protects all but the slots in flight, and the lists of the threads; held for
 * some instructions.  Readers do not take it.
 */
static QemuMutex slots_lock;
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

/* Moves slots from one list to the other. Returns how many there were. */
static unsigned move_slots(EventLoopSlot **from, EventLoopSlot **to,
                           unsigned max)
{
    unsigned n;

    for (n = 0; n < max && *from; n++) {
        EventLoopSlot *slot = *from;

        *from = slot->next;
        slot->next = *to;
        *to = slot;
    }
    return n;
}

/* Its thread ends: the slots are for others, and so is the desk */
static void leave_desk(gpointer opaque)
{
    EventLoopDesk *desk = opaque;

    this_desk = &nobodys_desk;
    QEMU_LOCK_GUARD(&slots_lock);
    move_slots(&desk->free, &free_slots, UINT_MAX);
    desk->free_count = 0;
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
    this_desk = desk;
    g_private_set(&desk_end, desk);
    return desk;
}

/* The numbers of an earlier period are gone */
static void begin_period(EventLoopDesk *desk, uint32_t period)
{
    unsigned i;

    qatomic_set(&desk->period, 0);
    /* Not of any period before it is cleared */
    smp_wmb();
    for (i = 0; i < ARRAY_SIZE(desk->tallies); i++) {
        elp_set(desk->tallies[i].serial, 0);
    }
    elp_set(desk->untracked, 0);
    /* Pairs with event_loop_place_sum() */
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

static void add_slab(EventLoopDesk *desk)
{
    unsigned n = event_loop_slab_count, i;
    EventLoopSlot *slab = qemu_memalign(__alignof__(EventLoopSlot),
                                        sizeof(EventLoopSlot) *
                                        EVENT_LOOP_SLAB_SLOTS);

    memset(slab, 0, sizeof(EventLoopSlot) * EVENT_LOOP_SLAB_SLOTS);
    for (i = EVENT_LOOP_SLAB_SLOTS; i > 0; i--) {
        slab[i - 1].id = (n * EVENT_LOOP_SLAB_SLOTS + i - 1) *
                         (EVENT_LOOP_SLOT_IN_FLIGHT << 1);
        slab[i - 1].next = desk->free;
        desk->free = &slab[i - 1];
    }
    desk->free_count += EVENT_LOOP_SLAB_SLOTS;
    event_loop_slabs[n] = slab;
    /* Pairs with read_slots() */
    qatomic_store_release(&event_loop_slab_count, n + 1);
}

/* Returns the first of the slots that it finds for the thread, or NULL */
static G_GNUC_NO_INLINE EventLoopSlot *find_slot(EventLoopDesk *desk)
{
    QEMU_LOCK_GUARD(&slots_lock);
    desk->free_count += move_slots(&free_slots, &desk->free, BATCH);
    if (!desk->free) {
        if (event_loop_slab_count < event_loop_slabs_max) {
            add_slab(desk);
        } else {
            elp_set(desk->untracked, desk->untracked + 1);
        }
    }
    return desk->free;
}

static void G_GNUC_NO_INLINE leave_slots(EventLoopDesk *desk)
{
    QEMU_LOCK_GUARD(&slots_lock);
    desk->free_count -= move_slots(&desk->free, &free_slots, BATCH);
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

/* What a slot has before its request is in flight */
static inline __attribute__((always_inline))
EventLoopSlot *take_slot(EventLoopDesk *desk, EventLoopSlot *slot,
                         EventLoopTicks now, EventLoopPlace *place,
                         EventLoopBackend *backend, Coroutine *co,
                         EventLoopRequestType type,
                         int64_t offset, int64_t bytes)
{
    EventLoopSlot *outer = co->request;

    desk->free = slot->next;
    desk->free_count--;
    /* After its last end.  Pairs with read_slot()'s last. */
    smp_wmb();
    elp_set(slot->since, now);
    qatomic_set(&slot->place, backend ? NULL : place);
    qatomic_set(&slot->backend, backend);
    elp_set(slot->parent, outer ? outer->id : 0);
    qatomic_set_i64(&slot->offset, offset);
    qatomic_set_i64(&slot->bytes, bytes);
    qatomic_set(&slot->period, desk->period);
    qatomic_set(&slot->type, type);
    qatomic_set(&slot->stage, EVENT_LOOP_REQUEST_STAGE_DRIVER);
    slot->outer = outer;
    slot->co = co;
    co->request = slot;
    /* After all of that.  Pairs with read_slot()'s first. */
    smp_wmb();
    elp_set(slot->id, (slot->id + EVENT_LOOP_SLOT_STEP) |
                      EVENT_LOOP_SLOT_IN_FLIGHT);
    return slot;
}

/* A begin in whose way there is something */
static G_GNUC_NO_INLINE EventLoopSlot *
begin_slowly(EventLoopPlace *place, EventLoopBackend *backend, Coroutine *co,
             EventLoopRequestType type, int64_t offset, int64_t bytes)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopDesk *desk = current_desk(period);
    EventLoopSlot *slot = desk->free ?: find_slot(desk);

    /* a BlockBackend's has one, and may go away at any time */
    if (!backend && !place->index) {
        event_loop_place_assign(place);
    }
    return slot ? take_slot(desk, slot, event_loop_ticks(period), place,
                            backend, co, type, offset, bytes) : NULL;
}

/*
 * When it begins is known without a reading of the clock: a loop knows when it
 * woke; but only if that was timed, and it may be long ago, so that the moment
 * of the last look may be the newer one.  Whoever is no loop reads the clock.
 * No function is called but at the end, so that no register has to be saved.
 */
static inline __attribute__((always_inline))
EventLoopSlot *begin(EventLoopPlace *place, EventLoopBackend *backend,
                     Coroutine *co, EventLoopRequestType type,
                     int64_t offset, int64_t bytes)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    const EventLoopThread *t = event_loop_this_thread;
    EventLoopTicks tick = elp_get(event_loop_tick);
    EventLoopDesk *desk = this_desk;
    EventLoopSlot *slot = desk->free;

    /* Pairs with event_loop_place_assign() */
    if (unlikely(desk->period != period || !slot || !tick ||
                 t->period != period ||
                 (!backend && !qatomic_load_acquire(&place->index)))) {
        return begin_slowly(place, backend, co, type, offset, bytes);
    }
    return take_slot(desk, slot, MAX(tick, t->woken), place, backend, co,
                     type, offset, bytes);
}

EVENT_LOOP_HOT EventLoopSlot *
event_loop_profiler_request_begin(EventLoopPlace *place, Coroutine *co,
                                  EventLoopRequestType type,
                                  int64_t offset, int64_t bytes)
{
    EventLoopSlot *outer = co->request;

    if (unlikely(!place)) {
        return NULL;
    }
    if (outer && !outer->place &&
        qatomic_read(&outer->backend->place) == place) {
        /* it has come to its node now */
        qatomic_set(&outer->place, place);
        return NULL;
    }
    return begin(place, NULL, co, type, offset, bytes);
}

EVENT_LOOP_HOT EventLoopSlot *
event_loop_profiler_backend_begin(EventLoopBackend *backend, Coroutine *co,
                                  EventLoopRequestType type,
                                  int64_t offset, int64_t bytes)
{
    /* Pairs with event_loop_backend_set_place() */
    EventLoopPlace *place = qatomic_load_acquire(&backend->place);

    if (unlikely(!place)) {
        return NULL;
    }
    return begin(place, backend, co, type, offset, bytes);
}

/* The index was that of another node */
static void begin_tally(EventLoopTally *tally, uint64_t serial)
{
    elp_set(tally->serial, 0);
    /* It is nobody's before it is cleared */
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

static inline void leave_slot(EventLoopDesk *desk, EventLoopSlot *slot)
{
    slot->co->request = slot->outer;
    elp_set(slot->id, slot->id & ~EVENT_LOOP_SLOT_IN_FLIGHT);
    slot->next = desk->free;
    desk->free = slot;
    desk->free_count++;
}

/* An end in whose way there is something */
static G_GNUC_NO_INLINE void end_slowly(EventLoopSlot *slot)
{
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopDesk *desk = current_desk(period);
    EventLoopPlace *place = slot->place ?: qatomic_read(&slot->backend->place);

    if (place && slot->period == period &&
        slot->type != EVENT_LOOP_REQUEST_TYPE_BLOCK_STATUS) {
        EventLoopTally *tally = &desk->tallies[place->index];

        if (tally->serial != place->serial) {
            begin_tally(tally, place->serial);
        }
        complete(tally, MAX(event_loop_ticks(period), slot->since));
    }
    leave_slot(desk, slot);
    if (desk->free_count > FREE_MAX) {
        leave_slots(desk);
    }
}

EVENT_LOOP_HOT void event_loop_profiler_request_end(EventLoopSlot *slot)
{
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopTicks tick = elp_get(event_loop_tick);
    const EventLoopPlace *place = slot->place;
    EventLoopDesk *desk = this_desk;
    EventLoopTally *tally;

    if (unlikely(!place || desk->period != period ||
                 slot->period != period || !tick ||
                 slot->type == EVENT_LOOP_REQUEST_TYPE_BLOCK_STATUS ||
                 desk->free_count >= FREE_MAX)) {
        end_slowly(slot);
        return;
    }
    tally = &desk->tallies[place->index];
    if (unlikely(tally->serial != place->serial)) {
        end_slowly(slot);
        return;
    }
    complete(tally, MAX(tick, slot->since));
    leave_slot(desk, slot);
}

EVENT_LOOP_HOT EventLoopSlot *event_loop_profiler_request_self(void)
{
    return qemu_coroutine_self()->request;
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
