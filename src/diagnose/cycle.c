/*
 * Rules: sources that call each other, round after round
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/thresholds.h"

#include <string.h>
#include <glib.h>

bool aiotop_rule_is_own(const AiotopSource *source)
{
    return g_str_has_prefix(source->name, "event_loop_");
}

bool aiotop_rule_is_wait(const AiotopSource *source)
{
    return source && strcmp(source->kind, "wait") == 0;
}

bool aiotop_rule_is_part(const AiotopSource *source)
{
    return strcmp(source->kind, "coroutine") == 0 ||
           strcmp(source->kind, "submit") == 0 || aiotop_rule_is_wait(source);
}

bool aiotop_rule_is_completion(const AiotopSource *source)
{
    return strcmp(source->kind, "cqe") == 0;
}

/* Somebody outside of the loop makes it ready: a peer, a guest, the kernel */
static bool is_of_outside(const AiotopSource *source)
{
    return aiotop_rule_is_completion(source) ||
           (source->fd >= 0 &&
            !g_str_has_prefix(source->name, "aio_context_notifier"));
}

static bool agrees(uint64_t calls, uint64_t most)
{
    return most - calls <= most / 100 * AIOTOP_RULE_LIVELOCK_PERCENT;
}

static uint64_t most_calls(const AiotopSample *sample,
                           const AiotopLoopSample *loop)
{
    uint64_t most = 0;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[loop->first_source + i];

        if (source->calls != AIOTOP_UNKNOWN && source->calls > most &&
            !aiotop_rule_is_part(source->now) &&
            !aiotop_rule_is_own(source->now)) {
            most = source->calls;
        }
    }
    return most;
}

/* Rounds in each second that it had a CPU for: a busy host hides nothing */
static bool goes_round(const AiotopLoopSample *loop)
{
    uint64_t queue_ns = aiotop_known_or_zero(loop->run_queue_ns);
    uint64_t wants_ns = aiotop_sum(loop->cpu_ns, queue_ns);

    return aiotop_rate_hz(loop->iterations, loop->cpu_ns) >
               AIOTOP_RULE_LIVELOCK_HZ &&
           aiotop_share_percent(wants_ns, loop->wall_ns) >
               AIOTOP_RULE_CPU_PERCENT;
}

unsigned aiotop_rule_livelock(const AiotopSample *sample,
                              const AiotopLoopSample *loop,
                              unsigned sources[AIOTOP_RULE_LIVELOCK_MAX])
{
    uint64_t most = most_calls(sample, loop);
    unsigned n = 0;

    if (!goes_round(loop) || most < loop->iterations / 2) {
        return 0;
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[loop->first_source + i];

        if (source->calls == AIOTOP_UNKNOWN || source->calls < most / 2 ||
            aiotop_rule_is_part(source->now) ||
            aiotop_rule_is_own(source->now)) {
            continue;
        }
        if (is_of_outside(source->now)) {
            return 0;
        }
        if (agrees(source->calls, most)) {
            if (n == AIOTOP_RULE_LIVELOCK_MAX) {
                return 0;
            }
            sources[n++] = i;
        }
    }
    return n >= AIOTOP_RULE_LIVELOCK_MIN ? n : 0;
}

/* A tool does nothing but wait for its requests, one after the other */
static bool is_tool_at_work(const AiotopSnapshot *now, uint64_t wait_ns)
{
    uint64_t ns = aiotop_known_or_zero(wait_ns);

    for (unsigned i = 0; i < now->awaited.n_nodes; i++) {
        ns = MIN(ns, aiotop_age_ns(now->time_ns,
                                   now->awaited.nodes[i].last_completed_ns));
    }
    return !now->bql.known && !now->run_state && !now->host_only &&
           ns < AIOTOP_RULE_REQUEST_S * UINT64_C(1000000000);
}

uint64_t aiotop_rule_nested_wait_ns(const AiotopSnapshot *now,
                                    const AiotopLoopSample *loop)
{
    const AiotopLoop *at = loop->now;
    const AiotopSource *outermost = aiotop_loop_outermost(at);

    if (at->stack_depth) {
        return aiotop_rule_is_wait(outermost) &&
                       (!loop->is_thread || now->bql.known) &&
                       !is_tool_at_work(now, loop->dispatch_age_ns)
                   ? loop->dispatch_age_ns
                   : AIOTOP_UNKNOWN;
    }
    return (at->state == AIOTOP_LOOP_WAITING ||
            at->state == AIOTOP_LOOP_POLLING) &&
                   at->thread_id == now->pid &&
                   now->bql.holder_thread_id == at->thread_id
               ? aiotop_age_ns(now->time_ns, now->bql.held_since_ns)
               : AIOTOP_UNKNOWN;
}
