/*
 * Of a snapshot: the sources of its loops
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snapshot-sources.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json-members.h"

/* As many as QEMU tells apart, and of each kind one for all the others */
#define MAX_SOURCES (4096 + 64)

/*
 * Bytes of all sources together.  As QEMU sends them they take less than twice
 * their reply, which is 64 MiB at most.  What many replies add up to, each with
 * sources that the others leave out, is not to be more.
 */
#define MAX_SIZE (128u << 20)

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

void aiotop_snapshot_clear_sources(AiotopLoop *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        source_unref(loop->sources[i]);
    }
    g_free(loop->sources);
    loop->sources = NULL;
    loop->n_sources = 0;
}

void aiotop_snapshot_read_sources(AiotopJson *json, AiotopLoop *loop)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();

    aiotop_snapshot_clear_sources(loop);
    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        if (sources->len == MAX_SOURCES) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more sources of a loop than there can be");
            break;
        }
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

void aiotop_snapshot_merge_sources(AiotopLoop *loop, const AiotopLoop *old)
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

static gsize string_size(const GRefString *string)
{
    return string ? g_ref_string_length((GRefString *)string) : 0;
}

static gsize source_size(const AiotopSource *source)
{
    return sizeof(*source) + string_size(source->kind) +
           string_size(source->name) + string_size(source->label) +
           string_size(source->callback) +
           (source->histogram.n + source->delay_histogram.n) *
               sizeof(AiotopBucket);
}

bool aiotop_snapshot_is_too_big(const AiotopSnapshot *snapshot)
{
    gsize size = 0;

    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        const AiotopLoop *loop = &snapshot->loops[i];

        if (loop->n_sources > MAX_SOURCES) {
            return true;
        }
        for (unsigned j = 0; j < loop->n_sources; j++) {
            size += source_size(loop->sources[j]);
        }
    }
    return size > MAX_SIZE;
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
