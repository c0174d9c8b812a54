/*
 * Mode: samples to stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "host-batch.h"
#include "output.h"

#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/format/sample.h>
#include <qemu-aiotop/format/vms.h>

typedef struct Samples {
    const Options *options;
    /* That were written */
    unsigned n;
    /* Whether one came */
    bool begun;
    /* It was said why there are no stacks */
    bool explained;
} Samples;

/*
 * What shows nothing looks like a QEMU that does nothing.  Said once, as what
 * is looked for may come later; a loop that is not there is a mistake.
 */
static bool check_query(const AiotopSample *sample, const AiotopQuery *query)
{
    g_autofree char *no_loop = aiotop_query_no_loop(query, sample);
    g_autoptr(GArray) loops = NULL, sources = NULL;

    if (no_loop) {
        report(no_loop);
        return false;
    }
    if (query->filter) {
        loops = aiotop_query_loops(query, sample);
        sources = aiotop_query_sources(query, sample);
        if (!loops->len && !sources->len) {
            report("the filter matches nothing at present");
        }
    }
    return true;
}

/* Lines of a flame graph have no place for why there are none */
static void explain_no_stacks(const AiotopSample *sample, Samples *samples)
{
    const AiotopSnapshot *now = sample->now;
    g_autoptr(GPtrArray) notes = aiotop_missing_notes(now);

    if (samples->explained || now->n_sampled_stacks ||
        (!now->host_only && !now->sampled.refused)) {
        return;
    }
    samples->explained = true;
    for (unsigned i = 0; i < notes->len; i++) {
        report(notes->pdata[i]);
    }
}

static void write_sample(GString *out, const AiotopSample *sample,
                         Samples *samples)
{
    const Options *options = samples->options;

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text(out, sample, &options->query, &options->style);
        break;
    case OUTPUT_JSON:
        aiotop_format_json(out, sample, &options->query);
        break;
    case OUTPUT_CSV:
        if (!samples->n) {
            aiotop_format_csv_head(out, &options->query);
        }
        aiotop_format_csv(out, sample, &options->query);
        break;
    case OUTPUT_FOLDED:
        explain_no_stacks(sample, samples);
        aiotop_format_folded(out, sample, &options->query);
        break;
    }
    samples->n++;
}

static bool take_sample(GString *out, const AiotopSample *sample,
                        const AiotopIdentity *local G_GNUC_UNUSED, int *status,
                        void *opaque)
{
    Samples *samples = opaque;
    const Options *options = samples->options;
    unsigned wanted = options->iterations;

    if (!samples->begun && !check_query(sample, &options->query)) {
        *status = EXIT_FAILURE;
        return true;
    }
    samples->begun = true;

    if (options->cumulative && !sample->cumulative) {
        g_autoptr(AiotopSample) whole = aiotop_sample_new(NULL, sample->now);

        whole->real_time_us = sample->real_time_us;
        write_sample(out, whole, samples);
    } else if (options->cumulative || !sample->cumulative ||
               sample->restarted) {
        write_sample(out, sample, samples);
    }
    if (options->cumulative && !wanted) {
        wanted = 1;
    }
    return wanted && samples->n >= wanted;
}

static bool take_verdicts(GString *out, const GPtrArray *verdicts,
                          const AiotopHostCause *cause,
                          int *status G_GNUC_UNUSED, void *opaque)
{
    Samples *samples = opaque;
    const Options *options = samples->options;
    const AiotopQuery *query = &options->query;
    int64_t now_us = g_get_real_time();

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text_vms(out, verdicts, cause, now_us, query,
                               &options->style);
        break;
    case OUTPUT_JSON:
        aiotop_format_json_vms(out, verdicts, cause, now_us, query);
        break;
    case OUTPUT_CSV:
        if (!samples->n) {
            aiotop_format_csv_vms_head(out, query);
        }
        aiotop_format_csv_vms(out, verdicts, now_us, query);
        break;
    case OUTPUT_FOLDED:
        /* The command line is refused */
        break;
    }
    return ++samples->n == options->iterations;
}

int mode_samples(const Options *options)
{
    static const HostWriter host_writer = {
        .take = take_verdicts,
        .interrupted = EXIT_SUCCESS,
        .loops_only = true,
    };
    const BatchWriter writer = {
        .take = take_sample,
        .interrupted = EXIT_SUCCESS,
        .loops_only = !aiotop_query_needs_sources(&options->query),
        .no_histograms = !aiotop_query_needs_histograms(
            &options->query, options->output != OUTPUT_TEXT),
    };
    Samples samples = { .options = options };

    if (host_batch_wanted(options)) {
        return host_batch(options, &host_writer, &samples);
    }
    return batch_sample(options, &writer, &samples);
}
