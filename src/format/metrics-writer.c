/*
 * Lines of metrics
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "metrics-writer.h"

#include <string.h>

#include "qemu-aiotop/text/label.h"

void metrics_begin(MetricsWriter *writer, const char *suffix)
{
    GString *out = writer->out;

    g_string_append_len(out, writer->name->str, writer->name->len);
    g_string_append(out, suffix);
    g_string_append_c(out, '{');
    if (writer->vm_labels) {
        g_string_append(out, writer->vm_labels);
    }
}

void metrics_add(MetricsWriter *writer, const char *label, const char *value)
{
    GString *out = writer->out;

    if (out->str[out->len - 1] != '{') {
        g_string_append_c(out, ',');
    }
    g_string_append(out, label);
    g_string_append(out, "=\"");
    aiotop_label_append(out, value);
    g_string_append_c(out, '"');
}

void metrics_add_text(MetricsWriter *writer, const char *label,
                      const char *text)
{
    g_autofree char *value = aiotop_label_bound(text ? text : "");

    metrics_add(writer, label, value);
}

static void append_unsigned(GString *out, uint64_t value)
{
    char digits[20];
    unsigned at = sizeof(digits);

    do {
        digits[--at] = '0' + value % 10;
        value /= 10;
    } while (value);
    g_string_append_len(out, digits + at, sizeof(digits) - at);
}

void metrics_append_seconds(GString *out, uint64_t ns)
{
    uint64_t part = ns % 1000000000;
    char digits[] = ".000000000";
    unsigned len = strlen(digits);

    append_unsigned(out, ns / 1000000000);
    if (!part) {
        return;
    }
    for (unsigned at = len; part; part /= 10) {
        digits[--at] = '0' + part % 10;
    }
    while (digits[len - 1] == '0') {
        len--;
    }
    g_string_append_len(out, digits, len);
}

/* No labels, no braces */
static void end_labels(GString *out)
{
    if (out->str[out->len - 1] == '{') {
        g_string_truncate(out, out->len - 1);
    } else {
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ' ');
}

void metrics_add_value(MetricsWriter *writer, uint64_t value)
{
    end_labels(writer->out);
    append_unsigned(writer->out, value);
}

void metrics_end(MetricsWriter *writer, uint64_t value)
{
    metrics_add_value(writer, value);
    g_string_append_c(writer->out, '\n');
}

void metrics_end_ns(MetricsWriter *writer, uint64_t ns)
{
    end_labels(writer->out);
    metrics_append_seconds(writer->out, ns);
    g_string_append_c(writer->out, '\n');
}

const char *metrics_suffix(const MetricFamily *family)
{
    return family->type == METRIC_COUNTER ? "_total"
           : family->type == METRIC_INFO  ? "_info"
                                          : "";
}

void metrics_line(MetricsWriter *writer, uint64_t value)
{
    if (value != AIOTOP_UNKNOWN) {
        metrics_begin(writer, metrics_suffix(writer->family));
        metrics_end(writer, value);
    }
}

void metrics_line_ns(MetricsWriter *writer, uint64_t ns)
{
    if (ns != AIOTOP_UNKNOWN) {
        metrics_begin(writer, metrics_suffix(writer->family));
        metrics_end_ns(writer, ns);
    }
}
