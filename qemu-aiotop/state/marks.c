/*
 * Lints: what deserves a look, by rules with thresholds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "marks.h"

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/text/figure.h>

/* clang-format off */
const Lint lints[N_LINTS] = {
    [LINT_STUCK] = { "STUCK", STYLE_ALARM, true, true,
        "A dispatch in progress, or a wait for the big QEMU lock, has lasted"
        " longer than the stall threshold" },
    [LINT_STALL] = { "STALL", STYLE_ALARM, true, true,
        "A dispatch that ended in the interval took longer than the stall"
        " threshold" },
    [LINT_SPIN] = { "SPIN", STYLE_WARNING, false, true,
        "Over " G_STRINGIFY(AIOTOP_RULE_SPIN_HZ) " dispatches a second, and at"
        " least " G_STRINGIFY(AIOTOP_RULE_SPIN_PERCENT) " % of all that the loop"
        " does" },
    [LINT_LATE] = { "LATE", STYLE_WARNING, true, true,
        "The 99th percentile of the delay is over "
        G_STRINGIFY(AIOTOP_RULE_LATE_MS) " ms" },
    [LINT_HOG] = { "HOG", STYLE_WARNING, false, true,
        "Takes over half of its loop's time" },
    [LINT_WASTE] = { "WASTE", STYLE_WARNING, true, false,
        "Polls over " G_STRINGIFY(AIOTOP_RULE_WASTE_PERCENT) " % of the time,"
        " and under " G_STRINGIFY(AIOTOP_RULE_WASTE_HIT_PERCENT) " % of the polls"
        " find something to do" },
    [LINT_WAKES] = { "WAKES", STYLE_WARNING, true, false,
        "Goes round over " G_STRINGIFY(AIOTOP_RULE_WAKE_HZ) " times a second, for"
        " which the kernel takes over " G_STRINGIFY(AIOTOP_RULE_WAKE_PERCENT)
        " % of a CPU, more than its callbacks and its own code together" },
};
/* clang-format on */

static LintMask check_loop(const AiotopRow *row, uint64_t limit_ns)
{
    const AiotopLoopSample *loop = row->loop;
    LintMask mask = 0;

    if (aiotop_rule_stuck(loop, limit_ns)) {
        mask |= 1u << LINT_STUCK;
    }
    /* What once was too long would be so for ever */
    if (!row->sample->cumulative &&
        aiotop_rule_loop_stalled(row->sample, loop, limit_ns)) {
        mask |= 1u << LINT_STALL;
    }
    if (aiotop_rule_late(&loop->delay)) {
        mask |= 1u << LINT_LATE;
    }
    if (aiotop_rule_wastes(loop)) {
        mask |= 1u << LINT_WASTE;
    }
    if (aiotop_rule_wakes_too_often(loop)) {
        mask |= 1u << LINT_WAKES;
    }
    return mask;
}

static LintMask check_source(const AiotopRow *row, uint64_t limit_ns)
{
    const AiotopSourceSample *source = row->source;
    const AiotopLoopSample *loop = row->loop;
    LintMask mask = 0;

    if (aiotop_rule_exceeds(source->running_ns, limit_ns)) {
        mask |= 1u << LINT_STUCK;
    }
    if (!row->sample->cumulative && aiotop_rule_stalled(source, limit_ns)) {
        mask |= 1u << LINT_STALL;
    }
    if (aiotop_rule_spins(source, loop)) {
        mask |= 1u << LINT_SPIN;
    }
    if (aiotop_rule_late(&source->delay)) {
        mask |= 1u << LINT_LATE;
    }
    if (aiotop_rule_hogs(source, loop)) {
        mask |= 1u << LINT_HOG;
    }
    return mask;
}

LintMask lint_check(const AiotopRow *row, uint64_t stall_ns)
{
    uint64_t limit_ns = aiotop_rule_stall_ns(row->sample->now, stall_ns);

    return row->source ? check_source(row, limit_ns)
                       : check_loop(row, limit_ns);
}

LintId lint_worst(LintMask mask)
{
    LintId id = 0;

    while (!(mask & 1u << id)) {
        id++;
    }
    return id;
}

static void explain_stuck(GString *out, const AiotopRow *row, uint64_t limit_ns)
{
    char age[AIOTOP_TEXT_NUMBER], limit[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(limit, limit_ns);

    if (row->source) {
        aiotop_text_time(age, row->source->running_ns);
        g_string_append_printf(out,
                               "its callback has been running for %s,"
                               " over the threshold of %s",
                               age, limit);
    } else if (!aiotop_rule_exceeds(row->loop->lock_wait_age_ns, limit_ns)) {
        const AiotopLoop *loop = row->loop->now;
        const AiotopSource *outermost =
            aiotop_loop_find_source(loop, loop->stack[0].source_id);

        aiotop_text_time(age, row->loop->dispatch_age_ns);
        g_string_append_printf(out,
                               "%s has been running for %s, over the"
                               " threshold of %s",
                               outermost ? outermost->name : "a callback", age,
                               limit);
    } else {
        aiotop_text_time(age, row->loop->lock_wait_age_ns);
        g_string_append_printf(out,
                               "has been waiting for the big QEMU lock"
                               " for %s, over the threshold of %s",
                               age, limit);
    }
}

void lint_explain(GString *out, LintId id, const AiotopRow *row,
                  uint64_t stall_ns)
{
    const AiotopLoopSample *loop = row->loop;
    uint64_t limit_ns = aiotop_rule_stall_ns(row->sample->now, stall_ns);
    char limit[AIOTOP_TEXT_NUMBER], figure[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(limit, limit_ns);
    g_string_append_printf(out, "%s: ", lints[id].word);
    switch (id) {
    case LINT_STUCK:
        explain_stuck(out, row, limit_ns);
        break;
    case LINT_STALL:
        aiotop_text_time(figure, row->source ? row->source->duration.max_ns
                                             : loop->duration.max_ns);
        g_string_append_printf(out,
                               "a dispatch in this interval took up to"
                               " %s, over the threshold of %s",
                               figure, limit);
        break;
    case LINT_SPIN:
        aiotop_text_rate(figure,
                         aiotop_rate_hz(row->source->calls, loop->wall_ns));
        g_string_append_printf(
            out,
            "%s, %.1f %% of all that its loop"
            " dispatches",
            figure, aiotop_share_percent(row->source->calls, loop->dispatches));
        break;
    case LINT_LATE:
        aiotop_text_time(figure, row->source ? row->source->delay.p99_ns
                                             : loop->delay.p99_ns);
        g_string_append_printf(out,
                               "one dispatch in a hundred runs %s or"
                               " more after it could have (over " G_STRINGIFY(
                                   AIOTOP_RULE_LATE_MS) "ms)",
                               figure);
        break;
    case LINT_HOG:
        g_string_append_printf(
            out,
            "takes %.1f %% of its loop's time (over"
            " half)",
            aiotop_share_percent(row->source->busy_ns, loop->wall_ns));
        break;
    case LINT_WASTE:
        g_string_append_printf(
            out,
            "polls %.1f %% of the time, but only"
            " %.1f %% of the polls find something to do",
            aiotop_share_percent(loop->poll_ns, loop->wall_ns),
            aiotop_rule_hit_percent(loop));
        break;
    case LINT_WAKES:
        aiotop_text_rate(figure,
                         aiotop_rate_hz(loop->iterations, loop->wall_ns));
        g_string_append_printf(
            out,
            "goes round %s, for which the kernel takes %.1f %% of a CPU;"
            " callbacks take %.1f %%",
            figure, aiotop_share_percent(loop->kernel_ns, loop->wall_ns),
            aiotop_share_percent(loop->dispatch_ns, loop->wall_ns));
        break;
    case N_LINTS:
        g_assert_not_reached();
    }
}
