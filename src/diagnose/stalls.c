/*
 * Stalls: those that are over, and one that goes on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/stalls.h"

#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"

static uint64_t age_ns(const AiotopSnapshot *snapshot, uint64_t since_ns)
{
    return aiotop_known_or_zero(aiotop_age_ns(snapshot->time_ns, since_ns));
}

uint64_t aiotop_stall_age_ns(const AiotopSnapshot *snapshot,
                             const AiotopStall *stall)
{
    uint64_t start_age_ns = age_ns(snapshot, stall->start_ns);

    return !stall->ongoing && stall->duration_ns < start_age_ns
               ? start_age_ns - stall->duration_ns
               : 0;
}

/* One that began after the snapshot, or at no known time, is nonsense */
static bool ended_within(const AiotopSnapshot *snapshot,
                         const AiotopStall *stall, uint64_t limit_ns,
                         uint64_t window_ns)
{
    return !stall->ongoing && age_ns(snapshot, stall->start_ns) &&
           aiotop_rule_exceeds(stall->duration_ns, limit_ns) &&
           aiotop_stall_age_ns(snapshot, stall) <= window_ns;
}

AiotopPastStalls aiotop_past_stalls(const AiotopSnapshot *snapshot,
                                    uint64_t stall_ns, uint64_t window_ns)
{
    uint64_t limit_ns = aiotop_rule_stall_ns(snapshot, stall_ns);
    AiotopPastStalls past = { .window_ns = window_ns };

    for (unsigned i = 0; i < snapshot->n_stalls; i++) {
        const AiotopStall *stall = &snapshot->stalls[i];

        if (!ended_within(snapshot, stall, limit_ns, window_ns)) {
            continue;
        }
        past.n++;
        if (!past.longest || stall->duration_ns > past.longest->duration_ns) {
            past.longest = stall;
        }
        if (!past.last || aiotop_stall_age_ns(snapshot, stall) <=
                              aiotop_stall_age_ns(snapshot, past.last)) {
            past.last = stall;
        }
    }
    return past;
}

bool aiotop_stall_is_look(const AiotopStall *stall)
{
    const char *cause = aiotop_stall_cause(stall);

    return strcmp(cause, "wait") == 0 || strcmp(cause, "poll") == 0;
}

const AiotopStall *aiotop_ongoing_look(const AiotopSnapshot *snapshot,
                                       int64_t thread_id)
{
    for (unsigned i = snapshot->n_stalls; i-- > 0;) {
        const AiotopStall *stall = &snapshot->stalls[i];

        if (stall->ongoing && stall->thread_id == thread_id &&
            aiotop_stall_is_look(stall)) {
            return stall;
        }
    }
    return NULL;
}
