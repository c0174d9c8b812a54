/*
 * Who has something to write, and can't
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "writers.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"
#include "wait-kind.h"

/*
 * Handlers that are called when a descriptor "can be written", which means
 * something else there: a transfer of a USB device is over, a sound card wants
 * more, a connection is made
 */
static bool waits_for_room(const AiotopWriter *writer)
{
    static const char *const others[] = {
        "usb_host_handle_fd", "alsa_poll_handler",  "oss_helper_poll_out",
        "sndio_poll_out",     "net_socket_connect",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_strcmp0(writer->name, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* Until when this one has */
static uint64_t loop_gone_round_ns(const AiotopSample *sample,
                                   const AiotopLoopSample *loop)
{
    const AiotopSnapshot *now = sample->now;
    uint64_t nested_ns, stuck_ns;

    if (loop->now->stack_depth) {
        return MIN(now->time_ns, loop->now->stack[0].since_ns);
    }
    if (loop->now->state == AIOTOP_LOOP_BQL_WAIT) {
        return MIN(now->time_ns, loop->now->state_since_ns);
    }
    nested_ns = aiotop_rule_nested_wait_ns(now, loop);
    stuck_ns = nested_ns != AIOTOP_UNKNOWN
                   ? nested_ns
                   : aiotop_rule_loop_stuck_ns(sample, loop);
    return now->time_ns - MIN(aiotop_known_or_zero(stuck_ns), now->time_ns);
}

GoneRound aiotop_gone_round(const AiotopSample *sample)
{
    GoneRound gone = { NULL, sample->now->time_ns, sample->now->time_ns };

    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];
        uint64_t ns = loop_gone_round_ns(sample, loop);

        if (ns < gone.all_ns) {
            gone.others_ns = gone.all_ns;
            gone.all_ns = ns;
            gone.last = loop;
        } else {
            gone.others_ns = MIN(gone.others_ns, ns);
        }
    }
    return gone;
}

uint64_t aiotop_writer_blocked_ns(const Diagnosis *d,
                                  const AiotopWriter *writer)
{
    uint64_t ns = aiotop_age_ns(d->gone_round.all_ns, writer->since_ns);

    return waits_for_room(writer) ? aiotop_known_or_zero(ns) : 0;
}

const AiotopWriter *aiotop_writer_awaited(const Diagnosis *d,
                                          const AiotopLoopSample *loop)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;
    uint64_t wait_since_ns = aiotop_wait_since_ns(d, loop->now);
    /* It sees to the events of clients in that wait */
    uint64_t gone_round_ns = d->gone_round.last == loop
                                 ? d->gone_round.others_ns
                                 : d->gone_round.all_ns;
    const AiotopWriter *found = NULL;

    if (aiotop_diagnose_age_ns(d, wait_since_ns) < d->request_ns) {
        return NULL;
    }
    for (unsigned i = 0; i < awaited->n_writers; i++) {
        const AiotopWriter *writer = &awaited->writers[i];

        if (strcmp(writer->name, "qio_channel_restart_write") == 0 &&
            aiotop_wait_may_be_for(wait_since_ns, writer->since_ns) &&
            aiotop_rule_exceeds(aiotop_age_ns(gone_round_ns, writer->since_ns),
                                d->request_ns) &&
            (!found || writer->since_ns < found->since_ns)) {
            found = writer;
        }
    }
    return found;
}
