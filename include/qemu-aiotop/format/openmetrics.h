/*
 * Writer: metrics of VMs, as OpenMetrics 1.0 or as Prometheus' text format
 *
 * Both have the same series.  OpenMetrics has exemplars, types for states and
 * information, and an end that tells it from what was cut off.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_OPENMETRICS_H
#define QEMU_AIOTOP_FORMAT_OPENMETRICS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/format/metrics.h>

typedef enum AiotopMetricsFormat {
    AIOTOP_METRICS_CLASSIC,
    AIOTOP_METRICS_OPENMETRICS,
    AIOTOP_N_METRICS_FORMATS,
} AiotopMetricsFormat;

/* What Content-Type has to be */
extern const char *const aiotop_metrics_types[AIOTOP_N_METRICS_FORMATS];

/**
 * aiotop_format_metrics:
 * @vms: @n of them; those that have no sample are there, too
 *
 * Appends the whole to @out.
 */
void aiotop_format_metrics(GString *out, const AiotopMetricsVm *vms, unsigned n,
                           const AiotopMetricsExporter *exporter,
                           AiotopMetricsFormat format);

/* What there is, for documents: in the order in which it is written */
typedef struct AiotopMetricHelp {
    /* As it is asked for: with "_total" or "_info" */
    char *name;
    /* "counter", "gauge", "histogram", "stateset" or "info" */
    const char *type;
    /* Between commas; "" if it has none */
    const char *labels;
    const char *help;
} AiotopMetricHelp;

/* Sets @help; false at the end.  The caller frees the name. */
bool aiotop_metric_help(unsigned index, AiotopMetricHelp *help);

#endif /* QEMU_AIOTOP_FORMAT_OPENMETRICS_H */
