/*
 * A check for monitoring systems
 *
 * What is measured, what is judged by which threshold, and the line that says
 * so, as the guidelines for plug-ins of Nagios and Icinga want it: always one
 * line, with text, a bar and performance data.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_CHECK_H
#define QEMU_AIOTOP_DIAGNOSE_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/text/range.h>

/* The numbers are exit codes */
typedef enum AiotopCheckStatus {
    AIOTOP_CHECK_OK = 0,
    AIOTOP_CHECK_WARNING = 1,
    AIOTOP_CHECK_CRITICAL = 2,
    AIOTOP_CHECK_UNKNOWN = 3,
} AiotopCheckStatus;

/* What is measured: each is of the loop where it is largest */
typedef enum AiotopMetricId {
    AIOTOP_METRIC_LONGEST_DISPATCH,
    AIOTOP_METRIC_DELAY_P99,
    AIOTOP_METRIC_DISPATCH,
    AIOTOP_METRIC_BQL,
    AIOTOP_METRIC_RUN_QUEUE,
    AIOTOP_N_METRICS,
} AiotopMetricId;

typedef struct AiotopMetric {
    /* In performance data and for thresholds.  Stable: programs read it. */
    const char *name;
    AiotopRangeUnit unit;
    /* One line, without full stop */
    const char *help;
} AiotopMetric;

extern const AiotopMetric aiotop_metrics[AIOTOP_N_METRICS];

typedef struct AiotopThreshold {
    bool given;
    AiotopRange range;
} AiotopThreshold;

/* What is asked for */
typedef struct AiotopCheck {
    /* Stall threshold; 0 for QEMU's own */
    uint64_t stall_ns;
    /* Age from which on a request is stuck; 0 for AIOTOP_RULE_REQUEST_S */
    uint64_t request_ns;
    /* A stall that ended no longer ago than this, or in the interval, warns */
    uint64_t since_ns;
    AiotopThreshold warn[AIOTOP_N_METRICS];
    AiotopThreshold crit[AIOTOP_N_METRICS];
} AiotopCheck;

/**
 * aiotop_check_set_threshold:
 * @level: AIOTOP_CHECK_WARNING or AIOTOP_CHECK_CRITICAL
 * @text: "NAME=RANGE"; a name may have the sign of percent behind it
 *
 * Returns false with @error, in words for the user, if @text is wrong.
 */
bool aiotop_check_set_threshold(AiotopCheck *check, AiotopCheckStatus level,
                                const char *text, GError **error);

/* The largest value of a metric, and where it is */
typedef struct AiotopReading {
    /* In seconds or percent; NAN if there is none */
    double value;
    /* NULL if there is none */
    const AiotopLoop *loop;
} AiotopReading;

typedef struct AiotopCheckResult {
    AiotopCheckStatus status;
    AiotopReading readings[AIOTOP_N_METRICS];
    unsigned n_loops;
    /* Others that were caught dispatching, or of which nothing is known */
    unsigned n_threads;
    /* How many findings say that something does not go on */
    unsigned n_stuck;
    /* More stalls ended in the window than QEMU's log has */
    bool log_overflows;
    /* Of aiotop_diagnose() */
    GPtrArray *findings;
} AiotopCheckResult;

/**
 * aiotop_check_run:
 * @sample: of an interval; as long-lived as @result
 *
 * Sets @result, to be cleared.
 */
void aiotop_check_run(AiotopCheckResult *result, const AiotopSample *sample,
                      const AiotopCheck *check);
void aiotop_check_result_clear(AiotopCheckResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AiotopCheckResult, aiotop_check_result_clear)

/* Whether a threshold is asked for of what is not known of this QEMU */
bool aiotop_check_cannot_tell(const AiotopCheckResult *result,
                              const AiotopCheck *check, AiotopMetricId id);

#endif /* QEMU_AIOTOP_DIAGNOSE_CHECK_H */
