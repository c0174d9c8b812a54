/*
 * How often which stack was seen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "stack-counts.h"

#include <string.h>

#include "qemu-aiotop/text/escape.h"

/* A thread has some hundred; what comes then is one */
#define MAX_STACKS 4000
/* Of all threads */
#define MAX_BYTES (16 * 1024 * 1024)
#define OTHERS "(other stacks)"

struct AiotopStackCounts {
    /* Of these texts, and of those of the whole process */
    size_t bytes;
    size_t *all_bytes;
    /* Of AiotopSampledStack: the same text may be of two sources */
    GHashTable *stacks;
};

static void free_stack(gpointer opaque)
{
    AiotopSampledStack *stack = opaque;

    g_ref_string_release(stack->text);
    g_free(stack);
}

static guint hash_stack(gconstpointer key)
{
    const AiotopSampledStack *stack = key;

    return g_str_hash(stack->text) ^ stack->place_id;
}

static gboolean equal_stacks(gconstpointer a, gconstpointer b)
{
    const AiotopSampledStack *x = a, *y = b;

    return x->place_id == y->place_id && strcmp(x->text, y->text) == 0;
}

AiotopStackCounts *aiotop_stack_counts_new(size_t *bytes)
{
    AiotopStackCounts *counts = g_new0(AiotopStackCounts, 1);

    counts->all_bytes = bytes;
    counts->stacks =
        g_hash_table_new_full(hash_stack, equal_stacks, NULL, free_stack);
    return counts;
}

void aiotop_stack_counts_free(AiotopStackCounts *counts)
{
    if (counts) {
        *counts->all_bytes -= counts->bytes;
        g_hash_table_unref(counts->stacks);
        g_free(counts);
    }
}

static const char *activity_word(const AiotopPlace *place)
{
    switch (place->activity) {
    case AIOTOP_ACTIVITY_WAITS:
        return "waiting";
    case AIOTOP_ACTIVITY_POLLS:
        return "polling";
    case AIOTOP_ACTIVITY_TAKES_BQL:
        return "bql-wait";
    case AIOTOP_ACTIVITY_RUNS:
        break;
    }
    return "running";
}

static void append_function(GString *out, const AiotopFunction *function,
                            AiotopWalkEnd end)
{
    g_autofree char *name = aiotop_place_function_name(function, end);

    if (out->len) {
        g_string_append_c(out, ';');
    }
    aiotop_text_append_frame(out, name);
}

/* From the outermost call inwards; without one, what the loop does and where */
static char *describe(const AiotopPlace *place, const AiotopWalk *walk,
                      bool in_source, size_t *inner)
{
    GString *out = g_string_new(NULL);
    unsigned n_calls = in_source ? place->n_calls : 0, call = 0;
    unsigned first = n_calls ? place->calls[0].frame + 1 : walk->n;

    *inner = 0;
    if (!n_calls) {
        g_string_append(out, activity_word(place));
    }
    for (unsigned i = first; i-- > 0;) {
        if (call < n_calls && place->calls[call].frame == i) {
            g_string_append_printf(
                out, "%s%s", out->len ? ";" : "",
                aiotop_place_kind_name(place->calls[call].kind));
            *inner = out->len + 1;
            if (!place->calls[call].function) {
                append_function(out, NULL, place->end);
            }
            call++;
        }
        append_function(out, walk->frames[i].site->function, walk->end);
    }
    return g_string_free(out, FALSE);
}

static AiotopSampledStack *get_stack(AiotopStackCounts *counts, char *text,
                                     uint32_t source_id, size_t inner)
{
    const AiotopSampledStack key = { .text = text, .place_id = source_id };
    AiotopSampledStack *stack = g_hash_table_lookup(counts->stacks, &key);

    if (stack) {
        return stack;
    }
    if ((g_hash_table_size(counts->stacks) >= MAX_STACKS ||
         *counts->all_bytes >= MAX_BYTES) &&
        strcmp(text, OTHERS) != 0) {
        return get_stack(counts, (char *)OTHERS, 0, 0);
    }
    stack = g_new0(AiotopSampledStack, 1);
    stack->text = g_ref_string_new(text);
    stack->source_id = stack->place_id = source_id;
    stack->inner = inner;
    counts->bytes += strlen(text);
    *counts->all_bytes += strlen(text);
    g_hash_table_add(counts->stacks, stack);
    return stack;
}

void aiotop_stack_counts_add(AiotopStackCounts *counts,
                             const AiotopPlace *place, const AiotopWalk *walk,
                             AiotopSampledStack **stack, uint32_t source_id,
                             bool asleep, unsigned weight)
{
    if (walk) {
        size_t inner;
        g_autofree char *text = describe(place, walk, source_id, &inner);

        *stack = get_stack(counts, text, source_id, inner);
    }
    if (*stack) {
        (*stack)->samples += weight;
        (*stack)->running += asleep ? 0 : weight;
    }
}

void aiotop_stack_counts_list(const AiotopStackCounts *counts,
                              int64_t thread_id, GArray *stacks)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, counts->stacks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        AiotopSampledStack stack = *(const AiotopSampledStack *)value;

        stack.thread_id = thread_id;
        g_ref_string_acquire(stack.text);
        g_array_append_val(stacks, stack);
    }
}
