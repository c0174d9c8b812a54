/*
 * Lines of metrics: what the writers of families share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_METRICS_WRITER_H
#define AIOTOP_FORMAT_METRICS_WRITER_H

#include "qemu-aiotop/format/metrics.h"

typedef enum MetricType {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM,
    METRIC_STATESET,
    METRIC_INFO,
} MetricType;

typedef struct MetricsWriter MetricsWriter;

/* A family of metrics, and who writes what it has of a VM, or of none */
typedef struct MetricFamily {
    /* Without prefix and suffix */
    const char *name;
    MetricType type;
    /* Which the name ends with; NULL if it has none */
    const char *unit;
    const char *labels;
    /* One sentence, without full stop */
    const char *help;
    void (*write)(MetricsWriter *writer, const AiotopMetricsVm *vm);
    void (*write_exporter)(MetricsWriter *writer,
                           const AiotopMetricsExporter *exporter);
} MetricFamily;

extern const MetricFamily metric_vm_families[];
extern const unsigned metric_n_vm_families;
extern const MetricFamily metric_loop_families[];
extern const unsigned metric_n_loop_families;

struct MetricsWriter {
    GString *out;
    bool openmetrics;
    unsigned n_vms;
    const MetricFamily *family;
    /* Its name with the prefix */
    GString *name;
    /* Of the VM that is written: vm="..." */
    const char *vm_labels;
};

/* What the name of the only series ends with: "_total", "_info" or "" */
const char *metrics_suffix(const MetricFamily *family);

/*
 * A line is begun with the name, a suffix and the labels of its VM, has labels
 * added, and is ended with its value.
 */
void metrics_begin(MetricsWriter *writer, const char *suffix);
/* @value is of aiotop_label_bound() */
void metrics_add(MetricsWriter *writer, const char *label, const char *value);
/* Any bytes; NULL for "" */
void metrics_add_text(MetricsWriter *writer, const char *label,
                      const char *text);
void metrics_end(MetricsWriter *writer, uint64_t value);
/* Nanoseconds, as seconds */
void metrics_end_ns(MetricsWriter *writer, uint64_t ns);
/* The same, but the line is to go on with an exemplar */
void metrics_add_value(MetricsWriter *writer, uint64_t value);

/* A line without labels but its VM's; none if the value is not known */
void metrics_line(MetricsWriter *writer, uint64_t value);
void metrics_line_ns(MetricsWriter *writer, uint64_t ns);

/* Appends nanoseconds as seconds, all digits */
void metrics_append_seconds(GString *out, uint64_t ns);

/*
 * Writers of families: what warns or is critical, AIOTOP_METRICS_FINDINGS of a
 * VM; and how many more there are
 */
void metrics_write_findings(MetricsWriter *writer, const AiotopMetricsVm *vm);
void metrics_write_left_out(MetricsWriter *writer, const AiotopMetricsVm *vm);

#endif /* AIOTOP_FORMAT_METRICS_WRITER_H */
