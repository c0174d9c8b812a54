/*
 * Mode: what is awaited, or QEMU's threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>

#include <qemu-aiotop/format/awaited.h>

#include "batch.h"

static bool take_awaited(GString *out, const AiotopSample *sample,
                         const AiotopIdentity *local G_GNUC_UNUSED,
                         int *status G_GNUC_UNUSED, void *opaque)
{
    const Options *options = opaque;
    const AiotopTable *const *tables = options->mode == MODE_THREADS
                                           ? aiotop_thread_tables
                                           : aiotop_awaited_tables;

    /* What ended in an interval takes one */
    if (sample->cumulative) {
        return false;
    }
    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text_awaited(out, sample, tables, &options->style);
        break;
    case OUTPUT_JSON:
        aiotop_format_json_awaited(out, sample, tables);
        break;
    case OUTPUT_CSV:
        aiotop_format_csv_awaited(out, sample, tables);
        break;
    case OUTPUT_FOLDED:
        /* The command line is refused */
        break;
    }
    return true;
}

int mode_awaited(const Options *options)
{
    static const BatchWriter writer = {
        .take = take_awaited,
        .interrupted = EXIT_FAILURE,
        .loops_only = true,
        .no_histograms = true,
    };

    return batch_sample(options, &writer, (void *)options);
}
