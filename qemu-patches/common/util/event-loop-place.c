/*
 * Event loop profiler: where requests are in flight, and where they come from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A node has an index from its first request on, under which each thread has
 * the numbers of what it did there.  There are some more indexes than a
 * virtual machine has nodes, but nodes come and go, with snapshots and jobs:
 * so those that are gone give theirs back after a while.
 */

#include "qemu/osdep.h"
#include "qemu/event-loop-label.h"
#include "qemu/lockable.h"
#include "event-loop-clock.h"
#include "event-loop-request-int.h"

/* Protects changes of event_loop_places; held for some microseconds */
static QemuMutex places_lock;
EventLoopPlace *event_loop_places[EVENT_LOOP_PLACE_OTHER + 1];
uint32_t event_loop_last_place;
unsigned event_loop_places_max = EVENT_LOOP_PLACES_MAX;
static uint64_t last_serial = EVENT_LOOP_SERIAL_OTHER;

static void __attribute__((__constructor__)) event_loop_place_init(void)
{
    qemu_mutex_init(&places_lock);
}

/* Nodes */

EventLoopPlace *event_loop_place_new(const char *node_name)
{
    EventLoopPlace *place = g_new0(EventLoopPlace, 1);

    place->name = event_loop_label_new(node_name);
    return place;
}

void event_loop_place_set_driver(EventLoopPlace *place, const char *driver)
{
    place->driver = driver;
}

static void free_place(EventLoopPlace *place)
{
    event_loop_label_unref(place->name);
    g_free(place);
}

EventLoopTally event_loop_place_sum(uint32_t period, uint32_t index,
                                    uint64_t serial)
{
    /* Pairs with take_desk() */
    const EventLoopDesk *desk = qatomic_load_acquire(&event_loop_desks);
    EventLoopTally sum = { .serial = serial };

    for (; desk; desk = desk->next) {
        const EventLoopTally *tally = &desk->tallies[index];
        uint64_t completed, last;

        /* Pairs with begin_period() */
        if (qatomic_load_acquire(&desk->period) != period ||
            elp_get(tally->serial) != serial) {
            continue;
        }
        /* Pairs with begin_tally()'s second */
        smp_rmb();
        completed = elp_get(tally->completed);
        /* Pairs with complete() */
        smp_rmb();
        last = elp_get(tally->last);
        /*
         * Was it cleared meanwhile, for another node or period?  Pairs with
         * the firsts of begin_tally() and begin_period().
         */
        smp_rmb();
        if (completed && elp_get(tally->serial) == serial &&
            qatomic_read(&desk->period) == period) {
            sum.completed += completed;
            sum.last = MAX(sum.last, last);
        }
    }
    return sum;
}

bool event_loop_place_expired(const EventLoopPlace *place,
                              const EventLoopTally *sum, EventLoopTicks now)
{
    return qatomic_read(&place->gone) &&
           (!sum->completed ||
            event_loop_ns(sum->last, now) >= event_loop_expiry.ended_ns);
}

/* Nodes that are gone, and have done nothing for long, make room */
static void drop_expired(void)
{
    /* Pairs with begin_profiling() */
    uint32_t period = qatomic_load_acquire(&event_loop_globals.period);
    EventLoopTicks now = event_loop_ticks(period);
    unsigned i;

    for (i = 1; i <= event_loop_last_place; i++) {
        EventLoopPlace *place = event_loop_places[i];
        EventLoopTally sum;

        if (place && place->gone) {
            sum = event_loop_place_sum(period, i, place->serial);
            if (event_loop_place_expired(place, &sum, now)) {
                qatomic_set(&event_loop_places[i], NULL);
                call_rcu(place, free_place, rcu);
            }
        }
    }
}

/* The index that a node has which is gone and had this name; or a free one */
static uint32_t find_index(const char *name)
{
    uint32_t unused = EVENT_LOOP_PLACE_OTHER, i;

    for (i = event_loop_places_max; i > 0; i--) {
        const EventLoopPlace *place = event_loop_places[i];

        if (!place) {
            unused = i;
        } else if (place->gone && place->name == name) {
            return i;
        }
    }
    return unused;
}

void event_loop_place_assign(EventLoopPlace *place)
{
    EventLoopPlace *old;
    uint32_t index;

    QEMU_LOCK_GUARD(&places_lock);
    if (place->index) {
        /* by another thread */
        return;
    }
    drop_expired();
    index = find_index(place->name);
    old = event_loop_places[index];
    if (index == EVENT_LOOP_PLACE_OTHER) {
        place->serial = EVENT_LOOP_SERIAL_OTHER;
    } else {
        place->serial = old ? old->serial : ++last_serial;
        qatomic_set(&event_loop_last_place, MAX(event_loop_last_place, index));
        /* Pairs with event_loop_put_requests() */
        qatomic_store_release(&event_loop_places[index], place);
    }
    /*
     * After its serial.  Pairs with the begin of its requests, and with
     * sum_request().
     */
    qatomic_store_release(&place->index, index);
    if (old) {
        call_rcu(old, free_place, rcu);
    }
}

const char *event_loop_profiler_place_label(const EventLoopPlace *place)
{
    return place ? place->name : NULL;
}

void event_loop_place_free(EventLoopPlace *place)
{
    if (!place) {
        return;
    }
    QEMU_LOCK_GUARD(&places_lock);
    qatomic_set(&place->gone, true);
    if (!place->index || place->index == EVENT_LOOP_PLACE_OTHER) {
        call_rcu(place, free_place, rcu);
    }
}

/* BlockBackends */

EventLoopBackend *event_loop_backend_new(void)
{
    return g_new0(EventLoopBackend, 1);
}

static void drop_label(gpointer label)
{
    event_loop_label_drop(label);
}

void event_loop_backend_free(EventLoopBackend *backend)
{
    event_loop_label_unref(backend->device);
    g_slist_free_full(backend->former_devices, drop_label);
    g_free_rcu(backend, rcu);
}

void event_loop_backend_set_place(EventLoopBackend *backend,
                                  EventLoopPlace *place)
{
    if (place) {
        /* those that are queued come to it without a begin there */
        event_loop_place_assign(place);
    }
    /*
     * After its index.  Pairs with event_loop_profiler_request_begin(), and
     * with read_slot().
     */
    qatomic_store_release(&backend->place, place);
}

void event_loop_backend_set_device(EventLoopBackend *backend, const char *id)
{
    const char *label = event_loop_label_new(id), *old = backend->device;

    /* Pairs with read_slot() */
    qatomic_store_release(&backend->device, label);
    /* Most often it is one and the same that comes and goes */
    if (old && !g_slist_find(backend->former_devices, old)) {
        backend->former_devices =
            g_slist_prepend(backend->former_devices,
                            (gpointer)event_loop_label_hold(old));
    }
    event_loop_label_unref(old);
}

const char *
event_loop_profiler_backend_label(const EventLoopBackend *backend)
{
    return qatomic_read(&backend->device);
}
