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

/* Its two lists, of which each element of one goes with one of the other */
static bool read_histogram(json_object *value, AiotopBucket *buckets,
                           unsigned *n, GError **error)
{
    json_object *indexes = aiotop_json_member(value, "buckets");
    json_object *counts = aiotop_json_member(value, "counts");
    size_t len = json_object_is_type(indexes, json_type_array)
                     ? json_object_array_length(indexes)
                     : SIZE_MAX;
    bool ok = len <= AIOTOP_HISTOGRAM_BUCKETS &&
              json_object_is_type(counts, json_type_array) &&
              json_object_array_length(counts) == len;

    for (unsigned i = 0; ok && i < len; i++) {
        uint64_t index, count;

        ok = members_get_count(json_object_array_get_idx(indexes, i), &index) &&
             members_get_count(json_object_array_get_idx(counts, i), &count) &&
             index < AIOTOP_HISTOGRAM_BUCKETS &&
             count <= AIOTOP_BUCKET_MAX_COUNT &&
             (!i || index > buckets[i - 1].index);
        if (ok) {
            buckets[i].index = index;
            buckets[i].count = count;
        }
    }
    if (!ok) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "no list of ascending buckets, with a list of their"
                    " counts");
        return false;
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

static const Member module_members[] = {
    { "file", MEMBER_STRING, offsetof(Draft, source.module), .required = true },
};

static bool read_module(Reader *reader, json_object *value, void *structure,
                        GError **error)
{
    return members_read(reader, value, module_members,
                        G_N_ELEMENTS(module_members), structure, error);
}

#define FIELD(field) offsetof(Draft, source.field)

static const Member source_members[] = {
    { "id", MEMBER_NUMBER, FIELD(id), .required = true },
    { "kind", MEMBER_STRING, FIELD(kind), .required = true },
    { "name", MEMBER_STRING, FIELD(name), .required = true },
    { "label", MEMBER_STRING, FIELD(label) },
    { "callback", MEMBER_COUNTER, FIELD(callback) },
    { "module", MEMBER_READ, .read = read_module },
    { "fd", MEMBER_FD, FIELD(fd) },
    { "calls", MEMBER_COUNTER, FIELD(calls) },
    { "timed-calls", MEMBER_COUNTER, FIELD(timed_calls) },
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
        .timed_calls = AIOTOP_UNKNOWN,
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

static bool is_rest(const AiotopSource *source)
{
    return strcmp(source->kind, "rest") == 0;
}

/* The rest comes last */
static int compare_sources(const void *a, const void *b)
{
    const AiotopSource *x = *(AiotopSource *const *)a;
    const AiotopSource *y = *(AiotopSource *const *)b;

    if (is_rest(x) != is_rest(y)) {
        return is_rest(x) - is_rest(y);
    }
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
    if (loop->n_sources && is_rest(loop->sources[loop->n_sources - 1])) {
        loop->rest = loop->sources[--loop->n_sources];
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSource *source = loop->sources[i];

        if (is_rest(source) || (i && loop->sources[i - 1]->id == source->id)) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "source %" PRIu32 " twice", source->id);
            return false;
        }
    }
    return true;
}
