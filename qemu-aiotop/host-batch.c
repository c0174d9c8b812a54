/*
 * All QEMUs of this host without a screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "host-batch.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <qemu-aiotop/diagnose/verdict.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/sampler/host-sampler.h>
#include <qemu-aiotop/table/vms.h>

#include "deadline.h"
#include "output.h"
#include "screen/signals.h"

typedef struct HostBatch {
    const Options *options;
    const HostWriter *writer;
    void *opaque;
    GMainLoop *loop;
    AiotopHostSampler *sampler;
    GPtrArray *verdicts;
    GString *out;
    unsigned n_rounds;
    bool done;
    int status;
} HostBatch;

static void quit(HostBatch *batch, int status)
{
    if (!batch->done) {
        batch->done = true;
        batch->status = status;
        g_main_loop_quit(batch->loop);
    }
}

static void end(HostBatch *batch, const char *why, int status)
{
    if (!batch->done && batch->writer->fail) {
        status = batch->writer->fail(why, batch->opaque);
    }
    quit(batch, status);
}

static void fail(HostBatch *batch, const char *why)
{
    if (!batch->writer->fail) {
        report(why);
    }
    end(batch, why, EXIT_FAILURE);
}

/* What the user wants to know of; elements belong to @verdicts */
static GPtrArray *choose(const AiotopQuery *query, const GPtrArray *verdicts)
{
    const AiotopFilter filter = aiotop_query_filter(query);
    GPtrArray *chosen = g_ptr_array_new();

    for (unsigned i = 0; i < verdicts->len; i++) {
        AiotopRow row = aiotop_vm_row(verdicts->pdata[i]);

        if (aiotop_filter_passes(&filter, &row)) {
            g_ptr_array_add(chosen, verdicts->pdata[i]);
        }
    }
    return chosen;
}

static void judge(HostBatch *batch)
{
    const Options *options = batch->options;
    const AiotopDiagnoseOptions diagnose = {
        .stall_ns = options->stall_ms * UINT64_C(1000000),
        .request_ns = options->request_ms * UINT64_C(1000000),
        .surface = AIOTOP_SURFACE_COMMAND_LINE,
    };
    g_autoptr(GPtrArray) before = g_steal_pointer(&batch->verdicts);

    batch->verdicts =
        aiotop_verdicts_new(aiotop_host_sampler_vms(batch->sampler), before,
                            g_get_monotonic_time(), &diagnose);
}

static void write_round(HostBatch *batch)
{
    g_autoptr(GPtrArray) chosen =
        choose(&batch->options->query, batch->verdicts);
    AiotopHostInterval load = aiotop_host_sampler_load(batch->sampler);
    g_autoptr(AiotopHostCause) cause = NULL;
    int status = EXIT_SUCCESS;
    bool last;

    if (!batch->verdicts->len) {
        fail(batch, batch->options->users ? "no QEMU of these users runs here"
                                          : "no QEMU runs here");
        return;
    }
    if (!chosen->len && batch->writer->fail) {
        fail(batch, "no QEMU here matches the filter");
        return;
    }
    cause = aiotop_host_cause_find(batch->verdicts, &load);
    last =
        batch->writer->take(batch->out, chosen, cause, &status, batch->opaque);
    if (!report_output(batch->out, &status) || last) {
        quit(batch, status);
    }
}

/* In the first round nothing is of an interval */
static void on_round(AiotopHostSampler *sampler, void *opaque)
{
    HostBatch *batch = opaque;

    if (batch->done) {
        return;
    }
    if (!aiotop_host_sampler_has_looked(sampler)) {
        fail(batch, "/proc has not told which QEMUs run here");
        return;
    }
    judge(batch);
    if (batch->n_rounds++ || !batch->verdicts->len) {
        write_round(batch);
    }
}

static gboolean on_signal(gpointer opaque)
{
    HostBatch *batch = opaque;

    end(batch, "a signal ended it before there was an answer",
        batch->writer->interrupted);
    return G_SOURCE_CONTINUE;
}

static gboolean on_deadline(gpointer opaque)
{
    HostBatch *batch = opaque;

    if (batch->verdicts && batch->writer->takes_what_there_is) {
        judge(batch);
        write_round(batch);
    } else {
        g_autofree char *why = deadline_reason(batch->options);

        end(batch, why, batch->writer->interrupted);
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_stdout_gone(gint fd G_GNUC_UNUSED,
                               GIOCondition condition G_GNUC_UNUSED,
                               gpointer opaque)
{
    end(opaque, "nobody reads stdout", EXIT_SUCCESS);
    return G_SOURCE_REMOVE;
}

bool host_batch_wanted(const Options *options)
{
    const AiotopQuery *query = &options->query;
    g_autoptr(GPtrArray) processes = NULL;
    unsigned n_profiled = 0;

    /* Some of what is asked for is of one QEMU alone */
    if (options->host || options->target || options->cumulative ||
        query->loop_name || query->loop_columns || query->source_columns) {
        return options->host;
    }
    processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    for (unsigned i = 0; i < processes->len; i++) {
        n_profiled += aiotop_process_profiled(processes->pdata[i]);
    }
    return n_profiled > 1;
}

int host_batch(const Options *options, const HostWriter *writer, void *opaque)
{
    static const AiotopHostHandler handler = { .round = on_round };
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) out = g_string_new(NULL);
    HostBatch batch = {
        .options = options,
        .writer = writer,
        .opaque = opaque,
        .loop = loop,
        .out = out,
    };
    const AiotopHostSamplerConfig config = {
        .users = options->users,
        .interval_ms = options->interval_ms,
        .deadline_ms = options->round_ms,
        .loops_only = writer->loops_only,
        .no_histograms = writer->no_histograms,
        .timeouts = &options->timeouts,
        .handler = &handler,
        .opaque = &batch,
    };
    g_autoptr(GSource) deadline = deadline_source(options);

    if (deadline) {
        g_source_set_callback(deadline, on_deadline, &batch, NULL);
        g_source_attach(deadline, NULL);
    }
    signals_add(SIGINT, on_signal, &batch);
    signals_add(SIGTERM, on_signal, &batch);
    g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_stdout_gone, &batch);
    batch.sampler = aiotop_host_sampler_new(&config);
    g_main_loop_run(loop);
    aiotop_host_sampler_free(batch.sampler);
    g_clear_pointer(&batch.verdicts, g_ptr_array_unref);
    if (deadline) {
        g_source_destroy(deadline);
    }
    return batch.status;
}
