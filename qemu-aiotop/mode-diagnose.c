/*
 * Mode: what is the matter, in findings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>

#include <qemu-aiotop/format/diagnosis.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/host/stack.h>
#include <qemu-aiotop/table/vms.h>

#include "batch.h"
#include "host-batch.h"

static uint64_t stall_ns(const Options *options)
{
    return options->stall_ms * UINT64_C(1000000);
}

static GPtrArray *diagnose(const AiotopSample *sample, const Options *options)
{
    return aiotop_diagnose(
        sample, &(AiotopDiagnoseOptions){
                    .stall_ns = stall_ns(options),
                    .request_ns = options->request_ms * UINT64_C(1000000),
                    .surface = AIOTOP_SURFACE_COMMAND_LINE,
                });
}

/* Where a stack tells more than the finding does */
static bool wants_stack(const AiotopFinding *finding)
{
    return finding->stack_thread_id > 0 &&
           (aiotop_finding_is_stuck(finding) ||
            finding->id == AIOTOP_CLASS_SPINNING);
}

/* The stack, or in its place why it can't be had */
static GPtrArray *capture(const AiotopIdentity *local, int64_t thread_id)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *stack = NULL;

    if (local->pid) {
        stack = aiotop_stack_capture(local, thread_id, &error);
    }
    if (!stack) {
        stack = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(stack,
                        g_strdup_printf("(no stack: %s)",
                                        error ? error->message
                                              : "QEMU is no process of this"
                                                " host"));
    }
    return stack;
}

/* A thread is stopped once, however many findings are about it */
static void add_stacks(GPtrArray *findings, const AiotopIdentity *local)
{
    for (unsigned i = 0; i < findings->len; i++) {
        AiotopFinding *finding = findings->pdata[i];

        for (unsigned j = 0; j < i && wants_stack(finding); j++) {
            const AiotopFinding *other = findings->pdata[j];

            if (other->stack &&
                other->stack_thread_id == finding->stack_thread_id) {
                finding->stack = g_ptr_array_ref(other->stack);
                break;
            }
        }
        if (wants_stack(finding) && !finding->stack) {
            finding->stack = capture(local, finding->stack_thread_id);
        }
    }
}

static bool take_findings(GString *out, const AiotopSample *sample,
                          const AiotopIdentity *local,
                          int *status G_GNUC_UNUSED, void *opaque)
{
    const Options *options = opaque;
    g_autoptr(GPtrArray) findings = NULL;

    if (!aiotop_diagnose_can(sample)) {
        return false;
    }
    findings = diagnose(sample, options);
    if (options->stacks) {
        add_stacks(findings, local);
    }
    if (options->output == OUTPUT_JSON) {
        aiotop_format_json_diagnosis(out, sample, findings, NULL);
    } else {
        aiotop_format_text_diagnosis(out, sample, findings, &options->style);
    }
    return true;
}

/* Of one that has told of no interval there is no more to say than that */
static void add_verdict(GString *out, const AiotopVerdict *verdict,
                        const AiotopHostCause *cause, const Options *options)
{
    const AiotopVm *vm = verdict->vm;
    g_autoptr(GPtrArray) findings = NULL;

    if (!vm->sample || !aiotop_diagnose_can(vm->sample) ||
        verdict->id == AIOTOP_VERDICT_SILENT ||
        verdict->id == AIOTOP_VERDICT_LOST) {
        if (options->output == OUTPUT_JSON) {
            aiotop_format_json_verdict(out, verdict, cause);
        } else {
            aiotop_format_text_verdict(out, verdict, &options->style);
        }
        return;
    }
    findings = diagnose(vm->sample, options);
    if (options->stacks) {
        add_stacks(findings, &vm->process);
    }
    if (options->output == OUTPUT_JSON) {
        aiotop_format_json_diagnosis(
            out, vm->sample, findings,
            &(AiotopDiagnosisOfHost){ .vm = vm, .cause = cause });
    } else {
        aiotop_format_text_diagnosis(out, vm->sample, findings,
                                     &options->style);
    }
}

static bool take_verdicts(GString *out, const GPtrArray *verdicts,
                          const AiotopHostCause *cause,
                          int *status G_GNUC_UNUSED, void *opaque)
{
    const Options *options = opaque;
    g_autoptr(GArray) rows = aiotop_query_vms(&options->query, verdicts);

    if (cause && options->output == OUTPUT_TEXT) {
        aiotop_format_text_host_cause(out, cause, &options->style);
        g_string_append_c(out, '\n');
    }
    for (unsigned i = 0; i < rows->len; i++) {
        if (i && options->output == OUTPUT_TEXT) {
            g_string_append_c(out, '\n');
        }
        add_verdict(out, g_array_index(rows, AiotopRow, i).item, cause,
                    options);
    }
    return true;
}

int mode_diagnose(const Options *options)
{
    static const HostWriter host_writer = {
        .take = take_verdicts,
        .interrupted = EXIT_FAILURE,
    };
    static const BatchWriter writer = {
        .looks_at_halted = true,
        .take = take_findings,
        .interrupted = EXIT_FAILURE,
    };

    if (host_batch_wanted(options)) {
        return host_batch(options, &host_writer, (void *)options);
    }
    return batch_sample(options, &writer, (void *)options);
}
