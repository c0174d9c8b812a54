/*
 * A VM's metrics as text, and what form that is to have
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "vm-metrics.h"

#include <string.h>

#include "quoted.h"

void vm_free(Vm *vm)
{
    aiotop_check_result_clear(&vm->check);
    aiotop_ledger_free(vm->ledger);
    aiotop_sample_free(vm->sample);
    g_free(vm);
}

static const AiotopCheck checked = { .since_ns = UINT64_C(300000000000) };

Vm *vm_new(const char *label, const char *members)
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
        .user = "libvirt-qemu",
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

char *format(const AiotopMetricsVm *vms, unsigned n, AiotopMetricsFormat format)
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

bool has_line(const char *text, const char *line)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    return g_strv_contains((const char *const *)lines, line);
}

void expect(const char *text, const char *lines)
{
    g_autofree char *wanted = quoted(lines);
    g_auto(GStrv) parts = g_strsplit(wanted, "\n", -1);

    for (unsigned i = 0; parts[i]; i++) {
        g_test_message("%s", parts[i]);
        g_assert_true(has_line(text, parts[i]));
    }
}

void expect_in_both(const Vm *vm, const char *lines)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm->metrics, 1, i);

        expect(text, lines);
    }
}

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

void check_form(const char *text, bool openmetrics)
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
