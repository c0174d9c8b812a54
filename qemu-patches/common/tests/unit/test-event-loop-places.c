/*
 * Event loop profiler tests: the nodes and BlockBackends of requests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-in-flight.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-request.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "../../util/event-loop-request-int.h"

/* How many labels there are when all is freed that is to be freed */
static unsigned count_labels(void)
{
    /* a node is freed in a grace period, and then its label is */
    drain_call_rcu();
    drain_call_rcu();
    return event_loop_label_count();
}

/* A label is there as long as the BlockBackend, as coroutines may have it */
static void test_backend_label(void)
{
    EventLoopBackend *backend = event_loop_backend_new();
    const char *label;
    unsigned labels;
    int i;

    labels = count_labels();
    g_assert_null(event_loop_backend_label(backend));
    for (i = 0; i < 3; i++) {
        event_loop_backend_set_device(backend, "vd-label");
        label = event_loop_backend_label(backend);
        g_assert_cmpstr(label, ==, "vd-label");
        event_loop_backend_set_device(backend, NULL);
        g_assert_null(event_loop_backend_label(backend));
        g_assert_cmpint(count_labels(), ==, labels + 1);
        g_assert_cmpstr(label, ==, "vd-label");
        g_assert_false(event_loop_label_has_owner(label));
    }
    event_loop_backend_set_device(backend, "vd-other");
    event_loop_backend_free(backend);
    g_assert_cmpint(count_labels(), ==, labels);
}

/* What is gone, and did nothing for long, is neither shown nor kept */
static void test_gone(void)
{
    uint64_t ended_ns = event_loop_expiry.ended_ns;
    EventLoopPlace *place = event_loop_place_new("node0");
    EventLoopPlace *other = event_loop_place_new("node1");
    unsigned labels;

    do_requests(place, 3);
    do_requests(other, 1);
    labels = count_labels();
    event_loop_place_free(place);
    assert_node("node0", 0, 3);

    /* it is back */
    place = event_loop_place_new("node0");
    do_requests(place, 2);
    assert_node("node0", 0, 5);
    event_loop_place_free(place);

    event_loop_expiry.ended_ns = 0;
    {
        g_autoptr(EventLoopsInfo) info = query(0);

        g_assert_null(find_node(info, "node0"));
        g_assert_nonnull(find_node(info, "node1"));
    }
    place = event_loop_place_new("node2");
    do_requests(place, 1);
    /* on a slow host there may be stalls of before, which are forgotten */
    g_assert_cmpint(count_labels(), <=, labels);
    event_loop_place_free(place);
    event_loop_place_free(other);
    event_loop_expiry.ended_ns = ended_ns;
}

/* More nodes than there is room for */
static void test_other(void)
{
    EventLoopPlace *places[5];
    char name[] = "nodeX";
    int i;

    event_loop_places_max = 2;
    for (i = 0; i < ARRAY_SIZE(places); i++) {
        name[4] = '0' + i;
        places[i] = event_loop_place_new(name);
        do_requests(places[i], 1);
    }
    assert_node("node0", 0, 1);
    assert_node("node1", 0, 1);
    assert_node("(other)", 0, 3);
    {
        Request request = { .place = places[4] };
        g_autoptr(EventLoopsInfo) info = NULL;

        start_request(&request);
        info = query(0);
        g_assert_cmpstr(the_request(info)->node, ==, "node4");
        assert_node("(other)", 1, 3);
        finish_request(&request);
    }
    event_loop_places_max = EVENT_LOOP_PLACES_MAX;
    for (i = 0; i < ARRAY_SIZE(places); i++) {
        event_loop_place_free(places[i]);
    }
}

typedef struct Writer {
    QemuThread thread;
    const char *name;
    int64_t offset;
    bool stop;
} Writer;

/* Nodes come and go, with requests each of which says which one it is at */
static void *writer_thread(void *opaque)
{
    Writer *writer = opaque;
    int i;

    rcu_register_thread();
    while (!qatomic_read(&writer->stop)) {
        g_autofree char *name = g_strdup_printf("%s-%d", writer->name,
                                                g_random_int_range(0, 40));
        Request outer = { .place = event_loop_place_new(name) };
        Request inner = { .backend = event_loop_backend_new() };

        outer.offset = writer->offset;
        inner.offset = writer->offset;
        event_loop_backend_set_place(inner.backend, outer.place);
        event_loop_backend_set_device(inner.backend, writer->name);
        for (i = 0; i < 50; i++) {
            start_request(&outer);
            start_request(&inner);
            event_loop_request_worker(outer.slot, writer->offset);
            event_loop_request_stage(inner.slot, i % 5 + 3);
            finish_request(&inner);
            finish_request(&outer);
        }
        event_loop_backend_free(inner.backend);
        event_loop_place_free(outer.place);
    }
    rcu_unregister_thread();
    return NULL;
}

static void test_reader(void)
{
    Writer writers[2] = {
        { .name = "one", .offset = 1 },
        { .name = "two", .offset = 2 },
    };
    uint64_t ended_ns = event_loop_expiry.ended_ns;
    unsigned seen = 0;
    int i, tries;

    event_loop_expiry.ended_ns = SCALE_MS;
    for (i = 0; i < ARRAY_SIZE(writers); i++) {
        qemu_thread_create(&writers[i].thread, "writer", writer_thread,
                           &writers[i], QEMU_THREAD_JOINABLE);
    }
    for (tries = 0; tries < 300 || (seen < 10 && tries < 100000); tries++) {
        g_autoptr(EventLoopsInfo) info = query(0);
        EventLoopRequestList *l;

        for (l = info->requests; l; l = l->next) {
            EventLoopRequest *r = l->value;
            const char *name = writers[r->offset - 1].name;

            g_assert_true(g_str_has_prefix(r->node, name));
            g_assert_cmpint(r->bytes, ==, 512);
            if (r->type == EVENT_LOOP_REQUEST_TYPE_WRITE && r->device) {
                g_assert_cmpstr(r->device, ==, name);
            }
            if (r->type == EVENT_LOOP_REQUEST_TYPE_READ &&
                r->has_thread_id) {
                g_assert_cmpint(r->thread_id, ==, r->offset);
            }
            seen++;
        }
        if (tries % 50 == 0) {
            event_loop_renew_tick();
        }
    }
    g_assert_cmpint(seen, >=, 10);
    for (i = 0; i < ARRAY_SIZE(writers); i++) {
        qatomic_set(&writers[i].stop, true);
        qemu_thread_join(&writers[i].thread);
    }
    event_loop_expiry.ended_ns = ended_ns;
}

int main(int argc, char **argv)
{
    qemu_init_main_loop(&error_abort);
    g_test_init(&argc, &argv, NULL);
    add_test("/event-loop/places/backend-label", test_backend_label);
    add_test("/event-loop/places/gone", test_gone);
    add_test("/event-loop/places/other", test_other);
    add_test("/event-loop/places/reader", test_reader);
    return g_test_run();
}
