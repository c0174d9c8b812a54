/*
 * Whose a VM is, and what it is called for that
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/diagnose/verdict.h>
#include <qemu-aiotop/format/check.h>
#include <qemu-aiotop/format/vms.h>
#include <qemu-aiotop/table/vms.h>

#include "diagnose-sample.h"

static void release(GRefString *text)
{
    if (text) {
        g_ref_string_release(text);
    }
}

static void add_vm(GPtrArray *vms, int64_t pid, const char *user, bool trusted,
                   bool stuck)
{
    const AiotopVm vm = {
        .process = { pid, 1 },
        .program = g_ref_string_new("qemu"),
        .name = g_ref_string_new("vm1"),
        .user = user ? g_ref_string_new(user) : NULL,
        .trusted = trusted,
        .address = g_ref_string_new("unix:/s"),
        .state = AIOTOP_VM_LIVE,
        .sample = stuck ? dispatching("dispatching", IN_ONE(9000000000))
                        : idle_sample(""),
    };

    g_ptr_array_add(vms, aiotop_vm_copy(&vm));
    release(vm.program);
    release(vm.name);
    release(vm.user);
    release(vm.address);
    aiotop_sample_free(vm.sample);
}

/* The VM of a system, and one that somebody else calls by its name */
static GPtrArray *make_verdicts(const char *other)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();

    add_vm(vms, 7, "libvirt-qemu", true, false);
    add_vm(vms, 8, other, false, true);
    return aiotop_verdicts_new(vms, NULL, 0, &(AiotopDiagnoseOptions){ 0 });
}

static char *check_line(const char *other)
{
    g_autoptr(GPtrArray) verdicts = make_verdicts(other);
    g_auto(AiotopHostCheck) result = { 0 };
    const AiotopCheck check = { 0 };
    GString *line = g_string_new(NULL);

    aiotop_host_check_run(&result, verdicts, &check);
    aiotop_format_host_check(line, &check, &result, NULL);
    return g_string_free(line, FALSE);
}

/* Neither is the real one's line another one for that, nor is its series */
static void test_check(void)
{
    g_autofree char *line = check_line("mallory");
    g_autofree char *odd = check_line("a|b'\n\xff");
    g_autofree char *unknown = check_line(NULL);

    g_assert_nonnull(strstr(line, "; vm1@mallory: callback-stuck in "));
    g_assert_nonnull(strstr(line, " vm1.status=0;"));
    g_assert_nonnull(strstr(line, " vm1@mallory.status=2;"));
    g_assert_nonnull(strstr(odd, " 'vm1@a/b''\\n\\xff.status'=2;"));
    g_assert_nonnull(strstr(odd, " vm1.status=0;"));
    g_assert_nonnull(strstr(unknown, " 'vm1@?.status'=2;"));
}

static void test_column(void)
{
    g_autoptr(GPtrArray) verdicts = make_verdicts("a\"b,\n");
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GString) csv = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_auto(AiotopQuery) query = { 0 };

    aiotop_query_init(&query);
    query.of_vms = true;
    g_assert_true(aiotop_query_set_columns(&query, "pid,user", &error));
    g_assert_true(aiotop_query_set_sort(&query, "user", true, &error));
    aiotop_format_text_vms(text, verdicts, NULL, 1, &query,
                           &(AiotopTextStyle){ 0 });
    g_assert_nonnull(strstr(text->str, " 7  libvirt-qemu\n"));
    g_assert_nonnull(strstr(text->str, " 8  a\"b,\\n\n"));
    aiotop_format_json_vms(json, verdicts, NULL, 0, &query);
    g_assert_cmpstr(json->str, ==,
                    "{\"host_cause\":null,\"vms\":["
                    "{\"pid\":7,\"user\":\"libvirt-qemu\"},"
                    "{\"pid\":8,\"user\":\"a\\\"b,\\n\"}]}\n");
    aiotop_format_csv_vms(csv, verdicts, 0, &query);
    g_assert_nonnull(strstr(csv->str, ",7,libvirt-qemu\r\n"));
    g_assert_nonnull(strstr(csv->str, ",8,\"a\"\"b,\\n\"\r\n"));
}

static void test_filter(void)
{
    g_autoptr(GPtrArray) verdicts = make_verdicts("mallory");
    g_autoptr(GArray) rows = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(AiotopQuery) query = { 0 };

    aiotop_query_init(&query);
    g_assert_true(aiotop_query_set_filter(&query, "!^mallory$", &error));
    rows = aiotop_query_vms(&query, verdicts);
    g_assert_cmpuint(rows->len, ==, 1);
    g_assert_true(g_array_index(rows, AiotopRow, 0).item == verdicts->pdata[0]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/whose/check", test_check);
    g_test_add_func("/whose/column", test_column);
    g_test_add_func("/whose/filter", test_filter);
    return g_test_run();
}
