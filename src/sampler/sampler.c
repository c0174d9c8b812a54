/*
 * The sampler
 *
 *   the link is ready --> ask <-- on_ask_due, hurry <-- schedule
 *                          |                               ^
 *                          v                               |
 *        asked: on_reply, or a process: begin_reading      |
 *                          |                               |
 *                          v                               |
 *                       on_read ----- deliver -------------+
 *                          |
 *                          v
 *                   fail_connection: the link makes another attempt, while
 *                                    it is told to
 *
 * What is shown: CONNECTING until the first sample, LIVE from each sample on,
 * STALE if on_overdue() comes before on_reply(), LOST after fail_connection().
 * An end that comes while a reply is read waits for it (the link is held).  A
 * malformed reply, and counters that began anew, clear `continuing`: the next
 * request asks for all sources.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/sampler/sampler.h"

#include <gio/gio.h>

#include "qemu-aiotop/model/transfer.h"
#include "qemu-aiotop/wire/commands.h"
#include "qemu-aiotop/wire/timer.h"
#include "link.h"
#include "reading.h"
#include "refusal.h"
#include "qemu-aiotop/host/peer.h"

/* An answer that takes longer than this is overdue */
#define OVERDUE_MS 1000

/*
 * Of so many requests one asks for all sources, not only for those that did
 * something since the last: what QEMU has forgotten is forgotten here too.
 * Such an answer costs both sides what the first one did, so that the price
 * of it is a sixtieth at most, and at the usual interval it comes once a minute.
 */
#define ALL_SOURCES_EVERY 60

struct AiotopSampler {
    int ref_count;
    /* Its handler is NULL once the sampler was freed: nobody is told */
    AiotopSamplerConfig config;
    GMainContext *context;
    AiotopSamplerStatus status;
    GError *error;

    AiotopLink *link;
    /* In place of a connection, if it is not profiled; a reading has it then */
    AiotopProcess *process;
    /* Of the process, if it is sampled, likewise; or NULL */
    AiotopSampling *sampling;
    /* The next request */
    GSource *timer;
    /* Runs while an answer is awaited */
    GSource *overdue;
    bool asked;
    /* A thread of its own makes a sample of a reply: one at a time */
    bool reading;
    /* Sequence number in the request that is under way */
    uint64_t since;
    /* Requests since the last one for all sources */
    unsigned partial;
    int64_t begun_us;
    int64_t last_request_us;
    unsigned malformed_in_a_row;

    /* NULL before the first snapshot */
    AiotopSnapshot *snapshot;
    /* The snapshot came over this connection */
    bool continuing;
    /* Whose it had to be */
    AiotopIdentity owner;
};

static void ask(AiotopSampler *sampler);

static void unref(AiotopSampler *sampler)
{
    if (--sampler->ref_count) {
        return;
    }
    g_clear_error(&sampler->error);
    aiotop_snapshot_unref(sampler->snapshot);
    g_main_context_unref(sampler->context);
    g_free(sampler);
}

/* When what @state says began, if it begins now */
static int64_t state_since_us(const AiotopSampler *sampler,
                              AiotopSamplerState state)
{
    if (state == AIOTOP_SAMPLER_STALE) {
        return sampler->last_request_us;
    }
    if (state == AIOTOP_SAMPLER_LOST && !sampler->snapshot) {
        return sampler->begun_us;
    }
    return g_get_monotonic_time();
}

static void set_state(AiotopSampler *sampler, AiotopSamplerState state)
{
    if (sampler->status.state != state) {
        sampler->status.since_us = state_since_us(sampler, state);
        sampler->status.state = state;
    }
    if (sampler->config.handler && sampler->config.handler->status) {
        sampler->config.handler->status(sampler, sampler->config.opaque);
    }
}

/* Ends the connection, if there is one, because of @error, which it takes */
static void fail_connection(AiotopSampler *sampler, GError *error)
{
    g_clear_pointer(&sampler->process, aiotop_process_free);
    g_clear_pointer(&sampler->sampling, aiotop_sampling_unref);
    sampler->asked = false;
    sampler->continuing = false;
    aiotop_timer_clear(&sampler->overdue);
    aiotop_timer_clear(&sampler->timer);
    g_clear_error(&sampler->error);
    sampler->error = error;
    sampler->status.error = error;
    aiotop_link_drop(sampler->link);
    set_state(sampler, AIOTOP_SAMPLER_LOST);
}

static gboolean on_ask_due(gpointer opaque)
{
    AiotopSampler *sampler = opaque;

    aiotop_timer_clear(&sampler->timer);
    /* It may have ended, and be looked at */
    if (aiotop_link_is_ready(sampler->link)) {
        ask(sampler);
    }
    return G_SOURCE_REMOVE;
}

static void schedule(AiotopSampler *sampler)
{
    int64_t due_us =
        sampler->last_request_us + sampler->config.interval_ms * INT64_C(1000);

    aiotop_timer_set(&sampler->timer, sampler->context,
                     MAX(due_us - g_get_monotonic_time(), 0) / 1000,
                     G_PRIORITY_DEFAULT, on_ask_due, sampler);
}

static gboolean on_overdue(gpointer opaque)
{
    AiotopSampler *sampler = opaque;

    aiotop_timer_clear(&sampler->overdue);
    set_state(sampler, AIOTOP_SAMPLER_STALE);
    return G_SOURCE_REMOVE;
}

AiotopIdentity aiotop_sampler_local(const AiotopSampler *sampler)
{
    AiotopSamplerState state = sampler->status.state;

    if (state != AIOTOP_SAMPLER_LIVE && state != AIOTOP_SAMPLER_STALE) {
        return (AiotopIdentity){ 0 };
    }
    return aiotop_reading_local(sampler->snapshot,
                                &aiotop_link_end(sampler->link)->peer);
}

AiotopIdentity aiotop_sampler_peer(const AiotopSampler *sampler)
{
    return aiotop_link_peer(sampler->link);
}

/* Takes the sample */
static void deliver(AiotopSampler *sampler, AiotopSample *sample,
                    AiotopIdentity owner)
{
    aiotop_snapshot_unref(sampler->snapshot);
    sampler->snapshot = aiotop_snapshot_ref(sample->now);
    sampler->owner = owner;
    sampler->continuing = !sampler->config.loops_only;
    sampler->malformed_in_a_row = 0;
    aiotop_link_prove(sampler->link);
    g_clear_error(&sampler->error);
    sampler->status.error = NULL;
    schedule(sampler);
    if (sampler->status.state != AIOTOP_SAMPLER_LIVE) {
        set_state(sampler, AIOTOP_SAMPLER_LIVE);
    }
    if (sampler->config.handler) {
        sampler->config.handler->sample(sampler, sample,
                                        sampler->config.opaque);
    } else {
        aiotop_sample_free(sample);
    }
}

static void handle_malformed(AiotopSampler *sampler, const GError *cause)
{
    unsigned in_a_row = ++sampler->malformed_in_a_row;

    sampler->status.malformed++;
    if (aiotop_refusal_is_final(cause, in_a_row)) {
        sampler->malformed_in_a_row = 0;
        /* Whoever is told may free it */
        fail_connection(sampler, aiotop_refusal_malformed(
                                     aiotop_link_end(sampler->link)->address,
                                     cause, in_a_row));
        return;
    }
    sampler->continuing = false;
    schedule(sampler);
    set_state(sampler, sampler->status.state);
}

static void on_read(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                    gpointer opaque)
{
    AiotopSampler *sampler = opaque;
    AiotopSampleReading *reading = g_task_get_task_data(G_TASK(result));
    g_autoptr(GError) cause = NULL;
    g_autoptr(AiotopSample) sample =
        g_task_propagate_pointer(G_TASK(result), &cause);

    sampler->reading = false;
    if (!sampler->config.handler) {
        unref(sampler);
        return;
    }
    sampler->process = g_steal_pointer(&reading->process);
    sampler->sampling = g_steal_pointer(&reading->sampling);
    if (sample) {
        deliver(sampler, g_steal_pointer(&sample), reading->expected);
    } else if (cause &&
               (sampler->process || cause->domain == AIOTOP_PEER_ERROR)) {
        fail_connection(sampler, g_steal_pointer(&cause));
    } else if (cause) {
        handle_malformed(sampler, cause);
    } else {
        sampler->continuing = false;
        ask(sampler);
    }
    if (sampler->config.handler) {
        aiotop_link_release(sampler->link);
    }
    unref(sampler);
}

/* Keys get their turn while the reply, or the process, is read */
static void begin_reading(AiotopSampler *sampler, json_object *value)
{
    const AiotopLinkEnd *end = aiotop_link_end(sampler->link);
    AiotopSampleReading *reading = g_new(AiotopSampleReading, 1);
    g_autoptr(GTask) task = NULL;

    *reading = (AiotopSampleReading){
        .value = value,
        .process = g_steal_pointer(&sampler->process),
        .sampling = g_steal_pointer(&sampler->sampling),
        .before =
            sampler->snapshot ? aiotop_snapshot_ref(sampler->snapshot) : NULL,
        .since = sampler->since,
        .peer = end->peer,
        .expected = end->resolved,
        .continues = sampler->snapshot &&
                     aiotop_identity_equal(&sampler->owner, &end->resolved),
        .briefly = sampler->config.briefly,
        .sample_hz =
            sampler->config.sample_profiled ? sampler->config.sample_hz : 0,
    };
    sampler->reading = true;
    aiotop_link_hold(sampler->link);
    sampler->ref_count++;
    task = g_task_new(NULL, NULL, on_read, sampler);
    g_task_set_priority(task, G_PRIORITY_LOW);
    g_task_set_task_data(task, reading, aiotop_reading_free);
    g_task_run_in_thread(task, aiotop_reading_run);
}

static uint64_t oldest_ns(const AiotopSnapshot *snapshot)
{
    return aiotop_known_or_zero(aiotop_age_ns(
        snapshot->time_ns, aiotop_awaited_oldest_ns(&snapshot->awaited)));
}

/*
 * In what is to come a request may be stuck: one that is in the last snapshot,
 * or that began just after that
 */
static bool may_be_stuck(const AiotopSampler *sampler)
{
    uint64_t oldest = oldest_ns(sampler->snapshot);
    uint64_t later_ns = (g_get_monotonic_time() - sampler->last_request_us +
                         OVERDUE_MS * 1000) *
                        UINT64_C(1000);

    return sampler->config.request_ns &&
           later_ns >= sampler->config.request_ns -
                           MIN(oldest, sampler->config.request_ns);
}

/*
 * Before it is asked for.  Sources tell in which loop a request is to end that
 * is old, and whether a migration's sender sends anything.
 */
static bool needs_sources(const AiotopSampler *sampler)
{
    return !sampler->config.loops_only ||
           (sampler->snapshot &&
            (aiotop_transfer_is_incoming(sampler->snapshot) ||
             may_be_stuck(sampler)));
}

static void ask(AiotopSampler *sampler)
{
    g_autofree char *arguments = NULL;
    bool loops_only = !needs_sources(sampler);

    aiotop_timer_clear(&sampler->timer);
    sampler->since = sampler->continuing ? sampler->snapshot->sequence : 0;
    if (!sampler->since || ++sampler->partial == ALL_SOURCES_EVERY) {
        sampler->since = 0;
        sampler->partial = 0;
    }
    sampler->last_request_us = g_get_monotonic_time();
    if (sampler->process) {
        begin_reading(sampler, NULL);
        return;
    }
    arguments = aiotop_command_query(&(AiotopQueryArguments){
        .after_sequence = sampler->since,
        .histograms = !sampler->config.no_histograms,
        .loops_only = loops_only,
        .max_sources = sampler->config.max_sources,
    });
    sampler->asked = true;
    aiotop_timer_set(&sampler->overdue, sampler->context, OVERDUE_MS,
                     AIOTOP_QMP_PRIORITY_OVERDUE, on_overdue, sampler);
    aiotop_link_ask(sampler->link, arguments);
}

static void on_opening(void *opaque)
{
    AiotopSampler *sampler = opaque;

    /* The address is news */
    set_state(sampler, sampler->status.state);
}

/* Takes the process */
static void begin_host(AiotopSampler *sampler, AiotopProcess *process,
                       bool halted)
{
    const AiotopSamplerConfig *config = &sampler->config;

    aiotop_timer_clear(&sampler->overdue);
    sampler->asked = false;
    sampler->process = process;
    if (halted) {
        g_clear_pointer(&sampler->sampling, aiotop_sampling_unref);
    } else if (config->sample_hz) {
        sampler->sampling =
            aiotop_sampling_new(&aiotop_link_end(sampler->link)->resolved,
                                config->sample_hz, config->sample_stacks);
    }
}

static void on_link_ready(AiotopProcess *process, bool halted, void *opaque)
{
    AiotopSampler *sampler = opaque;

    if (process) {
        begin_host(sampler, process, halted);
    }
    ask(sampler);
}

static void on_reply(json_object *value, const GError *error, void *opaque)
{
    AiotopSampler *sampler = opaque;
    const AiotopLinkEnd *end = aiotop_link_end(sampler->link);

    sampler->asked = false;
    aiotop_timer_clear(&sampler->overdue);
    if (!error) {
        begin_reading(sampler, value);
    } else if (error->code == AIOTOP_QMP_ERROR_MALFORMED) {
        handle_malformed(sampler, error);
    } else {
        fail_connection(sampler, aiotop_refusal_explain(end->address,
                                                        end->peer.pid, error));
    }
}

static void on_failed(GError *error, void *opaque)
{
    fail_connection(opaque, error);
}

static const AiotopLinkHandler link_handler = {
    .opening = on_opening,
    .ready = on_link_ready,
    .reply = on_reply,
    .failed = on_failed,
};

AiotopSampler *aiotop_sampler_new(const AiotopSamplerConfig *config)
{
    AiotopSampler *sampler = g_new0(AiotopSampler, 1);

    sampler->ref_count = 1;
    sampler->config = *config;
    sampler->context = g_main_context_ref_thread_default();
    sampler->begun_us = g_get_monotonic_time();
    sampler->status.since_us = sampler->begun_us;
    sampler->link = aiotop_link_new(
        &(AiotopLinkConfig){
            .resolve = config->resolve,
            .target = config->target,
            .accept = config->accept,
            .opaque = config->opaque,
            .timeouts = config->timeouts,
            .looks_at_halted = config->looks_at_halted,
            .reconnect = config->reconnect,
        },
        &sampler->status, &link_handler, sampler);
    return sampler;
}

void aiotop_sampler_free(AiotopSampler *sampler)
{
    if (!sampler) {
        return;
    }
    sampler->config.handler = NULL;
    aiotop_link_free(g_steal_pointer(&sampler->link));
    g_clear_pointer(&sampler->process, aiotop_process_free);
    g_clear_pointer(&sampler->sampling, aiotop_sampling_unref);
    aiotop_timer_clear(&sampler->timer);
    aiotop_timer_clear(&sampler->overdue);
    unref(sampler);
}

const AiotopSamplerStatus *aiotop_sampler_status(const AiotopSampler *sampler)
{
    return &sampler->status;
}

static bool can_ask(const AiotopSampler *sampler)
{
    return aiotop_link_is_ready(sampler->link) && !sampler->asked &&
           !sampler->reading;
}

void aiotop_sampler_set_interval(AiotopSampler *sampler, unsigned interval_ms)
{
    sampler->config.interval_ms = interval_ms;
    if (can_ask(sampler)) {
        schedule(sampler);
    }
}

void aiotop_sampler_hurry(AiotopSampler *sampler)
{
    if (can_ask(sampler)) {
        ask(sampler);
    } else {
        aiotop_link_hurry(sampler->link);
    }
}
