/*
 * Whether it is the host: each cause, and its twin that is none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/diagnose/verdict.h>
#include <qemu-aiotop/format/check.h>
#include <qemu-aiotop/format/diagnosis.h>
#include <qemu-aiotop/format/vms.h>

#include "diagnose-sample.h"

/* What a QEMU may be in the interval */
/* Two seconds for ten million bytes is what there may be */
#define IN_FLIGHT(bytes)                                                       \
    "'requests':[{'id':1,'node':'n','type':'write','stage':'driver',"          \
    "'offset':0,'bytes':" bytes ",'since-ns':9000000000,"                      \
    "'stage-since-ns':9000000000}]"

typedef enum How {
    WELL,
    IDLE_QEMU,
    BUSY,
    QUEUED,
    LATE,
    OLD_REQUEST,
    LARGE_REQUEST,
    SILENT,
} How;

static AiotopSample *sample_that_is(How how)
{
    AiotopSample *sample =
        idle_sample(how == OLD_REQUEST     ? IN_FLIGHT("10000000")
                    : how == LARGE_REQUEST ? IN_FLIGHT("10010000")
                                           : "");
    AiotopLoopSample *loop = &sample->loops[0];

    loop->run_queue_ns = how == QUEUED ? 210 * MS : 190 * MS;
    loop->delay.p99_ns = how == LATE ? 11e6 : 9e6;
    sample->cpu_ns = (how == IDLE_QEMU ? 9 : 10) * MS;
    loop->dispatch_ns = how == BUSY ? 990 * MS : 0;
    return sample;
}

#define NOW_US INT64_C(100000000)
/* Since the last sample of one that is silent */
static int64_t silent_us;

static void add_vm(GPtrArray *vms, int64_t pid, AiotopVmState state, How how)
{
    const AiotopVm vm = {
        .process = { pid, 1 },
        .program = g_ref_string_new("qemu"),
        .state = state,
        .sample = sample_that_is(how),
        .sample_us = NOW_US - (state == AIOTOP_VM_LIVE ? 0 : silent_us),
    };

    g_ptr_array_add(vms, aiotop_vm_copy(&vm));
    aiotop_sample_free(vm.sample);
    g_ref_string_release(vm.program);
}

/* Of so many QEMUs, in an interval in which the host was short of something */
static AiotopHostCause *find_cause(unsigned n, How how, unsigned n_well,
                                   const AiotopHostInterval *load)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();
    g_autoptr(GPtrArray) verdicts = NULL;

    for (unsigned i = 0; i < n; i++) {
        add_vm(vms, i + 1, how == SILENT ? AIOTOP_VM_LATE : AIOTOP_VM_LIVE,
               how == SILENT ? QUEUED : how);
    }
    for (unsigned i = n; i < n + n_well; i++) {
        add_vm(vms, i + 1, AIOTOP_VM_LIVE, WELL);
    }
    verdicts =
        aiotop_verdicts_new(vms, NULL, NOW_US, &(AiotopDiagnoseOptions){ 0 });
    return aiotop_host_cause_find(verdicts, load);
}

/* In milliseconds of a second, on two CPUs */
static AiotopHostInterval load_of(unsigned steal, unsigned cpu, unsigned memory,
                                  unsigned io)
{
    return (AiotopHostInterval){
        .before = { .time_ns = 1000 * MS, .n_cpus = 2 },
        .now = {
            .time_ns = 2000 * MS,
            .n_cpus = 2,
            .steal_ns = steal * MS,
            .cpu_ns = cpu * MS,
            .memory_ns = memory * MS,
            .io_ns = io * MS,
        },
    };
}

static void expect_cause(unsigned n, How how, unsigned n_well,
                         AiotopHostInterval load, const char *evidence)
{
    g_autoptr(AiotopHostCause) cause = find_cause(n, how, n_well, &load);

    g_assert_cmpstr(cause ? cause->evidence : NULL, ==, evidence);
    if (cause) {
        g_assert_cmpuint(cause->n_affected, ==, n);
        g_assert_true(*cause->next_step);
    }
}

static void test_cpu(void)
{
    expect_cause(
        3, QUEUED, 1, load_of(0, 410, 0, 0),
        "It is the host: 3 of 4 QEMUs wait for a CPU, and some task of the"
        " host did for 41.0 % of the time.");
    expect_cause(3, QUEUED, 1, load_of(0, 390, 0, 0), NULL);
    /* What is most is over half of them */
    expect_cause(2, QUEUED, 2, load_of(0, 410, 0, 0), NULL);
    expect_cause(1, QUEUED, 3, load_of(0, 990, 0, 0), NULL);
    /* One that is alone has no others to be told from */
    expect_cause(2, QUEUED, 0, load_of(0, 410, 0, 0), NULL);
    expect_cause(4, LATE, 0, load_of(0, 990, 0, 0), NULL);
}

/* A single VM that is busy, however short the host is of CPUs */
static void test_one_that_is_busy(void)
{
    expect_cause(1, BUSY, 5, load_of(200, 990, 990, 990), NULL);
    expect_cause(1, LATE, 5, load_of(200, 990, 990, 990), NULL);
    expect_cause(1, OLD_REQUEST, 5, load_of(200, 990, 990, 990), NULL);
    /* Nor are several, of which none is late or waits */
    expect_cause(6, BUSY, 0, load_of(200, 990, 990, 990), NULL);
}

static void test_cpu_without_psi(void)
{
    AiotopHostInterval load = load_of(0, 0, 0, 0);

    load.before.cpu_ns = load.now.cpu_ns = AIOTOP_UNKNOWN;
    expect_cause(
        3, QUEUED, 0, load,
        "It is the host: 3 of 3 QEMUs wait for a CPU for over 20 % of the"
        " time.");
    /* Nor is anything known before there was an interval */
    load = (AiotopHostInterval){ 0 };
    expect_cause(3, LATE, 0, load, NULL);
}

/* Of all CPUs together, and before the host's own shortage */
static void test_steal(void)
{
    expect_cause(
        2, LATE, 1, load_of(220, 990, 990, 990),
        "It is the host: 2 of 3 QEMUs are late or wait for a CPU, and the"
        " hypervisor under this host kept its CPUs from running for 11.0 %"
        " of the time.");
    expect_cause(2, LATE, 1, load_of(180, 0, 0, 0), NULL);
}

static void test_memory(void)
{
    expect_cause(
        2, LATE, 1, load_of(0, 990, 410, 990),
        "It is the host: 2 of 3 QEMUs are late, and some task of the host"
        " waited for memory for 41.0 % of the time.");
    expect_cause(2, LATE, 1, load_of(0, 990, 390, 0), NULL);
}

static void test_io(void)
{
    expect_cause(
        2, OLD_REQUEST, 1, load_of(0, 0, 0, 410),
        "It is the host: 2 of 3 QEMUs are late or have old requests, and"
        " some task of the host waited for input or output for 41.0 % of"
        " the time.");
    expect_cause(2, LARGE_REQUEST, 1, load_of(0, 0, 0, 410), NULL);
    expect_cause(2, OLD_REQUEST, 1, load_of(0, 0, 0, 390), NULL);
}

/* Those that have nothing to do tell neither that it is nor that it is not */
static void test_idle(void)
{
    AiotopHostInterval load = load_of(0, 410, 0, 0);
    g_autoptr(GPtrArray) vms = aiotop_vms_new();
    g_autoptr(GPtrArray) verdicts = NULL;
    g_autoptr(AiotopHostCause) cause = NULL;

    for (unsigned i = 0; i < 12; i++) {
        add_vm(vms, i + 1, AIOTOP_VM_LIVE, i < 3 ? QUEUED : IDLE_QEMU);
    }
    verdicts =
        aiotop_verdicts_new(vms, NULL, NOW_US, &(AiotopDiagnoseOptions){ 0 });
    cause = aiotop_host_cause_find(verdicts, &load);
    g_assert_nonnull(cause);
    g_assert_cmpuint(cause->n_told, ==, 3);
}

/*
 * Those that have been silent for long tell nothing of now; but who has no CPU
 * can't answer, and that is when it has to be said
 */
static void test_silent(void)
{
    silent_us = 5000001;
    expect_cause(3, SILENT, 0, load_of(0, 990, 0, 0), NULL);
    silent_us = 5000000;
    expect_cause(
        3, SILENT, 0, load_of(0, 990, 0, 0),
        "It is the host: 3 of 3 QEMUs wait for a CPU, and some task of the"
        " host did for 99.0 % of the time.");
}

/* Said once, wherever all QEMUs are shown */
static void test_written(void)
{
    AiotopHostInterval load = load_of(0, 410, 0, 0);
    g_autoptr(AiotopHostCause) cause = find_cause(3, QUEUED, 0, &load);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GString) line = g_string_new(NULL);
    g_auto(AiotopQuery) query = { 0 };
    g_auto(AiotopHostCheck) check = { 0 };

    aiotop_query_init(&query);
    aiotop_format_text_vms(text, none, cause, 1, &query,
                           &(AiotopTextStyle){ 0 });
    g_assert_nonnull(strstr(text->str, "\nIt is the host: 3 of 3 QEMUs wait"));
    aiotop_format_json_vms(json, none, cause, 0, &query);
    g_assert_true(g_str_has_prefix(
        json->str, "{\"host_cause\":{\"class\":\"host-cpu\",\"affected\":3,"
                   "\"told\":3,\"evidence\":\"It is the host: "));
    g_string_truncate(json, 0);
    aiotop_format_json_vms(json, none, NULL, 0, &query);
    g_assert_cmpstr(json->str, ==, "{\"host_cause\":null,\"vms\":[]}\n");
    aiotop_host_check_run(&check, none, &(AiotopCheck){ 0 });
    aiotop_format_host_check(line, &(AiotopCheck){ 0 }, &check, cause);
    g_assert_nonnull(strstr(line->str, "; It is the host: 3 of 3 QEMUs wait"));
}

/* And with each diagnosis, as each is a line for itself */
static void test_written_with_a_diagnosis(void)
{
    AiotopHostInterval load = load_of(0, 410, 0, 0);
    g_autoptr(AiotopHostCause) cause = find_cause(3, QUEUED, 0, &load);
    g_autoptr(AiotopSample) sample = sample_that_is(WELL);
    g_autoptr(GPtrArray) findings =
        aiotop_diagnose(sample, &(AiotopDiagnoseOptions){ 0 });
    g_autoptr(GString) json = g_string_new(NULL);
    AiotopVm vm = { .process = { 7, 1 }, .user = (char *)"alice" };
    const AiotopVerdict verdict = { .vm = &vm, .id = AIOTOP_VERDICT_LOST };

    aiotop_format_json_diagnosis(
        json, sample, findings,
        &(AiotopDiagnosisOfHost){ .vm = &vm, .cause = cause });
    g_assert_nonnull(strstr(json->str, ",\"user\":\"alice\",\"host_cause\":{"
                                       "\"class\":\"host-cpu\","));
    g_string_truncate(json, 0);
    aiotop_format_json_verdict(json, &verdict, NULL);
    g_assert_nonnull(strstr(
        json->str, ",\"pid\":7,\"user\":\"alice\",\"host_cause\":null,"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-cause/cpu", test_cpu);
    g_test_add_func("/host-cause/one-that-is-busy", test_one_that_is_busy);
    g_test_add_func("/host-cause/cpu-without-psi", test_cpu_without_psi);
    g_test_add_func("/host-cause/steal", test_steal);
    g_test_add_func("/host-cause/memory", test_memory);
    g_test_add_func("/host-cause/io", test_io);
    g_test_add_func("/host-cause/idle", test_idle);
    g_test_add_func("/host-cause/silent", test_silent);
    g_test_add_func("/host-cause/written", test_written);
    g_test_add_func("/host-cause/written-with-a-diagnosis",
                    test_written_with_a_diagnosis);
    return g_test_run();
}
