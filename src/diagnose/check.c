/*
 * A check for monitoring systems: what is measured, and the judgement
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/check.h"

#include <math.h>
#include <string.h>

#include "qemu-aiotop/diagnose/stalls.h"

/* clang-format off */
const AiotopMetric aiotop_metrics[AIOTOP_N_METRICS] = {
    [AIOTOP_METRIC_LONGEST_DISPATCH] = { "longest-dispatch", AIOTOP_RANGE_TIME,
        "Longest dispatch, those in progress included" },
    [AIOTOP_METRIC_DELAY_P99] = { "delay-p99", AIOTOP_RANGE_TIME,
        "99th percentile of the delay from ready to running" },
    [AIOTOP_METRIC_DISPATCH] = { "dispatch", AIOTOP_RANGE_SHARE,
        "Share of time in callbacks" },
    [AIOTOP_METRIC_BQL] = { "bql", AIOTOP_RANGE_SHARE,
        "Share of time waiting for the big QEMU lock" },
    [AIOTOP_METRIC_RUN_QUEUE] = { "run-queue", AIOTOP_RANGE_SHARE,
        "Share of time in which the thread was ready and waited for a CPU of"
        " the host; not known of a QEMU on another host" },
};
/* clang-format on */

static const AiotopMetric *find_metric(const char *name, gsize len)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        const AiotopMetric *metric = &aiotop_metrics[i];
        gsize given = len;

        if (given && metric->unit == AIOTOP_RANGE_SHARE &&
            name[given - 1] == '%') {
            given--;
        }
        if (strlen(metric->name) == given &&
            strncmp(metric->name, name, given) == 0) {
            return metric;
        }
    }
    return NULL;
}

bool aiotop_check_set_threshold(AiotopCheck *check, AiotopCheckStatus level,
                                const char *text, GError **error)
{
    AiotopThreshold *thresholds =
        level == AIOTOP_CHECK_CRITICAL ? check->crit : check->warn;
    const char *equals = strchr(text, '=');
    const AiotopMetric *metric =
        find_metric(text, equals ? (gsize)(equals - text) : strlen(text));
    AiotopThreshold *threshold;

    if (!metric || !equals) {
        g_autoptr(GString) names = g_string_new(NULL);

        for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
            g_string_append_printf(names, "%s%s", i ? ", " : "",
                                   aiotop_metrics[i].name);
        }
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not NAME=RANGE with one of the names %s", text,
                    names->str);
        return false;
    }
    threshold = &thresholds[metric - aiotop_metrics];
    threshold->given = true;
    return aiotop_range_parse(&threshold->range, equals + 1, metric->unit,
                              error);
}

static double longest_dispatch_s(const AiotopLoopSample *loop)
{
    double ns = loop->duration.max_ns;

    if (loop->dispatch_age_ns != AIOTOP_UNKNOWN) {
        ns = fmax(ns, loop->dispatch_age_ns);
    }
    return ns / 1e9;
}

static double measure(const AiotopLoopSample *loop, AiotopMetricId id)
{
    switch (id) {
    case AIOTOP_METRIC_LONGEST_DISPATCH:
        return longest_dispatch_s(loop);
    case AIOTOP_METRIC_DELAY_P99:
        return loop->delay.p99_ns / 1e9;
    case AIOTOP_METRIC_DISPATCH:
        return aiotop_part_percent(loop->dispatch_ns, loop->wall_ns);
    case AIOTOP_METRIC_BQL:
        return aiotop_part_percent(loop->lock_wait_ns, loop->wall_ns);
    case AIOTOP_METRIC_RUN_QUEUE:
        return aiotop_part_percent(loop->run_queue_ns, loop->wall_ns);
    case AIOTOP_N_METRICS:
        break;
    }
    g_assert_not_reached();
}

static void take_reading(AiotopReading *reading, const AiotopLoop *loop,
                         double value)
{
    if (!isnan(value) && (!reading->loop || value > reading->value)) {
        *reading = (AiotopReading){ value, loop };
    }
}

static void take_readings(AiotopCheckResult *result, const AiotopSample *sample)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        result->readings[i].value = NAN;
        for (unsigned j = 0; j < sample->n_loops; j++) {
            const AiotopLoopSample *loop = &sample->loops[j];

            take_reading(&result->readings[i], loop->now, measure(loop, i));
        }
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (aiotop_snapshot_origin(sample->now) == AIOTOP_ORIGIN_HOST ||
            sample->loops[i].is_thread) {
            result->n_threads++;
        } else {
            result->n_loops++;
        }
    }
}

/*
 * Whether stalls may have ended in the window that are in the log no more:
 * the oldest that it has did
 */
static bool log_overflows(const AiotopSnapshot *now, uint64_t window_ns)
{
    return now->stall_count != AIOTOP_UNKNOWN && now->n_stalls &&
           now->stall_count > now->n_stalls &&
           aiotop_stall_age_ns(now, &now->stalls[0]) <= window_ns;
}

static bool has_warning(const GPtrArray *findings)
{
    for (unsigned i = 0; i < findings->len; i++) {
        if (aiotop_finding_warns(findings->pdata[i])) {
            return true;
        }
    }
    return false;
}

static bool alerts(const AiotopCheckResult *result,
                   const AiotopThreshold *thresholds)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        if (thresholds[i].given && !isnan(result->readings[i].value) &&
            aiotop_range_alerts(&thresholds[i].range,
                                result->readings[i].value)) {
            return true;
        }
    }
    return false;
}

bool aiotop_check_cannot_tell(const AiotopCheckResult *result,
                              const AiotopCheck *check, AiotopMetricId id)
{
    return aiotop_metrics[id].unit == AIOTOP_RANGE_SHARE &&
           (check->warn[id].given || check->crit[id].given) &&
           isnan(result->readings[id].value);
}

static AiotopCheckStatus judge(const AiotopCheckResult *result,
                               const AiotopSnapshot *now,
                               const AiotopCheck *check)
{
    if (result->n_stuck || alerts(result, check->crit)) {
        return AIOTOP_CHECK_CRITICAL;
    }
    if (result->log_overflows || has_warning(result->findings) ||
        alerts(result, check->warn)) {
        return AIOTOP_CHECK_WARNING;
    }
    if (now->host_only) {
        return AIOTOP_CHECK_UNKNOWN;
    }
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        if (aiotop_check_cannot_tell(result, check, i)) {
            return AIOTOP_CHECK_UNKNOWN;
        }
    }
    return AIOTOP_CHECK_OK;
}

/* The interval is always looked at, however short the window is */
void aiotop_check_run(AiotopCheckResult *result, const AiotopSample *sample,
                      const AiotopCheck *check)
{
    AiotopDiagnoseOptions options = {
        .stall_ns = check->stall_ns,
        .request_ns = check->request_ns,
        .window_ns = MAX(check->since_ns, sample->interval_ns),
        .surface = AIOTOP_SURFACE_COMMAND_LINE,
    };

    *result = (AiotopCheckResult){
        .findings = aiotop_diagnose(sample, &options),
        .log_overflows = log_overflows(sample->now, options.window_ns),
    };
    result->n_stuck = aiotop_diagnosis_stuck(result->findings);
    take_readings(result, sample);
    result->status = judge(result, sample->now, check);
}

void aiotop_check_result_clear(AiotopCheckResult *result)
{
    g_clear_pointer(&result->findings, g_ptr_array_unref);
}
