/*
 * Rules: what is too long, too late or too often, and from where on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/thresholds.h"

#include <math.h>

#define NS_PER_MS UINT64_C(1000000)

uint64_t aiotop_rule_stall_ns(const AiotopSnapshot *snapshot, uint64_t stall_ns)
{
    uint64_t sent_ns = snapshot->stall_threshold_ns;

    return stall_ns ? stall_ns
           : sent_ns && sent_ns != AIOTOP_UNKNOWN
               ? sent_ns
               : AIOTOP_RULE_STALL_MS * NS_PER_MS;
}

uint64_t aiotop_rule_request_ns(uint64_t request_ns)
{
    return request_ns ? request_ns
                      : AIOTOP_RULE_REQUEST_S * UINT64_C(1000000000);
}

uint64_t aiotop_rule_too_old_ns(const AiotopRequest *request, uint64_t limit_ns)
{
    uint64_t bytes = limit_ns ? MAX(request->bytes, 0) : 0;
    uint64_t ms = MIN(bytes / (AIOTOP_RULE_REQUEST_MB_S * 1000),
                      AIOTOP_RULE_REQUEST_MORE_S * UINT64_C(1000));

    return limit_ns + ms * NS_PER_MS;
}

bool aiotop_rule_too_old(const AiotopRequest *request, uint64_t time_ns,
                         uint64_t limit_ns)
{
    return aiotop_rule_exceeds(aiotop_age_ns(time_ns, request->since_ns),
                               aiotop_rule_too_old_ns(request, limit_ns));
}

bool aiotop_rule_exceeds(uint64_t ns, uint64_t limit_ns)
{
    return ns != AIOTOP_UNKNOWN && ns >= limit_ns;
}

static bool is_in_callback(const AiotopLoop *loop)
{
    return loop->stack_depth &&
           !aiotop_rule_is_wait(aiotop_loop_outermost(loop));
}

bool aiotop_rule_callback_stuck(const AiotopLoopSample *loop, uint64_t limit_ns)
{
    return aiotop_rule_exceeds(loop->dispatch_age_ns, limit_ns) &&
           is_in_callback(loop->now);
}

bool aiotop_rule_starved(const AiotopLoopSample *loop)
{
    return aiotop_share_percent(loop->run_queue_ns, loop->wall_ns) >
               AIOTOP_RULE_STARVED_PERCENT ||
           (loop->cpu_ns == 0 && loop->now->thread.state == 'R' &&
            loop->before && loop->before->thread.state == 'R');
}

bool aiotop_rule_stuck(const AiotopSample *sample, const AiotopLoopSample *loop,
                       uint64_t limit_ns)
{
    return aiotop_rule_callback_stuck(loop, limit_ns) ||
           aiotop_rule_exceeds(aiotop_rule_nested_wait_ns(sample->now, loop),
                               limit_ns) ||
           aiotop_rule_exceeds(aiotop_rule_loop_stuck_ns(sample, loop),
                               limit_ns) ||
           aiotop_rule_exceeds(loop->lock_wait_age_ns, limit_ns);
}

unsigned aiotop_rule_count_stuck(const AiotopSample *sample, uint64_t limit_ns)
{
    const AiotopSnapshot *now = sample->now;
    unsigned n = 0;

    for (unsigned i = 0; i < sample->n_loops; i++) {
        n += aiotop_rule_stuck(sample, &sample->loops[i], limit_ns);
    }
    for (unsigned i = 0; i < now->bql.n_threads; i++) {
        const AiotopBqlThread *thread = &now->bql.threads[i];

        n += thread->waiting_since_ns != AIOTOP_UNKNOWN &&
             thread->waiting_since_ns + limit_ns <= now->time_ns &&
             !aiotop_sample_find_loop(sample, thread->thread_id);
    }
    return n;
}

/* The upper bound of the highest bucket is cheap, its lower bound decides */
bool aiotop_rule_stalled(const AiotopSourceSample *source, uint64_t limit_ns)
{
    AiotopHistogram histogram;

    if (isnan(source->duration.max_ns) || source->duration.max_ns < limit_ns) {
        return false;
    }
    if (source->before && source->now->max_ns != AIOTOP_UNKNOWN &&
        source->now->max_ns > source->before->max_ns) {
        return source->now->max_ns >= limit_ns;
    }
    aiotop_source_sample_histogram(source, AIOTOP_HISTOGRAM_DURATION,
                                   &histogram);
    for (unsigned i = AIOTOP_HISTOGRAM_BUCKETS; i-- > 0;) {
        if (histogram.count[i]) {
            return aiotop_histogram_lower_ns(i) >= limit_ns;
        }
    }
    return false;
}

bool aiotop_rule_loop_stalled(const AiotopSample *sample,
                              const AiotopLoopSample *loop, uint64_t limit_ns)
{
    if (isnan(loop->duration.max_ns) || loop->duration.max_ns < limit_ns) {
        return false;
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        if (aiotop_rule_stalled(&sample->sources[loop->first_source + i],
                                limit_ns)) {
            return true;
        }
    }
    return false;
}

bool aiotop_rule_late(const AiotopPercentiles *delay)
{
    return delay->p99_ns > AIOTOP_RULE_LATE_MS * 1e6;
}

uint64_t aiotop_rule_dispatches(const AiotopSample *sample,
                                const AiotopLoopSample *loop)
{
    uint64_t dispatches = loop->dispatches;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[loop->first_source + i];

        if (dispatches != AIOTOP_UNKNOWN && aiotop_rule_is_part(source->now)) {
            dispatches -= MIN(aiotop_known_or_zero(source->calls), dispatches);
        }
    }
    return dispatches;
}

bool aiotop_rule_spins(const AiotopSample *sample, const AiotopLoopSample *loop,
                       const AiotopSourceSample *source)
{
    return aiotop_rate_hz(source->calls, loop->wall_ns) > AIOTOP_RULE_SPIN_HZ &&
           !aiotop_rule_is_part(source->now) &&
           !aiotop_rule_is_completion(source->now) &&
           aiotop_share_percent(source->calls,
                                aiotop_rule_dispatches(sample, loop)) >=
               AIOTOP_RULE_SPIN_PERCENT;
}

bool aiotop_rule_hogs(const AiotopSourceSample *source,
                      const AiotopLoopSample *loop)
{
    return aiotop_share_percent(source->busy_ns, loop->wall_ns) >
           AIOTOP_RULE_HOG_PERCENT;
}

double aiotop_rule_hit_percent(const AiotopLoopSample *loop)
{
    if (loop->poll_hits == AIOTOP_UNKNOWN ||
        loop->poll_misses == AIOTOP_UNKNOWN) {
        return NAN;
    }
    return aiotop_share_percent(loop->poll_hits,
                                loop->poll_hits + loop->poll_misses);
}

bool aiotop_rule_wastes(const AiotopLoopSample *loop)
{
    return aiotop_share_percent(loop->poll_ns, loop->wall_ns) >
               AIOTOP_RULE_WASTE_PERCENT &&
           aiotop_rule_hit_percent(loop) < AIOTOP_RULE_WASTE_HIT_PERCENT;
}

bool aiotop_rule_wakes_too_often(const AiotopLoopSample *loop)
{
    return aiotop_share_percent(loop->kernel_ns, loop->wall_ns) >
               AIOTOP_RULE_WAKE_PERCENT &&
           aiotop_rate_hz(loop->iterations, loop->wall_ns) >
               AIOTOP_RULE_WAKE_HZ &&
           loop->kernel_ns > loop->dispatch_ns + loop->other_ns;
}
