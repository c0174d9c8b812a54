/*
 * Writer: lines of a flame graph
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/sample.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/text/escape.h"

static void append_loop(GString *out, const AiotopSample *sample,
                        const AiotopLoop *loop)
{
    const AiotopSnapshot *now = sample->now;

    if (now->vm_name) {
        aiotop_text_append_frame(out, now->vm_name);
    } else {
        g_string_append_printf(out, "pid %" PRId64, now->pid);
    }
    g_string_append_c(out, ';');
    aiotop_text_append_frame(out, loop->name);
    g_string_append_c(out, ';');
}

static void add_source(GString *out, const AiotopRow *row)
{
    const AiotopSource *source = row->source->now;
    uint64_t us = row->source->busy_ns / 1000;

    if (row->source->busy_ns == AIOTOP_UNKNOWN || !us) {
        return;
    }
    append_loop(out, row->sample, row->loop->now);
    aiotop_text_append_frame(out, source->kind);
    g_string_append_c(out, ';');
    aiotop_text_append_frame(out, source->name);
    if (source->label) {
        g_string_append_c(out, ' ');
        aiotop_text_append_frame(out, source->label);
    }
    g_string_append_printf(out, " %" PRIu64 "\n", us);
}

static guint hash_stack(gconstpointer key)
{
    const AiotopSampledStack *stack = key;

    return g_str_hash(stack->text) ^ g_int64_hash(&stack->thread_id);
}

static gboolean equal_stacks(gconstpointer a, gconstpointer b)
{
    const AiotopSampledStack *x = a, *y = b;

    return x->thread_id == y->thread_id && strcmp(x->text, y->text) == 0;
}

static const AiotopRow *find_row(const GArray *rows,
                                 const AiotopSampledStack *stack)
{
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopRow *row = &g_array_index(rows, AiotopRow, i);

        if (row->loop->now->thread_id == stack->thread_id &&
            (!row->source || row->source->now->id == stack->source_id)) {
            return row;
        }
    }
    return NULL;
}

/* Another thread, that has the number of one that has ended, has begun at 0 */
static uint64_t count_since(const AiotopSampledStack *old,
                            const AiotopSampledStack *now)
{
    return now->samples -
           (old && old->samples <= now->samples ? old->samples : 0);
}

/* Those in sources that are chosen; in none, those of loops, if all are */
static void add_stacks(GString *out, const AiotopSample *sample,
                       const GArray *sources, const GArray *loops)
{
    g_autoptr(GHashTable) before = g_hash_table_new(hash_stack, equal_stacks);
    const AiotopSnapshot *first = sample->before, *now = sample->now;

    for (unsigned i = 0; first && i < first->n_sampled_stacks; i++) {
        g_hash_table_add(before, &first->sampled_stacks[i]);
    }
    for (unsigned i = 0; i < now->n_sampled_stacks; i++) {
        const AiotopSampledStack *stack = &now->sampled_stacks[i];
        const AiotopSampledStack *old = g_hash_table_lookup(before, stack);
        const AiotopRow *row =
            find_row(stack->source_id ? sources : loops, stack);
        uint64_t n = count_since(old, stack);

        if (row && n) {
            append_loop(out, sample, row->loop->now);
            g_string_append_printf(out, "%s %" PRIu64 "\n", stack->text, n);
        }
    }
}

void aiotop_format_folded(GString *out, const AiotopSample *sample,
                          const AiotopQuery *query)
{
    g_autoptr(GArray) sources = aiotop_query_sources(query, sample);
    g_autoptr(GArray) loops = query->filter
                                  ? g_array_new(FALSE, FALSE, sizeof(AiotopRow))
                                  : aiotop_query_loops(query, sample);

    if (sample->now->n_sampled_stacks) {
        add_stacks(out, sample, sources, loops);
        return;
    }
    for (unsigned i = 0; i < sources->len; i++) {
        add_source(out, &g_array_index(sources, AiotopRow, i));
    }
}
