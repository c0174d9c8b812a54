/*
 * Event loop profiler tests: periods of profiling, and what a snapshot says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "event-loop-info.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-event-loop.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "qobject/qjson.h"
#include "qobject/qobject.h"

void poll_all(void)
{
    while (aio_poll(qemu_get_aio_context(), false)) {
        /* again */
    }
}

static void run_test(const void *data)
{
    void (*test)(void) = data;

    poll_all();
    event_loop_set_stall_threshold(100 * SCALE_MS);
    event_loop_profiler_start();
    test();
    event_loop_profiler_stop();
}

void add_test(const char *path, void (*test)(void))
{
    g_test_add_data_func(path, test, run_test);
}

EventLoopsInfo *query_with(const EventLoopQuery *query)
{
    EventLoopProcess process = { };
    g_autoptr(GString) json = g_string_new(NULL);
    EventLoopsInfo *info = NULL;
    QObject *object;
    Visitor *v;

    g_assert_true(event_loop_snapshot(json, &process, query));
    object = qobject_from_json(json->str, &error_abort);
    v = qobject_input_visitor_new(object);
    visit_type_EventLoopsInfo(v, NULL, &info, &error_abort);
    visit_free(v);
    qobject_unref(object);
    return info;
}

EventLoopsInfo *query(uint64_t after_sequence)
{
    EventLoopQuery query = {
        .after_sequence = after_sequence,
        .histograms = true,
    };

    return query_with(&query);
}

EventLoopInfo *find_loop(EventLoopsInfo *info, int64_t thread_id)
{
    EventLoopInfoList *l;

    for (l = info->loops; l; l = l->next) {
        if (l->value->thread_id == thread_id) {
            return l->value;
        }
    }
    return NULL;
}

EventLoopInfo *this_loop(EventLoopsInfo *info)
{
    EventLoopInfo *loop = find_loop(info, qemu_get_thread_id());

    g_assert_nonnull(loop);
    return loop;
}

EventLoopSourceInfo *find_source(EventLoopInfo *loop, const char *name)
{
    EventLoopSourceInfo *source = NULL;
    EventLoopSourceInfoList *l;

    for (l = loop->sources; l; l = l->next) {
        if (!strcmp(l->value->name, name)) {
            g_assert_null(source);
            source = l->value;
        }
    }
    return source;
}

/* The calls in a histogram, and the least time that these take */
static uint64_t read_histogram(const EventLoopHistogramInfo *histogram,
                               uint64_t *least_ns)
{
    const uint8List *buckets = histogram ? histogram->buckets : NULL;
    const uint64List *counts = histogram ? histogram->counts : NULL;
    uint64_t sum = 0;
    int last = -1;

    *least_ns = 0;

    for (; buckets; buckets = buckets->next, counts = counts->next) {
        g_assert_nonnull(counts);
        g_assert_cmpint(buckets->value, >, last);
        g_assert_cmpint(buckets->value, <, 138);
        g_assert_cmpint(counts->value, >, 0);
        last = buckets->value;
        sum += counts->value;
        if (last) {
            uint64_t octave = (last - 1) / 4, quarter = (last - 1) % 4;

            *least_ns += counts->value *
                         (((64ull << octave) * (4 + quarter)) / 4);
        }
    }
    g_assert_null(counts);
    return sum;
}

uint64_t histogram_sum(const EventLoopHistogramInfo *histogram)
{
    uint64_t least_ns;

    return read_histogram(histogram, &least_ns);
}

void assert_source(const EventLoopSourceInfo *s)
{
    uint64_t least_ns;

    g_assert_cmpint(read_histogram(s->histogram, &least_ns), ==,
                    s->timed_calls);
    g_assert_cmpint(s->timed_calls, <=, s->calls);
    g_assert_cmpint(least_ns, <=, s->total_ns);
    g_assert_cmpint(read_histogram(s->delay_histogram, &least_ns), <=,
                    s->timed_calls);
    g_assert_cmpint(least_ns, <=, s->delay_ns);
    g_assert_cmpint(s->busy_ns, <=, s->total_ns);
    g_assert_cmpint(s->max_ns, <=, s->total_ns);
    g_assert_cmpint(s->delay_max_ns, <=, s->delay_ns);
}

EventLoopSourceInfo *get_source(EventLoopsInfo *info, const char *name,
                                EventLoopSourceKind kind, uint64_t calls)
{
    EventLoopSourceInfo *s = find_source(this_loop(info), name);

    g_assert_nonnull(s);
    g_assert_cmpint(s->kind, ==, kind);
    g_assert_cmpint(s->calls, ==, calls);
    g_assert_true(s->has_last_ns == (calls > 0));
    assert_source(s);
    return s;
}

void spin(int64_t ns)
{
    int64_t end = get_clock() + ns;

    while (get_clock() < end) {
        /* busy */
    }
}
