/*
 * Of a reply: the sources of a loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "reply-parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A source, before it is known how much memory its histograms take */
typedef struct Draft {
    AiotopSource source;
    AiotopBucket duration[AIOTOP_HISTOGRAM_BUCKETS];
    AiotopBucket delay[AIOTOP_HISTOGRAM_BUCKETS];
} Draft;

static bool fail_histogram(GError **error)
{
    g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                "no ascending list of [bucket, count]");
    return false;
}

static bool read_bucket(json_object *pair, AiotopBucket *bucket)
{
    uint64_t index, count;

    if (!json_object_is_type(pair, json_type_array) ||
        json_object_array_length(pair) != 2 ||
        !members_get_count(json_object_array_get_idx(pair, 0), &index) ||
        !members_get_count(json_object_array_get_idx(pair, 1), &count) ||
        index >= AIOTOP_HISTOGRAM_BUCKETS || count > AIOTOP_BUCKET_MAX_COUNT) {
        return false;
    }
    bucket->index = index;
    bucket->count = count;
    return true;
}

static bool read_histogram(json_object *value, AiotopBucket *buckets,
                           unsigned *n, GError **error)
{
    size_t len;

    if (!json_object_is_type(value, json_type_array)) {
        return fail_histogram(error);
    }
    len = json_object_array_length(value);
    /* Ascending, so that there are no more than fit */
    for (unsigned i = 0; i < len; i++) {
        if (i == AIOTOP_HISTOGRAM_BUCKETS ||
            !read_bucket(json_object_array_get_idx(value, i), &buckets[i]) ||
            (i && buckets[i].index <= buckets[i - 1].index)) {
            return fail_histogram(error);
        }
    }
    *n = len;
    return true;
}

static bool read_duration(Reader *reader G_GNUC_UNUSED, json_object *value,
                          void *structure, GError **error)
{
    Draft *draft = structure;

    return read_histogram(value, draft->duration, &draft->source.histogram.n,
                          error);
}

static bool read_delay(Reader *reader G_GNUC_UNUSED, json_object *value,
                       void *structure, GError **error)
{
    Draft *draft = structure;

    return read_histogram(value, draft->delay, &draft->source.delay_histogram.n,
                          error);
}

#define FIELD(field) offsetof(Draft, source.field)

static const Member source_members[] = {
    { "id", MEMBER_NUMBER, FIELD(id), .required = true },
    { "kind", MEMBER_STRING, FIELD(kind), .required = true },
    { "name", MEMBER_STRING, FIELD(name), .required = true },
    { "label", MEMBER_STRING, FIELD(label) },
    { "callback", MEMBER_ADDRESS, FIELD(callback) },
    { "fd", MEMBER_FD, FIELD(fd) },
    { "calls", MEMBER_COUNTER, FIELD(calls) },
    { "busy-ns", MEMBER_COUNTER, FIELD(busy_ns) },
    { "total-ns", MEMBER_COUNTER, FIELD(total_ns) },
    { "max-ns", MEMBER_COUNTER, FIELD(max_ns) },
    { "delay-ns", MEMBER_COUNTER, FIELD(delay_ns) },
    { "delay-max-ns", MEMBER_COUNTER, FIELD(delay_max_ns) },
    { "last-ns", MEMBER_COUNTER, FIELD(last_ns) },
    { "histogram", MEMBER_READ, .read = read_duration },
    { "delay-histogram", MEMBER_READ, .read = read_delay },
};

/* The draft, in as much memory as it takes; its strings go with it */
static AiotopSource *make_source(const Draft *draft)
{
    const AiotopSource *from = &draft->source;
    gsize n = from->histogram.n + from->delay_histogram.n;
    AiotopSource *source =
        g_malloc(sizeof(AiotopSource) + n * sizeof(AiotopBucket));

    memcpy(source, from, sizeof(AiotopSource));
    source->histogram.bucket = source->buckets;
    source->delay_histogram.bucket = source->buckets + source->histogram.n;
    memcpy(source->buckets, draft->duration,
           source->histogram.n * sizeof(AiotopBucket));
    memcpy(source->buckets + source->histogram.n, draft->delay,
           source->delay_histogram.n * sizeof(AiotopBucket));
    return source;
}

static bool read_source(Reader *reader, json_object *value, void *structure,
                        GError **error)
{
    AiotopSource **source = structure;
    Draft draft;
    bool ok;

    draft.source = (AiotopSource){
        .fd = -1,
        .callback = AIOTOP_UNKNOWN,
        .calls = AIOTOP_UNKNOWN,
        .busy_ns = AIOTOP_UNKNOWN,
        .total_ns = AIOTOP_UNKNOWN,
        .max_ns = AIOTOP_UNKNOWN,
        .delay_ns = AIOTOP_UNKNOWN,
        .delay_max_ns = AIOTOP_UNKNOWN,
        .last_ns = AIOTOP_UNKNOWN,
        .ref_count = 1,
    };
    ok = members_read(reader, value, source_members,
                      G_N_ELEMENTS(source_members), &draft, error);
    /* Also if it is not whole: its strings have to be dropped */
    *source = make_source(&draft);
    return ok;
}

static int compare_sources(const void *a, const void *b)
{
    const AiotopSource *x = *(AiotopSource *const *)a;
    const AiotopSource *y = *(AiotopSource *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

bool aiotop_reply_read_sources(Reader *reader, json_object *value,
                               void *structure, GError **error)
{
    AiotopLoop *loop = structure;

    if (!members_read_list(reader, value, "sources of a loop",
                           sizeof(AiotopSource *), REPLY_MAX_SOURCES,
                           read_source, (void **)&loop->sources,
                           &loop->n_sources, error)) {
        return false;
    }
    qsort(loop->sources, loop->n_sources, sizeof(AiotopSource *),
          compare_sources);
    for (unsigned i = 1; i < loop->n_sources; i++) {
        if (loop->sources[i - 1]->id == loop->sources[i]->id) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "source %" PRIu32 " twice", loop->sources[i]->id);
            return false;
        }
    }
    return true;
}
