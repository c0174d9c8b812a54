/*
 * The sources of a thread that is sampled: callbacks that it was seen in, and
 * what else its time went to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "seen-sources.h"

/* A loop has some hundred; what comes then is counted together */
#define MAX_SOURCES 2000
static const AiotopFunction others = {
    .name = (char *)"(other callbacks)",
    .offset = AIOTOP_UNKNOWN,
};

GPtrArray *aiotop_seen_sources_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static AiotopSeenSource *find_source(const GPtrArray *sources,
                                     const AiotopSeenSource *key)
{
    for (unsigned i = 0; i < sources->len; i++) {
        AiotopSeenSource *source = sources->pdata[i];

        if (source->kind == key->kind && source->function == key->function &&
            source->end == key->end) {
            return source;
        }
    }
    return NULL;
}

AiotopSeenSource *aiotop_seen_sources_get(GPtrArray *sources,
                                          const AiotopCall *call,
                                          AiotopWalkEnd end)
{
    AiotopSeenSource key = {
        .kind = call->kind,
        .function = call->function,
        .end = call->function ? AIOTOP_WALK_WHOLE : end,
    };
    AiotopSeenSource *source = find_source(sources, &key);

    if (!source && sources->len >= MAX_SOURCES) {
        key = (AiotopSeenSource){ .kind = AIOTOP_PLACE_UNKNOWN,
                                  .function = &others };
        source = find_source(sources, &key);
    }
    if (!source) {
        source = g_memdup2(&key, sizeof(key));
        source->id = sources->len + 1;
        g_ptr_array_add(sources, source);
    }
    return source;
}

static guint hash_callback(gconstpointer key)
{
    const AiotopSource *source = key;

    return g_int64_hash(&source->callback);
}

static gboolean equal_callbacks(gconstpointer a, gconstpointer b)
{
    return aiotop_source_same_callback(a, b);
}

void aiotop_seen_sources_find_profiled(const GPtrArray *sources,
                                       const AiotopLoop *loop,
                                       AiotopSampledStack *stacks, unsigned n)
{
    g_autoptr(GHashTable) known =
        g_hash_table_new(hash_callback, equal_callbacks);

    for (unsigned i = 0; i < loop->n_sources; i++) {
        g_hash_table_add(known, loop->sources[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        const AiotopSeenSource *seen =
            stacks[i].source_id ? sources->pdata[stacks[i].source_id - 1]
                                : NULL;
        const AiotopSource key = {
            .callback = seen && seen->function ? seen->function->offset
                                               : AIOTOP_UNKNOWN,
            .module = seen && seen->function ? seen->function->module : NULL,
        };
        const AiotopSource *source = g_hash_table_lookup(known, &key);

        stacks[i].source_id = source ? source->id : 0;
    }
}

static GRefString *source_name(const AiotopSeenSource *source)
{
    g_autofree char *name =
        aiotop_place_function_name(source->function, source->end);

    return g_ref_string_new(name);
}

static AiotopSource *make_source(const AiotopSeenSource *from)
{
    AiotopSource *source = g_new0(AiotopSource, 1);
    const AiotopFunction *function = from->function;

    *source = (AiotopSource){
        .id = from->id,
        .fd = -1,
        .kind = g_ref_string_new(aiotop_place_kind_name(from->kind)),
        .name = source_name(from),
        .module = function && function->module
                      ? g_ref_string_new(function->module)
                      : NULL,
        .callback = function ? function->offset : AIOTOP_UNKNOWN,
        .calls = AIOTOP_UNKNOWN,
        .timed_calls = AIOTOP_UNKNOWN,
        .busy_ns = from->busy_ns,
        .total_ns = from->total_ns,
        .samples = from->samples,
        .max_ns = AIOTOP_UNKNOWN,
        .delay_ns = AIOTOP_UNKNOWN,
        .delay_max_ns = AIOTOP_UNKNOWN,
        .ref_count = 1,
    };
    if (function && !function->name && from->nearest) {
        g_autofree char *label = g_strdup_printf("in %s", from->nearest);

        source->label = g_ref_string_new(label);
    }
    return source;
}

void aiotop_seen_sources_fill(const GPtrArray *sources, AiotopLoop *loop)
{
    loop->n_sources = sources->len;
    loop->sources = g_new(AiotopSource *, loop->n_sources);
    for (unsigned i = 0; i < loop->n_sources; i++) {
        loop->sources[i] = make_source(sources->pdata[i]);
    }
}
