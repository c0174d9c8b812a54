/*
 * Writer: the line for monitoring systems, of all QEMUs of a host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/check.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/text/escape.h"
#include "check-parts.h"

/*
 * In bytes: Nagios takes 8 KiB of a plug-in.  What comes last is of those that
 * are best, and left out as a whole.
 */
#define MAX_PERFDATA 7000

/* A status in the text, where the words are of no program's */
static const char *const words[] = {
    [AIOTOP_CHECK_OK] = "ok",
    [AIOTOP_CHECK_WARNING] = "warning",
    [AIOTOP_CHECK_CRITICAL] = "critical",
    [AIOTOP_CHECK_UNKNOWN] = "unknown",
};

static const AiotopVmCheck *vm_at(const AiotopHostCheck *result, unsigned i)
{
    return &g_array_index(result->vms, AiotopVmCheck, i);
}

/* One that is only not profiled is counted as that */
static bool is_just_unprofiled(const AiotopVmCheck *vm)
{
    return vm->status == AIOTOP_CHECK_UNKNOWN && !vm->verdict->vm->address;
}

static unsigned count(const AiotopHostCheck *result, AiotopCheckStatus status)
{
    unsigned n = 0;

    for (unsigned i = 0; i < result->vms->len; i++) {
        const AiotopVmCheck *vm = vm_at(result, i);

        n += vm->status == status && !is_just_unprofiled(vm);
    }
    return n;
}

static unsigned count_unprofiled(const AiotopHostCheck *result)
{
    unsigned n = 0;

    for (unsigned i = 0; i < result->vms->len; i++) {
        n += is_just_unprofiled(vm_at(result, i));
    }
    return n;
}

static void append_counts(GString *text, const AiotopHostCheck *result)
{
    static const AiotopCheckStatus order[] = {
        AIOTOP_CHECK_CRITICAL,
        AIOTOP_CHECK_WARNING,
        AIOTOP_CHECK_UNKNOWN,
        AIOTOP_CHECK_OK,
    };
    unsigned n_unprofiled = count_unprofiled(result);
    const char *separator = ": ";

    g_string_append_printf(text, "%u QEMU%s", result->vms->len,
                           result->vms->len == 1 ? "" : "s");
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        unsigned n = count(result, order[i]);

        if (n) {
            g_string_append_printf(text, "%s%u %s", separator, n,
                                   words[order[i]]);
            separator = ", ";
        }
    }
    if (n_unprofiled) {
        g_string_append_printf(text, "%s%u not profiled", separator,
                               n_unprofiled);
    }
}

static void append_name(GString *out, const AiotopVm *vm)
{
    g_autofree char *suffix = aiotop_vm_suffix(vm);

    if (vm->name) {
        format_check_plain(out, vm->name, CHECK_MAX_NAME);
    } else {
        g_string_append_printf(out, "process %" PRId64, vm->process.pid);
    }
    format_check_plain(out, suffix, CHECK_MAX_NAME);
}

/* Of one that is well nothing is said */
static void append_vm(GString *text, const AiotopVmCheck *vm,
                      const AiotopCheck *check)
{
    const AiotopVerdict *verdict = vm->verdict;
    g_autoptr(GString) part = g_string_new(NULL);
    g_autoptr(GString) problems = g_string_new(NULL);

    if (vm->status == AIOTOP_CHECK_OK || is_just_unprofiled(vm)) {
        return;
    }
    append_name(part, verdict->vm);
    g_string_append(part, ": ");
    if (vm->measured && vm->status == vm->result.status) {
        format_check_problems(problems, verdict->vm->sample, check,
                              &vm->result);
        g_string_append(part, problems->str);
    } else {
        g_string_append(part, verdict->evidence
                                  ? verdict->evidence
                                  : "it has not told of an interval so far");
    }
    format_check_part(text, part->str);
}

/* In a label there is no place for what ends one, or all of them */
static char *label_name(const AiotopVm *vm)
{
    g_autoptr(GString) name = g_string_new(NULL);

    append_name(name, vm);
    return g_strdelimit(g_string_free(g_steal_pointer(&name), FALSE), "=", '_');
}

static bool is_plain(const char *label)
{
    for (const char *p = label; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("._:/-#@", *p)) {
            return false;
        }
    }
    return true;
}

/* Quoted if it has to be, as the guidelines say */
static void append_label(GString *out, const char *name, const char *metric)
{
    g_autofree char *label = g_strdup_printf("%s.%s", name, metric);
    g_auto(GStrv) parts = g_strsplit(label, "'", -1);
    g_autofree char *doubled = g_strjoinv("''", parts);

    if (is_plain(label)) {
        g_string_append_printf(out, " %s", label);
    } else {
        g_string_append_printf(out, " '%s'", doubled);
    }
}

/* How often a name is there, as it is in labels */
static GHashTable *count_names(const AiotopHostCheck *result)
{
    GHashTable *names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned i = 0; i < result->vms->len; i++) {
        char *name = label_name(vm_at(result, i)->verdict->vm);
        unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(names, name));

        g_hash_table_replace(names, name, GUINT_TO_POINTER(n + 1));
    }
    return names;
}

static bool is_wanted(const AiotopCheck *check, AiotopMetricId id)
{
    return id == AIOTOP_METRIC_LONGEST_DISPATCH || check->warn[id].given ||
           check->crit[id].given;
}

static void append_vm_data(GString *out, const AiotopVmCheck *vm,
                           const AiotopCheck *check, GHashTable *names)
{
    g_autofree char *name = label_name(vm->verdict->vm);

    if (GPOINTER_TO_UINT(g_hash_table_lookup(names, name)) > 1) {
        g_autofree char *alone = g_steal_pointer(&name);

        name =
            g_strdup_printf("%s#%" PRId64, alone, vm->verdict->vm->process.pid);
    }
    append_label(out, name, "status");
    g_string_append_printf(out, "=%u;;;0;3", vm->status);
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        if (is_wanted(check, i) && vm->measured) {
            append_label(out, name, aiotop_metrics[i].name);
            format_check_figure(out, check, i, vm->result.readings[i].value);
        }
    }
}

static void append_perfdata(GString *out, const AiotopCheck *check,
                            const AiotopHostCheck *result)
{
    g_autoptr(GHashTable) names = count_names(result);
    gsize begin = out->len;

    g_string_append_printf(
        out,
        " | qemus=%u;;;0; critical=%u;;0;0; warning=%u;;;0; unknown=%u;;;0;",
        result->vms->len, count(result, AIOTOP_CHECK_CRITICAL),
        count(result, AIOTOP_CHECK_WARNING),
        count(result, AIOTOP_CHECK_UNKNOWN));
    for (unsigned i = 0; i < result->vms->len; i++) {
        g_autoptr(GString) data = g_string_new(NULL);

        append_vm_data(data, vm_at(result, i), check, names);
        if (out->len - begin + data->len > MAX_PERFDATA) {
            return;
        }
        g_string_append(out, data->str);
    }
}

void aiotop_format_host_check(GString *out, const AiotopCheck *check,
                              const AiotopHostCheck *result,
                              const AiotopHostCause *cause)
{
    g_autoptr(GString) text = g_string_new(NULL);

    append_counts(text, result);
    if (cause) {
        format_check_part(text, cause->evidence);
    }
    for (unsigned i = 0; i < result->vms->len; i++) {
        append_vm(text, vm_at(result, i), check);
    }
    format_check_head(out, result->status);
    format_check_plain(out, text->str, CHECK_MAX_TEXT);
    append_perfdata(out, check, result);
    g_string_append_c(out, '\n');
}
