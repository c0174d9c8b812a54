/*
 * Metrics as text: what is there, and that any of it may be read
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/format/openmetrics.h>
#include <qemu-aiotop/text/label.h>

#include "quoted.h"

#define SOURCE(id, members)                                                    \
    "{'id':" #id ",'kind':'bh','name':'f','max-ns':100," members "}"

/* Two snapshots, five seconds apart, and what is made of them */
typedef struct Vm {
    AiotopSample *sample;
    AiotopLedger *ledger;
    AiotopCheckResult check;
    AiotopMetricsVm metrics;
} Vm;

static void vm_free(Vm *vm)
{
    aiotop_check_result_clear(&vm->check);
    aiotop_ledger_free(vm->ledger);
    aiotop_sample_free(vm->sample);
    g_free(vm);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vm, vm_free)

static const AiotopCheck checked = { .since_ns = UINT64_C(300000000000) };

/* @members of the second one, which may come again */
static Vm *vm_new(const char *label, const char *members)
{
    static const char text[] =
        "{'sequence':%u,'time-ns':%u000000000,'pid':7,'vm-name':'vm1',"
        "'qemu-version':'10.0.2 (Debian \\\"x\\\")','build-id':'abcd',"
        "'clock':'tsc','max-overhead':10,'run-state':'running',"
        "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000,"
        "'loops':[{'name':'main-loop','thread-id':7,'since-ns':1000000000,"
        "'iterations':0,'dispatches':0,'wait-ns':0,'poll-ns':0,"
        "'dispatch-ns':0,'bql-wait-ns':0,'poll-hits':0,'poll-misses':0,"
        "'cpu-ns':0,'state':'waiting','state-since-ns':9000000000,"
        "'sources':[]}]%s%s}";
    g_autofree char *before = g_strdup_printf(text, 10, 10, "", "");
    g_autofree char *now =
        g_strdup_printf(text, 15, 15, *members ? "," : "", members);
    g_autoptr(AiotopSnapshot) first = parse(before);
    g_autoptr(AiotopSnapshot) second = parse_after(first, now);
    g_autoptr(AiotopSample) begin = aiotop_sample_new(NULL, first);
    Vm *vm = g_new0(Vm, 1);

    vm->sample = aiotop_sample_new(first, second);
    vm->sample->real_time_us = 1700000000000000;
    vm->ledger = aiotop_ledger_new();
    aiotop_ledger_update(vm->ledger, begin, UINT64_C(10000000000));
    aiotop_ledger_update(vm->ledger, vm->sample, UINT64_C(15000000000));
    aiotop_check_run(&vm->check, vm->sample, &checked);
    vm->metrics = (AiotopMetricsVm){
        .label = label,
        .name = vm->sample->now->vm_name,
        .pid = 7,
        .profiled = true,
        .up = true,
        .age_ns = 1500000000,
        .sample = vm->sample,
        .ledger = vm->ledger,
        .check = &vm->check,
    };
    return vm;
}

static char *format(const AiotopMetricsVm *vms, unsigned n,
                    AiotopMetricsFormat format)
{
    static const AiotopMetricsExporter exporter = {
        .version = "0.1",
        .left_out = 2,
        .cpu_ns = 1230000000,
        .resident_bytes = 4096,
        .renderings = 3,
        .rendering_ns = 1,
    };
    GString *out = g_string_new(NULL);

    aiotop_format_metrics(out, vms, n, &exporter, format);
    return g_string_free(out, FALSE);
}

static bool has_line(const char *text, const char *line)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    return g_strv_contains((const char *const *)lines, line);
}

/* All of @lines, between line ends, with single quotes for double ones */
static void expect(const char *text, const char *lines)
{
    g_autofree char *wanted = quoted(lines);
    g_auto(GStrv) parts = g_strsplit(wanted, "\n", -1);

    for (unsigned i = 0; parts[i]; i++) {
        g_test_message("%s", parts[i]);
        g_assert_true(has_line(text, parts[i]));
    }
}

static void expect_in_both(const Vm *vm, const char *lines)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm->metrics, 1, i);

        expect(text, lines);
    }
}

/* --- The form of the whole --- */

/* Whether a series of this name is one of the family's */
static bool is_of_family(const char *name, const char *family, const char *type)
{
    static const char *const suffixes[][5] = {
        { "counter", "_total" },
        { "gauge", "" },
        { "histogram", "_bucket", "_count", "_sum" },
        { "stateset", "" },
        { "info", "_info" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        for (unsigned j = 1; suffixes[i][j]; j++) {
            g_autofree char *whole = g_strconcat(family, suffixes[i][j], NULL);

            if (strcmp(type, suffixes[i][0]) == 0 && strcmp(name, whole) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* A head: "# TYPE family type", and so on */
static void check_head(GHashTable *seen, GPtrArray *family, char *line,
                       bool openmetrics)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);

    g_assert_cmpuint(g_strv_length(words), ==, 4);
    g_assert_true(
        g_hash_table_add(seen, g_strdup_printf("%s %s", words[1], words[2])));
    if (strcmp(words[1], "TYPE") == 0) {
        g_ptr_array_set_size(family, 0);
        g_ptr_array_add(family, g_strdup(words[2]));
        g_ptr_array_add(family, g_strdup(words[3]));
        return;
    }
    g_assert_cmpstr(words[2], ==, family->pdata[0]);
    if (strcmp(words[1], "UNIT") == 0) {
        g_autofree char *end = g_strconcat("_", words[3], NULL);

        g_assert_true(openmetrics);
        g_assert_true(g_str_has_suffix(words[2], end));
    } else {
        g_assert_cmpstr(words[1], ==, "HELP");
    }
}

static void check_series(GHashTable *seen, GPtrArray *family, char *line,
                         bool openmetrics)
{
    gsize name_len = strcspn(line, "{ ");
    g_autofree char *name = g_strndup(line, name_len);
    const char *at = line + name_len;
    bool in_quotes = false;
    char *end;

    if (openmetrics || strcmp(family->pdata[1], "histogram") == 0) {
        g_assert_true(is_of_family(name, family->pdata[0], family->pdata[1]));
    } else {
        g_assert_cmpstr(name, ==, family->pdata[0]);
    }
    while (*at && (in_quotes || *at != ' ')) {
        in_quotes ^= *at == '"';
        at += *at == '\\' && at[1] ? 2 : 1;
    }
    g_assert_cmpint(*at, ==, ' ');
    g_assert_true(g_hash_table_add(seen, g_strndup(line, at - line)));
    g_ascii_strtod(at + 1, &end);
    g_assert_true(end > at + 1 && (!*end || (openmetrics && *end == ' ')));
}

/* That it has the form that both formats ask for */
static void check_form(const char *text, bool openmetrics)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) family = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned n = g_strv_length(lines);

    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpstr(lines[n - 1], ==, "");
    if (openmetrics) {
        g_assert_cmpstr(lines[--n - 1], ==, "# EOF");
    }
    for (unsigned i = 0; i + 1 < n; i++) {
        if (g_str_has_prefix(lines[i], "# ")) {
            check_head(seen, family, lines[i], openmetrics);
        } else {
            check_series(seen, family, lines[i], openmetrics);
        }
    }
}

static void test_form(void)
{
    g_autoptr(Vm) one = vm_new("a", "");
    g_autoptr(Vm) two = vm_new("b", "");
    const AiotopMetricsVm vms[] = { one->metrics, two->metrics };

    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        for (unsigned n = 0; n <= 2; n++) {
            g_autofree char *text = format(vms, n, i);

            check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
        }
    }
}

/* What a family of each type is called in its head */
static void test_types(void)
{
    g_autoptr(Vm) vm = vm_new("a", "'stall-count':3");
    g_autofree char *classic = format(&vm->metrics, 1, AIOTOP_METRICS_CLASSIC);
    g_autofree char *open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    expect(classic, "# TYPE qemu_aiotop_stalls_total counter\n"
                    "# TYPE qemu_aiotop_vm_info gauge\n"
                    "# TYPE qemu_aiotop_verdict gauge\n"
                    "# TYPE qemu_aiotop_up gauge\n"
                    "# TYPE qemu_aiotop_loop_dispatch_delay_seconds histogram");
    expect(open, "# TYPE qemu_aiotop_stalls counter\n"
                 "# TYPE qemu_aiotop_vm info\n"
                 "# TYPE qemu_aiotop_verdict stateset\n"
                 "# TYPE qemu_aiotop_up gauge\n"
                 "# TYPE qemu_aiotop_loop_time_seconds counter\n"
                 "# UNIT qemu_aiotop_loop_time_seconds seconds\n"
                 "# TYPE qemu_aiotop_loop_dispatch_delay_seconds histogram");
    g_assert_null(strstr(classic, "# UNIT"));
    g_assert_null(strstr(classic, "# EOF"));
}

/* --- What is told --- */

static void test_exporter(void)
{
    g_autoptr(Vm) vm = vm_new("a", "");

    expect_in_both(vm, "qemu_aiotop_exporter_info{version='0.1'} 1\n"
                       "qemu_aiotop_vms 1\n"
                       "qemu_aiotop_vms_left_out 2\n"
                       "qemu_aiotop_exporter_renderings_total 3\n"
                       "qemu_aiotop_exporter_rendering_seconds_total "
                       "0.000000001\n"
                       "qemu_aiotop_exporter_cpu_seconds_total 1.23\n"
                       "qemu_aiotop_exporter_resident_memory_bytes 4096");
}

static void test_vm(void)
{
    g_autoptr(Vm) vm =
        vm_new("a", "'bql':{'holder-thread-id':8,"
                    "'held-since-ns':14500000000,'threads':[{'name':'CPU 0',"
                    "'thread-id':8,'held-ns':5,'wait-ns':6}]}");

    vm->sample->now->cpu_ns = 7000000001;
    expect_in_both(
        vm, "qemu_aiotop_up{vm='a'} 1\n"
            "qemu_aiotop_profiled{vm='a'} 1\n"
            "qemu_aiotop_sample_age_seconds{vm='a'} 1.5\n"
            "qemu_aiotop_vm_running{vm='a'} 1\n"
            "qemu_aiotop_status{vm='a'} 0\n"
            "qemu_aiotop_verdict{vm='a',qemu_aiotop_verdict='healthy'} 1\n"
            "qemu_aiotop_verdict{vm='a',qemu_aiotop_verdict='io-stuck'} 0\n"
            "qemu_aiotop_stall_threshold_seconds{vm='a'} 0.1\n"
            "qemu_aiotop_overhead_limit_ratio{vm='a'} 0.01\n"
            "qemu_aiotop_vm_cpu_seconds_total{vm='a'} 7.000000001\n"
            "qemu_aiotop_bql_held_seconds_total{vm='a'} 0.000000005\n"
            "qemu_aiotop_bql_wait_seconds_total{vm='a'} 0.000000006\n"
            "qemu_aiotop_bql_hold_age_seconds{vm='a'} 0.5");
    {
        g_autofree char *text = format(&vm->metrics, 1, AIOTOP_METRICS_CLASSIC);

        g_assert_nonnull(strstr(text,
                                "qemu_aiotop_vm_info{vm=\"a\",name=\"vm1\","
                                "pid=\"7\",qemu_version=\"10.0.2 (Debian "));
        g_assert_null(strstr(text, "qemu_aiotop_finding{"));
    }
}

static void test_commands(void)
{
    g_autoptr(Vm) some =
        vm_new("a", "'commands':[{'name':'stop','since-ns':13000000000},"
                    "{'name':'cont','since-ns':14000000000}]");
    g_autoptr(Vm) none = vm_new("a", "'commands':[]");

    expect_in_both(some, "qemu_aiotop_qmp_command_age_seconds{vm='a'} 2");
    expect_in_both(none, "qemu_aiotop_qmp_command_age_seconds{vm='a'} 0");
}

/* What is not known has no series: no counter is NaN, and none is 0 for it */
static void test_unknown(void)
{
    g_autoptr(Vm) vm = vm_new("a", "");
    g_autofree char *text = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);
    static const char *const unknown[] = {
        "qemu_aiotop_stalls",
        "qemu_aiotop_bql",
        "qemu_aiotop_node",
        "vm_cpu_seconds",
        "qemu_aiotop_qmp_command",
        "run_queue",
        "NaN",
        "18446744073709551615",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++) {
        g_test_message("%s", unknown[i]);
        g_assert_null(strstr(text, unknown[i]));
    }
}

#define LOOP(members)                                                          \
    "'loops':[{'name':'main-loop','thread-id':7,'since-ns':1000000000,"        \
    "'iterations':3,'dispatches':4,'wait-ns':1000000000,'poll-ns':5,"          \
    "'dispatch-ns':6,'bql-wait-ns':7,'poll-hits':8,'poll-misses':9,"           \
    "'cpu-ns':10," members "}]"

static void test_loop(void)
{
    g_autoptr(Vm) vm =
        vm_new("a", LOOP("'state':'dispatching','state-since-ns':13000000000,"
                         "'bh-pending-since-ns':14000000000,"
                         "'stack':[{'source-id':1,'since-ns':13000000000}],"
                         "'sources':[" SOURCE(1, "'label':'vd0'") "]"));

    vm->sample->now->loops[0].run_queue_ns = 11;
    expect_in_both(
        vm,
        "qemu_aiotop_loop_info{vm='a',loop='main-loop',thread_id='7',"
        "type='loop'} 1\n"
        "qemu_aiotop_loop_state{vm='a',loop='main-loop',"
        "qemu_aiotop_loop_state='dispatching'} 1\n"
        "qemu_aiotop_loop_state{vm='a',loop='main-loop',"
        "qemu_aiotop_loop_state='waiting'} 0\n"
        "qemu_aiotop_loop_iterations_total{vm='a',loop='main-loop'} 3\n"
        "qemu_aiotop_loop_dispatches_total{vm='a',loop='main-loop'} 4\n"
        "qemu_aiotop_loop_time_seconds_total{vm='a',loop='main-loop',"
        "state='waiting'} 1\n"
        "qemu_aiotop_loop_time_seconds_total{vm='a',loop='main-loop',"
        "state='polling'} 0.000000005\n"
        "qemu_aiotop_loop_time_seconds_total{vm='a',loop='main-loop',"
        "state='dispatching'} 0.000000006\n"
        "qemu_aiotop_loop_time_seconds_total{vm='a',loop='main-loop',"
        "state='bql-wait'} 0.000000007\n"
        "qemu_aiotop_loop_polls_total{vm='a',loop='main-loop',result='hit'} 8\n"
        "qemu_aiotop_loop_polls_total{vm='a',loop='main-loop',"
        "result='miss'} 9\n"
        "qemu_aiotop_loop_cpu_seconds_total{vm='a',loop='main-loop'} "
        "0.00000001\n"
        "qemu_aiotop_loop_run_queue_seconds_total{vm='a',loop='main-loop'} "
        "0.000000011\n"
        "qemu_aiotop_loop_dispatch_age_seconds{vm='a',loop='main-loop'} 2\n"
        "qemu_aiotop_loop_lock_wait_age_seconds{vm='a',loop='main-loop'} 0\n"
        "qemu_aiotop_loop_backlog_age_seconds{vm='a',loop='main-loop'} 1\n"
        "qemu_aiotop_status{vm='a'} 2\n"
        "qemu_aiotop_finding{vm='a',class='callback-stuck',"
        "severity='critical',loop='main-loop',kind='bh',callback='f',"
        "label='vd0',node='',awaited=''} 1\n"
        "qemu_aiotop_verdict{vm='a',qemu_aiotop_verdict='callback-stuck'} 1\n"
        "qemu_aiotop_verdict{vm='a',qemu_aiotop_verdict='healthy'} 0");
}

/* A vCPU's thread has no rounds, no state and no histograms */
static void test_thread(void)
{
    g_autoptr(Vm) vm = vm_new(
        "a", "'loops':[{'name':'CPU 0/KVM','thread-id':8,'since-ns':1,"
             "'iterations':0,'dispatches':4,'dispatch-ns':6,'bql-wait-ns':7,"
             "'cpu-ns':9,'wait-ns':0,'poll-ns':0,'poll-hits':0,"
             "'poll-misses':0,'sources':[]}]");
    g_autofree char *text = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    expect_in_both(
        vm, "qemu_aiotop_loop_info{vm='a',loop='CPU 0/KVM',thread_id='8',"
            "type='thread'} 1\n"
            "qemu_aiotop_loop_dispatches_total{vm='a',loop='CPU 0/KVM'} 4\n"
            "qemu_aiotop_loop_cpu_seconds_total{vm='a',loop='CPU 0/KVM'} "
            "0.000000009");
    g_assert_null(strstr(text, "loop_state{"));
    g_assert_null(strstr(text, "_bucket{"));
    g_assert_null(strstr(text, "state=\"waiting\""));
}

static void test_histogram(void)
{
    g_autoptr(Vm) vm = vm_new(
        "a", LOOP("'state':'waiting','state-since-ns':14000000000,"
                  "'sources':[" SOURCE(
                      1, "'calls':7,'timed-calls':7,'busy-ns':2000000000,"
                         "'total-ns':2000000000,"
                         "'histogram':{'buckets':[0,1,2,137],"
                         "'counts':[1,2,3,1]}") "]"));

    expect_in_both(vm,
                   "qemu_aiotop_loop_dispatch_duration_seconds_bucket{vm='a',"
                   "loop='main-loop',le='0.000000064'} 1\n"
                   "qemu_aiotop_loop_dispatch_duration_seconds_bucket{vm='a',"
                   "loop='main-loop',le='0.000000256'} 6\n"
                   "qemu_aiotop_loop_dispatch_duration_seconds_bucket{vm='a',"
                   "loop='main-loop',le='4.294967296'} 6\n"
                   "qemu_aiotop_loop_dispatch_duration_seconds_bucket{vm='a',"
                   "loop='main-loop',le='+Inf'} 7\n"
                   "qemu_aiotop_loop_dispatch_duration_seconds_count{vm='a',"
                   "loop='main-loop'} 7\n"
                   "qemu_aiotop_loop_dispatch_duration_seconds_sum{vm='a',"
                   "loop='main-loop'} 2");
}

static void test_sources(void)
{
    g_autoptr(Vm) vm = vm_new(
        "a", LOOP("'state':'waiting','state-since-ns':14000000000,"
                  "'sources':[" SOURCE(1, "'calls':7,'busy-ns':2000") "]"));

    /* New in this interval, it was booked on the others */
    expect_in_both(vm, "qemu_aiotop_source_calls_total{vm='a',loop='main-loop',"
                       "kind='bh',callback='f',label=''} 0\n"
                       "qemu_aiotop_source_calls_total{vm='a',loop='main-loop',"
                       "kind='',callback='(other)',label=''} 7\n"
                       "qemu_aiotop_source_busy_seconds_total{vm='a',"
                       "loop='main-loop',kind='',callback='(other)',label=''} "
                       "0.000002");
}

#define NODE(name, members) "{'node':'" name "'," members "}"

static void test_nodes(void)
{
    g_autoptr(Vm) vm = vm_new(
        "a",
        "'nodes':[" NODE(
            "disk0",
            "'device':'vd0','in-flight':3,'completed':9,"
            "'stages':[{'stage':'driver','count':1,"
            "'since-ns':14750000000},{'stage':'pool',"
            "'count':2,'since-ns':14900000000}]") "," NODE("#block1",
                                                           "'in-flight':0,'"
                                                           "completed':1,"
                                                           "'stages':[]") "]");

    expect_in_both(
        vm,
        "qemu_aiotop_node_requests{vm='a',node='disk0'} 3\n"
        "qemu_aiotop_node_oldest_request_seconds{vm='a',node='disk0'} 0.25\n"
        "qemu_aiotop_node_completed_requests_total{vm='a',node='disk0'} 9\n"
        "qemu_aiotop_node_requests{vm='a',node='#block1'} 0\n"
        "qemu_aiotop_node_oldest_request_seconds{vm='a',node='#block1'} 0");
}

/* Strict readers refuse a whole text in which a series is there twice */
static void test_nothing_twice(void)
{
    static const char nodes[] =
        "'nodes':[{'node':'n','in-flight':1,'stages':[]},"
        "{'node':'n','in-flight':2,'stages':[]},"
        "{'node':'(other)','in-flight':3,'stages':[]},"
        "{'node':'n2','in-flight':4,'stages':[]}],";
    static const char loop[] =
        LOOP("'state':'waiting',"
             "'sources':[{'id':1,'kind':'','name':'(other)','calls':3}]");
    g_autofree char *members = g_strconcat(nodes, loop, NULL);
    g_autoptr(Vm) vm = vm_new("a", members);

    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm->metrics, 1, i);

        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
    }
    expect_in_both(vm, "qemu_aiotop_node_requests{vm='a',node='n'} 1\n"
                       "qemu_aiotop_node_requests{vm='a',node='(other)'} 3\n"
                       "qemu_aiotop_node_requests{vm='a',node='n2'} 4");
}

/* --- What is not served --- */

static void test_old_profile(void)
{
    g_autoptr(Vm) vm = vm_new("a", "'stall-count':3");
    g_autofree char *text = NULL;

    vm->metrics.up = false;
    vm->metrics.check = NULL;
    vm->metrics.age_ns = 11000000000;
    text = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);
    expect(text, "qemu_aiotop_up{vm='a'} 0\n"
                 "qemu_aiotop_profiled{vm='a'} 1\n"
                 "qemu_aiotop_sample_age_seconds{vm='a'} 11");
    g_assert_null(strstr(text, "qemu_aiotop_stalls"));
    g_assert_null(strstr(text, "qemu_aiotop_loop"));
    g_assert_null(strstr(text, "qemu_aiotop_source"));
    g_assert_null(strstr(text, "qemu_aiotop_status"));
    g_assert_null(strstr(text, "10.0.2"));
    check_form(text, true);
}

/* It is no alarm if the exporter may not use a socket */
static void test_unanswered(void)
{
    AiotopMetricsVm vm = { .label = "a",
                           .pid = 8,
                           .profiled = true,
                           .silence = AIOTOP_VM_DENIED,
                           .age_ns = AIOTOP_UNKNOWN };

    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm, 1, i);

        expect(text, "qemu_aiotop_unanswered{vm='a',reason='denied'} 1\n"
                     "qemu_aiotop_unanswered{vm='a',reason='refused'} 0\n"
                     "qemu_aiotop_unanswered{vm='a',reason='silent'} 0\n"
                     "qemu_aiotop_unanswered{vm='a',reason='malformed'} 0");
        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
    }
}

static void test_no_sample(void)
{
    const AiotopMetricsVm vm = { .label = "a",
                                 .pid = 8,
                                 .age_ns = AIOTOP_UNKNOWN };

    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm, 1, i);

        expect(text, "qemu_aiotop_up{vm='a'} 0\n"
                     "qemu_aiotop_profiled{vm='a'} 0\n"
                     "qemu_aiotop_vm_info{vm='a',name='',pid='8',"
                     "qemu_version='',build_id='',clock=''} 1");
        g_assert_null(strstr(text, "sample_age"));
        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
    }
}

/* --- Exemplars --- */

#define STALL(members)                                                         \
    "'stall-count':9,'stalls':[{'id':4,'loop':'l','start-ns':1,"               \
    "'duration-ns':2},{'id':5," members                                        \
    "'start-ns':12000000000,'duration-ns':250000000}"                          \
    ",{'id':6,'loop':'l','start-ns':14000000000,'duration-ns':1000000000,"     \
    "'ongoing':true}]"

static void test_exemplar(void)
{
    g_autoptr(Vm) vm = vm_new(
        "a",
        STALL("'loop':'main-loop','kind':'bh','name':'f\\\"','label':'vd0',"
              "'cause':'dispatch',"));
    g_autofree char *classic = NULL, *open = NULL;

    classic = format(&vm->metrics, 1, AIOTOP_METRICS_CLASSIC);
    open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);
    expect(classic, "qemu_aiotop_stalls_total{vm='a'} 9");
    g_assert_null(strstr(classic, " # {"));
    g_test_message("%s", strstr(open, "stalls_total"));
    g_assert_nonnull(
        strstr(open, "qemu_aiotop_stalls_total{vm=\"a\"} 9 # {stall_id=\"5\","
                     "loop=\"main-loop\",callback=\"bh f\\\" vd0\"} 0.25 "
                     "1699999997.25\n"));
    check_form(open, true);
}

/* Told again in another sample, read later, it has ended when it did */
static void test_exemplar_told_again(void)
{
    g_autoptr(Vm) vm = vm_new("a", STALL("'loop':'l','cause':'dispatch',"));
    g_autoptr(AiotopSnapshot) again =
        parse("{'sequence':20,'time-ns':20000000000,'pid':7,"
              "'profiling-since-ns':1000000000,'loops':[]," STALL(
                  "'loop':'l','cause':'dispatch',") "}");
    g_autofree char *open = NULL;

    vm->metrics.sample = aiotop_sample_new(vm->sample->now, again);
    aiotop_sample_free(vm->sample);
    vm->sample = (AiotopSample *)vm->metrics.sample;
    /* 5 s in the other one's time, and 6 s in ours */
    vm->sample->real_time_us = 1700000006000000;
    aiotop_ledger_update(vm->ledger, vm->sample, UINT64_C(21000000000));
    open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);
    g_test_message("%s", strstr(open, "stalls_total"));
    g_assert_nonnull(strstr(open, "} 0.25 1699999997.25\n"));
}

static void test_exemplar_of_a_wait(void)
{
    g_autoptr(Vm) vm =
        vm_new("a", STALL("'loop':'main-loop','cause':'bql-wait',"));
    g_autofree char *open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    g_assert_nonnull(strstr(open, "callback=\"bql-wait\"} 0.25 "));
}

/* Names and values together, as characters */
static gsize exemplar_length(const char *text)
{
    const char *at = strstr(text, " # {") + 4;
    const char *end = strstr(at, "} ");
    g_autofree char *labels = g_strndup(at, end - at);
    g_auto(GStrv) parts = g_strsplit(labels, "\"", -1);
    gsize n = 0;

    for (unsigned i = 0; parts[i]; i++) {
        n += g_utf8_strlen(parts[i], -1);
        n -= i % 2 == 0 && *parts[i] ? strspn(parts[i], ",") + 1 : 0;
    }
    return n;
}

static void test_exemplar_is_short(void)
{
    g_autofree char *name = g_strnfill(1000, 'n');
    g_autofree char *members =
        g_strdup_printf(STALL("'loop':'%s','kind':'bh','name':'%s',"
                              "'cause':'dispatch',"),
                        name, name);
    g_autoptr(Vm) vm = vm_new("a", members);
    g_autofree char *open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    g_assert_cmpuint(exemplar_length(open), <=, 128);
    check_form(open, true);
}

/* --- Names --- */

static void test_labels(void)
{
    static const struct {
        const char *text;
        const char *label;
    } cases[] = {
        { "plain", "plain" },
        { "", "" },
        { "a\"b\\c", "a\\\"b\\\\c" },
        { "a\nb\r\x1b[2J", "a\\\\nb\\\\x0d\\\\x1b[2J" },
        { "\xff\xfe", "\\\\xff\\\\xfe" },
        { "\303\244\342\200\256", "\303\244\\\\u{202e}" },
        { "} 1\n# EOF\n", "} 1\\\\n# EOF\\\\n" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *bound = aiotop_label_bound(cases[i].text);
        g_autoptr(GString) out = g_string_new(NULL);

        aiotop_label_append(out, bound);
        g_assert_cmpstr(out->str, ==, cases[i].label);
    }
}

static void test_long_labels(void)
{
    /* Of one, two and three bytes, so that each cut is in another place */
    for (unsigned i = 0; i < 6; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *bound = NULL;

        g_string_append_len(text, "xxxxxx", i);
        while (text->len < 4096) {
            g_string_append(text, i % 2 ? "\303\244" : "\346\225\260");
        }
        bound = aiotop_label_bound(text->str);
        g_assert_true(g_utf8_validate(bound, -1, NULL));
        g_assert_cmpuint(strlen(bound), <=, AIOTOP_LABEL_MAX);
        g_assert_cmpuint(strlen(bound), >, AIOTOP_LABEL_MAX - 4);
        g_assert_true(g_str_has_suffix(bound, "..."));
    }
    {
        g_autofree char *just = g_strnfill(AIOTOP_LABEL_MAX, 'x');
        g_autofree char *bound = aiotop_label_bound(just);

        g_assert_cmpstr(bound, ==, just);
    }
}

/* Whatever they are called, it is read as it was meant */
static void test_odd_names(void)
{
    static const char odd[] = "} 1\\n\\u0000\\\"\\\\,\\u202ex=\\n# EOF\\n";
    g_autofree char *members = g_strdup_printf(
        "'loops':[{'name':'%s','thread-id':7,'since-ns':1,'iterations':1,"
        "'state':'dispatching','state-since-ns':13000000000,"
        "'stack':[{'source-id':1,'since-ns':13000000000}],"
        "'sources':[{'id':1,'kind':'%s','name':'%s','label':'%s'}]}],"
        "'nodes':[{'node':'%s','device':'%s','in-flight':0,'stages':[]}],"
        "'qemu-version':'%s','build-id':'%s',"
        "'stall-count':1,'stalls':[{'id':1,'loop':'%s','kind':'%s',"
        "'name':'%s','label':'%s','cause':'%s','start-ns':1,"
        "'duration-ns':2}]",
        odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, "dispatch");
    g_auto(GStrv) parts = g_strsplit(members, "\\u0000", -1);
    g_autofree char *without_nul = g_strjoinv("", parts);
    g_autoptr(Vm) vm = vm_new("a", without_nul);

    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm->metrics, 1, i);

        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
        g_assert_nonnull(
            strstr(text, "loop=\"} 1\\\\n\\\"\\\\,\\\\u{202e}x=\\\\n# EOF"));
    }
}

/* --- The document --- */

static void test_document(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "../../docs/fleet.md", NULL);
    g_autofree char *document = NULL;
    g_autoptr(GError) error = NULL;
    AiotopMetricHelp help;
    unsigned n = 0;

    g_file_get_contents(path, &document, NULL, &error);
    g_assert_no_error(error);
    for (; aiotop_metric_help(n, &help); n++) {
        g_autofree char *name = help.name;
        g_auto(GStrv) labels = g_strsplit(help.labels, ",", -1);
        g_autofree char *listed = g_strjoinv(", ", labels);
        g_autofree char *line = g_strdup_printf("| `%s` | %s | %s | %s |", name,
                                                help.type, listed, help.help);

        g_test_message("%s", line);
        g_assert_true(has_line(document, line));
    }
    g_assert_cmpuint(n, >, 20);
}

/* Whether it is how the exporter writes a bound */
static bool is_bound(const char *le)
{
    for (unsigned i = 0; i < AIOTOP_LEDGER_BOUNDS; i++) {
        char text[32];

        g_snprintf(text, sizeof(text), "%.9f", aiotop_ledger_bound_ns(i) / 1e9);
        if (strcmp(text, le) == 0) {
            return true;
        }
    }
    return strcmp(le, "+Inf") == 0;
}

/* A rule for a bound that no histogram has never has anything to tell */
static void test_bounds_of_rules(void)
{
    static const char *const names[] = { "qemu-aiotop.rules.yml",
                                         "qemu-aiotop.test.yml",
                                         "qemu-aiotop-week.test.yml" };
    g_autoptr(GRegex) regex = g_regex_new("\\ble=\"([^\"]*)\"", 0, 0, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_test_build_filename(
            G_TEST_DIST, "../../contrib/prometheus", names[i], NULL);
        g_autofree char *text = NULL;
        g_autoptr(GMatchInfo) match = NULL;
        unsigned n = 0;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_regex_match(regex, text, 0, &match);
        for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
            g_autofree char *le = g_match_info_fetch(match, 1);

            g_test_message("%s: %s", names[i], le);
            g_assert_true(is_bound(le));
            n++;
        }
        g_assert_cmpuint(n, >, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openmetrics/form", test_form);
    g_test_add_func("/openmetrics/types", test_types);
    g_test_add_func("/openmetrics/exporter", test_exporter);
    g_test_add_func("/openmetrics/vm", test_vm);
    g_test_add_func("/openmetrics/commands", test_commands);
    g_test_add_func("/openmetrics/unknown", test_unknown);
    g_test_add_func("/openmetrics/loop", test_loop);
    g_test_add_func("/openmetrics/thread", test_thread);
    g_test_add_func("/openmetrics/histogram", test_histogram);
    g_test_add_func("/openmetrics/sources", test_sources);
    g_test_add_func("/openmetrics/nodes", test_nodes);
    g_test_add_func("/openmetrics/nothing-twice", test_nothing_twice);
    g_test_add_func("/openmetrics/old-profile", test_old_profile);
    g_test_add_func("/openmetrics/unanswered", test_unanswered);
    g_test_add_func("/openmetrics/no-sample", test_no_sample);
    g_test_add_func("/openmetrics/exemplar", test_exemplar);
    g_test_add_func("/openmetrics/exemplar-told-again",
                    test_exemplar_told_again);
    g_test_add_func("/openmetrics/exemplar-of-a-wait", test_exemplar_of_a_wait);
    g_test_add_func("/openmetrics/exemplar-is-short", test_exemplar_is_short);
    g_test_add_func("/openmetrics/labels", test_labels);
    g_test_add_func("/openmetrics/long-labels", test_long_labels);
    g_test_add_func("/openmetrics/odd-names", test_odd_names);
    g_test_add_func("/openmetrics/bounds-of-rules", test_bounds_of_rules);
    g_test_add_func("/openmetrics/document", test_document);
    return g_test_run();
}
