/*
 * Samples without a screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "batch.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <qemu-aiotop/format/listing.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "connect.h"
#include "deadline.h"
#include "output.h"
#include "screen/signals.h"

typedef struct Batch {
    const Options *options;
    const BatchWriter *writer;
    void *opaque;
    GMainLoop *loop;
    GString *out;
    bool done;
    int status;
} Batch;

/* What comes after the end, in the same turn of the loop, does not count */
static void quit(Batch *batch, int status)
{
    if (!batch->done) {
        batch->done = true;
        batch->status = status;
        g_main_loop_quit(batch->loop);
    }
}

static void on_sample(AiotopSampler *sampler, AiotopSample *owned, void *opaque)
{
    g_autoptr(AiotopSample) sample = owned;
    Batch *batch = opaque;
    AiotopIdentity local = aiotop_sampler_local(sampler);
    int status = EXIT_SUCCESS;
    bool last;

    if (batch->done) {
        return;
    }
    last =
        batch->writer->take(batch->out, sample, &local, &status, batch->opaque);
    if (!report_output(batch->out, &status) || last) {
        quit(batch, status);
    }
}

/* To one who named no target, or one that fits several: what there is */
static void list_candidates(Batch *batch)
{
    g_autoptr(GPtrArray) processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    g_autoptr(GString) list = g_string_new(NULL);

    if (processes->len) {
        aiotop_listing_text(list, processes, batch->options->style.ascii);
        fputs(list->str, stderr);
    }
}

static int fail(Batch *batch, const GError *error)
{
    if (batch->writer->fail) {
        return batch->writer->fail(error->message, batch->opaque);
    }
    report(error->message);
    if (error->domain == AIOTOP_DISCOVER_ERROR && !batch->options->target) {
        list_candidates(batch);
    }
    return EXIT_FAILURE;
}

/* Neither the target nor what is asked for is at fault */
static void end(Batch *batch, const char *why, int status)
{
    if (!batch->done && batch->writer->fail) {
        status = batch->writer->fail(why, batch->opaque);
    }
    quit(batch, status);
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    const AiotopSamplerStatus *status = aiotop_sampler_status(sampler);
    Batch *batch = opaque;

    if (status->state == AIOTOP_SAMPLER_LOST && !batch->done) {
        quit(batch, fail(batch, status->error));
    }
}

static gboolean on_signal(gpointer opaque)
{
    Batch *batch = opaque;

    end(batch, "a signal ended it before there was an answer",
        batch->writer->interrupted);
    return G_SOURCE_CONTINUE;
}

static gboolean on_deadline(gpointer opaque)
{
    Batch *batch = opaque;
    g_autofree char *why = deadline_reason(batch->options);

    end(batch, why, batch->writer->interrupted);
    return G_SOURCE_REMOVE;
}

static gboolean on_stdout_gone(gint fd G_GNUC_UNUSED,
                               GIOCondition condition G_GNUC_UNUSED,
                               gpointer opaque)
{
    end(opaque, "nobody reads stdout", EXIT_SUCCESS);
    return G_SOURCE_REMOVE;
}

int batch_sample(const Options *options, const BatchWriter *writer,
                 void *opaque)
{
    static const AiotopSamplerHandler handler = {
        .sample = on_sample,
        .status = on_status,
    };
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) out = g_string_new(NULL);
    Batch batch = {
        .options = options,
        .writer = writer,
        .opaque = opaque,
        .loop = loop,
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
    g_autoptr(GSource) deadline = deadline_source(options);
    AiotopSampler *sampler;

    if (deadline) {
        g_source_set_callback(deadline, on_deadline, &batch, NULL);
        g_source_attach(deadline, NULL);
    }
    signals_add(SIGINT, on_signal, &batch);
    signals_add(SIGTERM, on_signal, &batch);
    g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_stdout_gone, &batch);
    config.opaque = &batch;
    sampler = aiotop_sampler_new(&config);
    g_main_loop_run(loop);
    aiotop_sampler_free(sampler);
    if (deadline) {
        g_source_destroy(deadline);
    }
    return batch.status;
}
