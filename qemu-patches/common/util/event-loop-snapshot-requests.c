/*
 * Event loop profiler: the requests in flight, in a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All slots are looked at once.  The oldest requests are listed, and all are
 * summed by their node and stage.
 */

#include "qemu/osdep.h"
#include "qemu/rcu.h"
#include "event-loop-json.h"
#include "event-loop-clock.h"
#include "event-loop-request-int.h"
#include "event-loop-snapshot-int.h"

/* So many requests are listed */
#define LISTED_MAX 64

/* A request in flight */
typedef struct SlotView {
    uint64_t id;
    uint64_t parent;
    EventLoopTicks since;
    EventLoopTicks stage_since;
    const EventLoopPlace *place;
    /* labels, or NULL */
    const char *device;
    const char *waits_for;
    int64_t offset;
    int64_t bytes;
    int thread_id;
    uint8_t type;
    uint8_t stage;
} SlotView;

/* A node */
typedef struct PlaceView {
    uint32_t in_flight;
    uint32_t count[EVENT_LOOP_REQUEST_STAGE__MAX];
    /* the oldest ones' */
    EventLoopTicks since[EVENT_LOOP_REQUEST_STAGE__MAX];
    EventLoopTicks device_since;
    const char *device;
} PlaceView;

typedef struct RequestsView {
    SlotView listed[LISTED_MAX];
    unsigned n_listed;
    /* EventLoopThrottled by the names of groups; NULL: there are none */
    GHashTable *throttled;
    /* by their index; what has none of its own is in the first one */
    uint32_t last_place;
    PlaceView places[];
} RequestsView;

static PlaceView *view_of(RequestsView *view, uint32_t index)
{
    return &view->places[index <= view->last_place ? index : 0];
}

/*
 * Returns false if there is no request in the slot, or it changes just now.
 * What the slot points to is there until the RCU critical section ends: the
 * request was in flight in it.
 */
static bool read_slot(const EventLoopSnapshot *snapshot,
                      const EventLoopSlot *slot, SlotView *view)
{
    const EventLoopBackend *backend;
    const EventLoopSlot *outer;
    EventLoopTicks since;

    view->id = elp_get(slot->id);
    if (!(view->id & EVENT_LOOP_SLOT_IN_FLIGHT)) {
        return false;
    }
    /* Pairs with fill_slot()'s last */
    smp_rmb();
    if (qatomic_read(&slot->period) != snapshot->now.period) {
        return false;
    }
    since = elp_get(slot->since);
    /* Pairs with add_slot(); it is in flight as long as its part is */
    outer = qatomic_load_acquire(&slot->outer);
    if (outer) {
        view->parent = elp_get(outer->id);
    } else {
        view->parent = qatomic_read(&slot->is_handed_on)
                       ? qatomic_read_u64(&slot->part_of) : 0;
    }
    /* Pairs with event_loop_profiler_request_begin() */
    view->place = qatomic_load_acquire(&slot->place);
    backend = qatomic_read(&slot->backend);
    view->offset = qatomic_read_i64(&slot->offset);
    view->bytes = qatomic_read_i64(&slot->bytes);
    view->type = qatomic_read(&slot->type);
    /* Pairs with enter_stage() */
    view->stage = qatomic_load_acquire(&slot->stage);
    view->stage_since = elp_get(slot->stage_since);
    view->waits_for = qatomic_read(&slot->waits_for);
    view->thread_id = qatomic_read(&slot->thread_id);
    /* Pairs with fill_slot()'s first: all was of this request, if it is that */
    smp_rmb();
    if (elp_get(slot->id) != view->id ||
        qatomic_read(&slot->stage) != view->stage) {
        return false;
    }
    view->device = NULL;
    if (backend) {
        /* Pairs with event_loop_backend_set_place() */
        EventLoopPlace *place = qatomic_load_acquire(&backend->place);

        view->place = view->place ?: place;
        /* Pairs with event_loop_backend_set_device() */
        view->device = qatomic_load_acquire(&backend->device);
    }
    view->since = MIN(since, snapshot->now.ticks);
    if (view->stage_since < view->since ||
        view->stage_since > snapshot->now.ticks) {
        /* that of another request, or nobody knew it any better */
        view->stage_since = 0;
    }
    return view->place;
}

static bool is_older(const SlotView *a, const SlotView *b)
{
    return a->since < b->since || (a->since == b->since && a->id < b->id);
}

static void list_request(RequestsView *view, const SlotView *request)
{
    unsigned i = view->n_listed;

    if (i == LISTED_MAX) {
        if (!is_older(request, &view->listed[i - 1])) {
            return;
        }
        i--;
    } else {
        view->n_listed++;
    }
    for (; i > 0 && is_older(request, &view->listed[i - 1]); i--) {
        view->listed[i] = view->listed[i - 1];
    }
    view->listed[i] = *request;
}

static void sum_request(RequestsView *view, const SlotView *request)
{
    /* Pairs with event_loop_place_assign() */
    uint32_t index = qatomic_load_acquire(&request->place->index);
    PlaceView *place = view_of(view, index);
    unsigned stage = request->stage;

    if (!place->count[stage]++ || request->since < place->since[stage]) {
        place->since[stage] = request->since;
    }
    if (request->device &&
        (!place->device || request->since < place->device_since)) {
        place->device = request->device;
        place->device_since = request->since;
    }
    place->in_flight++;
}

static void sum_throttled(RequestsView *view, const SlotView *request)
{
    EventLoopTicks since = request->stage_since ?: request->since;
    EventLoopThrottled *throttled;

    if (request->stage != EVENT_LOOP_REQUEST_STAGE_THROTTLED) {
        return;
    }
    if (!view->throttled) {
        view->throttled = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    }
    throttled = g_hash_table_lookup(view->throttled, request->waits_for);
    if (!throttled) {
        throttled = g_new0(EventLoopThrottled, 1);
        throttled->since = since;
        g_hash_table_insert(view->throttled, (void *)request->waits_for,
                            throttled);
    }
    throttled->queued++;
    throttled->since = MIN(throttled->since, since);
}

static void read_slots(const EventLoopSnapshot *snapshot, RequestsView *view)
{
    /* Pairs with add_slab() */
    unsigned n = qatomic_load_acquire(&event_loop_slab_count), slab, i;

    for (slab = 0; slab < n; slab++) {
        for (i = 0; i < EVENT_LOOP_SLAB_SLOTS; i++) {
            SlotView request;

            if (read_slot(snapshot, &event_loop_slabs[slab][i], &request)) {
                list_request(view, &request);
                sum_request(view, &request);
                sum_throttled(view, &request);
            }
        }
    }
}

static void put_request(const EventLoopSnapshot *snapshot,
                        const SlotView *request)
{
    GString *json = snapshot->json;

    put(json, "{\"id\": ");
    put_u64(json, request->id);
    if (request->parent) {
        put_member(json, "parent", request->parent);
    }
    put_string(json, "node", request->place->name);
    if (request->device) {
        put_string(json, "device", request->device);
    }
    put_string(json, "type", EventLoopRequestType_str(request->type));
    put_string(json, "stage", EventLoopRequestStage_str(request->stage));
    put_member(json, "since-ns",
               event_loop_stamp_ns(&snapshot->now, request->since));
    if (request->stage_since) {
        put_member(json, "stage-since-ns",
                   event_loop_stamp_ns(&snapshot->now, request->stage_since));
    }
    put_member(json, "offset", MAX(request->offset, 0));
    put_member(json, "bytes", MAX(request->bytes, 0));
    if (request->stage == EVENT_LOOP_REQUEST_STAGE_WORKER) {
        put_member(json, "thread-id", request->thread_id);
    }
    if (request->stage == EVENT_LOOP_REQUEST_STAGE_THROTTLED &&
        request->waits_for) {
        put_string(json, "waits-for", request->waits_for);
    }
    put(json, "}");
}

/* @at: NULL if these are of many */
static void put_place(const EventLoopSnapshot *snapshot,
                      const EventLoopPlace *at, const PlaceView *place,
                      const EventLoopTally *sum)
{
    GString *json = snapshot->json;
    bool first = true;
    unsigned i;

    put(json, "{\"in-flight\": ");
    put_u64(json, place->in_flight);
    put_string(json, "node", at ? at->name : "(other)");
    if (at && at->driver) {
        put_string(json, "driver", at->driver);
    }
    if (place->device) {
        put_string(json, "device", place->device);
    }
    put_member(json, "completed", sum->completed);
    if (sum->completed) {
        put_member(json, "last-completed-ns",
                   event_loop_stamp_ns(&snapshot->now, sum->last));
    }
    put(json, ", \"stages\": [");
    for (i = 0; i < EVENT_LOOP_REQUEST_STAGE__MAX; i++) {
        if (place->count[i]) {
            if (!first) {
                put(json, ", ");
            }
            first = false;
            put(json, "{\"count\": ");
            put_u64(json, place->count[i]);
            put_string(json, "stage", EventLoopRequestStage_str(i));
            put_member(json, "since-ns",
                       event_loop_stamp_ns(&snapshot->now, place->since[i]));
            put(json, "}");
        }
    }
    put(json, "]}");
}

/* Whether there is anything to be said of the node, and what was done there */
static bool read_place(const EventLoopSnapshot *snapshot,
                       const PlaceView *view, uint32_t index,
                       const EventLoopPlace *place, EventLoopTally *sum)
{
    if (!place && index != EVENT_LOOP_PLACE_OTHER) {
        return false;
    }
    *sum = event_loop_place_sum(snapshot->now.period, index,
                                place ? place->serial
                                      : EVENT_LOOP_SERIAL_OTHER);
    if (view->in_flight) {
        return true;
    }
    return sum->completed &&
           !(place && event_loop_place_expired(place, sum,
                                               snapshot->now.ticks));
}

static void put_nodes(const EventLoopSnapshot *snapshot,
                      const RequestsView *view)
{
    GString *json = snapshot->json;
    bool first = true;
    uint32_t i;

    for (i = 0; i <= view->last_place; i++) {
        uint32_t index = i ?: EVENT_LOOP_PLACE_OTHER;
        /* Pairs with event_loop_place_assign() */
        const EventLoopPlace *place =
            qatomic_load_acquire(&event_loop_places[index]);
        EventLoopTally sum;

        if (!read_place(snapshot, &view->places[i], index, place, &sum)) {
            continue;
        }
        if (first) {
            put(json, ", \"nodes\": [");
        } else {
            put(json, ", ");
        }
        first = false;
        put_place(snapshot, place, &view->places[i], &sum);
    }
    if (first) {
        return;
    }
    put(json, "], \"requests\": [");
    for (i = 0; i < view->n_listed; i++) {
        if (i) {
            put(json, ", ");
        }
        put_request(snapshot, &view->listed[i]);
    }
    put(json, "]");
}

static void put_untracked(const EventLoopSnapshot *snapshot)
{
    /* Pairs with take_desk() */
    const EventLoopDesk *desk = qatomic_load_acquire(&event_loop_desks);
    uint64_t untracked = 0;

    for (; desk; desk = desk->next) {
        /* Pairs with begin_period() */
        if (qatomic_load_acquire(&desk->period) == snapshot->now.period) {
            untracked += elp_get(desk->untracked);
        }
    }
    if (untracked) {
        put_member(snapshot->json, "untracked-requests", untracked);
    }
}

void event_loop_put_requests(const EventLoopSnapshot *snapshot)
{
    uint32_t last_place = qatomic_read(&event_loop_last_place);
    g_autofree RequestsView *view =
        g_malloc0(sizeof(RequestsView) +
                  (last_place + 1) * sizeof(PlaceView));

    view->last_place = last_place;
    WITH_RCU_READ_LOCK_GUARD() {
        read_slots(snapshot, view);
        put_nodes(snapshot, view);
        event_loop_put_throttles(snapshot, view->throttled);
    }
    g_clear_pointer(&view->throttled, g_hash_table_unref);
    put_untracked(snapshot);
}
