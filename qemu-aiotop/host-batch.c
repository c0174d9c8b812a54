/*
 * All QEMUs of this host without a screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "host-batch.h"

#include <stdlib.h>

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/diagnose/verdict.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/sampler/host-sampler.h>
#include <qemu-aiotop/table/vms.h>

#include "output.h"
#include "run.h"

typedef struct HostBatch {
    const HostWriter *writer;
    Run run;
    AiotopHostSampler *sampler;
    GPtrArray *verdicts;
    GString *out;
    unsigned n_rounds;
} HostBatch;

static void fail(HostBatch *batch, const char *why)
{
    if (!batch->writer->fail) {
        report(why);
    }
    run_give_up(&batch->run, why, EXIT_FAILURE);
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
    const Options *options = batch->run.options;
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
    const Options *options = batch->run.options;
    g_autoptr(GPtrArray) chosen = choose(&options->query, batch->verdicts);
    AiotopHostInterval load = aiotop_host_sampler_load(batch->sampler);
    g_autoptr(AiotopHostCause) cause = NULL;
    int status = EXIT_SUCCESS;
    bool last;

    if (!batch->verdicts->len) {
        fail(batch, options->users ? "no QEMU of these users runs here"
                                   : "no QEMU runs here");
        return;
    }
    if (!chosen->len && batch->writer->fail) {
        fail(batch, "no QEMU here matches the filter");
        return;
    }
    cause = aiotop_host_cause_find(batch->verdicts, &load);
    last = batch->writer->take(batch->out, chosen, cause, &status,
                               batch->run.opaque);
    if (!report_output(batch->out, &status) || last) {
        run_quit(&batch->run, status);
    }
}

/* In the first round nothing is of an interval */
static void on_round(AiotopHostSampler *sampler, void *opaque)
{
    HostBatch *batch = opaque;

    if (batch->run.done) {
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

static gboolean on_deadline(gpointer opaque)
{
    HostBatch *batch = opaque;

    if (batch->verdicts && batch->writer->takes_what_there_is) {
        judge(batch);
        write_round(batch);
    } else {
        run_on_deadline(&batch->run);
    }
    return G_SOURCE_REMOVE;
}

bool host_batch_wanted(const Options *options)
{
    g_autoptr(GPtrArray) processes = NULL;
    unsigned n_profiled = 0;

    if (options->host || options_are_of_one(options)) {
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
    g_autoptr(GString) out = g_string_new(NULL);
    HostBatch batch = {
        .writer = writer,
        .run = {
            .options = options,
            .fail = writer->fail,
            .opaque = opaque,
            .interrupted = writer->interrupted,
        },
        .out = out,
    };
    const AiotopHostSamplerConfig config = {
        .users = options->users,
        .interval_ms = options->interval_ms,
        .deadline_ms = options->round_ms,
        .loops_only = writer->loops_only,
        .request_ns =
            aiotop_rule_request_ns(options->request_ms * UINT64_C(1000000)),
        .no_histograms = writer->no_histograms,
        .timeouts = &options->timeouts,
        .handler = &handler,
        .opaque = &batch,
    };
    int status;

    run_begin(&batch.run, on_deadline, &batch);
    batch.sampler = aiotop_host_sampler_new(&config);
    status = run_until_end(&batch.run);
    aiotop_host_sampler_free(batch.sampler);
    g_clear_pointer(&batch.verdicts, g_ptr_array_unref);
    return status;
}
