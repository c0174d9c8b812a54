/*
 * What the header says of all loops and sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "totals.h"

#include <string.h>
#include <qemu-aiotop/diagnose/thresholds.h>

static void count_source(UiTotals *totals, const AiotopRow *row,
                         uint64_t stall_ns)
{
    const AiotopSourceSample *source = row->source;
    LintMask mask;

    if (!aiotop_source_sample_active(source)) {
        return;
    }
    totals->n_active++;
    totals->overflow |= strcmp(source->now->name, "(other)") == 0;
    mask = lint_check(row, stall_ns);
    if (mask) {
        totals->n_lints[lint_worst(mask)]++;
    }
}

UiTotals totals_count(const AiotopSample *sample, uint64_t stall_ns)
{
    UiTotals totals = { 0 };

    for (unsigned i = 0; i < sample->n_sources; i++) {
        const AiotopSourceSample *source = &sample->sources[i];
        AiotopRow row = { sample, &sample->loops[source->loop], source };

        count_source(&totals, &row, stall_ns);
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopRow row = { sample, &sample->loops[i], NULL };
        LintMask mask = lint_check(&row, stall_ns);

        for (unsigned j = 0; j < N_LINTS; j++) {
            totals.n_lints[j] += !lints[j].of_sources && mask >> j & 1;
        }
        totals.n_threads += row.loop->is_thread;
    }
    /* Threads, as what waits for the lock has no source, or more than one */
    totals.n_lints[LINT_STUCK] = aiotop_rule_count_stuck(
        sample, aiotop_rule_stall_ns(sample->now, stall_ns));
    return totals;
}
