/*
 * Writer: metrics of VMs
 *
 * A family at a time, as both formats want it: its head, then all its lines.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/openmetrics.h"

#include "metrics-writer.h"

#include "qemu-aiotop/text/label.h"

const char *const aiotop_metrics_types[AIOTOP_N_METRICS_FORMATS] = {
    [AIOTOP_METRICS_CLASSIC] = "text/plain; version=0.0.4; charset=utf-8",
    [AIOTOP_METRICS_OPENMETRICS] =
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* --- Who serves it --- */

static void write_build(MetricsWriter *writer,
                        const AiotopMetricsExporter *exporter)
{
    metrics_begin(writer, "_info");
    metrics_add_text(writer, "version", exporter->version);
    metrics_end(writer, 1);
}

static void write_vms(MetricsWriter *writer,
                      const AiotopMetricsExporter *exporter G_GNUC_UNUSED)
{
    metrics_line(writer, writer->n_vms);
}

static void write_left_out(MetricsWriter *writer,
                           const AiotopMetricsExporter *exporter)
{
    metrics_line(writer, exporter->left_out);
}

static void write_renderings(MetricsWriter *writer,
                             const AiotopMetricsExporter *exporter)
{
    metrics_line(writer, exporter->renderings);
}

static void write_rendering_time(MetricsWriter *writer,
                                 const AiotopMetricsExporter *exporter)
{
    metrics_line_ns(writer, exporter->rendering_ns);
}

static void write_cpu(MetricsWriter *writer,
                      const AiotopMetricsExporter *exporter)
{
    metrics_line_ns(writer, exporter->cpu_ns);
}

static void write_resident(MetricsWriter *writer,
                           const AiotopMetricsExporter *exporter)
{
    metrics_line(writer, exporter->resident_bytes);
}

static const MetricFamily exporter_families[] = {
    { "exporter", METRIC_INFO, NULL, "version",
      "The exporter that these metrics come from", NULL, write_build },
    { "vms", METRIC_GAUGE, NULL, "", "QEMU processes that are told of here",
      NULL, write_vms },
    { "vms_left_out", METRIC_GAUGE, NULL, "",
      "QEMU processes that are not told of: 1000 are, and of these 500 of one"
      " user, or of all who are not trusted with a name",
      NULL, write_left_out },
    { "exporter_renderings", METRIC_COUNTER, NULL, "",
      "How often metrics were written anew, for however many scrapes", NULL,
      write_renderings },
    { "exporter_rendering_seconds", METRIC_COUNTER, "seconds", "",
      "Time that this took", NULL, write_rendering_time },
    { "exporter_cpu_seconds", METRIC_COUNTER, "seconds", "",
      "CPU time of the exporter itself", NULL, write_cpu },
    { "exporter_resident_memory_bytes", METRIC_GAUGE, "bytes", "",
      "Memory that the exporter itself has resident", NULL, write_resident },
};

/* --- The whole --- */

static const char *type_name(MetricType type)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "counter",     [METRIC_GAUGE] = "gauge",
        [METRIC_HISTOGRAM] = "histogram", [METRIC_STATESET] = "stateset",
        [METRIC_INFO] = "info",
    };

    return names[type];
}

/* The classic format has no name but that of the series, and fewer types */
static void write_head(MetricsWriter *writer)
{
    const MetricFamily *family = writer->family;
    const char *name = writer->name->str;
    const char *suffix = writer->openmetrics ? "" : metrics_suffix(family);
    const char *type = type_name(family->type);

    if (!writer->openmetrics &&
        (family->type == METRIC_STATESET || family->type == METRIC_INFO)) {
        type = "gauge";
    }
    g_string_append_printf(writer->out, "# TYPE %s%s %s\n", name, suffix, type);
    if (writer->openmetrics && family->unit) {
        g_string_append_printf(writer->out, "# UNIT %s %s\n", name,
                               family->unit);
    }
    g_string_append_printf(writer->out, "# HELP %s%s %s.\n", name, suffix,
                           family->help);
}

/* A family that nobody has anything of has no head either */
static void write_family(MetricsWriter *writer, const MetricFamily *family,
                         const AiotopMetricsVm *vms, GPtrArray *labels,
                         const AiotopMetricsExporter *exporter)
{
    gsize begin = writer->out->len, lines;

    writer->family = family;
    g_string_assign(writer->name, AIOTOP_METRIC_PREFIX);
    g_string_append(writer->name, family->name);
    write_head(writer);
    lines = writer->out->len;
    writer->vm_labels = NULL;
    if (family->write_exporter) {
        family->write_exporter(writer, exporter);
    } else {
        for (unsigned i = 0; i < writer->n_vms; i++) {
            writer->vm_labels = labels->pdata[i];
            family->write(writer, &vms[i]);
        }
    }
    if (writer->out->len == lines) {
        g_string_truncate(writer->out, begin);
    }
}

/* Exporter's, VMs', loops': one list */
static const MetricFamily *get_family(unsigned index)
{
    const struct {
        const MetricFamily *families;
        unsigned n;
    } parts[] = {
        { exporter_families, G_N_ELEMENTS(exporter_families) },
        { metric_vm_families, metric_n_vm_families },
        { metric_loop_families, metric_n_loop_families },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (index < parts[i].n) {
            return &parts[i].families[index];
        }
        index -= parts[i].n;
    }
    return NULL;
}

static char *make_vm_labels(const AiotopMetricsVm *vm)
{
    GString *labels = g_string_new("vm=\"");

    aiotop_label_append(labels, vm->label);
    g_string_append_c(labels, '"');
    return g_string_free(labels, FALSE);
}

void aiotop_format_metrics(GString *out, const AiotopMetricsVm *vms, unsigned n,
                           const AiotopMetricsExporter *exporter,
                           AiotopMetricsFormat format)
{
    g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) name = g_string_new(NULL);
    MetricsWriter writer = {
        .out = out,
        .openmetrics = format == AIOTOP_METRICS_OPENMETRICS,
        .n_vms = n,
        .name = name,
    };
    const MetricFamily *family;

    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(labels, make_vm_labels(&vms[i]));
    }
    for (unsigned i = 0; (family = get_family(i)); i++) {
        write_family(&writer, family, vms, labels, exporter);
    }
    if (writer.openmetrics) {
        g_string_append(out, "# EOF\n");
    }
}

bool aiotop_metric_help(unsigned index, AiotopMetricHelp *help)
{
    const MetricFamily *family = get_family(index);

    if (!family) {
        return false;
    }
    *help = (AiotopMetricHelp){
        .name = g_strconcat(AIOTOP_METRIC_PREFIX, family->name,
                            metrics_suffix(family), NULL),
        .type = type_name(family->type),
        .labels = family->labels,
        .help = family->help,
    };
    return true;
}
