/*
 * Mode: the log of stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>

#include "batch.h"

#include <qemu-aiotop/format/stalls.h>

static bool take_stalls(GString *out, const AiotopSample *sample,
                        const AiotopIdentity *local G_GNUC_UNUSED,
                        int *status G_GNUC_UNUSED, void *opaque)
{
    const Options *options = opaque;

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text_stalls(out, sample, options->style.ascii);
        break;
    case OUTPUT_JSON:
        aiotop_format_json_stalls(out, sample);
        break;
    case OUTPUT_CSV:
        aiotop_format_csv_stalls(out, sample);
        break;
    case OUTPUT_FOLDED:
        /* The command line is refused */
        break;
    }
    return true;
}

int mode_stalls(const Options *options)
{
    static const BatchWriter writer = {
        .take = take_stalls,
        .interrupted = EXIT_FAILURE,
        .loops_only = true,
        .no_histograms = true,
    };

    return batch_sample(options, &writer, (void *)options);
}
