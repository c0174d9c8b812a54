/*
 * Marks: the word in front of a row that deserves a look
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/marks.h"

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/text/figure.h>

/* clang-format off */
const AiotopMark aiotop_marks[AIOTOP_N_MARKS] = {
    [AIOTOP_MARK_STUCK] = { "STUCK", true, true,
        "A dispatch, a nested wait, a wait for the big QEMU lock, a look for"
        " events that is to be short, or QEMU's own code between two callbacks"
        " goes on for longer than the stall threshold" },
    [AIOTOP_MARK_STALL] = { "STALL", true, true,
        "A dispatch that ended in the interval took longer than the stall"
        " threshold" },
    [AIOTOP_MARK_CYCLE] = { "CYCLE", false, true,
        "Goes round over " G_STRINGIFY(AIOTOP_RULE_LIVELOCK_HZ) " times a"
        " second, and calls the same few sources each time, though nothing"
        " comes from outside; or one of these sources" },
    [AIOTOP_MARK_SPIN] = { "SPIN", false, true,
        "Over " G_STRINGIFY(AIOTOP_RULE_SPIN_HZ) " dispatches a second, no"
        " completions of requests, and at"
        " least " G_STRINGIFY(AIOTOP_RULE_SPIN_PERCENT) " % of all that the loop"
        " does" },
    [AIOTOP_MARK_LATE] = { "LATE", false, true,
        "The 99th percentile of the delay is over "
        G_STRINGIFY(AIOTOP_RULE_LATE_MS) " ms" },
    [AIOTOP_MARK_HOG] = { "HOG", false, true,
        "Takes over half of its loop's time" },
    [AIOTOP_MARK_WASTE] = { "WASTE", false, false,
        "Polls over " G_STRINGIFY(AIOTOP_RULE_WASTE_PERCENT) " % of the time,"
        " and under " G_STRINGIFY(AIOTOP_RULE_WASTE_HIT_PERCENT) " % of the polls"
        " find something to do" },
    [AIOTOP_MARK_WAKES] = { "WAKES", false, false,
        "Goes round over " G_STRINGIFY(AIOTOP_RULE_WAKE_HZ) " times a second, for"
        " which the kernel takes over " G_STRINGIFY(AIOTOP_RULE_WAKE_PERCENT)
        " % of a CPU, more than its callbacks and its own code together" },
};
/* clang-format on */

static AiotopMarks check_loop(const AiotopSample *sample,
                              const AiotopLoopSample *loop, uint64_t limit_ns)
{
    unsigned cycle[AIOTOP_RULE_LIVELOCK_MAX];
    AiotopMarks marks = 0;

    if (aiotop_rule_stuck(sample, loop, limit_ns)) {
        marks |= 1u << AIOTOP_MARK_STUCK;
    }
    /* What once was too long would be so for ever */
    if (!sample->cumulative &&
        aiotop_rule_loop_stalled(sample, loop, limit_ns)) {
        marks |= 1u << AIOTOP_MARK_STALL;
    }
    if (aiotop_rule_livelock(sample, loop, cycle)) {
        marks |= 1u << AIOTOP_MARK_CYCLE;
    }
    if (aiotop_rule_late(&loop->delay)) {
        marks |= 1u << AIOTOP_MARK_LATE;
    }
    if (aiotop_rule_wastes(loop)) {
        marks |= 1u << AIOTOP_MARK_WASTE;
    }
    if (aiotop_rule_wakes_too_often(loop)) {
        marks |= 1u << AIOTOP_MARK_WAKES;
    }
    return marks;
}

static bool is_in_cycle(const AiotopSample *sample,
                        const AiotopLoopSample *loop,
                        const AiotopSourceSample *source)
{
    unsigned cycle[AIOTOP_RULE_LIVELOCK_MAX];
    unsigned n = aiotop_rule_livelock(sample, loop, cycle);

    for (unsigned i = 0; i < n; i++) {
        if (&sample->sources[loop->first_source + cycle[i]] == source) {
            return true;
        }
    }
    return false;
}

static AiotopMarks check_source(const AiotopSample *sample,
                                const AiotopLoopSample *loop,
                                const AiotopSourceSample *source,
                                uint64_t limit_ns)
{
    AiotopMarks marks = 0;

    if (aiotop_rule_exceeds(source->running_ns, limit_ns)) {
        marks |= 1u << AIOTOP_MARK_STUCK;
    }
    if (!sample->cumulative && aiotop_rule_stalled(source, limit_ns)) {
        marks |= 1u << AIOTOP_MARK_STALL;
    }
    if (aiotop_rate_hz(source->calls, loop->wall_ns) >
            AIOTOP_RULE_LIVELOCK_HZ &&
        is_in_cycle(sample, loop, source)) {
        marks |= 1u << AIOTOP_MARK_CYCLE;
    }
    if (aiotop_rule_spins(sample, loop, source)) {
        marks |= 1u << AIOTOP_MARK_SPIN;
    }
    if (aiotop_rule_late(&source->delay)) {
        marks |= 1u << AIOTOP_MARK_LATE;
    }
    if (aiotop_rule_hogs(source, loop)) {
        marks |= 1u << AIOTOP_MARK_HOG;
    }
    return marks;
}

AiotopMarks aiotop_marks_check(const AiotopSample *sample,
                               const AiotopLoopSample *loop,
                               const AiotopSourceSample *source,
                               uint64_t stall_ns)
{
    uint64_t limit_ns = aiotop_rule_stall_ns(sample->now, stall_ns);

    return source ? check_source(sample, loop, source, limit_ns)
                  : check_loop(sample, loop, limit_ns);
}

AiotopMarkId aiotop_marks_worst(AiotopMarks marks)
{
    AiotopMarkId id = 0;

    while (!(marks & 1u << id)) {
        id++;
    }
    return id;
}

static void explain_stuck(GString *out, const AiotopSample *sample,
                          const AiotopLoopSample *loop,
                          const AiotopSourceSample *source, uint64_t limit_ns)
{
    char age[AIOTOP_TEXT_NUMBER], limit[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(limit, limit_ns);

    if (source) {
        aiotop_text_time(age, source->running_ns);
        g_string_append_printf(out,
                               "its callback has been running for %s,"
                               " over the threshold of %s",
                               age, limit);
    } else if (aiotop_rule_exceeds(
                   aiotop_rule_nested_wait_ns(sample->now, loop), limit_ns)) {
        aiotop_text_time(age, aiotop_rule_nested_wait_ns(sample->now, loop));
        const AiotopSource *wait = aiotop_loop_outermost(loop->now);

        g_string_append_printf(out,
                               "%s has been waiting for %s, over the threshold"
                               " of %s",
                               wait ? wait->name : "a nested event loop", age,
                               limit);
    } else if (aiotop_rule_exceeds(aiotop_rule_loop_stuck_ns(sample, loop),
                                   limit_ns)) {
        aiotop_text_time(age, aiotop_rule_loop_stuck_ns(sample, loop));
        g_string_append_printf(out, "%s for %s, over the threshold of %s",
                               aiotop_rule_between_callbacks(sample, loop)
                                   ? "has been between two callbacks"
                                   : "has not come back from where it looks for"
                                     " events",
                               age, limit);
    } else if (!aiotop_rule_exceeds(loop->lock_wait_age_ns, limit_ns)) {
        const AiotopSource *outermost = aiotop_loop_outermost(loop->now);

        aiotop_text_time(age, loop->dispatch_age_ns);
        g_string_append_printf(out,
                               "%s has been running for %s, over the"
                               " threshold of %s",
                               outermost ? outermost->name : "a callback", age,
                               limit);
    } else {
        aiotop_text_time(age, loop->lock_wait_age_ns);
        g_string_append_printf(out,
                               "has been waiting for the big QEMU lock"
                               " for %s, over the threshold of %s",
                               age, limit);
    }
}

void aiotop_marks_explain(GString *out, AiotopMarkId id,
                          const AiotopSample *sample,
                          const AiotopLoopSample *loop,
                          const AiotopSourceSample *source, uint64_t stall_ns)
{
    uint64_t limit_ns = aiotop_rule_stall_ns(sample->now, stall_ns);
    char limit[AIOTOP_TEXT_NUMBER], figure[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(limit, limit_ns);
    g_string_append_printf(out, "%s: ", aiotop_marks[id].word);
    switch (id) {
    case AIOTOP_MARK_STUCK:
        explain_stuck(out, sample, loop, source, limit_ns);
        break;
    case AIOTOP_MARK_STALL:
        aiotop_text_time(figure, source ? source->duration.max_ns
                                        : loop->duration.max_ns);
        g_string_append_printf(out,
                               "a dispatch in this interval took up to"
                               " %s, over the threshold of %s",
                               figure, limit);
        break;
    case AIOTOP_MARK_CYCLE:
        aiotop_text_rate(figure,
                         aiotop_rate_hz(loop->iterations, loop->wall_ns));
        g_string_append_printf(out,
                               "the loop goes round %s, and calls the same few"
                               " sources each time, though nothing comes from"
                               " outside",
                               figure);
        break;
    case AIOTOP_MARK_SPIN:
        aiotop_text_rate(figure, aiotop_rate_hz(source->calls, loop->wall_ns));
        g_string_append_printf(
            out,
            "%s, %.1f %% of all that its loop"
            " dispatches",
            figure,
            aiotop_share_percent(source->calls,
                                 aiotop_rule_dispatches(sample, loop)));
        break;
    case AIOTOP_MARK_LATE:
        aiotop_text_time(figure,
                         source ? source->delay.p99_ns : loop->delay.p99_ns);
        g_string_append_printf(out,
                               "one dispatch in a hundred runs %s or"
                               " more after it could have (over " G_STRINGIFY(
                                   AIOTOP_RULE_LATE_MS) "ms)",
                               figure);
        break;
    case AIOTOP_MARK_HOG:
        g_string_append_printf(
            out,
            "takes %.1f %% of its loop's time (over"
            " half)",
            aiotop_share_percent(source->busy_ns, loop->wall_ns));
        break;
    case AIOTOP_MARK_WASTE:
        g_string_append_printf(
            out,
            "polls %.1f %% of the time, but only"
            " %.1f %% of the polls find something to do",
            aiotop_share_percent(loop->poll_ns, loop->wall_ns),
            aiotop_rule_hit_percent(loop));
        break;
    case AIOTOP_MARK_WAKES:
        aiotop_text_rate(figure,
                         aiotop_rate_hz(loop->iterations, loop->wall_ns));
        g_string_append_printf(
            out,
            "goes round %s, for which the kernel takes %.1f %% of a CPU;"
            " callbacks take %.1f %%",
            figure, aiotop_share_percent(loop->kernel_ns, loop->wall_ns),
            aiotop_share_percent(loop->dispatch_ns, loop->wall_ns));
        break;
    case AIOTOP_N_MARKS:
        g_assert_not_reached();
    }
}
