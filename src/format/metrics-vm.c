/*
 * Families of metrics: what is told of a whole VM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "metrics-writer.h"

#include <string.h>

#include "qemu-aiotop/text/label.h"

/* Bytes of an exemplar's labels: names and values, 128 characters in all */
#define EXEMPLAR_LOOP 24
#define EXEMPLAR_CALLBACK 60

/* The snapshot whose profile is served; NULL if there is none */
static const AiotopSnapshot *profile_of(const AiotopMetricsVm *vm)
{
    return vm->up ? vm->sample->now : NULL;
}

/* --- Whether there is anything to tell --- */

static void write_up(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    metrics_line(writer, vm->up);
}

static void write_profiled(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    metrics_line(writer, vm->profiled);
}

static void write_unanswered(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    static const char *const reasons[AIOTOP_N_VM_SILENCES] = {
        [AIOTOP_VM_DENIED] = "denied",
        [AIOTOP_VM_REFUSED] = "refused",
        [AIOTOP_VM_SILENT] = "silent",
        [AIOTOP_VM_MALFORMED] = "malformed",
    };

    for (unsigned i = 0; vm->profiled && i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i]) {
            metrics_begin(writer, "");
            metrics_add(writer, "reason", reasons[i]);
            metrics_end(writer, !vm->up && vm->silence == i);
        }
    }
}

static void write_age(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    metrics_line_ns(writer, vm->age_ns);
}

static void write_info(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);
    g_autofree char *pid = g_strdup_printf("%" G_GINT64_FORMAT, vm->pid);

    metrics_begin(writer, "_info");
    metrics_add_text(writer, "name", vm->name);
    metrics_add(writer, "pid", pid);
    metrics_add_text(writer, "user", vm->user);
    metrics_add_text(writer, "qemu_version", now ? now->qemu_version : NULL);
    metrics_add_text(writer, "build_id", now ? now->build_id : NULL);
    metrics_add_text(writer, "clock", now ? now->clock : NULL);
    metrics_end(writer, 1);
}

static void write_running(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);

    if (now && now->run_state) {
        metrics_line(writer, strcmp(now->run_state, "running") == 0);
    }
}

/* --- What is the matter --- */

static void write_status(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    if (vm->check) {
        metrics_line(writer, vm->check->status);
    }
}

static bool was_found(const AiotopMetricsVm *vm, AiotopClassId id)
{
    for (unsigned i = 0; i < vm->check->findings->len; i++) {
        const AiotopFinding *finding = vm->check->findings->pdata[i];

        if (finding->id == id) {
            return true;
        }
    }
    return false;
}

static void write_verdict(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    for (unsigned i = 0; vm->check && i < AIOTOP_N_CLASSES; i++) {
        metrics_begin(writer, "");
        metrics_add(writer, AIOTOP_METRIC_PREFIX "verdict",
                    aiotop_classes[i].name);
        metrics_end(writer, was_found(vm, i));
    }
}

/* --- Stalls --- */

static void append_cut(GString *out, const char *text, gsize max)
{
    g_autofree char *bound = aiotop_label_bound(text);

    if (strlen(bound) > max) {
        *g_utf8_find_prev_char(bound, bound + max + 1) = '\0';
    }
    aiotop_label_append(out, bound);
}

static void append_exemplar(GString *out, const AiotopStall *stall,
                            int64_t end_us)
{
    g_autoptr(GString) callback = g_string_new(NULL);

    if (stall->name) {
        aiotop_source_append_name(callback, stall->kind, stall->name,
                                  stall->label);
    } else {
        g_string_append(callback, aiotop_stall_cause(stall));
    }
    g_string_append_printf(
        out, " # {stall_id=\"%" G_GUINT64_FORMAT "\",loop=\"", stall->id);
    append_cut(out, stall->loop, EXEMPLAR_LOOP);
    g_string_append(out, "\",callback=\"");
    append_cut(out, callback->str, EXEMPLAR_CALLBACK);
    g_string_append(out, "\"} ");
    metrics_append_seconds(out, stall->duration_ns);
    if (end_us > 0) {
        g_string_append_c(out, ' ');
        metrics_append_seconds(out, end_us * UINT64_C(1000));
    }
}

static void write_stalls(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);
    const AiotopStall *last;
    int64_t end_us;

    if (!now || now->stall_count == AIOTOP_UNKNOWN) {
        return;
    }
    last = aiotop_ledger_stall(vm->ledger, &end_us);
    metrics_begin(writer, "_total");
    metrics_add_value(writer, now->stall_count);
    if (writer->openmetrics && last) {
        append_exemplar(writer->out, last, end_us);
    }
    g_string_append_c(writer->out, '\n');
}

static void write_threshold(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);

    if (now) {
        metrics_line_ns(writer, now->stall_threshold_ns);
    }
}

static void write_overhead(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);

    /* Per mille, and 0 is no limit */
    if (now && now->max_overhead && now->max_overhead != AIOTOP_UNKNOWN) {
        metrics_line_ns(writer, now->max_overhead * 1000000);
    }
}

/* --- The process, and its big lock --- */

static void write_cpu(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    if (vm->up || vm->check) {
        metrics_line_ns(writer, vm->sample->now->cpu_ns);
    }
}

static void write_bql_held(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);

    if (now && now->bql.known) {
        metrics_line_ns(writer, aiotop_ledger_bql_held_ns(vm->ledger));
    }
}

static void write_bql_wait(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);

    if (now && now->bql.known) {
        metrics_line_ns(writer, aiotop_ledger_bql_wait_ns(vm->ledger));
    }
}

static void write_bql_age(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);

    if (now && now->bql.known) {
        metrics_line_ns(writer, aiotop_known_or_zero(aiotop_age_ns(
                                    now->time_ns, now->bql.held_since_ns)));
    }
}

/* --- What is awaited --- */

static void write_command(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    const AiotopSnapshot *now = profile_of(vm);
    const AiotopAwaited *awaited = now ? &now->awaited : NULL;

    if (awaited && awaited->commands) {
        /* The oldest comes first */
        uint64_t since_ns = awaited->n_commands ? awaited->commands[0].since_ns
                                                : AIOTOP_UNKNOWN;

        metrics_line_ns(writer, aiotop_known_or_zero(
                                    aiotop_age_ns(now->time_ns, since_ns)));
    }
}

/* Nodes that have no series of their own are one */
typedef struct Others {
    bool any;
    uint64_t in_flight;
    uint64_t oldest_ns;
} Others;

static uint64_t oldest_ns(const AiotopSnapshot *now, const AiotopNode *node)
{
    const AiotopNodeStage *oldest = aiotop_node_oldest(node);

    return oldest ? aiotop_known_or_zero(
                        aiotop_age_ns(now->time_ns, oldest->since_ns))
                  : 0;
}

static void begin_node(MetricsWriter *writer, const char *name)
{
    metrics_begin(writer,
                  writer->family->type == METRIC_COUNTER ? "_total" : "");
    metrics_add(writer, "node", name);
}

/*
 * Calls @write for each node with series, once, however often it is listed;
 * returns what the others have
 */
static Others each_node(MetricsWriter *writer, const AiotopMetricsVm *vm,
                        void (*write)(MetricsWriter *writer,
                                      const AiotopSnapshot *now,
                                      const AiotopNode *node,
                                      const AiotopLedgerNode *shown))
{
    const AiotopSnapshot *now = profile_of(vm);
    g_autoptr(GHashTable) written = g_hash_table_new(NULL, NULL);
    Others others = { 0 };

    for (unsigned i = 0; now && i < now->awaited.n_nodes; i++) {
        const AiotopNode *node = &now->awaited.nodes[i];
        const AiotopLedgerNode *shown =
            aiotop_ledger_node(vm->ledger, node->name);

        if (shown) {
            if (g_hash_table_add(written, (gpointer)shown)) {
                write(writer, now, node, shown);
            }
        } else {
            others.any = true;
            others.in_flight += aiotop_known_or_zero(node->in_flight);
            others.oldest_ns = MAX(others.oldest_ns, oldest_ns(now, node));
        }
    }
    return others;
}

static void line_info(MetricsWriter *writer,
                      const AiotopSnapshot *now G_GNUC_UNUSED,
                      const AiotopNode *node G_GNUC_UNUSED,
                      const AiotopLedgerNode *shown)
{
    metrics_begin(writer, "_info");
    metrics_add(writer, "node", shown->name);
    metrics_add(writer, "device", shown->device);
    metrics_end(writer, 1);
}

static void write_node(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    each_node(writer, vm, line_info);
}

static void line_in_flight(MetricsWriter *writer,
                           const AiotopSnapshot *now G_GNUC_UNUSED,
                           const AiotopNode *node,
                           const AiotopLedgerNode *shown)
{
    if (node->in_flight != AIOTOP_UNKNOWN) {
        begin_node(writer, shown->name);
        metrics_end(writer, node->in_flight);
    }
}

static void write_in_flight(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Others others = each_node(writer, vm, line_in_flight);

    if (others.any) {
        begin_node(writer, AIOTOP_LEDGER_OTHER);
        metrics_end(writer, others.in_flight);
    }
}

static void line_oldest(MetricsWriter *writer, const AiotopSnapshot *now,
                        const AiotopNode *node, const AiotopLedgerNode *shown)
{
    begin_node(writer, shown->name);
    metrics_end_ns(writer, oldest_ns(now, node));
}

static void write_oldest(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Others others = each_node(writer, vm, line_oldest);

    if (others.any) {
        begin_node(writer, AIOTOP_LEDGER_OTHER);
        metrics_end_ns(writer, others.oldest_ns);
    }
}

static void line_completed(MetricsWriter *writer,
                           const AiotopSnapshot *now G_GNUC_UNUSED,
                           const AiotopNode *node,
                           const AiotopLedgerNode *shown)
{
    if (node->completed != AIOTOP_UNKNOWN) {
        begin_node(writer, shown->name);
        metrics_end(writer, node->completed);
    }
}

static void write_completed(MetricsWriter *writer, const AiotopMetricsVm *vm)
{
    Others others = each_node(writer, vm, line_completed);

    if (others.any) {
        begin_node(writer, AIOTOP_LEDGER_OTHER);
        metrics_end(writer, aiotop_ledger_other_completed(vm->ledger));
    }
}

const MetricFamily metric_vm_families[] = {
    { "up", METRIC_GAUGE, NULL, "vm",
      "1 if QEMU's profile was read within the last two intervals; else what"
      " is in it is not served",
      write_up },
    { "profiled", METRIC_GAUGE, NULL, "vm",
      "1 if this QEMU has a profiler with a socket, 0 if only the host tells"
      " of it",
      write_profiled },
    { "unanswered", METRIC_GAUGE, NULL, "vm,reason",
      "1 for the reason that a profiler's answer is missing: its socket is"
      " denied to the exporter or refused, or it is silent or malformed",
      write_unanswered },
    { "sample_age_seconds", METRIC_GAUGE, "seconds", "vm",
      "How old what is known of this VM is", write_age },
    { "vm", METRIC_INFO, NULL, "vm,name,pid,user,qemu_version,build_id,clock",
      "What this VM is", write_info },
    { "vm_running", METRIC_GAUGE, NULL, "vm",
      "1 if the guest runs, 0 if it is paused or in another state",
      write_running },
    { "status", METRIC_GAUGE, NULL, "vm",
      "What --check says: 0 OK, 1 warning, 2 critical, 3 unknown",
      write_status },
    { "verdict", METRIC_STATESET, NULL, "vm,qemu_aiotop_verdict",
      "What --diagnose finds: one or more of its classes", write_verdict },
    { "finding", METRIC_GAUGE, NULL,
      "vm,class,severity,loop,kind,callback,label,node,awaited",
      "1 for each finding that warns or is critical, as long as it holds",
      metrics_write_findings },
    { "findings_left_out", METRIC_GAUGE, NULL, "vm",
      "Findings that have no series: " G_STRINGIFY(
          AIOTOP_METRICS_FINDINGS) " of a VM have, the worst first",
      metrics_write_left_out },
    { "stalls", METRIC_COUNTER, NULL, "vm",
      "Dispatches and waits over the threshold since profiling began",
      write_stalls },
    { "stall_threshold_seconds", METRIC_GAUGE, "seconds", "vm",
      "From when on a dispatch is a stall", write_threshold },
    { "overhead_limit_ratio", METRIC_GAUGE, "ratio", "vm",
      "The part of a loop's time that timing may take at most",
      write_overhead },
    { "vm_cpu_seconds", METRIC_COUNTER, "seconds", "vm",
      "CPU time of the QEMU process", write_cpu },
    { "bql_held_seconds", METRIC_COUNTER, "seconds", "vm",
      "Time that threads had the big lock", write_bql_held },
    { "bql_wait_seconds", METRIC_COUNTER, "seconds", "vm",
      "Time that threads waited for the big lock, all of them together",
      write_bql_wait },
    { "bql_hold_age_seconds", METRIC_GAUGE, "seconds", "vm",
      "How long the big lock has been held by the one who has it, 0 if nobody"
      " has",
      write_bql_age },
    { "qmp_command_age_seconds", METRIC_GAUGE, "seconds", "vm",
      "How long the oldest QMP command without an answer has been waiting, 0"
      " if there is none",
      write_command },
    { "node", METRIC_INFO, NULL, "vm,node,device",
      "The guest's device that a block node was first seen to work for",
      write_node },
    { "node_requests", METRIC_GAUGE, NULL, "vm,node",
      "Block requests in flight at a node", write_in_flight },
    { "node_oldest_request_seconds", METRIC_GAUGE, "seconds", "vm,node",
      "How long the oldest request in flight at a node has been, 0 if there is"
      " none",
      write_oldest },
    { "node_completed_requests", METRIC_COUNTER, NULL, "vm,node",
      "Block requests that ended at a node since profiling began",
      write_completed },
};

const unsigned metric_n_vm_families = G_N_ELEMENTS(metric_vm_families);
