/*
 * Samples without a screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "batch.h"

#include <stdio.h>
#include <stdlib.h>

#include <qemu-aiotop/format/listing.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "connect.h"
#include "output.h"
#include "run.h"

typedef struct Batch {
    const BatchWriter *writer;
    Run run;
    GString *out;
} Batch;

static void on_sample(AiotopSampler *sampler, AiotopSample *owned, void *opaque)
{
    g_autoptr(AiotopSample) sample = owned;
    Batch *batch = opaque;
    AiotopIdentity local = aiotop_sampler_local(sampler);
    int status = EXIT_SUCCESS;
    bool last;

    if (batch->run.done) {
        return;
    }
    last = batch->writer->take(batch->out, sample, &local, &status,
                               batch->run.opaque);
    if (!report_output(batch->out, &status) || last) {
        run_quit(&batch->run, status);
    }
}

/* To one who named no target, or one that fits several: what there is */
static void list_candidates(const Options *options)
{
    g_autoptr(GPtrArray) processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    g_autoptr(GString) list = g_string_new(NULL);

    if (processes->len) {
        aiotop_listing_text(list, processes, options->style.ascii);
        fputs(list->str, stderr);
    }
}

static int fail(const Run *run, const GError *error)
{
    if (run->fail) {
        return run->fail(error->message, run->opaque);
    }
    report(error->message);
    if (error->domain == AIOTOP_DISCOVER_ERROR && !run->options->target) {
        list_candidates(run->options);
    }
    return EXIT_FAILURE;
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    const AiotopSamplerStatus *status = aiotop_sampler_status(sampler);
    Run *run = &((Batch *)opaque)->run;

    if (status->state == AIOTOP_SAMPLER_LOST && !run->done) {
        run_quit(run, fail(run, status->error));
    }
}

int batch_sample(const Options *options, const BatchWriter *writer,
                 void *opaque)
{
    static const AiotopSamplerHandler handler = {
        .sample = on_sample,
        .status = on_status,
    };
    g_autoptr(GString) out = g_string_new(NULL);
    Batch batch = {
        .writer = writer,
        .run = {
            .options = options,
            .fail = writer->fail,
            .opaque = opaque,
            .interrupted = writer->interrupted,
        },
        .out = out,
    };
    AiotopSamplerConfig config = {
        .resolve = connect_resolve,
        .target = options->target,
        .interval_ms = options->interval_ms,
        .loops_only = writer->loops_only,
        .no_histograms = writer->no_histograms,
        .timeouts = &options->timeouts,
        .sample_hz = options->sample_hz,
        .sample_stacks =
            options->sample_given || options->output == OUTPUT_FOLDED,
        .sample_profiled = options->sample_given && !writer->loops_only,
        .looks_at_halted = writer->looks_at_halted,
        .handler = &handler,
    };
    AiotopSampler *sampler;
    int status;

    run_begin(&batch.run, run_on_deadline, &batch.run);
    config.opaque = &batch;
    sampler = aiotop_sampler_new(&config);
    status = run_until_end(&batch.run);
    aiotop_sampler_free(sampler);
    return status;
}
