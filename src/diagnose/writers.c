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

uint64_t aiotop_gone_round_ns(const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;
    uint64_t ns = now->time_ns;

    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];
        uint64_t nested_ns = aiotop_rule_nested_wait_ns(now, loop);
        uint64_t stuck_ns = aiotop_rule_loop_stuck_ns(sample, loop);

        if (loop->now->stack_depth) {
            ns = MIN(ns, loop->now->stack[0].since_ns);
        } else if (loop->now->state == AIOTOP_LOOP_BQL_WAIT) {
            ns = MIN(ns, loop->now->state_since_ns);
        } else if (nested_ns != AIOTOP_UNKNOWN) {
            ns = MIN(ns, now->time_ns - MIN(nested_ns, now->time_ns));
        } else if (stuck_ns != AIOTOP_UNKNOWN) {
            ns = MIN(ns, now->time_ns - MIN(stuck_ns, now->time_ns));
        }
    }
    return ns;
}

uint64_t aiotop_writer_blocked_ns(const Diagnosis *d,
                                  const AiotopWriter *writer)
{
    uint64_t ns = aiotop_age_ns(d->gone_round_ns, writer->since_ns);

    return waits_for_room(writer) ? aiotop_known_or_zero(ns) : 0;
}

const AiotopWriter *aiotop_writer_awaited(const AiotopSnapshot *now,
                                          uint64_t wait_since_ns)
{
    const AiotopAwaited *awaited = &now->awaited;
    const AiotopWriter *found = NULL;

    for (unsigned i = 0; i < awaited->n_writers; i++) {
        const AiotopWriter *writer = &awaited->writers[i];

        if (strcmp(writer->name, "qio_channel_restart_write") == 0 &&
            aiotop_wait_may_be_for(wait_since_ns, writer->since_ns) &&
            (!found || writer->since_ns < found->since_ns)) {
            found = writer;
        }
    }
    return found;
}
