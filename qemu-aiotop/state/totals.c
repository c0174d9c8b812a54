/*
 * What the header says of all loops and sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "totals.h"

#include <string.h>
#include <qemu-aiotop/diagnose/thresholds.h>

static void count_source(UiTotals *totals, const AiotopSample *sample,
                         const AiotopSourceSample *source, uint64_t stall_ns)
{
    AiotopMarks marks;

    if (!aiotop_source_sample_active(source)) {
        return;
    }
    totals->n_active++;
    totals->overflow |= strcmp(source->now->name, "(other)") == 0;
    marks = aiotop_marks_check(sample, &sample->loops[source->loop], source,
                               stall_ns);
    if (marks) {
        totals->n_marks[aiotop_marks_worst(marks)]++;
    }
}

UiTotals totals_count(const AiotopSample *sample, uint64_t stall_ns)
{
    UiTotals totals = { 0 };

    for (unsigned i = 0; i < sample->n_sources; i++) {
        count_source(&totals, sample, &sample->sources[i], stall_ns);
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];
        AiotopMarks marks = aiotop_marks_check(sample, loop, NULL, stall_ns);

        for (unsigned j = 0; j < AIOTOP_N_MARKS; j++) {
            totals.n_marks[j] += !aiotop_marks[j].of_sources && marks >> j & 1;
        }
        totals.n_threads += loop->is_thread;
    }
    /* Threads, as what waits for the lock has no source, or more than one */
    totals.n_marks[AIOTOP_MARK_STUCK] = aiotop_rule_count_stuck(
        sample, aiotop_rule_stall_ns(sample->now, stall_ns));
    return totals;
}
