/*
 * Values of metrics: what is found of a VM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "metrics-writer.h"

#include <string.h>

/* All its labels; two findings that have the same are one line */
static char *finding_labels(MetricsWriter *writer, const AiotopFinding *finding)
{
    GString *out = writer->out;
    const AiotopSource *source = finding->source;
    gsize begin = out->len;

    metrics_begin(writer, "");
    metrics_add(writer, "class", aiotop_classes[finding->id].name);
    metrics_add(writer, "severity",
                aiotop_finding_is_stuck(finding) ? "critical" : "warning");
    metrics_add_text(writer, "loop", finding->loop);
    metrics_add_text(writer, "kind", source ? source->kind : NULL);
    metrics_add_text(writer, "callback", source ? source->name : NULL);
    metrics_add_text(writer, "label", source ? source->label : NULL);
    metrics_add_text(writer, "node", finding->node);
    metrics_add_text(writer, "awaited", finding->awaited);
    return g_strndup(out->str + begin, out->len - begin);
}

/* It is of a loop that has no series itself, as there are too many */
static bool is_of_no_series(const AiotopMetricsVm *vm,
                            const AiotopFinding *finding)
{
    for (unsigned i = 0; vm->up && i < vm->sample->n_loops; i++) {
        const AiotopLoop *loop = vm->sample->loops[i].now;

        if (finding->loop && loop->thread_id == finding->thread_id &&
            strcmp(loop->name, finding->loop) == 0) {
            return !aiotop_ledger_loop(vm->ledger, i);
        }
    }
    return false;
}

/* What was told of a VM, as its names are the peer's to choose */
typedef struct Told {
    MetricsWriter *writer;
    const AiotopMetricsVm *vm;
    /* Labels, as they were written */
    GHashTable *labels;
    unsigned left_out;
} Told;

static void tell_finding(Told *told, const AiotopFinding *finding)
{
    GString *out = told->writer->out;
    gsize begin = out->len;
    g_autofree char *labels = finding_labels(told->writer, finding);

    if (g_hash_table_contains(told->labels, labels)) {
        g_string_truncate(out, begin);
    } else if (g_hash_table_size(told->labels) == AIOTOP_METRICS_FINDINGS ||
               is_of_no_series(told->vm, finding)) {
        g_string_truncate(out, begin);
        told->left_out++;
    } else {
        g_hash_table_add(told->labels, g_steal_pointer(&labels));
        metrics_end(told->writer, 1);
    }
}

/* What is stuck first; returns how many are not told of */
static unsigned tell_findings(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    g_autoptr(GHashTable) labels =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Told told = { writer, vm, labels, 0 };
    unsigned n = vm->check ? vm->check->findings->len : 0;

    for (unsigned i = 0; i < 2 * n; i++) {
        const AiotopFinding *finding = vm->check->findings->pdata[i % n];
        bool is_stuck = aiotop_finding_is_stuck(finding);

        if (i < n ? is_stuck : !is_stuck && aiotop_finding_warns(finding)) {
            tell_finding(&told, finding);
        }
    }
    return told.left_out;
}

void metrics_write_findings(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    tell_findings(writer, vm);
}

void metrics_write_left_out(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    gsize begin = writer->out->len;
    unsigned left_out = tell_findings(writer, vm);

    g_string_truncate(writer->out, begin);
    if (vm->check) {
        metrics_line(writer, left_out);
    }
}
