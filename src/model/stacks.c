/*
 * What a sample has of stacks, and which functions are in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/stacks.h"

#include <string.h>

static guint hash_stack(gconstpointer key)
{
    const AiotopSampledStack *stack = key;

    return g_str_hash(stack->text) ^ g_int64_hash(&stack->thread_id) ^
           stack->place_id;
}

static gboolean equal_stacks(gconstpointer a, gconstpointer b)
{
    const AiotopSampledStack *x = a, *y = b;

    return x->thread_id == y->thread_id && x->place_id == y->place_id &&
           strcmp(x->text, y->text) == 0;
}

GArray *aiotop_stacks_new(const AiotopSample *sample)
{
    GArray *stacks = g_array_new(FALSE, FALSE, sizeof(AiotopStackSample));
    g_autoptr(GHashTable) before = g_hash_table_new(hash_stack, equal_stacks);
    const AiotopSnapshot *first = sample->before, *now = sample->now;

    for (unsigned i = 0; first && i < first->n_sampled_stacks; i++) {
        g_hash_table_add(before, &first->sampled_stacks[i]);
    }
    for (unsigned i = 0; i < now->n_sampled_stacks; i++) {
        AiotopStackSample stack = { .now = &now->sampled_stacks[i] };
        const AiotopSampledStack *old = g_hash_table_lookup(before, stack.now);

        /* Unless sampling, or a thread of that number, has begun anew */
        if (old && (old->samples > stack.now->samples ||
                    old->running > stack.now->running)) {
            old = NULL;
        }
        stack.samples = stack.now->samples - (old ? old->samples : 0);
        stack.running = stack.now->running - (old ? old->running : 0);
        if (stack.samples) {
            g_array_append_val(stacks, stack);
        }
    }
    return stacks;
}

bool aiotop_stack_is_of(const AiotopStackSample *stack,
                        const AiotopSample *sample,
                        const AiotopSourceSample *source)
{
    const AiotopLoop *loop = sample->loops[source->loop].now;
    const AiotopSource *its;

    if (stack->now->thread_id != loop->thread_id || !stack->now->source_id) {
        return false;
    }
    if (stack->now->source_id == source->now->id) {
        return true;
    }
    its = aiotop_loop_find_source(loop, stack->now->source_id);
    return !sample->now->host_only && its &&
           aiotop_source_same_callback(its, source->now);
}

static void clear_function(gpointer opaque)
{
    AiotopFunctionSample *function = opaque;

    g_free(function->name);
}

/* As they are found; @by_name has their place and one more, by their own names */
typedef struct Functions {
    GArray *all;
    GHashTable *by_name;
} Functions;

static AiotopFunctionSample *get_function(const Functions *functions,
                                          const char *name, unsigned depth)
{
    unsigned n =
        GPOINTER_TO_UINT(g_hash_table_lookup(functions->by_name, name));
    AiotopFunctionSample function = { .depth = depth };

    if (!n) {
        function.name = g_strdup(name);
        g_array_append_val(functions->all, function);
        n = functions->all->len;
        g_hash_table_insert(functions->by_name, function.name,
                            GUINT_TO_POINTER(n));
    }
    return &g_array_index(functions->all, AiotopFunctionSample, n - 1);
}

/* One that calls itself is in the stack once */
static bool came_before(char **names, unsigned i)
{
    for (unsigned j = 0; j < i; j++) {
        if (strcmp(names[j], names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void add_stack(const Functions *functions,
                      const AiotopStackSample *stack)
{
    g_auto(GStrv) names =
        g_strsplit(stack->now->text + stack->now->inner, ";", -1);

    for (unsigned i = 0; names[i]; i++) {
        AiotopFunctionSample *function = get_function(functions, names[i], i);

        if (!came_before(names, i)) {
            function->running += stack->running;
            function->asleep += stack->samples - stack->running;
        }
        if (!names[i + 1]) {
            function->self += stack->running;
        }
    }
}

static int compare_functions(gconstpointer a, gconstpointer b)
{
    const AiotopFunctionSample *x = a, *y = b;
    uint64_t of_x = x->running + x->asleep, of_y = y->running + y->asleep;

    return of_x != of_y           ? (of_x > of_y ? -1 : 1)
           : x->depth != y->depth ? (x->depth < y->depth ? -1 : 1)
                                  : strcmp(x->name, y->name);
}

GArray *aiotop_functions_below(const GArray *stacks, const AiotopSample *sample,
                               const AiotopSourceSample *source)
{
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(AiotopFunctionSample));
    const Functions functions = { all, by_name };

    g_array_set_clear_func(all, clear_function);
    for (unsigned i = 0; i < stacks->len; i++) {
        const AiotopStackSample *stack =
            &g_array_index(stacks, AiotopStackSample, i);

        if (aiotop_stack_is_of(stack, sample, source)) {
            add_stack(&functions, stack);
        }
    }
    g_array_sort(all, compare_functions);
    return all;
}
