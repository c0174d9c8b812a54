/*
 * Which metrics there are of a VM, and what is not served
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/format/openmetrics.h>

#include "quoted.h"
#include "vm-metrics.h"

#define SOURCE(id, members)                                                    \
    "{'id':" #id ",'kind':'bh','name':'f','max-ns':100," members "}"

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
                                "pid=\"7\",user=\"libvirt-qemu\","
                                "qemu_version=\"10.0.2 (Debian "));
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
    /* Falls are not told */
    vm->sample->now->loops[0].wait_ns = 999999999;
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
                     "qemu_aiotop_vm_info{vm='a',name='',pid='8',user='',"
                     "qemu_version='',build_id='',clock=''} 1");
        g_assert_null(strstr(text, "sample_age"));
        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
    }
}

static void add_finding(const Vm *vm, AiotopClassId id, const char *loop,
                        int64_t thread_id)
{
    AiotopFinding *finding = g_new0(AiotopFinding, 1);

    finding->id = id;
    finding->loop = g_strdup(loop);
    finding->thread_id = thread_id;
    g_ptr_array_add(vm->check.findings, finding);
}

static unsigned count(const char *text, const char *what)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);

    return g_strv_length(parts) - 1;
}

/* A peer chooses how many there are, and what they are called */
static void test_many_findings(void)
{
    g_autoptr(Vm) vm = vm_new("a", "");

    for (unsigned i = 0; i < 20; i++) {
        g_autofree char *loop = g_strdup_printf("w%u", i);

        add_finding(vm, AIOTOP_CLASS_OVERLOADED, loop, 100 + i);
        /* The same once more is no other series, nor left out */
        add_finding(vm, AIOTOP_CLASS_OVERLOADED, "w0", 100);
    }
    add_finding(vm, AIOTOP_CLASS_CALLBACK_STUCK, "worst", 99);
    expect_in_both(vm, "qemu_aiotop_finding{vm='a',class='callback-stuck',"
                       "severity='critical',loop='worst',kind='',callback='',"
                       "label='',node='',awaited=''} 1\n"
                       "qemu_aiotop_findings_left_out{vm='a'} 5");
    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm->metrics, 1, i);

        g_assert_cmpuint(count(text, "\nqemu_aiotop_finding{"), ==, 16);
        g_assert_cmpuint(count(text, "severity=\"warning\""), ==, 15);
        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
    }
}

/* The last of so many loops has no series, so that its findings have none */
static void test_findings_of_many_loops(void)
{
    g_autoptr(GString) loops = g_string_new("'loops':[");
    g_autoptr(Vm) vm = NULL;
    unsigned last = AIOTOP_LEDGER_LOOPS;

    for (unsigned i = 0; i <= last; i++) {
        g_string_append_printf(
            loops,
            "%s{'name':'l%u','thread-id':%u,'since-ns':1,'iterations':1,"
            "'dispatches':0,'wait-ns':0,'poll-ns':0,'dispatch-ns':0,"
            "'bql-wait-ns':0,'poll-hits':0,'poll-misses':0,'cpu-ns':0,"
            "'state':'waiting','state-since-ns':9000000000,'sources':[]}",
            i ? "," : "", i, 7 + i);
    }
    g_string_append(loops, "]");
    vm = vm_new("a", loops->str);
    add_finding(vm, AIOTOP_CLASS_CALLBACK_STUCK, "l0", 7);
    add_finding(vm, AIOTOP_CLASS_CALLBACK_STUCK, "l64", 7 + last);
    /* Of no loop that QEMU lists, as who holds the big lock may be */
    add_finding(vm, AIOTOP_CLASS_BQL_WAIT, "CPU 0", 1000);
    expect_in_both(vm, "qemu_aiotop_findings_left_out{vm='a'} 1");
    {
        g_autofree char *text = format(&vm->metrics, 1, AIOTOP_METRICS_CLASSIC);

        g_assert_nonnull(strstr(text, "severity=\"critical\",loop=\"l0\""));
        g_assert_nonnull(strstr(text, "severity=\"critical\",loop=\"CPU 0\""));
        g_assert_null(strstr(text, "loop=\"l64\""));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/vm", test_vm);
    g_test_add_func("/metrics/commands", test_commands);
    g_test_add_func("/metrics/unknown", test_unknown);
    g_test_add_func("/metrics/loop", test_loop);
    g_test_add_func("/metrics/thread", test_thread);
    g_test_add_func("/metrics/histogram", test_histogram);
    g_test_add_func("/metrics/sources", test_sources);
    g_test_add_func("/metrics/nodes", test_nodes);
    g_test_add_func("/metrics/nothing-twice", test_nothing_twice);
    g_test_add_func("/metrics/old-profile", test_old_profile);
    g_test_add_func("/metrics/unanswered", test_unanswered);
    g_test_add_func("/metrics/no-sample", test_no_sample);
    g_test_add_func("/metrics/many-findings", test_many_findings);
    g_test_add_func("/metrics/findings-of-many-loops",
                    test_findings_of_many_loops);
    return g_test_run();
}
