/*
 * Writer: lines of a flame graph
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/sample.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/model/stacks.h"
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

static void append_source(GString *out, const AiotopRow *row)
{
    const AiotopSource *source = row->source->now;

    append_loop(out, row->sample, row->loop->now);
    aiotop_text_append_frame(out, source->kind);
    g_string_append_c(out, ';');
    aiotop_text_append_frame(out, source->name);
    if (source->label) {
        g_string_append_c(out, ' ');
        aiotop_text_append_frame(out, source->label);
    }
}

/* How often its callback was seen */
static uint64_t count_samples(const AiotopRow *row, const GArray *stacks)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < stacks->len; i++) {
        const AiotopStackSample *stack =
            &g_array_index(stacks, AiotopStackSample, i);

        n += aiotop_stack_is_of(stack, row->sample, row->source)
                 ? stack->samples
                 : 0;
    }
    return n;
}

/* The time of a source, shared out by the samples of what is below it */
static void add_source(GString *out, const AiotopRow *row, const GArray *stacks)
{
    uint64_t us = row->source->busy_ns / 1000, left_us = us;
    uint64_t n = count_samples(row, stacks);

    if (row->source->busy_ns == AIOTOP_UNKNOWN || !us) {
        return;
    }
    for (unsigned i = 0; n && i < stacks->len; i++) {
        const AiotopStackSample *stack =
            &g_array_index(stacks, AiotopStackSample, i);
        const char *below = strchr(stack->now->text + stack->now->inner, ';');
        uint64_t its_us = (double)us * stack->samples / n;

        if (below && its_us &&
            aiotop_stack_is_of(stack, row->sample, row->source)) {
            append_source(out, row);
            g_string_append_printf(out, "%s %" PRIu64 "\n", below, its_us);
            left_us -= MIN(its_us, left_us);
        }
    }
    if (left_us) {
        append_source(out, row);
        g_string_append_printf(out, " %" PRIu64 "\n", left_us);
    }
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

/* Those in sources that are chosen; in none, those of loops, if all are */
static void add_stacks(GString *out, const AiotopSample *sample,
                       const GArray *stacks, const GArray *sources,
                       const GArray *loops)
{
    for (unsigned i = 0; i < stacks->len; i++) {
        const AiotopStackSample *stack =
            &g_array_index(stacks, AiotopStackSample, i);
        const AiotopRow *row =
            find_row(stack->now->source_id ? sources : loops, stack->now);

        if (row) {
            append_loop(out, sample, row->loop->now);
            g_string_append_printf(out, "%s %" PRIu64 "\n", stack->now->text,
                                   stack->samples);
        }
    }
}

void aiotop_format_folded(GString *out, const AiotopSample *sample,
                          const AiotopQuery *query)
{
    g_autoptr(GArray) stacks = aiotop_stacks_new(sample);
    g_autoptr(GArray) sources = aiotop_query_sources(query, sample);
    g_autoptr(GArray) loops = query->filter
                                  ? g_array_new(FALSE, FALSE, sizeof(AiotopRow))
                                  : aiotop_query_loops(query, sample);

    if (sample->now->host_only && sample->now->n_sampled_stacks) {
        add_stacks(out, sample, stacks, sources, loops);
        return;
    }
    for (unsigned i = 0; i < sources->len; i++) {
        add_source(out, &g_array_index(sources, AiotopRow, i), stacks);
    }
}
