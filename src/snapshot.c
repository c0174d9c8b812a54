/*
 * The model of what QEMU answers to query-event-loops
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/snapshot.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json-members.h"
#include "qemu-aiotop/json.h"
#include "snapshot-stalls.h"

/*
 * QEMU shows 16 dispatches of a stack, and a host has not as many threads.
 * What is linear for a thousand must not become quadratic for a million.
 */
#define MAX_STACK 256
#define MAX_LOOPS 4096

G_DEFINE_QUARK(aiotop - snapshot - error - quark, aiotop_snapshot_error)

static const Member source_members[] = {
    { "kind", MEMBER_STRING, offsetof(AiotopSource, kind) },
    { "name", MEMBER_STRING, offsetof(AiotopSource, name) },
    { "label", MEMBER_STRING, offsetof(AiotopSource, label) },
    { "callback", MEMBER_STRING, offsetof(AiotopSource, callback) },
    { "calls", MEMBER_COUNTER, offsetof(AiotopSource, calls) },
    { "busy-ns", MEMBER_COUNTER, offsetof(AiotopSource, busy_ns) },
    { "total-ns", MEMBER_COUNTER, offsetof(AiotopSource, total_ns) },
    { "max-ns", MEMBER_COUNTER, offsetof(AiotopSource, max_ns) },
    { "delay-ns", MEMBER_COUNTER, offsetof(AiotopSource, delay_ns) },
    { "delay-max-ns", MEMBER_COUNTER, offsetof(AiotopSource, delay_max_ns) },
    { "last-ns", MEMBER_COUNTER, offsetof(AiotopSource, last_ns) },
};

static const Member loop_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopLoop, name) },
    { "thread-id", MEMBER_SIGNED, offsetof(AiotopLoop, thread_id) },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopLoop, since_ns) },
    { "iterations", MEMBER_COUNTER, offsetof(AiotopLoop, iterations) },
    { "dispatches", MEMBER_COUNTER, offsetof(AiotopLoop, dispatches) },
    { "wait-ns", MEMBER_COUNTER, offsetof(AiotopLoop, wait_ns) },
    { "poll-ns", MEMBER_COUNTER, offsetof(AiotopLoop, poll_ns) },
    { "poll-hits", MEMBER_COUNTER, offsetof(AiotopLoop, poll_hits) },
    { "poll-misses", MEMBER_COUNTER, offsetof(AiotopLoop, poll_misses) },
    { "dispatch-ns", MEMBER_COUNTER, offsetof(AiotopLoop, dispatch_ns) },
    { "bql-wait-ns", MEMBER_COUNTER, offsetof(AiotopLoop, bql_wait_ns) },
    { "poll-max-ns", MEMBER_COUNTER, offsetof(AiotopLoop, poll_max_ns) },
    { "cpu-ns", MEMBER_COUNTER, offsetof(AiotopLoop, cpu_ns) },
    { "bh-pending-since-ns", MEMBER_COUNTER,
      offsetof(AiotopLoop, bh_pending_since_ns) },
    { "timer-deadline-ns", MEMBER_COUNTER,
      offsetof(AiotopLoop, timer_deadline_ns) },
    { "state-since-ns", MEMBER_COUNTER, offsetof(AiotopLoop, state_since_ns) },
};

static const Member snapshot_members[] = {
    { "sequence", MEMBER_COUNTER, offsetof(AiotopSnapshot, sequence) },
    { "time-ns", MEMBER_COUNTER, offsetof(AiotopSnapshot, time_ns) },
    { "pid", MEMBER_SIGNED, offsetof(AiotopSnapshot, pid) },
    { "vm-name", MEMBER_STRING, offsetof(AiotopSnapshot, vm_name) },
    { "qemu-version", MEMBER_STRING, offsetof(AiotopSnapshot, qemu_version) },
    { "build-id", MEMBER_STRING, offsetof(AiotopSnapshot, build_id) },
    { "run-state", MEMBER_STRING, offsetof(AiotopSnapshot, run_state) },
    { "profiling-since-ns", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, profiling_since_ns) },
    { "stall-threshold-ns", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, stall_threshold_ns) },
    { "stall-count", MEMBER_COUNTER, offsetof(AiotopSnapshot, stall_count) },
};

static const char *const state_names[] = {
    [AIOTOP_LOOP_RUNNING] = "running",
    [AIOTOP_LOOP_WAITING] = "waiting",
    [AIOTOP_LOOP_POLLING] = "polling",
    [AIOTOP_LOOP_DISPATCHING] = "dispatching",
    [AIOTOP_LOOP_BQL_WAIT] = "bql-wait",
};

static AiotopSource *source_ref(AiotopSource *source)
{
    g_atomic_int_inc(&source->ref_count);
    return source;
}

static void source_unref(AiotopSource *source)
{
    if (!g_atomic_int_dec_and_test(&source->ref_count)) {
        return;
    }
    aiotop_json_release_string(source->kind);
    aiotop_json_release_string(source->name);
    aiotop_json_release_string(source->label);
    aiotop_json_release_string(source->callback);
    g_free(source);
}

/* A list of [bucket, count]; returns how many there are */
static unsigned read_buckets(AiotopJson *json, AiotopBucket *buckets)
{
    unsigned n = 0;

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        uint64_t pair[2] = { 0 };
        unsigned i = 0;

        aiotop_json_enter_array(json);
        while (i < 2 && aiotop_json_next_element(json)) {
            aiotop_json_get_uint64(json, &pair[i++]);
        }
        if (aiotop_json_next_element(json) || i != 2 ||
            pair[0] >= AIOTOP_HISTOGRAM_BUCKETS ||
            pair[1] > AIOTOP_BUCKET_MAX_COUNT ||
            (n && pair[0] <= buckets[n - 1].index)) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "a histogram that is not one");
            return 0;
        }
        buckets[n].index = pair[0];
        buckets[n].count = pair[1];
        n++;
    }
    return n;
}

static AiotopSource *read_source(AiotopJson *json)
{
    AiotopSource source = {
        .fd = -1,
        .calls = AIOTOP_UNKNOWN,
        .busy_ns = AIOTOP_UNKNOWN,
        .total_ns = AIOTOP_UNKNOWN,
        .max_ns = AIOTOP_UNKNOWN,
        .delay_ns = AIOTOP_UNKNOWN,
        .delay_max_ns = AIOTOP_UNKNOWN,
        .last_ns = AIOTOP_UNKNOWN,
        .ref_count = 1,
    };
    AiotopBucket duration[AIOTOP_HISTOGRAM_BUCKETS];
    AiotopBucket delay[AIOTOP_HISTOGRAM_BUCKETS];
    uint64_t id = AIOTOP_UNKNOWN;
    int64_t fd = -1;
    AiotopJsonSpan key;
    AiotopSource *copy;

    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (aiotop_json_read_member(json, &key, source_members,
                                    G_N_ELEMENTS(source_members), &source)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "id")) {
            aiotop_json_get_uint64(json, &id);
        } else if (aiotop_json_span_is(&key, "fd")) {
            aiotop_json_get_int64(json, &fd);
        } else if (aiotop_json_span_is(&key, "histogram")) {
            source.histogram.n = read_buckets(json, duration);
        } else if (aiotop_json_span_is(&key, "delay-histogram")) {
            source.delay_histogram.n = read_buckets(json, delay);
        } else {
            aiotop_json_skip(json, NULL);
        }
    }
    if (!source.name || !source.kind || id > UINT32_MAX || fd < -1 ||
        fd > INT32_MAX) {
        aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                         "a source without valid id, kind and name");
    }
    source.id = id;
    source.fd = fd;
    if (json->error) {
        source.histogram.n = 0;
        source.delay_histogram.n = 0;
    }

    copy = g_malloc(sizeof(source) +
                    (source.histogram.n + source.delay_histogram.n) *
                        sizeof(AiotopBucket));
    memcpy(copy, &source, sizeof(source));
    copy->histogram.bucket = copy->buckets;
    copy->delay_histogram.bucket = copy->buckets + copy->histogram.n;
    memcpy(copy->buckets, duration, copy->histogram.n * sizeof(AiotopBucket));
    memcpy(copy->buckets + copy->histogram.n, delay,
           copy->delay_histogram.n * sizeof(AiotopBucket));
    return copy;
}

static int compare_sources(const void *a, const void *b)
{
    const AiotopSource *x = *(AiotopSource *const *)a;
    const AiotopSource *y = *(AiotopSource *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static void read_sources(AiotopJson *json, AiotopLoop *loop)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();

    for (unsigned i = 0; i < loop->n_sources; i++) {
        source_unref(loop->sources[i]);
    }
    g_free(loop->sources);
    loop->sources = NULL;
    loop->n_sources = 0;

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        g_ptr_array_add(sources, read_source(json));
    }
    if (!sources->len) {
        return;
    }
    qsort(sources->pdata, sources->len, sizeof(void *), compare_sources);
    for (unsigned i = 1; i < sources->len; i++) {
        AiotopSource *a = sources->pdata[i - 1], *b = sources->pdata[i];

        if (a->id == b->id) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "source %" PRIu32 " twice", a->id);
        }
    }
    loop->n_sources = sources->len;
    loop->sources =
        g_memdup2(sources->pdata, sources->len * sizeof(AiotopSource *));
}

static void read_stack(AiotopJson *json, AiotopLoop *loop, bool since)
{
    unsigned i = 0;

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        uint64_t value;

        if (i == MAX_STACK) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more dispatches on a stack than there can be");
            break;
        }
        if (!aiotop_json_get_uint64(json, &value)) {
            break;
        }
        if (i == loop->stack_depth) {
            loop->stack = g_renew(AiotopFrame, loop->stack, i + 1);
            loop->stack[i].source_id = UINT32_MAX;
            loop->stack[i].since_ns = AIOTOP_UNKNOWN;
            loop->stack_depth++;
        }
        if (since) {
            loop->stack[i].since_ns = value;
        } else {
            loop->stack[i].source_id = MIN(value, UINT32_MAX);
        }
        i++;
    }
}

static AiotopLoopState parse_state(const AiotopJsonSpan *span)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(state_names); i++) {
        if (state_names[i] && aiotop_json_span_is(span, state_names[i])) {
            return i;
        }
    }
    return AIOTOP_LOOP_UNKNOWN;
}

static void read_loop(AiotopJson *json, AiotopLoop *loop)
{
    AiotopJsonSpan key, value;

    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (aiotop_json_read_member(json, &key, loop_members,
                                    G_N_ELEMENTS(loop_members), loop)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "sources")) {
            read_sources(json, loop);
        } else if (aiotop_json_span_is(&key, "stack")) {
            read_stack(json, loop, false);
        } else if (aiotop_json_span_is(&key, "stack-since-ns")) {
            read_stack(json, loop, true);
        } else if (aiotop_json_span_is(&key, "state")) {
            if (aiotop_json_get_string(json, &value)) {
                loop->state = parse_state(&value);
            }
        } else {
            aiotop_json_skip(json, NULL);
        }
    }
    if (!loop->name || loop->thread_id < 0) {
        aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                         "a loop without name and thread-id");
    }
}

static void read_loops(AiotopJson *json, AiotopSnapshot *snapshot)
{
    GArray *loops = g_array_new(FALSE, FALSE, sizeof(AiotopLoop));

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        unsigned n = loops->len;

        if (n == MAX_LOOPS) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more loops than there can be");
            break;
        }
        g_array_set_size(loops, n + 1);
        read_loop(json, &g_array_index(loops, AiotopLoop, n));
    }
    snapshot->n_loops = loops->len;
    snapshot->loops = (AiotopLoop *)g_array_free(loops, FALSE);
}

/* Adds to @loop the sources of @old that it lacks; both are sorted */
static void merge_sources(AiotopLoop *loop, const AiotopLoop *old)
{
    unsigned i = 0, j = 0, n = 0;
    AiotopSource **merged;

    if (!old->n_sources) {
        return;
    }
    merged = g_new(AiotopSource *, loop->n_sources + old->n_sources);
    while (i < loop->n_sources || j < old->n_sources) {
        if (j == old->n_sources ||
            (i < loop->n_sources &&
             loop->sources[i]->id <= old->sources[j]->id)) {
            if (j < old->n_sources &&
                loop->sources[i]->id == old->sources[j]->id) {
                j++;
            }
            merged[n++] = loop->sources[i++];
        } else {
            merged[n++] = source_ref(old->sources[j++]);
        }
    }
    g_free(loop->sources);
    loop->sources = g_renew(AiotopSource *, merged, n);
    loop->n_sources = n;
}

AiotopSnapshot *aiotop_snapshot_new(void)
{
    AiotopSnapshot *snapshot = g_new0(AiotopSnapshot, 1);

    snapshot->ref_count = 1;
    snapshot->time_ns = AIOTOP_UNKNOWN;
    snapshot->profiling_since_ns = AIOTOP_UNKNOWN;
    snapshot->stall_threshold_ns = AIOTOP_UNKNOWN;
    snapshot->stall_count = AIOTOP_UNKNOWN;
    snapshot->bql.held_since_ns = AIOTOP_UNKNOWN;
    snapshot->steal_ns = AIOTOP_UNKNOWN;
    return snapshot;
}

AiotopSnapshot *aiotop_snapshot_parse(const char *text, gsize len,
                                      const AiotopSnapshot *previous,
                                      GError **error)
{
    g_autoptr(AiotopSnapshot) snapshot = aiotop_snapshot_new();
    g_autoptr(GError) cause = NULL;
    bool has_loops = false;
    AiotopJsonSpan key;
    AiotopJson json;

    aiotop_json_init(&json, text, len);
    aiotop_json_enter_object(&json);
    while (aiotop_json_next_member(&json, &key)) {
        if (aiotop_json_read_member(&json, &key, snapshot_members,
                                    G_N_ELEMENTS(snapshot_members), snapshot)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "loops") && !has_loops) {
            has_loops = true;
            read_loops(&json, snapshot);
        } else if (aiotop_json_span_is(&key, "bql") && !snapshot->bql.known) {
            aiotop_snapshot_read_bql(&json, &snapshot->bql);
        } else if (aiotop_json_span_is(&key, "stalls") && !snapshot->stalls) {
            aiotop_snapshot_read_stalls(&json, snapshot);
        } else {
            aiotop_json_skip(&json, NULL);
        }
    }
    if (!has_loops || snapshot->time_ns == AIOTOP_UNKNOWN) {
        aiotop_json_fail(&json, AIOTOP_JSON_ERROR_TYPE,
                         "no loops and time-ns in it");
    }
    if (!aiotop_json_finish(&json, &cause)) {
        g_set_error(error, AIOTOP_SNAPSHOT_ERROR,
                    AIOTOP_SNAPSHOT_ERROR_MALFORMED,
                    "malformed reply to query-event-loops: %s", cause->message);
        return NULL;
    }

    if (previous && aiotop_snapshot_same_period(previous, snapshot)) {
        for (unsigned i = 0; i < snapshot->n_loops; i++) {
            AiotopLoop *loop = &snapshot->loops[i];
            const AiotopLoop *old = aiotop_snapshot_find_loop(previous, loop);

            if (old) {
                merge_sources(loop, old);
            }
        }
    }
    return g_steal_pointer(&snapshot);
}

AiotopSnapshot *aiotop_snapshot_ref(AiotopSnapshot *snapshot)
{
    g_atomic_int_inc(&snapshot->ref_count);
    return snapshot;
}

void aiotop_snapshot_unref(AiotopSnapshot *snapshot)
{
    if (!snapshot || !g_atomic_int_dec_and_test(&snapshot->ref_count)) {
        return;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        AiotopLoop *loop = &snapshot->loops[i];

        for (unsigned j = 0; j < loop->n_sources; j++) {
            source_unref(loop->sources[j]);
        }
        g_free(loop->sources);
        g_free(loop->stack);
        aiotop_json_release_string(loop->name);
    }
    g_free(snapshot->loops);
    g_free(snapshot->unprofiled);
    aiotop_snapshot_clear_bql(&snapshot->bql);
    aiotop_snapshot_clear_stalls(snapshot);
    aiotop_json_release_string(snapshot->vm_name);
    aiotop_json_release_string(snapshot->qemu_version);
    aiotop_json_release_string(snapshot->build_id);
    aiotop_json_release_string(snapshot->run_state);
    g_free(snapshot);
}

bool aiotop_snapshot_same_period(const AiotopSnapshot *a,
                                 const AiotopSnapshot *b)
{
    return a->pid == b->pid && a->profiling_since_ns == b->profiling_since_ns;
}

const AiotopLoop *aiotop_snapshot_find_loop(const AiotopSnapshot *snapshot,
                                            const AiotopLoop *loop)
{
    if (loop->since_ns != AIOTOP_UNKNOWN &&
        loop->since_ns > snapshot->time_ns) {
        return NULL;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        const AiotopLoop *other = &snapshot->loops[i];

        if (other->thread_id == loop->thread_id &&
            strcmp(other->name, loop->name) == 0) {
            return other;
        }
    }
    return NULL;
}

const AiotopSource *aiotop_loop_find_source(const AiotopLoop *loop, uint32_t id)
{
    unsigned low = 0, high = loop->n_sources;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const AiotopSource *source = loop->sources[middle];

        if (source->id == id) {
            return source;
        }
        if (source->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const char *aiotop_loop_state_name(AiotopLoopState state)
{
    return state_names[state];
}

char *aiotop_snapshot_request(uint64_t since)
{
    if (!since) {
        return g_strdup("{\"histograms\":true}");
    }
    return g_strdup_printf("{\"since\":%" PRIu64 ",\"histograms\":true}",
                           since);
}
