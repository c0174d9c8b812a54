/*
 * Diagnosis: rules about what a loop does by samples from outside, which tell
 * where it is and not how often it is called
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "find.h"

#include "qemu-aiotop/diagnose/thresholds.h"
#include "words.h"

/* It has a CPU all the time, without a sleep, and was seen often enough */
static bool never_sleeps(const AiotopLoopSample *loop)
{
    return !loop->is_thread && loop->voluntary_switches == 0 &&
           aiotop_share_percent(loop->cpu_ns, loop->wall_ns) >=
               AIOTOP_RULE_CPU_PERCENT &&
           aiotop_rule_exceeds(loop->seen_running, AIOTOP_RULE_SPIN_SAMPLES);
}

/*
 * One that it is in nearly always, and that does nothing: what works reads,
 * writes or wakes up somebody, and so is in the kernel now and then
 */
static const AiotopSourceSample *find_idle_callback(
    const Diagnosis *d, const AiotopLoopSample *loop)
{
    if (d->sample->now->sampled.user_only ||
        !(aiotop_share_percent(loop->seen_in_kernel, loop->seen_running) <=
          AIOTOP_RULE_SPIN_KERNEL_PERCENT)) {
        return NULL;
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (aiotop_share_percent(source->busy_ns, loop->wall_ns) >=
            AIOTOP_RULE_CPU_PERCENT) {
            return source;
        }
    }
    return NULL;
}

/* Polling is what an iothread is told to do, as long as something comes of it */
static bool is_in_no_callback(const AiotopLoopSample *loop)
{
    bool polls = aiotop_share_percent(loop->poll_ns, loop->wall_ns) >
                 AIOTOP_RULE_WASTE_PERCENT;

    return aiotop_share_percent(loop->dispatch_ns, loop->wall_ns) <
           (polls ? AIOTOP_RULE_IDLE_PERCENT
                  : AIOTOP_RULE_SPIN_DISPATCH_PERCENT);
}

void aiotop_find_spinning_sampled(Diagnosis *d, const AiotopLoopSample *loop)
{
    const AiotopSourceSample *source;

    if (!never_sleeps(loop)) {
        return;
    }
    source = find_idle_callback(d, loop);
    if (source || is_in_no_callback(loop)) {
        aiotop_word_spinning_sampled(
            aiotop_diagnose_add_loop(d, AIOTOP_CLASS_SPINNING, loop,
                                     source ? source->now : NULL),
            d, loop, source);
    }
}
