/*
 * The sampler
 *
 *              nothing is resolved, or there is no connection
 *             +--------------------------------------------+
 *             |                                            v
 *   connecting: resolving,
 *               qmp_open --- on_ready ---> ask           lost: retry_us,
 *             ^  (a process of this host:   |            while it is told
 *             |   begin_host)               |            to reconnect
 *             |                             |              |  ^
 *             +-----------------------------|--------------+  |
 *                 on_connect_due, hurry     |                 |
 *                                           v                 |
 *     +------ schedule <-- deliver     asked: on_reply        |
 *     |                       ^             |                 |
 *     | on_ask_due, hurry     |             v                 |
 *     +--> ask                +--- on_read: reading ----------+
 *                                                  fail_connection()
 *
 * A process that is seen to be halted while it is waited for is, if that is
 * asked for, looked at in place of the connection (on_doubt).
 *
 * What is shown: CONNECTING until the first sample, LIVE from each sample on,
 * STALE if on_overdue() comes before on_reply(), LOST after fail_connection().
 * A failure that comes while a reply is read waits for it (failure).  A
 * malformed reply, and counters that began anew, clear `continuing`: the next
 * request asks for all sources.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/sampler/sampler.h"

#include <gio/gio.h>
#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/model/transfer.h"
#include "qemu-aiotop/wire/commands.h"
#include "qemu-aiotop/wire/timer.h"
#include "halted-look.h"
#include "local.h"
#include "reading.h"
#include "refusal.h"
#include "resolver.h"
#include "qemu-aiotop/host/peer.h"

/* An answer that takes longer than this is overdue */
#define OVERDUE_MS 1000

/* From then on, and as often, it is looked whether the process is halted */
#define DOUBT_MS 250

/*
 * Of so many requests one asks for all sources, not only for those that did
 * something since the last: what QEMU has forgotten is forgotten here too.
 * Such an answer costs both sides what the first one did, so that the price
 * of it is a sixtieth at most, and at the usual interval it comes once a minute.
 */
#define ALL_SOURCES_EVERY 60

/* A request in flight for so long may be stuck: more is asked for */
#define OLD_NS UINT64_C(4000000000)

/* Between attempts to connect: doubled from the first to the last */
#define FIRST_RETRY_MS 250
#define LAST_RETRY_MS 4000
/* A connection that has lasted for so long has been of use */
#define LASTED_US (10 * G_TIME_SPAN_SECOND)

struct AiotopSampler {
    int ref_count;
    /* Its handler is NULL once the sampler was freed: nobody is told */
    AiotopSamplerConfig config;
    GMainContext *context;
    AiotopSamplerStatus status;
    GError *error;
    char *address;

    AiotopResolver *resolver;
    /* Over which snapshots come */
    AiotopQmp *qmp;
    /* Of which they are, if it is not profiled; a reading has it meanwhile */
    AiotopProcess *process;
    /* Of the process, if it is sampled, likewise; or NULL */
    AiotopSampling *sampling;
    /* One of them can be asked */
    bool ready;
    /* The next request, or the next attempt to connect */
    GSource *timer;
    /* Runs while an answer is awaited */
    GSource *overdue;
    /* Runs while anything is awaited, if it is to be told why nothing comes */
    GSource *doubt;
    /*
     * While it is looked whether the process is halted; and why there is no
     * connection, if that is why it is looked
     */
    AiotopHaltedLook *look;
    GError *refusal;
    bool asked;
    /* A thread of its own makes a sample of a reply: one at a time */
    bool reading;
    /* The connection failed meanwhile: told when the sample was */
    GError *failure;
    /* Sequence number in the request that is under way */
    uint64_t since;
    /* Requests since the last one for all sources */
    unsigned partial;
    int64_t begun_us;
    /* Attempts in a row after which no connection lasted; and the last one */
    unsigned in_vain;
    int64_t connected_us;
    int64_t last_request_us;
    unsigned malformed_in_a_row;

    /* NULL before the first snapshot */
    AiotopSnapshot *snapshot;
    /* The snapshot came over this connection */
    bool continuing;
    /* Whose it had to be */
    AiotopIdentity owner;
    /* As the resolver said; and as the kernel says, to be asked in /proc */
    AiotopIdentity resolved;
    AiotopIdentity peer;
};

static void ask(AiotopSampler *sampler);
static void open_connection(AiotopSampler *sampler);
static void begin_connect(AiotopSampler *sampler);

static void set_timer(AiotopSampler *sampler, GSource **timer, int64_t in_us,
                      int priority, GSourceFunc func)
{
    aiotop_timer_set(timer, sampler->context, MAX(in_us, 0) / 1000, priority,
                     func, sampler);
}

static void unref(AiotopSampler *sampler)
{
    if (--sampler->ref_count) {
        return;
    }
    g_clear_error(&sampler->error);
    g_clear_error(&sampler->failure);
    g_clear_error(&sampler->refusal);
    aiotop_snapshot_unref(sampler->snapshot);
    g_main_context_unref(sampler->context);
    g_free(sampler->address);
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

static gboolean on_connect_due(gpointer opaque)
{
    AiotopSampler *sampler = opaque;

    aiotop_timer_clear(&sampler->timer);
    begin_connect(sampler);
    return G_SOURCE_REMOVE;
}

/* What was awaited has come, or will not */
static void end_doubt(AiotopSampler *sampler)
{
    aiotop_timer_clear(&sampler->doubt);
    aiotop_halted_look_cancel(g_steal_pointer(&sampler->look));
}

/* Ends the connection, if there is one, because of @error, which it takes */
static void fail_connection(AiotopSampler *sampler, GError *error)
{
    unsigned shift = MIN(MAX(sampler->in_vain, 1) - 1, 8);
    int64_t retry_ms = MIN(FIRST_RETRY_MS << shift, LAST_RETRY_MS);

    aiotop_qmp_free(g_steal_pointer(&sampler->qmp));
    g_clear_pointer(&sampler->process, aiotop_process_free);
    g_clear_pointer(&sampler->sampling, aiotop_sampling_unref);
    sampler->ready = false;
    sampler->asked = false;
    sampler->continuing = false;
    aiotop_timer_clear(&sampler->overdue);
    end_doubt(sampler);
    aiotop_timer_clear(&sampler->timer);
    g_clear_error(&sampler->failure);
    g_clear_error(&sampler->error);
    sampler->error = error;
    sampler->status.error = error;
    sampler->status.retry_us = 0;
    if (sampler->config.reconnect) {
        sampler->status.retry_us = g_get_monotonic_time() + retry_ms * 1000;
        set_timer(sampler, &sampler->timer, retry_ms * 1000, G_PRIORITY_DEFAULT,
                  on_connect_due);
    }
    set_state(sampler, AIOTOP_SAMPLER_LOST);
}

static gboolean on_ask_due(gpointer opaque)
{
    AiotopSampler *sampler = opaque;

    aiotop_timer_clear(&sampler->timer);
    ask(sampler);
    return G_SOURCE_REMOVE;
}

static void schedule(AiotopSampler *sampler)
{
    int64_t due_us =
        sampler->last_request_us + sampler->config.interval_ms * INT64_C(1000);

    set_timer(sampler, &sampler->timer, due_us - g_get_monotonic_time(),
              G_PRIORITY_DEFAULT, on_ask_due);
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
    return aiotop_reading_local(sampler->snapshot, &sampler->peer);
}

AiotopIdentity aiotop_sampler_peer(const AiotopSampler *sampler)
{
    return sampler->resolved.pid ? sampler->resolved
           : sampler->peer.pid   ? sampler->peer
                                 : aiotop_local_peer(sampler->qmp);
}

static bool is_same(const AiotopIdentity *a, const AiotopIdentity *b)
{
    return a->pid == b->pid && a->start_ticks == b->start_ticks;
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
    sampler->status.attempts = 0;
    if (g_get_monotonic_time() - sampler->connected_us >= LASTED_US) {
        sampler->in_vain = 0;
    }
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
    sampler->status.malformed++;
    if (aiotop_refusal_is_final(cause, ++sampler->malformed_in_a_row)) {
        fail_connection(sampler,
                        aiotop_refusal_malformed(sampler->address, cause,
                                                 sampler->malformed_in_a_row));
        sampler->malformed_in_a_row = 0;
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
    if (sampler->failure && sampler->config.handler) {
        fail_connection(sampler, g_steal_pointer(&sampler->failure));
    }
    unref(sampler);
}

/* Keys get their turn while the reply, or the process, is read */
static void begin_reading(AiotopSampler *sampler, json_object *value)
{
    AiotopSampleReading *reading = g_new(AiotopSampleReading, 1);
    g_autoptr(GTask) task = NULL;

    *reading = (AiotopSampleReading){
        .value = value,
        .process = g_steal_pointer(&sampler->process),
        .sampling = g_steal_pointer(&sampler->sampling),
        .before =
            sampler->snapshot ? aiotop_snapshot_ref(sampler->snapshot) : NULL,
        .since = sampler->since,
        .peer = sampler->peer,
        .expected = sampler->resolved,
        .continues =
            is_same(&sampler->owner, &sampler->resolved) && sampler->snapshot,
        .briefly = sampler->config.briefly,
        .add_stacks = sampler->config.sample_profiled,
    };
    sampler->reading = true;
    sampler->ref_count++;
    task = g_task_new(NULL, NULL, on_read, sampler);
    g_task_set_priority(task, G_PRIORITY_LOW);
    g_task_set_task_data(task, reading, aiotop_reading_free);
    g_task_run_in_thread(task, aiotop_reading_run);
}

static void on_reply(AiotopQmp *qmp, json_object *value G_GNUC_UNUSED,
                     const GError *error, void *opaque)
{
    AiotopSampler *sampler = opaque;

    sampler->asked = false;
    aiotop_timer_clear(&sampler->overdue);
    end_doubt(sampler);
    if (!error) {
        begin_reading(sampler, aiotop_qmp_take_value(qmp));
    } else if (error->code == AIOTOP_QMP_ERROR_MALFORMED) {
        handle_malformed(sampler, error);
    } else {
        fail_connection(
            sampler,
            aiotop_refusal_explain(sampler->address, sampler->peer.pid, error));
    }
}

/* Takes the process */
static void begin_host(AiotopSampler *sampler, AiotopProcess *process)
{
    aiotop_qmp_free(g_steal_pointer(&sampler->qmp));
    aiotop_timer_clear(&sampler->overdue);
    end_doubt(sampler);
    sampler->asked = false;
    sampler->process = process;
    sampler->peer = (AiotopIdentity){ process->pid, process->start_ticks };
    sampler->ready = true;
    ask(sampler);
}

static void on_halted_look(AiotopProcess *process, void *opaque)
{
    AiotopSampler *sampler = opaque;

    sampler->look = NULL;
    if (process) {
        g_clear_pointer(&sampler->sampling, aiotop_sampling_unref);
        g_clear_error(&sampler->refusal);
        begin_host(sampler, process);
    } else if (sampler->refusal) {
        fail_connection(sampler, g_steal_pointer(&sampler->refusal));
    } else if (!sampler->qmp) {
        open_connection(sampler);
    }
}

/*
 * There is no answer: if the process can't give one, it is looked at instead.
 * False if that can't be known.
 */
static bool begin_look(AiotopSampler *sampler)
{
    AiotopIdentity peer = { 0 };

    if (sampler->config.looks_at_halted && !sampler->look) {
        peer = aiotop_sampler_peer(sampler);
    }
    if (peer.pid) {
        sampler->look = aiotop_halted_look_begin(aiotop_local_halted, &peer,
                                                 on_halted_look, sampler);
    }
    return sampler->look;
}

static gboolean on_doubt(gpointer opaque)
{
    begin_look(opaque);
    return G_SOURCE_CONTINUE;
}

static void begin_doubt(AiotopSampler *sampler)
{
    set_timer(sampler, &sampler->doubt, DOUBT_MS * INT64_C(1000),
              AIOTOP_QMP_PRIORITY_OVERDUE, on_doubt);
}

static uint64_t oldest_ns(const AiotopSnapshot *snapshot)
{
    return aiotop_known_or_zero(aiotop_age_ns(
        snapshot->time_ns, aiotop_awaited_oldest_ns(&snapshot->awaited)));
}

/*
 * Sources tell in which loop a request is to end that is old, and whether a
 * migration's sender sends anything
 */
static bool needs_sources(const AiotopSampler *sampler)
{
    const AiotopSnapshot *last = sampler->snapshot;

    return !sampler->config.loops_only ||
           (last &&
            (aiotop_transfer_is_incoming(last) || oldest_ns(last) >= OLD_NS));
}

static void ask(AiotopSampler *sampler)
{
    g_autofree char *arguments = NULL;

    aiotop_timer_clear(&sampler->timer);
    sampler->since = sampler->continuing ? sampler->snapshot->sequence : 0;
    if (!sampler->since || ++sampler->partial == ALL_SOURCES_EVERY) {
        sampler->since = 0;
        sampler->partial = 0;
    }
    sampler->last_request_us = g_get_monotonic_time();
    end_doubt(sampler);
    if (sampler->process) {
        begin_reading(sampler, NULL);
        return;
    }
    arguments = aiotop_command_query(&(AiotopQueryArguments){
        .after_sequence = sampler->since,
        .histograms = !sampler->config.no_histograms,
        .loops_only = !needs_sources(sampler),
        .max_sources = sampler->config.max_sources,
    });
    sampler->asked = true;
    set_timer(sampler, &sampler->overdue, OVERDUE_MS * INT64_C(1000),
              AIOTOP_QMP_PRIORITY_OVERDUE, on_overdue);
    begin_doubt(sampler);
    aiotop_qmp_execute(sampler->qmp, "query-event-loops", arguments, true,
                       on_reply, sampler);
}

static bool check_peer(AiotopQmp *qmp G_GNUC_UNUSED, int fd, void *opaque,
                       GError **error)
{
    AiotopSampler *sampler = opaque;

    return aiotop_peer_check(fd, sampler->address, &sampler->resolved,
                             &sampler->peer, error);
}

static void on_ready(AiotopQmp *qmp G_GNUC_UNUSED, void *opaque)
{
    AiotopSampler *sampler = opaque;

    sampler->ready = true;
    if (sampler->config.sample_profiled && sampler->peer.pid) {
        sampler->sampling = aiotop_sampling_new(
            &sampler->peer, sampler->config.sample_hz, true);
    }
    ask(sampler);
}

static void on_failed(AiotopQmp *qmp G_GNUC_UNUSED, const GError *error,
                      void *opaque)
{
    AiotopSampler *sampler = opaque;
    GError *why = aiotop_refusal_of_connection(
        sampler->address,
        sampler->resolved.pid ? &sampler->resolved : &sampler->peer, error);

    if (sampler->reading) {
        /* What came before the end is not lost with it */
        sampler->ready = false;
        sampler->failure = why;
    } else if (begin_look(sampler)) {
        sampler->ready = false;
        sampler->refusal = why;
        aiotop_timer_clear(&sampler->timer);
        aiotop_timer_clear(&sampler->doubt);
        aiotop_qmp_free(g_steal_pointer(&sampler->qmp));
    } else {
        fail_connection(sampler, why);
    }
}

static const AiotopQmpHandler qmp_handler = {
    .check_peer = check_peer,
    .ready = on_ready,
    .failed = on_failed,
};

static void on_resolved(AiotopResolved *resolved, GError *error, void *opaque)
{
    AiotopSampler *sampler = opaque;
    const AiotopSamplerConfig *config = &sampler->config;

    if (error || (config->accept && !config->accept(&resolved->process,
                                                    config->opaque, &error))) {
        fail_connection(sampler, error);
        return;
    }
    g_free(sampler->address);
    sampler->address = g_steal_pointer(&resolved->address);
    sampler->status.address = sampler->address;
    sampler->resolved = resolved->process;
    if (resolved->host) {
        if (config->sample_hz) {
            sampler->sampling = aiotop_sampling_new(
                &sampler->resolved, config->sample_hz, config->sample_stacks);
        }
        begin_host(sampler, g_steal_pointer(&resolved->host));
        return;
    }
    if (!begin_look(sampler)) {
        open_connection(sampler);
    }
}

static void open_connection(AiotopSampler *sampler)
{
    begin_doubt(sampler);
    sampler->qmp = aiotop_qmp_open(sampler->address, sampler->config.timeouts,
                                   &qmp_handler, sampler);
    /* The address is news */
    set_state(sampler, sampler->status.state);
}

static void begin_connect(AiotopSampler *sampler)
{
    sampler->status.attempts++;
    sampler->in_vain++;
    sampler->connected_us = g_get_monotonic_time();
    sampler->status.retry_us = 0;
    sampler->peer = (AiotopIdentity){ 0 };
    sampler->resolved = (AiotopIdentity){ 0 };
    aiotop_resolver_begin(sampler->resolver,
                          sampler->config.timeouts->reply_ms);
}

AiotopSampler *aiotop_sampler_new(const AiotopSamplerConfig *config)
{
    AiotopSampler *sampler = g_new0(AiotopSampler, 1);

    sampler->ref_count = 1;
    sampler->config = *config;
    sampler->resolver = aiotop_resolver_new(config->resolve, config->target,
                                            on_resolved, sampler);
    sampler->context = g_main_context_ref_thread_default();
    sampler->begun_us = g_get_monotonic_time();
    sampler->status.since_us = sampler->begun_us;
    set_timer(sampler, &sampler->timer, 0, G_PRIORITY_DEFAULT, on_connect_due);
    return sampler;
}

void aiotop_sampler_free(AiotopSampler *sampler)
{
    if (!sampler) {
        return;
    }
    sampler->config.handler = NULL;
    aiotop_resolver_free(g_steal_pointer(&sampler->resolver));
    aiotop_qmp_free(g_steal_pointer(&sampler->qmp));
    g_clear_pointer(&sampler->process, aiotop_process_free);
    g_clear_pointer(&sampler->sampling, aiotop_sampling_unref);
    aiotop_timer_clear(&sampler->timer);
    aiotop_timer_clear(&sampler->overdue);
    end_doubt(sampler);
    unref(sampler);
}

const AiotopSamplerStatus *aiotop_sampler_status(const AiotopSampler *sampler)
{
    return &sampler->status;
}

void aiotop_sampler_set_interval(AiotopSampler *sampler, unsigned interval_ms)
{
    sampler->config.interval_ms = interval_ms;
    if (sampler->ready && !sampler->asked && !sampler->reading) {
        schedule(sampler);
    }
}

void aiotop_sampler_hurry(AiotopSampler *sampler)
{
    if (sampler->ready && !sampler->asked && !sampler->reading) {
        ask(sampler);
    } else if (!sampler->qmp && !sampler->ready && !sampler->look &&
               !aiotop_resolver_is_busy(sampler->resolver)) {
        set_timer(sampler, &sampler->timer, 0, G_PRIORITY_DEFAULT,
                  on_connect_due);
    }
}
