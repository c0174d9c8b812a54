/*
 * Batch mode
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "batch.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "connect.h"
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

static char *on_resolve(AiotopIdentity *process, void *opaque, GError **error)
{
    const Batch *batch = opaque;

    return connect_resolve(batch->options->target, process, error);
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
        aiotop_format_text_list(list, processes,
                                batch->options->selection.ascii);
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
        .resolve = on_resolve,
        .interval_ms = options->interval_ms,
        .timeouts = &aiotop_qmp_default_timeouts,
        .handler = &handler,
    };
    AiotopSampler *sampler;

    signals_add(SIGINT, on_signal, &batch);
    signals_add(SIGTERM, on_signal, &batch);
    g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_stdout_gone, &batch);
    config.opaque = &batch;
    sampler = aiotop_sampler_new(&config);
    g_main_loop_run(loop);
    aiotop_sampler_free(sampler);
    return batch.status;
}

typedef struct Samples {
    const Options *options;
    /* That were written */
    unsigned n;
    /* Whether one came */
    bool begun;
} Samples;

#define MAX_NAMES 16

/* To one who named a loop that is not there: those that are */
static void report_no_loop(const AiotopSample *sample, const char *name)
{
    unsigned n = MIN(sample->n_loops, MAX_NAMES);
    g_autoptr(GString) message = g_string_new(NULL);

    g_string_append_printf(message, "no loop is named %s", name);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(message, "%s%s", i ? ", " : "; there is ",
                               sample->loops[i].now->name);
    }
    if (sample->n_loops > n) {
        g_string_append_printf(message, " and %u more", sample->n_loops - n);
    }
    report(message->str);
}

static bool has_loop(const AiotopSample *sample, const char *name)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (strcmp(sample->loops[i].now->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * What shows nothing looks like a QEMU that does nothing.  Said once, as what
 * is looked for may come later; a loop that is not there is a mistake.
 */
static bool check_selection(const AiotopSample *sample,
                            const AiotopSelection *selection)
{
    g_autoptr(GArray) loops = NULL, sources = NULL;

    if (selection->loop_name && !has_loop(sample, selection->loop_name)) {
        report_no_loop(sample, selection->loop_name);
        return false;
    }
    if (selection->filter) {
        loops = aiotop_selection_loops(selection, sample);
        sources = aiotop_selection_sources(selection, sample);
        if (!loops->len && !sources->len) {
            report("the filter matches nothing at present");
        }
    }
    return true;
}

static void write_sample(GString *out, const AiotopSample *sample,
                         Samples *samples)
{
    const Options *options = samples->options;

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text(out, sample, &options->selection);
        break;
    case OUTPUT_JSON:
        aiotop_format_json(out, sample, &options->selection);
        break;
    case OUTPUT_CSV:
        if (!samples->n) {
            aiotop_format_csv_head(out, &options->selection);
        }
        aiotop_format_csv(out, sample, &options->selection);
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

    if (!samples->begun && !check_selection(sample, &options->selection)) {
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

int batch_run(const Options *options)
{
    static const BatchWriter writer = {
        .take = take_sample,
        .interrupted = EXIT_SUCCESS,
    };
    Samples samples = { .options = options };

    return batch_sample(options, &writer, &samples);
}

int batch_list(const Options *options)
{
    g_autoptr(GPtrArray) processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    g_autoptr(GString) out = g_string_new(NULL);
    int status = EXIT_SUCCESS;

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text_list(out, processes, options->selection.ascii);
        break;
    case OUTPUT_JSON:
        aiotop_format_json_list(out, processes);
        break;
    case OUTPUT_CSV:
        aiotop_format_csv_list(out, processes);
        break;
    }
    report_output(out, &status);
    return status;
}
