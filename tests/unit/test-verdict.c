/*
 * Verdicts on the QEMUs of a host, and the order of their rows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/diagnose/verdict.h>
#include <qemu-aiotop/format/vms.h>
#include <qemu-aiotop/table/vms.h>

#include "diagnose-sample.h"

#define NOW_US INT64_C(100000000)

static AiotopSample *stuck_sample(void)
{
    return dispatching("dispatching", IN_ONE(9000000000));
}

/* Takes the sample */
static AiotopVm *vm_of(int64_t pid, const char *name, AiotopVmState state,
                       AiotopSample *sample)
{
    const AiotopVm vm = {
        .process = { pid, 1 },
        .program = g_ref_string_new("qemu-system-x86_64"),
        .name = g_ref_string_new(name),
        .address = g_ref_string_new("unix:/s"),
        .state = state,
        .since_us = NOW_US - 5000000,
        .error = state == AIOTOP_VM_LOST ? g_ref_string_new("gone") : NULL,
        .sample = sample,
        .sample_us = NOW_US - 2000000,
    };
    AiotopVm *copy = aiotop_vm_copy(&vm);

    g_ref_string_release(vm.program);
    g_ref_string_release(vm.name);
    g_ref_string_release(vm.address);
    if (vm.error) {
        g_ref_string_release(vm.error);
    }
    aiotop_sample_free(sample);
    return copy;
}

static GPtrArray *judge(const GPtrArray *vms, const GPtrArray *before)
{
    return aiotop_verdicts_new(vms, before, NOW_US,
                               &(AiotopDiagnoseOptions){ 0 });
}

/* Of a single one.  Takes the sample. */
static GPtrArray *judge_one(AiotopVmState state, AiotopSample *sample)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();

    g_ptr_array_add(vms, vm_of(7, "vm", state, sample));
    return judge(vms, NULL);
}

static const AiotopVerdict *at(const GPtrArray *verdicts, unsigned i)
{
    return verdicts->pdata[i];
}

static AiotopValue value_of(const AiotopVerdict *verdict, const char *column,
                            char *buffer)
{
    AiotopRow row = aiotop_vm_row(verdict);

    return aiotop_table_find(&aiotop_vm_table, column)->get(&row, buffer);
}

static void expect_text(const AiotopVerdict *verdict, const char *column,
                        const char *text)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = value_of(verdict, column, buffer);

    g_assert_cmpint(value.type, ==,
                    text ? AIOTOP_VALUE_TEXT : AIOTOP_VALUE_UNKNOWN);
    g_assert_cmpstr(text ? value.text : NULL, ==, text);
}

static void expect_integer(const AiotopVerdict *verdict, const char *column,
                           uint64_t number)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = value_of(verdict, column, buffer);

    g_assert_cmpint(value.type, ==, AIOTOP_VALUE_INTEGER);
    g_assert_cmpuint(value.integer, ==, number);
}

static void expect_unknown(const AiotopVerdict *verdict, const char *column)
{
    char buffer[AIOTOP_VALUE_BUFFER];

    g_assert_cmpint(value_of(verdict, column, buffer).type, ==,
                    AIOTOP_VALUE_UNKNOWN);
}

static void test_stuck(void)
{
    g_autoptr(GPtrArray) verdicts = judge_one(AIOTOP_VM_LIVE, stuck_sample());

    expect_text(at(verdicts, 0), "verdict", "STUCK");
    expect_text(at(verdicts, 0), "class", "callback-stuck");
    expect_text(at(verdicts, 0), "loop", "main-loop");
    expect_text(at(verdicts, 0), "state", "dispatching 2.00s: chr_read mon0");
    expect_integer(at(verdicts, 0), "lasting", 2000 * MS);
    expect_integer(at(verdicts, 0), "age", 2000 * MS);
    g_assert_nonnull(strstr(at(verdicts, 0)->evidence, "chr_read"));
}

static void test_stuck_request(void)
{
    g_autoptr(GPtrArray) verdicts = judge_one(
        AIOTOP_VM_LIVE,
        idle_sample("'requests':[{'id':1,'node':'disk0','type':'read','stage':"
                    "'driver','since-ns':3000000000,'stage-since-ns':"
                    "3000000000}],'nodes':[{'node':'disk0','in-flight':1,"
                    "'completed':1,'stages':[{'stage':'driver','count':1,"
                    "'since-ns':3000000000}]}]"));

    expect_text(at(verdicts, 0), "class", "io-stuck");
    expect_integer(at(verdicts, 0), "lasting", 8000 * MS);
    expect_integer(at(verdicts, 0), "request", 8000 * MS);
}

/* Of what no loop is in */
static void test_stuck_transfer(void)
{
    g_autoptr(AiotopSample) sample = idle_sample(
        "'threads':[{'name':'dump_thread','thread-id':9,'cpu-ns':5}]");
    g_autoptr(GPtrArray) verdicts = NULL;

    g_ref_string_release(sample->now->run_state);
    sample->now->run_state = g_ref_string_new("save-vm");
    sample->now->threads[0].idle_since_ns = 2000 * MS;
    verdicts = judge_one(AIOTOP_VM_LIVE, g_steal_pointer(&sample));
    expect_text(at(verdicts, 0), "class", "transfer-stuck");
    expect_integer(at(verdicts, 0), "lasting", 9000 * MS);
}

static void test_well(void)
{
    g_autoptr(GPtrArray) verdicts = judge_one(AIOTOP_VM_LIVE, idle_sample(""));

    expect_text(at(verdicts, 0), "verdict", "well");
    expect_unknown(at(verdicts, 0), "lasting");
    expect_text(at(verdicts, 0), "evidence", NULL);
    expect_text(at(verdicts, 0), "loop", "main-loop");
}

static void test_late(void)
{
    g_autoptr(GPtrArray) never = judge_one(AIOTOP_VM_LATE, NULL);
    g_autoptr(GPtrArray) well = judge_one(AIOTOP_VM_LATE, idle_sample(""));
    g_autoptr(GPtrArray) stuck = judge_one(AIOTOP_VM_LATE, stuck_sample());

    expect_text(at(never, 0), "verdict", "SILENT");
    expect_integer(at(never, 0), "lasting", 5000 * MS);
    expect_unknown(at(never, 0), "age");
    expect_unknown(at(never, 0), "state");
    expect_text(at(well, 0), "verdict", "SILENT");
    expect_text(at(well, 0), "evidence",
                "It was asked 5.00s ago, and has not answered");
    /* What is worse is not forgotten */
    expect_text(at(stuck, 0), "verdict", "STUCK");
    expect_integer(at(stuck, 0), "lasting", 2000 * MS);
}

static void test_lost(void)
{
    g_autoptr(GPtrArray) verdicts = judge_one(AIOTOP_VM_LOST, idle_sample(""));

    expect_text(at(verdicts, 0), "verdict", "LOST");
    expect_text(at(verdicts, 0), "evidence", "gone");
    expect_integer(at(verdicts, 0), "lasting", 5000 * MS);
}

/* What has been counted since profiling began is no figure of now */
static void test_new(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse(HEAD(10, "running") MAIN(IDLE) "}");
    g_autoptr(GPtrArray) verdicts =
        judge_one(AIOTOP_VM_LIVE, aiotop_sample_new(NULL, snapshot));

    expect_text(at(verdicts, 0), "verdict", "new");
    expect_unknown(at(verdicts, 0), "dispatch");
    expect_unknown(at(verdicts, 0), "cpu");
}

/* Names of the rows, in their order */
static char *order_of(const GPtrArray *verdicts, const char *sort)
{
    g_auto(AiotopQuery) query = { 0 };
    g_autoptr(GArray) rows = NULL;
    GString *names = g_string_new(NULL);

    aiotop_query_init(&query);
    query.of_vms = true;
    if (sort) {
        g_assert_true(aiotop_query_set_sort(&query, sort, false, NULL));
    }
    rows = aiotop_query_vms(&query, verdicts);
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopVerdict *verdict = g_array_index(rows, AiotopRow, i).item;

        g_string_append(names, verdict->vm->name);
    }
    return g_string_free(names, FALSE);
}

static void expect_order(const GPtrArray *verdicts, const char *sort,
                         const char *names)
{
    g_autofree char *order = order_of(verdicts, sort);

    g_assert_cmpstr(order, ==, names);
}

static void test_order(void)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();
    g_autoptr(GPtrArray) verdicts = NULL;
    g_autofree char *summary = NULL;

    g_ptr_array_add(vms, vm_of(1, "b", AIOTOP_VM_LIVE, idle_sample("")));
    g_ptr_array_add(vms, vm_of(2, "c", AIOTOP_VM_NEW, NULL));
    g_ptr_array_add(vms, vm_of(3, "d", AIOTOP_VM_LATE, NULL));
    g_ptr_array_add(vms, vm_of(4, "e", AIOTOP_VM_LIVE, stuck_sample()));
    g_ptr_array_add(vms, vm_of(5, "f", AIOTOP_VM_LIVE,
                               dispatching("dispatching", IN_ONE(8000000000))));
    g_ptr_array_add(vms, vm_of(6, "a", AIOTOP_VM_LIVE, idle_sample("")));
    g_ptr_array_add(vms, vm_of(7, "g", AIOTOP_VM_LOST, NULL));
    verdicts = judge(vms, NULL);
    /* By severity, then by how long, then by name */
    expect_order(verdicts, NULL, "fedgabc");
    expect_order(verdicts, "vm", "abcdefg");
    expect_order(verdicts, "pid", "bcdefag");
    /* What is not known comes last */
    expect_order(verdicts, "lasting", "dgfeabc");
    summary = aiotop_vms_summary(verdicts);
    g_assert_cmpstr(summary, ==,
                    "7 QEMUs: 2 STUCK, 1 SILENT, 1 LOST, 2 well, 1 new");
}

/* Two of them: the first is always well */
static GPtrArray *two_in(AiotopVmState state, bool stuck,
                         const GPtrArray *before)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();

    g_ptr_array_add(vms, vm_of(1, "a", AIOTOP_VM_LIVE, idle_sample("")));
    g_ptr_array_add(
        vms, vm_of(2, "b", state, stuck ? stuck_sample() : idle_sample("")));
    return judge(vms, before);
}

static GPtrArray *two(bool stuck, const GPtrArray *before)
{
    return two_in(AIOTOP_VM_LIVE, stuck, before);
}

/* A row moves when two rounds say so; its word is that of now */
static void test_rows_move_after_two_rounds(void)
{
    g_autoptr(GPtrArray) well = two(false, NULL);
    g_autoptr(GPtrArray) once = two(true, well);
    g_autoptr(GPtrArray) twice = two(true, once);
    g_autoptr(GPtrArray) better = two(false, twice);
    g_autoptr(GPtrArray) again = two(true, better);
    g_autoptr(GPtrArray) over = two(false, better);

    expect_order(well, NULL, "ab");
    expect_order(once, NULL, "ab");
    expect_text(at(once, 1), "verdict", "STUCK");
    expect_order(twice, NULL, "ba");
    expect_order(better, NULL, "ba");
    expect_text(at(better, 1), "verdict", "well");
    expect_order(again, NULL, "ba");
    expect_order(over, NULL, "ab");
}

/* Bad in two rounds, though each time in another way */
static void test_rows_that_are_never_well(void)
{
    g_autoptr(GPtrArray) well = two(false, NULL);
    g_autoptr(GPtrArray) stuck = two(true, well);
    g_autoptr(GPtrArray) silent = two_in(AIOTOP_VM_LATE, false, stuck);
    g_autoptr(GPtrArray) again = two(true, silent);

    expect_text(at(silent, 1), "verdict", "SILENT");
    expect_order(stuck, NULL, "ab");
    expect_order(silent, NULL, "ba");
    expect_order(again, NULL, "ba");
}

/* One that has come, gone, or another process of the same number */
static void test_rows_of_other_processes(void)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();
    g_autoptr(GPtrArray) before = two(false, NULL);
    g_autoptr(GPtrArray) verdicts = NULL;
    AiotopVm *other = vm_of(2, "b", AIOTOP_VM_LIVE, stuck_sample());

    other->process.start_ticks = 2;
    g_ptr_array_add(vms, vm_of(0, "c", AIOTOP_VM_LIVE, stuck_sample()));
    g_ptr_array_add(vms, other);
    verdicts = judge(vms, before);
    g_assert_cmpint(at(verdicts, 0)->settled, ==, AIOTOP_VERDICT_STUCK);
    g_assert_cmpint(at(verdicts, 1)->settled, ==, AIOTOP_VERDICT_STUCK);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verdict/stuck", test_stuck);
    g_test_add_func("/verdict/stuck-request", test_stuck_request);
    g_test_add_func("/verdict/stuck-transfer", test_stuck_transfer);
    g_test_add_func("/verdict/well", test_well);
    g_test_add_func("/verdict/late", test_late);
    g_test_add_func("/verdict/lost", test_lost);
    g_test_add_func("/verdict/new", test_new);
    g_test_add_func("/verdict/order", test_order);
    g_test_add_func("/verdict/rows-move-after-two-rounds",
                    test_rows_move_after_two_rounds);
    g_test_add_func("/verdict/rows-that-are-never-well",
                    test_rows_that_are_never_well);
    g_test_add_func("/verdict/rows-of-other-processes",
                    test_rows_of_other_processes);
    return g_test_run();
}
