/*
 * Writer: a line for monitoring systems
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/check.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "qemu-aiotop/diagnose/diagnose.h"
#include "qemu-aiotop/diagnose/missing.h"
#include "qemu-aiotop/diagnose/thresholds.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/figure.h"
#include "check-parts.h"

void format_check_plain(GString *out, const char *text, gsize max)
{
    g_autofree char *safe = g_strdelimit(aiotop_text_escape(text), "|", '/');
    char *end = safe + strlen(safe);

    if (end - safe > (gssize)max) {
        end = g_utf8_find_prev_char(safe, safe + max - strlen("...") + 1);
        g_string_append_len(out, safe, end - safe);
        g_string_append(out, "...");
    } else {
        g_string_append(out, safe);
    }
}

void format_check_head(GString *out, AiotopCheckStatus status)
{
    static const char *const words[] = {
        [AIOTOP_CHECK_OK] = "OK",
        [AIOTOP_CHECK_WARNING] = "WARNING",
        [AIOTOP_CHECK_CRITICAL] = "CRITICAL",
        [AIOTOP_CHECK_UNKNOWN] = "UNKNOWN",
    };

    g_string_append_printf(out, "QEMU-AIOTOP %s - ", words[status]);
}

void format_check_part(GString *text, const char *part)
{
    gsize len = strlen(part);

    if (text->len) {
        g_string_append(text, "; ");
    }
    g_string_append_len(text, part, len - (len && part[len - 1] == '.'));
}

static void append_finding(GString *text, const AiotopFinding *finding,
                           bool evidence)
{
    g_autoptr(GString) part = g_string_new(aiotop_classes[finding->id].name);

    if (finding->loop) {
        g_string_append(part, " in ");
        format_check_plain(part, finding->loop, CHECK_MAX_NAME);
    } else if (finding->node) {
        g_string_append(part, " of ");
        format_check_plain(part, finding->node, CHECK_MAX_NAME);
    }
    if (evidence) {
        g_string_append_printf(part, ": %s", finding->evidence);
    }
    format_check_part(text, part->str);
}

static void append_value(GString *out, AiotopMetricId id, double value)
{
    char number[AIOTOP_TEXT_NUMBER];

    if (aiotop_metrics[id].unit == AIOTOP_RANGE_TIME) {
        aiotop_text_time(number, value * 1e9);
        g_string_append(out, number);
    } else {
        aiotop_text_percent(number, value);
        g_string_append_printf(out, "%s %%", number);
    }
}

/* The threshold that was passed, the worse of the two; NULL if none was */
static const AiotopThreshold *passed(const AiotopCheck *check,
                                     AiotopMetricId id, double value)
{
    const AiotopThreshold *both[] = { &check->crit[id], &check->warn[id] };

    for (unsigned i = 0; i < G_N_ELEMENTS(both) && !isnan(value); i++) {
        if (both[i]->given && aiotop_range_alerts(&both[i]->range, value)) {
            return both[i];
        }
    }
    return NULL;
}

static void append_threshold(GString *text, const AiotopCheck *check,
                             AiotopMetricId id, const AiotopReading *reading)
{
    const AiotopThreshold *threshold = passed(check, id, reading->value);
    g_autoptr(GString) part = g_string_new(aiotop_metrics[id].name);

    if (!threshold) {
        return;
    }
    g_string_append_c(part, ' ');
    append_value(part, id, reading->value);
    g_string_append(part, " in ");
    format_check_plain(part, reading->loop->name, CHECK_MAX_NAME);
    g_string_append(part, threshold->range.inside ? " is in the range "
                                                  : " is out of the range ");
    aiotop_range_append(part, &threshold->range);
    g_string_append(part,
                    aiotop_metrics[id].unit == AIOTOP_RANGE_TIME ? " s" : " %");
    format_check_part(text, part->str);
}

static void append_stalls(GString *text, const AiotopCheckResult *result)
{
    for (unsigned i = 0; i < result->findings->len; i++) {
        const AiotopFinding *finding = result->findings->pdata[i];

        if (finding->id == AIOTOP_CLASS_STALLED) {
            format_check_part(text, finding->evidence);
        }
    }
    if (result->log_overflows) {
        format_check_part(text, "QEMU's log is too short for all stalls of this"
                                " time");
    }
}

static void append_unknown_metrics(GString *text,
                                   const AiotopCheckResult *result,
                                   const AiotopCheck *check)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        if (aiotop_check_cannot_tell(result, check, i)) {
            g_autofree char *part = g_strdup_printf(
                "%s is not known of this QEMU", aiotop_metrics[i].name);

            format_check_part(text, part);
        }
    }
}

/* Nothing is known of its event loops then */
static void append_unprofiled(GString *text, const AiotopSnapshot *now)
{
    g_autofree char *why = aiotop_missing_profile(now->unprofiled, now->pid);
    g_autofree char *part =
        g_strconcat("it is not profiled", why ? ": " : NULL, why, NULL);

    format_check_part(text, part);
}

void format_check_problems(GString *text, const AiotopSample *sample,
                           const AiotopCheck *check,
                           const AiotopCheckResult *result)
{
    const GPtrArray *findings = result->findings;

    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (aiotop_finding_is_stuck(finding)) {
            append_finding(text, finding, i == 0);
        }
    }
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        append_threshold(text, check, i, &result->readings[i]);
    }
    append_stalls(text, result);
    append_unknown_metrics(text, result, check);
    if (sample->now->host_only && sample->now->halt.kind == AIOTOP_HALT_NONE) {
        append_unprofiled(text, sample->now);
    }
    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (aiotop_finding_warns(finding) &&
            !aiotop_finding_is_stuck(finding) &&
            finding->id != AIOTOP_CLASS_STALLED) {
            append_finding(text, finding, i == 0);
        }
    }
}

/* What is said to be well may not be */
static void append_missing(GString *text, const AiotopSnapshot *now,
                           const AiotopCheck *check,
                           const AiotopCheckResult *result)
{
    g_autofree char *missing =
        aiotop_missing_requests(now, aiotop_rule_request_ns(check->request_ns));

    if (missing && !result->n_stuck) {
        format_check_part(text, missing);
    }
}

static void append_count(GString *out, unsigned n, const char *what)
{
    g_string_append_printf(out, "%u %s%s", n, what, n == 1 ? "" : "s");
}

static void append_counts(GString *text, const AiotopCheckResult *result)
{
    AiotopMetricId id = AIOTOP_METRIC_LONGEST_DISPATCH;
    const AiotopReading *longest = &result->readings[id];
    g_autoptr(GString) part = g_string_new(NULL);

    if (result->n_loops || !result->n_threads) {
        append_count(part, result->n_loops, "loop");
    }
    if (result->n_threads) {
        g_string_append(part, part->len ? ", " : "");
        append_count(part, result->n_threads, "thread");
    }
    if (longest->loop) {
        g_string_append(part, ", longest dispatch ");
        append_value(part, id, longest->value);
        g_string_append(part, " in ");
        format_check_plain(part, longest->loop->name, CHECK_MAX_NAME);
    }
    format_check_part(text, part->str);
}

static void append_range(GString *out, const AiotopThreshold *threshold)
{
    g_string_append_c(out, ';');
    if (threshold->given) {
        aiotop_range_append(out, &threshold->range);
    }
}

void format_check_figure(GString *out, const AiotopCheck *check,
                         AiotopMetricId id, double value)
{
    bool share = aiotop_metrics[id].unit == AIOTOP_RANGE_SHARE;

    g_string_append_c(out, '=');
    if (isnan(value)) {
        g_string_append_c(out, 'U');
    } else {
        aiotop_range_append_number(out,
                                   share ? round(value * 1e3) / 1e3 : value);
        g_string_append_c(out, share ? '%' : 's');
    }
    append_range(out, &check->warn[id]);
    append_range(out, &check->crit[id]);
    g_string_append(out, ";0;");
}

/* Value, unit; warning; critical; least; most */
static void append_perfdata(GString *out, const AiotopSnapshot *now,
                            const AiotopCheck *check,
                            const AiotopCheckResult *result)
{
    g_string_append_printf(out,
                           " | loops=%u;;;0; threads=%u;;;0; stuck=%u;;0;0;",
                           result->n_loops, result->n_threads, result->n_stuck);
    if (now->stall_count == AIOTOP_UNKNOWN) {
        g_string_append(out, " stalls=U;;;0;");
    } else {
        g_string_append_printf(out, " stalls=%" PRIu64 "c;;;0;",
                               now->stall_count);
    }
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        g_string_append_printf(out, " %s", aiotop_metrics[i].name);
        format_check_figure(out, check, i, result->readings[i].value);
    }
}

void aiotop_format_check(GString *out, const AiotopSample *sample,
                         const AiotopCheck *check,
                         const AiotopCheckResult *result)
{
    const char *name = sample->now->vm_name;
    g_autoptr(GString) text = g_string_new(NULL);

    format_check_problems(text, sample, check, result);
    append_missing(text, sample->now, check, result);
    append_counts(text, result);
    format_check_head(out, result->status);
    format_check_plain(out, name ? name : "QEMU", CHECK_MAX_NAME);
    g_string_append(out, ": ");
    format_check_plain(out, text->str, CHECK_MAX_TEXT);
    append_perfdata(out, sample->now, check, result);
    g_string_append_c(out, '\n');
}

void aiotop_format_check_unknown(GString *out, const char *reason)
{
    format_check_head(out, AIOTOP_CHECK_UNKNOWN);
    format_check_plain(out, reason, CHECK_MAX_TEXT);
    g_string_append_c(out, '\n');
}
