/*
 * Lints: what deserves a look, by rules with thresholds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lint.h"

#include <math.h>
#include <qemu-aiotop/text.h>

/* Stall threshold where QEMU sends none */
#define DEFAULT_STALL_NS (100 * 1000 * 1000)

/* Share of its loop's time that a source may take, in percent */
#define HOG_PERCENT 50.0
/* 99th percentile of the delay, in nanoseconds */
#define LATE_NS 10e6
/* Dispatches a second of a source, and its share of the loop's, in percent */
#define SPIN_HZ 100e3
#define SPIN_PERCENT 95.0
/* Polling: share of the loop's time, and of polls that hit, in percent */
#define WASTE_PERCENT 20.0
#define WASTE_HIT_PERCENT 5.0

/* clang-format off */
const Lint lints[N_LINTS] = {
    [LINT_STUCK] = { "STUCK", STYLE_ALARM, true, true,
        "A dispatch in progress, or a wait for the big QEMU lock, has lasted"
        " longer than the stall threshold" },
    [LINT_STALL] = { "STALL", STYLE_ALARM, true, true,
        "A dispatch that ended in the interval took longer than the stall"
        " threshold" },
    [LINT_SPIN] = { "SPIN", STYLE_WARNING, false, true,
        "Over 100,000 dispatches a second, and at least 95 % of all that the"
        " loop does" },
    [LINT_LATE] = { "LATE", STYLE_WARNING, true, true,
        "The 99th percentile of the delay is over 10 ms" },
    [LINT_HOG] = { "HOG", STYLE_WARNING, false, true,
        "Takes over half of its loop's time" },
    [LINT_WASTE] = { "WASTE", STYLE_WARNING, true, false,
        "Polls over 20 % of the time, and under 5 % of the polls find"
        " something to do" },
};
/* clang-format on */

static uint64_t threshold_ns(const AiotopRow *row, uint64_t stall_ns)
{
    uint64_t sent_ns = row->sample->now->stall_threshold_ns;

    return stall_ns                               ? stall_ns
           : sent_ns && sent_ns != AIOTOP_UNKNOWN ? sent_ns
                                                  : DEFAULT_STALL_NS;
}

static bool exceeds(uint64_t ns, uint64_t limit_ns)
{
    return ns != AIOTOP_UNKNOWN && ns >= limit_ns;
}

static bool waits_for_lock(const AiotopLoopSample *loop, uint64_t limit_ns)
{
    return loop->now->state == AIOTOP_LOOP_BQL_WAIT &&
           exceeds(loop->state_age_ns, limit_ns);
}

/*
 * Whether a dispatch of the interval certainly took as long.  The upper
 * bound of the highest bucket is cheap to look at, its lower bound decides.
 */
static bool stalled(const AiotopSourceSample *source, uint64_t limit_ns)
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

static bool loop_stalled(const AiotopRow *row, uint64_t limit_ns)
{
    const AiotopSourceSample *sources =
        &row->sample->sources[row->loop->first_source];

    if (isnan(row->loop->duration.max_ns) ||
        row->loop->duration.max_ns < limit_ns) {
        return false;
    }
    for (unsigned i = 0; i < row->loop->n_sources; i++) {
        if (stalled(&sources[i], limit_ns)) {
            return true;
        }
    }
    return false;
}

static double hit_percent(const AiotopLoopSample *loop)
{
    return aiotop_share_percent(loop->poll_hits,
                                loop->poll_hits + loop->poll_misses);
}

static LintMask check_loop(const AiotopRow *row, uint64_t limit_ns)
{
    const AiotopLoopSample *loop = row->loop;
    LintMask mask = 0;

    if (exceeds(loop->dispatch_age_ns, limit_ns) ||
        waits_for_lock(loop, limit_ns)) {
        mask |= 1u << LINT_STUCK;
    }
    /* What once was too long would be so for ever */
    if (!row->sample->cumulative && loop_stalled(row, limit_ns)) {
        mask |= 1u << LINT_STALL;
    }
    if (loop->delay.p99_ns > LATE_NS) {
        mask |= 1u << LINT_LATE;
    }
    if (loop->poll_hits != AIOTOP_UNKNOWN &&
        loop->poll_misses != AIOTOP_UNKNOWN &&
        aiotop_share_percent(loop->poll_ns, loop->wall_ns) > WASTE_PERCENT &&
        hit_percent(loop) < WASTE_HIT_PERCENT) {
        mask |= 1u << LINT_WASTE;
    }
    return mask;
}

static LintMask check_source(const AiotopRow *row, uint64_t limit_ns)
{
    const AiotopSourceSample *source = row->source;
    const AiotopLoopSample *loop = row->loop;
    LintMask mask = 0;

    if (exceeds(source->running_ns, limit_ns)) {
        mask |= 1u << LINT_STUCK;
    }
    if (!row->sample->cumulative && stalled(source, limit_ns)) {
        mask |= 1u << LINT_STALL;
    }
    if (aiotop_rate_hz(source->calls, loop->wall_ns) > SPIN_HZ &&
        aiotop_share_percent(source->calls, loop->dispatches) >= SPIN_PERCENT) {
        mask |= 1u << LINT_SPIN;
    }
    if (source->delay.p99_ns > LATE_NS) {
        mask |= 1u << LINT_LATE;
    }
    if (aiotop_share_percent(source->busy_ns, loop->wall_ns) > HOG_PERCENT) {
        mask |= 1u << LINT_HOG;
    }
    return mask;
}

LintMask lint_check(const AiotopRow *row, uint64_t stall_ns)
{
    uint64_t limit_ns = threshold_ns(row, stall_ns);

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

static void explain_stuck(GString *out, const AiotopRow *row, const char *limit)
{
    char age[AIOTOP_TEXT_NUMBER];

    if (row->source) {
        aiotop_text_time(age, row->source->running_ns);
        g_string_append_printf(out,
                               "its callback has been running for %s,"
                               " over the threshold of %s",
                               age, limit);
    } else if (row->loop->dispatch_age_ns != AIOTOP_UNKNOWN) {
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
        aiotop_text_time(age, row->loop->state_age_ns);
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
    char limit[AIOTOP_TEXT_NUMBER], figure[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(limit, threshold_ns(row, stall_ns));
    g_string_append_printf(out, "%s: ", lints[id].word);
    switch (id) {
    case LINT_STUCK:
        explain_stuck(out, row, limit);
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
                               " more after it could have (over 10ms)",
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
            hit_percent(loop));
        break;
    case N_LINTS:
        g_assert_not_reached();
    }
}
