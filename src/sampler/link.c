/*
 * The way to what a sampler watches
 *
 *   on_due --> resolving --> connecting --> ready: is asked
 *     ^            |              |            |
 *     |            |     on_doubt |  on_failed |
 *     |            +--------------+------------+--> looking --> ready: gives
 *     |            |              |            |       |        the process
 *     |            v              v            v       v
 *     +-- drop <-- failed, if it is not looked or not halted
 *
 * A look whether the process is halted begins where a process is known and no
 * answer comes: before it is connected to, while an answer is awaited, and
 * where the connection ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "link.h"

#include "halted-look.h"
#include "local.h"
#include "refusal.h"
#include "resolver.h"
#include "qemu-aiotop/host/peer.h"
#include "qemu-aiotop/wire/timer.h"

/* From then on, and as often, it is looked whether the process is halted */
#define DOUBT_MS 250

/* Between attempts: doubled from the first to the last */
#define FIRST_RETRY_MS 250
#define LAST_RETRY_MS 4000
/* A connection that has lasted for so long has been of use */
#define LASTED_US (10 * G_TIME_SPAN_SECOND)

struct AiotopLink {
    AiotopLinkConfig config;
    AiotopSamplerStatus *status;
    const AiotopLinkHandler *handler;
    void *opaque;
    GMainContext *context;

    AiotopResolver *resolver;
    AiotopLinkEnd end;
    AiotopQmp *qmp;
    /* The connection, or the process that was given, can be asked */
    bool ready;
    /* The next attempt */
    GSource *timer;
    /* Attempts in a row after which no connection lasted; and the last one */
    unsigned in_vain;
    int64_t attempt_us;
    /* Runs while anything is awaited, if it is to be told why nothing comes */
    GSource *doubt;
    /*
     * While it is looked whether the process is halted; and why there is no
     * connection, if that is why it is looked
     */
    AiotopHaltedLook *look;
    GError *refusal;
    bool held;
    /* It ended while it was held */
    GError *failure;
};

static void open_connection(AiotopLink *link);

/* What was awaited has come, or will not */
static void end_doubt(AiotopLink *link)
{
    aiotop_timer_clear(&link->doubt);
    aiotop_halted_look_cancel(g_steal_pointer(&link->look));
}

static void give_process(AiotopLink *link, AiotopProcess *process, bool halted)
{
    aiotop_qmp_free(g_steal_pointer(&link->qmp));
    end_doubt(link);
    link->end.peer = (AiotopIdentity){ process->pid, process->start_ticks };
    link->ready = true;
    link->handler->ready(process, halted, link->opaque);
}

static void on_halted_look(AiotopProcess *process, void *opaque)
{
    AiotopLink *link = opaque;

    link->look = NULL;
    if (process) {
        g_clear_error(&link->refusal);
        give_process(link, process, true);
    } else if (link->refusal) {
        link->handler->failed(g_steal_pointer(&link->refusal), link->opaque);
    } else if (!link->qmp) {
        open_connection(link);
    }
}

AiotopIdentity aiotop_link_peer(const AiotopLink *link)
{
    return link->end.resolved.pid ? link->end.resolved
           : link->end.peer.pid   ? link->end.peer
                                  : aiotop_local_peer(link->qmp);
}

/*
 * There is no answer: if the process can't give one, it is looked at instead.
 * False if that can't be known.
 */
static bool begin_look(AiotopLink *link)
{
    AiotopIdentity process = { 0 };

    if (link->config.looks_at_halted && !link->look) {
        process = aiotop_link_peer(link);
    }
    if (process.pid) {
        link->look = aiotop_halted_look_begin(aiotop_local_halted, &process,
                                              on_halted_look, link);
    }
    return link->look;
}

static gboolean on_doubt(gpointer opaque)
{
    begin_look(opaque);
    return G_SOURCE_CONTINUE;
}

static void begin_doubt(AiotopLink *link)
{
    aiotop_timer_set(&link->doubt, link->context, DOUBT_MS,
                     AIOTOP_QMP_PRIORITY_OVERDUE, on_doubt, link);
}

static bool check_peer(AiotopQmp *qmp G_GNUC_UNUSED, int fd, void *opaque,
                       GError **error)
{
    AiotopLinkEnd *end = &((AiotopLink *)opaque)->end;

    return aiotop_peer_check(fd, end->address, &end->resolved, &end->peer,
                             error);
}

static void on_ready(AiotopQmp *qmp G_GNUC_UNUSED, void *opaque)
{
    AiotopLink *link = opaque;

    link->ready = true;
    link->handler->ready(NULL, false, link->opaque);
}

static void on_failed(AiotopQmp *qmp G_GNUC_UNUSED, const GError *error,
                      void *opaque)
{
    AiotopLink *link = opaque;
    const AiotopLinkEnd *end = &link->end;
    GError *why = aiotop_refusal_of_connection(
        end->address, end->resolved.pid ? &end->resolved : &end->peer, error);

    link->ready = false;
    if (link->held) {
        link->failure = why;
    } else if (begin_look(link)) {
        link->refusal = why;
        aiotop_timer_clear(&link->doubt);
        aiotop_qmp_free(g_steal_pointer(&link->qmp));
    } else {
        link->handler->failed(why, link->opaque);
    }
}

static const AiotopQmpHandler qmp_handler = {
    .check_peer = check_peer,
    .ready = on_ready,
    .failed = on_failed,
};

static void open_connection(AiotopLink *link)
{
    begin_doubt(link);
    link->qmp = aiotop_qmp_open(link->end.address, link->config.timeouts,
                                &qmp_handler, link);
    link->handler->opening(link->opaque);
}

static void on_resolved(AiotopResolved *resolved, GError *error, void *opaque)
{
    AiotopLink *link = opaque;
    const AiotopLinkConfig *config = &link->config;

    if (error || (config->accept && !config->accept(&resolved->process,
                                                    config->opaque, &error))) {
        link->handler->failed(error, link->opaque);
        return;
    }
    g_free(link->end.address);
    link->end.address = g_steal_pointer(&resolved->address);
    link->end.resolved = resolved->process;
    link->status->address = link->end.address;
    if (resolved->host) {
        give_process(link, g_steal_pointer(&resolved->host), false);
    } else if (!begin_look(link)) {
        open_connection(link);
    }
}

static gboolean on_due(gpointer opaque)
{
    AiotopLink *link = opaque;

    aiotop_timer_clear(&link->timer);
    link->status->attempts++;
    link->status->retry_us = 0;
    link->in_vain++;
    link->attempt_us = g_get_monotonic_time();
    link->end.peer = (AiotopIdentity){ 0 };
    link->end.resolved = (AiotopIdentity){ 0 };
    aiotop_resolver_begin(link->resolver, link->config.timeouts->reply_ms);
    return G_SOURCE_REMOVE;
}

static void attempt_in(AiotopLink *link, unsigned ms)
{
    aiotop_timer_set(&link->timer, link->context, ms, G_PRIORITY_DEFAULT,
                     on_due, link);
}

AiotopLink *aiotop_link_new(const AiotopLinkConfig *config,
                            AiotopSamplerStatus *status,
                            const AiotopLinkHandler *handler, void *opaque)
{
    AiotopLink *link = g_new0(AiotopLink, 1);

    link->config = *config;
    link->status = status;
    link->handler = handler;
    link->opaque = opaque;
    link->context = g_main_context_ref_thread_default();
    link->resolver =
        aiotop_resolver_new(config->resolve, config->target, on_resolved, link);
    attempt_in(link, 0);
    return link;
}

static void close_connection(AiotopLink *link)
{
    aiotop_qmp_free(g_steal_pointer(&link->qmp));
    link->ready = false;
    end_doubt(link);
    aiotop_timer_clear(&link->timer);
    g_clear_error(&link->failure);
}

void aiotop_link_free(AiotopLink *link)
{
    if (link) {
        aiotop_resolver_free(link->resolver);
        close_connection(link);
        g_clear_error(&link->refusal);
        g_main_context_unref(link->context);
        g_free(link->end.address);
        g_free(link);
    }
}

void aiotop_link_drop(AiotopLink *link)
{
    unsigned shift = MIN(MAX(link->in_vain, 1) - 1, 8);
    unsigned retry_ms = MIN(FIRST_RETRY_MS << shift, LAST_RETRY_MS);

    close_connection(link);
    link->status->retry_us = 0;
    if (link->config.reconnect) {
        link->status->retry_us =
            g_get_monotonic_time() + retry_ms * INT64_C(1000);
        attempt_in(link, retry_ms);
    }
}

void aiotop_link_hurry(AiotopLink *link)
{
    if (!link->qmp && !link->ready && !link->look &&
        !aiotop_resolver_is_busy(link->resolver)) {
        attempt_in(link, 0);
    }
}

void aiotop_link_prove(AiotopLink *link)
{
    link->status->attempts = 0;
    if (g_get_monotonic_time() - link->attempt_us >= LASTED_US) {
        link->in_vain = 0;
    }
}

bool aiotop_link_is_ready(const AiotopLink *link)
{
    return link->ready;
}

static void on_reply(AiotopQmp *qmp, json_object *value G_GNUC_UNUSED,
                     const GError *error, void *opaque)
{
    AiotopLink *link = opaque;

    end_doubt(link);
    link->handler->reply(error ? NULL : aiotop_qmp_take_value(qmp), error,
                         link->opaque);
}

void aiotop_link_ask(AiotopLink *link, const char *arguments)
{
    end_doubt(link);
    begin_doubt(link);
    aiotop_qmp_execute(link->qmp, "query-event-loops", arguments, true,
                       on_reply, link);
}

void aiotop_link_hold(AiotopLink *link)
{
    link->held = true;
}

void aiotop_link_release(AiotopLink *link)
{
    link->held = false;
    if (link->failure) {
        link->handler->failed(g_steal_pointer(&link->failure), link->opaque);
    }
}

const AiotopLinkEnd *aiotop_link_end(const AiotopLink *link)
{
    return &link->end;
}
