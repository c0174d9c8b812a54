/*
 * What is watched: one QEMU, or all of this host, and how the user interface is
 * told of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "watch.h"

#include <inttypes.h>

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/halted.h>
#include <qemu-aiotop/sampler/host-sampler.h>

#include "local.h"
#include "lookout.h"
#include "meant.h"
#include "state/arrivals.h"
#include "state/vms.h"

/* Between the first two samples: rates come soon */
#define FIRST_INTERVAL_MS 100

struct Watch {
    const WatchConfig *config;
    Ui *ui;
    const WatchHandler *handler;
    void *opaque;
    /* Of one QEMU, or of all of them: the other one is NULL, or paused */
    AiotopSampler *sampler;
    AiotopHostSampler *host;
    /* As given, or the process that was picked; NULL for the only one */
    char *target;
    /* The process that @target is the number of, once that is known */
    AiotopIdentity meant;
    Lookout *lookout;
    guint clock_source;
    /* Intervals that were shown */
    unsigned n_intervals;
};

static bool on_accept(const AiotopIdentity *process, void *opaque,
                      GError **error)
{
    Watch *watch = opaque;

    return meant_accept(&watch->meant, watch->target, process, error);
}

static void on_sample(AiotopSampler *sampler, AiotopSample *sample,
                      void *opaque)
{
    Watch *watch = opaque;
    unsigned iterations = watch->config->iterations;
    unsigned interval_ms = watch->ui->interval_ms;
    bool first = sample->cumulative;

    watch->ui->local = aiotop_sampler_local(sampler);
    watch->ui->uptime_s = local_uptime_s(&watch->ui->local);
    ui_take_sample(watch->ui, sample);
    aiotop_sampler_set_interval(
        sampler, first ? MIN(FIRST_INTERVAL_MS, interval_ms) : interval_ms);
    watch->n_intervals += !first;
    if (iterations && watch->n_intervals >= iterations) {
        watch->handler->over(watch->opaque);
    }
    watch->handler->changed(watch->opaque);
}

/* Whether it is QEMU's fault that nothing comes */
static void find_halted(Watch *watch)
{
    Ui *ui = watch->ui;

    g_clear_pointer(&ui->halted, g_free);
    if (watch->sampler && (ui->link.state == AIOTOP_SAMPLER_STALE ||
                           ui->link.state == AIOTOP_SAMPLER_CONNECTING)) {
        AiotopIdentity peer = aiotop_sampler_peer(watch->sampler);

        ui->halted = aiotop_halted_why(AIOTOP_PROCFS_ROOT, &peer);
    }
}

/* The banner's seconds pass, though nothing comes */
static gboolean on_clock(gpointer opaque)
{
    Watch *watch = opaque;
    const Ui *ui = watch->ui;

    if (ui->link.state == AIOTOP_SAMPLER_LIVE || (ui->in_vms && ui->verdicts)) {
        watch->clock_source = 0;
        return G_SOURCE_REMOVE;
    }
    find_halted(watch);
    watch->handler->changed(watch->opaque);
    return G_SOURCE_CONTINUE;
}

static void start_clock(Watch *watch)
{
    if (!watch->clock_source) {
        watch->clock_source = g_timeout_add(500, on_clock, watch);
    }
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    Watch *watch = opaque;

    ui_set_link(watch->ui, aiotop_sampler_status(sampler));
    watch->ui->local = aiotop_sampler_local(sampler);
    find_halted(watch);
    start_clock(watch);
    watch->handler->changed(watch->opaque);
}

static const AiotopSamplerHandler sampler_handler = {
    .sample = on_sample,
    .status = on_status,
};

static void begin_sampling(Watch *watch)
{
    AiotopSamplerConfig config = {
        .resolve = watch->config->resolve,
        .target = watch->target,
        .accept = on_accept,
        .interval_ms = watch->ui->interval_ms,
        .reconnect = true,
        .timeouts = &watch->config->timeouts,
        .sample_hz = watch->config->sample_hz,
        .sample_stacks = watch->config->sample_given,
        .sample_profiled = watch->config->sample_given,
        .handler = &sampler_handler,
        .opaque = watch,
    };

    watch->ui->watching = true;
    watch->sampler = aiotop_sampler_new(&config);
    on_status(watch->sampler, watch);
}

/* The first one has no interval, the second one a short one */
static void on_round(AiotopHostSampler *host, void *opaque)
{
    Watch *watch = opaque;
    Ui *ui = watch->ui;
    unsigned iterations = watch->config->iterations;
    AiotopHostInterval load;

    if (!aiotop_host_sampler_has_looked(host)) {
        return;
    }
    ui->now_us = g_get_monotonic_time();
    watch->n_intervals += ui->verdicts != NULL;
    if (ui->verdicts) {
        aiotop_host_sampler_set_interval(host, ui->interval_ms);
    }
    load = aiotop_host_sampler_load(host);
    ui_take_vms(ui, aiotop_host_sampler_vms(host), &load);
    if (iterations && watch->n_intervals >= iterations) {
        watch->handler->over(watch->opaque);
    }
    watch->handler->changed(watch->opaque);
}

static const AiotopHostHandler host_handler = {
    .round = on_round,
};

void watch_vms(Watch *watch)
{
    Ui *ui = watch->ui;

    g_clear_pointer(&watch->sampler, aiotop_sampler_free);
    g_clear_pointer(&ui->halted, g_free);
    ui->watching = true;
    ui_enter_vms(ui);
    if (watch->host) {
        aiotop_host_sampler_set_interval(watch->host, ui->interval_ms);
        aiotop_host_sampler_resume(watch->host);
        return;
    }
    watch->host = aiotop_host_sampler_new(&(AiotopHostSamplerConfig){
        .users = watch->config->users,
        .interval_ms = MIN(FIRST_INTERVAL_MS, ui->interval_ms),
        .loops_only = true,
        .request_ns = aiotop_rule_request_ns(ui->request_ns),
        .timeouts = &watch->config->timeouts,
        .handler = &host_handler,
        .opaque = watch,
    });
}

/* Without a target: the only profiled QEMU, or all there are */
static void on_processes(const GPtrArray *processes, void *opaque)
{
    Watch *watch = opaque;
    unsigned n_profiled = 0;

    for (unsigned i = 0; i < processes->len; i++) {
        n_profiled += aiotop_process_profiled(processes->pdata[i]);
    }
    if (n_profiled == 1) {
        begin_sampling(watch);
    } else {
        watch_vms(watch);
    }
    watch->handler->changed(watch->opaque);
}

Watch *watch_new(const WatchConfig *config, Ui *ui, const WatchHandler *handler,
                 void *opaque)
{
    Watch *watch = g_new0(Watch, 1);

    watch->config = config;
    watch->ui = ui;
    watch->handler = handler;
    watch->opaque = opaque;
    watch->target = g_strdup(config->target);
    return watch;
}

void watch_free(Watch *watch)
{
    g_clear_handle_id(&watch->clock_source, g_source_remove);
    aiotop_sampler_free(watch->sampler);
    aiotop_host_sampler_free(watch->host);
    lookout_free(watch->lookout);
    g_free(watch->target);
    g_free(watch);
}

void watch_begin(Watch *watch)
{
    watch->ui->link.since_us = g_get_monotonic_time();
    if (watch->target) {
        begin_sampling(watch);
        return;
    }
    start_clock(watch);
    if (watch->config->host) {
        watch_vms(watch);
    } else {
        watch->lookout = lookout_new(on_processes, watch);
    }
}

void watch_picked(Watch *watch)
{
    aiotop_host_sampler_pause(watch->host, &watch->ui->picked);
    g_clear_pointer(&watch->sampler, aiotop_sampler_free);
    g_free(watch->target);
    watch->target = g_strdup_printf("%" PRId64, watch->ui->picked.pid);
    watch->meant = watch->ui->picked;
    begin_sampling(watch);
}

void watch_set_interval(Watch *watch)
{
    if (watch->sampler) {
        aiotop_sampler_set_interval(watch->sampler, watch->ui->interval_ms);
        aiotop_sampler_hurry(watch->sampler);
    } else if (watch->host) {
        aiotop_host_sampler_set_interval(watch->host, watch->ui->interval_ms);
    }
}
