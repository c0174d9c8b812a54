/*
 * Event loop profiler tests: requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-in-flight.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-request.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "../../util/event-loop-request-int.h"

/* Clocks are converted, and CPUs' clocks may differ by so much */
#define SLACK_NS SCALE_MS

static void test_in_flight(void)
{
    Request request = {
        .place = event_loop_place_new("node0"),
        .offset = 4096,
    };

    start_request(&request);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopRequest *r = the_request(info);

        g_assert_cmpstr(r->node, ==, "node0");
        g_assert_null(r->device);
        g_assert_false(r->has_parent);
        g_assert_cmpint(r->type, ==, EVENT_LOOP_REQUEST_TYPE_READ);
        g_assert_cmpint(r->stage, ==, EVENT_LOOP_REQUEST_STAGE_DRIVER);
        g_assert_cmpint(r->offset, ==, 4096);
        g_assert_cmpint(r->bytes, ==, 512);
        g_assert_false(r->has_thread_id);
        g_assert_null(r->waits_for);
        g_assert_cmpint(r->since_ns, <=, info->time_ns);
        g_assert_cmpint(r->since_ns + SLACK_NS, >=, info->profiling_since_ns);
    }
    assert_node("node0", 1, 0);
    finish_request(&request);
    assert_node("node0", 0, 1);
    do_requests(request.place, 5);
    assert_node("node0", 0, 6);
    event_loop_place_free(request.place);
}

/* Whether they are told from each other, as ids */
static void test_id(void)
{
    Request request = { .place = event_loop_place_new("node0") };
    uint64_t last = 0;
    int i;

    for (i = 0; i < 100; i++) {
        g_autoptr(EventLoopsInfo) info = NULL;

        start_request(&request);
        info = query(0);
        g_assert_cmpint(the_request(info)->id, !=, last);
        last = the_request(info)->id;
        finish_request(&request);
    }
    event_loop_place_free(request.place);
}

typedef struct Nested {
    EventLoopBackend *backend;
    EventLoopPlace *format;
    EventLoopPlace *file;
} Nested;

/* A guest's request, at its node, and what that asks of another one for it */
static void coroutine_fn nested_entry(void *opaque)
{
    Nested *nested = opaque;
    EventLoopSlot *guest, *format, *file;

    guest = event_loop_backend_begin(nested->backend,
                                     EVENT_LOOP_REQUEST_TYPE_WRITE, 8, 4);
    qemu_coroutine_yield();
    format = event_loop_request_begin(nested->format,
                                      EVENT_LOOP_REQUEST_TYPE_WRITE, 8, 4);
    qemu_coroutine_yield();
    file = event_loop_request_begin(nested->file,
                                    EVENT_LOOP_REQUEST_TYPE_WRITE, 80, 40);
    qemu_coroutine_yield();
    event_loop_request_end(file);
    event_loop_request_end(format);
    event_loop_request_end(guest);
    g_assert_null(event_loop_request_self());
}

static void test_parent(void)
{
    Nested nested = {
        .backend = event_loop_backend_new(),
        .format = event_loop_place_new("format"),
        .file = event_loop_place_new("file"),
    };
    Coroutine *co = qemu_coroutine_create(nested_entry, &nested);
    int i;

    event_loop_place_set_driver(nested.format, "qcow2");
    event_loop_backend_set_place(nested.backend, nested.format);
    event_loop_backend_set_device(nested.backend, "vd0");
    for (i = 0; i < 2; i++) {
        g_autoptr(EventLoopsInfo) info = NULL;

        /* before it comes to its node, and after: it is one request */
        qemu_coroutine_enter(co);
        info = query(0);
        g_assert_cmpstr(the_request(info)->node, ==, "format");
        g_assert_cmpstr(the_request(info)->device, ==, "vd0");
        g_assert_cmpstr(find_node(info, "format")->device, ==, "vd0");
        assert_node("format", 1, 0);
    }
    qemu_coroutine_enter(co);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopRequest *outer, *inner;

        g_assert_cmpint(count_requests(info), ==, 2);
        outer = info->requests->value;
        inner = info->requests->next->value;
        if (outer->has_parent) {
            /* they began at the same time, as far as is known */
            outer = inner;
            inner = info->requests->value;
        }
        g_assert_false(outer->has_parent);
        g_assert_cmpint(inner->parent, ==, outer->id);
        g_assert_cmpstr(inner->node, ==, "file");
        g_assert_null(inner->device);
        g_assert_null(find_node(info, "file")->device);
        g_assert_cmpstr(find_node(info, "format")->driver, ==, "qcow2");
        g_assert_null(find_node(info, "file")->driver);
    }
    qemu_coroutine_enter(co);
    assert_node("format", 0, 1);
    assert_node("file", 0, 1);
    event_loop_backend_free(nested.backend);
    event_loop_place_free(nested.format);
    event_loop_place_free(nested.file);
}

/* The request that is in flight at the node */
static EventLoopRequest *request_at(EventLoopsInfo *info, const char *node)
{
    EventLoopRequest *found = NULL;
    EventLoopRequestList *l;

    for (l = info->requests; l; l = l->next) {
        if (!strcmp(l->value->node, node)) {
            g_assert_null(found);
            found = l->value;
        }
    }
    g_assert_nonnull(found);
    return found;
}

static void coroutine_fn start_part_entry(void *opaque)
{
    Request *part = opaque;

    part->co = qemu_coroutine_create_part(request_entry, part);
}

/* Has its part done by others, one of which has the next one do it */
static void coroutine_fn whole_entry(void *opaque)
{
    Request *parts = opaque;
    EventLoopSlot *whole, *inner;

    whole = event_loop_request_begin(parts[2].place,
                                     EVENT_LOOP_REQUEST_TYPE_READ, 0, 512);
    inner = event_loop_request_begin(parts[3].place,
                                     EVENT_LOOP_REQUEST_TYPE_READ, 0, 512);
    event_loop_request_end(inner);
    start_part_entry(&parts[0]);
    qemu_coroutine_enter(qemu_coroutine_create_part(start_part_entry,
                                                    &parts[1]));
    qemu_coroutine_yield();
    event_loop_request_end(whole);
}

static void assert_parts(EventLoopsInfo *info, uint64_t whole)
{
    g_assert_cmpint(request_at(info, "part0")->parent, ==, whole);
    g_assert_cmpint(request_at(info, "part1")->parent, ==, whole);
}

static void test_handed_on(void)
{
    Request parts[] = {
        { .place = event_loop_place_new("part0") },
        { .place = event_loop_place_new("part1") },
        { .place = event_loop_place_new("whole") },
        { .place = event_loop_place_new("inner") },
    };
    Coroutine *co = qemu_coroutine_create(whole_entry, parts);
    uint64_t whole;
    int i;

    qemu_coroutine_enter(co);
    for (i = 0; i < 2; i++) {
        g_assert_null(parts[i].slot);
        qemu_coroutine_enter(parts[i].co);
    }
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        whole = request_at(info, "whole")->id;
        g_assert_false(request_at(info, "whole")->has_parent);
        assert_parts(info, whole);
    }
    /* it has ended, and its slot is another's: that is not theirs */
    qemu_coroutine_enter(co);
    do_requests(parts[2].place, 1);
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_cmpint(count_requests(info), ==, 2);
        assert_parts(info, whole);
    }
    for (i = 0; i < 2; i++) {
        finish_request(&parts[i]);
    }
    /* coroutines are used again, for something else */
    for (i = 0; i < 2; i++) {
        start_request(&parts[i]);
    }
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_false(request_at(info, "part0")->has_parent);
        g_assert_false(request_at(info, "part1")->has_parent);
    }
    for (i = 0; i < 2; i++) {
        finish_request(&parts[i]);
    }
    for (i = 0; i < ARRAY_SIZE(parts); i++) {
        event_loop_place_free(parts[i].place);
    }
}

/* Where it would go to is known even if that changes while it is queued */
static void test_queued(void)
{
    EventLoopPlace *places[] = {
        event_loop_place_new("before"),
        event_loop_place_new("after"),
    };
    Request request = { .backend = event_loop_backend_new() };
    int i;

    event_loop_backend_set_place(request.backend, places[0]);
    start_request(&request);
    for (i = 0; i < 2; i++) {
        g_autoptr(EventLoopsInfo) info = NULL;

        event_loop_backend_set_place(request.backend, places[i]);
        info = query(0);
        g_assert_cmpstr(the_request(info)->node, ==,
                        i ? "after" : "before");
    }
    finish_request(&request);
    assert_node("after", 0, 1);

    /* one that goes nowhere is none */
    event_loop_backend_set_place(request.backend, NULL);
    start_request(&request);
    g_assert_null(request.slot);
    finish_request(&request);
    event_loop_backend_free(request.backend);
    event_loop_place_free(places[0]);
    event_loop_place_free(places[1]);
}

static void test_stages(void)
{
    Request requests[EVENT_LOOP_REQUEST_STAGE__MAX] = { };
    const char *group = event_loop_label_new("group0");
    EventLoopPlace *place = event_loop_place_new("node0");
    int i;

    for (i = 0; i < EVENT_LOOP_REQUEST_STAGE__MAX; i++) {
        requests[i].place = place;
        start_request(&requests[i]);
        event_loop_request_stage(requests[i].slot, i);
        {
            g_autoptr(EventLoopsInfo) info = query(0);

            /* nobody looks for stalls here, and so nobody knows since when */
            g_assert_false(the_request(info)->has_stage_since_ns);
            g_assert_cmpint(the_request(info)->stage, ==, i);
            g_assert_cmpint(find_node(info, "node0")->stages->value->stage,
                            ==, i);
        }
        finish_request(&requests[i]);
    }

    start_request(&requests[0]);
    event_loop_renew_tick();
    event_loop_request_throttled(requests[0].slot, group);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopRequest *r = the_request(info);

        g_assert_cmpint(r->stage, ==, EVENT_LOOP_REQUEST_STAGE_THROTTLED);
        g_assert_cmpstr(r->waits_for, ==, "group0");
        g_assert_true(r->has_stage_since_ns);
        g_assert_cmpint(r->stage_since_ns, >=, r->since_ns);
        g_assert_cmpint(r->stage_since_ns, <=, info->time_ns);
    }
    event_loop_request_worker(requests[0].slot, 1234);
    {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopRequest *r = the_request(info);

        g_assert_cmpint(r->stage, ==, EVENT_LOOP_REQUEST_STAGE_WORKER);
        g_assert_cmpint(r->thread_id, ==, 1234);
        g_assert_null(r->waits_for);
    }
    finish_request(&requests[0]);
    event_loop_label_unref(group);
    event_loop_place_free(place);
}

/* The oldest are listed, in their order, and all are counted */
static void test_oldest(void)
{
    EventLoopPlace *place = event_loop_place_new("node0");
    Request requests[200] = { };
    EventLoopRequestList *l;
    uint64_t last = 0;
    int i, n = 0;

    for (i = 0; i < ARRAY_SIZE(requests); i++) {
        requests[i].place = place;
        requests[i].offset = i;
        start_request(&requests[i]);
    }
    /* not in the order of their slots, either */
    for (i = 0; i < ARRAY_SIZE(requests) / 2; i++) {
        finish_request(&requests[i]);
        spin(SCALE_US);
        start_request(&requests[i]);
    }
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        for (l = info->requests; l; l = l->next) {
            g_assert_cmpint(l->value->since_ns, >=, last);
            g_assert_cmpint(l->value->offset, >=, ARRAY_SIZE(requests) / 2);
            last = l->value->since_ns;
            n++;
        }
        g_assert_cmpint(n, ==, 64);
    }
    assert_node("node0", ARRAY_SIZE(requests), ARRAY_SIZE(requests) / 2);
    for (i = 0; i < ARRAY_SIZE(requests); i++) {
        finish_request(&requests[i]);
    }
    assert_node("node0", 0, ARRAY_SIZE(requests) * 3 / 2);
    event_loop_place_free(place);
}

static void test_too_many(void)
{
    EventLoopPlace *place = event_loop_place_new("node0");
    unsigned max = event_loop_slab_count + 1, n, i;
    g_autofree Request *requests = NULL;

    event_loop_slabs_max = max;
    n = max * EVENT_LOOP_SLAB_SLOTS + 10;
    requests = g_new0(Request, n);
    for (i = 0; i < n; i++) {
        requests[i].place = place;
        start_request(&requests[i]);
    }
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_true(info->has_untracked_requests);
        g_assert_cmpint(info->untracked_requests, ==, 10);
    }
    assert_node("node0", n - 10, 0);
    for (i = 0; i < n; i++) {
        finish_request(&requests[i]);
    }
    assert_node("node0", 0, n - 10);
    g_assert_cmpint(event_loop_slab_count, ==, max);
    event_loop_slabs_max = EVENT_LOOP_SLABS_MAX;
    event_loop_place_free(place);
}

/* On and off in the middle of requests */
static void test_on_and_off(void)
{
    EventLoopPlace *place = event_loop_place_new("node0");
    Request before = { .place = place }, between = before, after = before;
    unsigned slabs;

    start_request(&before);
    event_loop_profiler_stop();
    start_request(&between);
    g_assert_null(between.slot);
    event_loop_profiler_start();
    start_request(&after);
    slabs = event_loop_slab_count;

    /* those that began before are not known */
    assert_node("node0", 1, 0);
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        the_request(info);
    }
    finish_request(&before);
    finish_request(&between);
    assert_node("node0", 1, 0);
    event_loop_profiler_stop();
    finish_request(&after);
    event_loop_profiler_start();
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_false(info->has_nodes);
        g_assert_false(info->has_requests);
    }
    do_requests(place, 1000);
    assert_node("node0", 0, 1000);
    g_assert_cmpint(event_loop_slab_count, ==, slabs);
    event_loop_place_free(place);
}

/* Threads */

static void *finish_thread(void *opaque)
{
    Request *requests = opaque;
    int i;

    for (i = 0; i < 100; i++) {
        finish_request(&requests[i]);
    }
    return NULL;
}

static unsigned count_desks(void)
{
    const EventLoopDesk *desk;
    unsigned n = 0;

    for (desk = event_loop_desks; desk; desk = desk->next) {
        n++;
    }
    return n;
}

/* They begin in one thread, end in another one, and that ends */
static void test_migrate(void)
{
    EventLoopPlace *place = event_loop_place_new("node0");
    unsigned slabs = 0, desks = 0;
    int i, j;

    for (i = 0; i < 20; i++) {
        Request requests[100] = { };
        QemuThread thread;

        for (j = 0; j < ARRAY_SIZE(requests); j++) {
            requests[j].place = place;
            start_request(&requests[j]);
        }
        qemu_thread_create(&thread, "finish", finish_thread, requests,
                           QEMU_THREAD_JOINABLE);
        qemu_thread_join(&thread);
        assert_node("node0", 0, 100 * (i + 1));
        if (i == 1) {
            slabs = event_loop_slab_count;
            desks = count_desks();
        } else if (i > 1) {
            g_assert_cmpint(event_loop_slab_count, ==, slabs);
            g_assert_cmpint(count_desks(), ==, desks);
        }
    }
    event_loop_place_free(place);
}

typedef struct Migration {
    EventLoopPlace *place;
    Request *requests;
    QemuSemaphore full, empty;
} Migration;

#define ROUNDS 50

static void *taker_thread(void *opaque)
{
    Migration *m = opaque;
    int i, j;

    for (i = 0; i < ROUNDS; i++) {
        qemu_sem_wait(&m->full);
        for (j = 0; j < 100; j++) {
            finish_request(&m->requests[j]);
        }
        qemu_sem_post(&m->empty);
    }
    return NULL;
}

/* All end in a thread that lives on, in which none begins */
static void test_one_way(void)
{
    Request requests[100] = { };
    Migration m = {
        .place = event_loop_place_new("node0"),
        .requests = requests,
    };
    unsigned slabs = 0;
    QemuThread thread;
    int i, j;

    qemu_sem_init(&m.full, 0);
    qemu_sem_init(&m.empty, 0);
    qemu_thread_create(&thread, "taker", taker_thread, &m,
                       QEMU_THREAD_JOINABLE);
    for (i = 0; i < ROUNDS; i++) {
        for (j = 0; j < ARRAY_SIZE(requests); j++) {
            requests[j].place = m.place;
            start_request(&requests[j]);
        }
        qemu_sem_post(&m.full);
        qemu_sem_wait(&m.empty);
        if (i == 5) {
            slabs = event_loop_slab_count;
        }
    }
    g_assert_cmpint(event_loop_slab_count, ==, slabs);
    assert_node("node0", 0, ROUNDS * ARRAY_SIZE(requests));
    qemu_thread_join(&thread);
    qemu_sem_destroy(&m.full);
    qemu_sem_destroy(&m.empty);
    event_loop_place_free(m.place);
}

/* When it began */

static void check_since(EventLoopPlace *place, int64_t earliest_ns)
{
    Request request = { .place = place };
    g_autoptr(EventLoopsInfo) info = NULL;

    start_request(&request);
    info = query(0);
    g_assert_cmpint(the_request(info)->since_ns + SLACK_NS, >=, earliest_ns);
    g_assert_cmpint(the_request(info)->since_ns, <=, info->time_ns);
    finish_request(&request);
}

/* A callback that has run for long, in which somebody looked for stalls */
static void long_bh(void *opaque)
{
    int64_t looked_ns;

    spin(20 * SCALE_MS);
    looked_ns = get_clock();
    event_loop_renew_tick();
    check_since(opaque, looked_ns);
}

/* One that has begun after that */
static void short_bh(void *opaque)
{
    check_since(opaque, get_clock());
}

static void *since_thread(void *opaque)
{
    check_since(opaque, get_clock());
    return NULL;
}

static void again_bh(void *opaque)
{
    /* a dispatch */
}

static void test_since(void)
{
    EventLoopPlace *place = event_loop_place_new("node0");
    AioContext *ctx = qemu_get_aio_context();
    QemuThread thread;
    int i;

    event_loop_renew_tick();
    spin(20 * SCALE_MS);
    aio_bh_schedule_oneshot(ctx, short_bh, place);
    poll_all();
    aio_bh_schedule_oneshot(ctx, long_bh, place);
    poll_all();

    /* where nobody times, too */
    event_loop_set_max_overhead(1);
    for (i = 0; i < 5000; i++) {
        aio_bh_schedule_oneshot(ctx, again_bh, NULL);
        poll_all();
    }
    for (i = 0; i < 10; i++) {
        aio_bh_schedule_oneshot(ctx, long_bh, place);
        poll_all();
    }
    event_loop_set_max_overhead(0);

    /* nobody knows anything of this thread */
    event_loop_renew_tick();
    spin(20 * SCALE_MS);
    qemu_thread_create(&thread, "since", since_thread, place,
                       QEMU_THREAD_JOINABLE);
    qemu_thread_join(&thread);
    event_loop_place_free(place);
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_abort);
    g_test_init(&argc, &argv, NULL);
    /* before any coroutine has a slot that it does not need here */
    add_test("/event-loop/requests/too-many", test_too_many);
    add_test("/event-loop/requests/in-flight", test_in_flight);
    add_test("/event-loop/requests/id", test_id);
    add_test("/event-loop/requests/parent", test_parent);
    add_test("/event-loop/requests/handed-on", test_handed_on);
    add_test("/event-loop/requests/queued", test_queued);
    add_test("/event-loop/requests/stages", test_stages);
    add_test("/event-loop/requests/oldest", test_oldest);
    add_test("/event-loop/requests/on-and-off", test_on_and_off);
    add_test("/event-loop/requests/migrate", test_migrate);
    add_test("/event-loop/requests/one-way", test_one_way);
    add_test("/event-loop/requests/since", test_since);
    return g_test_run();
}
