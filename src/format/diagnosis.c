/*
 * Writers: a diagnosis
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/diagnosis.h"

#include <inttypes.h>
#include <string.h>

#include "json-head.h"
#include "qemu-aiotop/diagnose/diagnose.h"
#include "qemu-aiotop/format/sample.h"
#include "qemu-aiotop/text/json-writer.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/wrap.h"

#define WIDTH 80
#define INDENT 4

/* Appends @text, escaped, in lines that begin at @indent; the first at @x */
static void append_wrapped(GString *out, const char *text, int indent, int x,
                           bool ascii)
{
    g_autoptr(GString) escaped = g_string_new(NULL);

    aiotop_text_append(escaped, text, ascii);
    for (const char *p = escaped->str, *next; *p; p = next) {
        /* A path is one to copy: it is not cut */
        const char *end = aiotop_wrap_line(p, WIDTH - x, false, &next);

        g_string_append_len(out, p, end - p);
        if (*next) {
            g_string_append_printf(out, "\n%*s", indent, "");
        }
        x = indent;
    }
    g_string_append_c(out, '\n');
}

static void append_paragraph(GString *out, const char *text, int indent,
                             bool ascii)
{
    g_string_append_printf(out, "%*s", indent, "");
    append_wrapped(out, text, indent, indent, ascii);
}

static char *describe_place(const AiotopFinding *finding)
{
    const AiotopSource *source = finding->source;
    GString *text = g_string_new(NULL);

    if (finding->loop) {
        g_string_append(text, finding->loop);
        if (finding->thread_id > 0) {
            g_string_append_printf(text, " (thread %" PRId64 ")",
                                   finding->thread_id);
        }
    }
    if (!finding->loop && finding->node) {
        g_string_append_printf(text, "node %s", finding->node);
    }
    if (source) {
        g_string_append(text, ": ");
        aiotop_source_append_name(text, source->kind, source->name,
                                  source->label);
    }
    return g_string_free(text, FALSE);
}

static void append_finding(GString *out, const AiotopFinding *finding,
                           const AiotopTextStyle *style)
{
    const char *name = aiotop_classes[finding->id].name;
    g_autofree char *place = describe_place(finding);
    g_autofree char *next = g_strconcat("Next: ", finding->next_step, NULL);
    bool ascii = style->ascii;

    g_string_append_printf(out, style->color ? "\033[1m%s\033[0m" : "%s", name);
    if (*place) {
        g_string_append(out, "  ");
    }
    append_wrapped(out, place, INDENT, strlen(name) + 2, ascii);
    append_paragraph(out, finding->evidence, INDENT, ascii);
    append_paragraph(out, next, INDENT, ascii);
    if (finding->stack) {
        g_string_append_printf(out, "%*sStack of thread %" PRId64 ":\n", INDENT,
                               "", finding->stack_thread_id);
        for (unsigned i = 0; i < finding->stack->len; i++) {
            append_paragraph(out, finding->stack->pdata[i], 2 * INDENT, ascii);
        }
    }
}

void aiotop_format_text_diagnosis(GString *out, const AiotopSample *sample,
                                  const GPtrArray *findings,
                                  const AiotopTextStyle *style)
{
    aiotop_format_text_head(out, sample, style);
    for (unsigned i = 0; i < findings->len; i++) {
        g_string_append_c(out, '\n');
        append_finding(out, findings->pdata[i], style);
    }
}

static uint64_t known_thread(int64_t id)
{
    return id > 0 ? (uint64_t)id : AIOTOP_UNKNOWN;
}

static void add_source(GString *out, const AiotopSource *source)
{
    if (!source) {
        aiotop_json_add_string(out, "source", NULL);
        return;
    }
    aiotop_json_add_key(out, "source");
    g_string_append_c(out, '{');
    aiotop_json_add_integer(out, "id", source->id);
    aiotop_json_add_string(out, "kind", source->kind);
    aiotop_json_add_string(out, "name", source->name);
    aiotop_json_add_string(out, "label", source->label);
    g_string_append_c(out, '}');
}

static void add_stack(GString *out, const AiotopFinding *finding)
{
    if (!finding->stack) {
        aiotop_json_add_string(out, "stack", NULL);
        return;
    }
    aiotop_json_add_key(out, "stack");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < finding->stack->len; i++) {
        aiotop_json_add_string(out, NULL, finding->stack->pdata[i]);
    }
    g_string_append_c(out, ']');
}

static void add_finding(GString *out, const AiotopFinding *finding)
{
    aiotop_json_add_key(out, NULL);
    g_string_append_c(out, '{');
    aiotop_json_add_string(out, "class", aiotop_classes[finding->id].name);
    aiotop_json_add_bool(out, "stuck", aiotop_finding_is_stuck(finding));
    aiotop_json_add_string(out, "loop", finding->loop);
    aiotop_json_add_integer(out, "thread_id", known_thread(finding->thread_id));
    add_source(out, finding->source);
    aiotop_json_add_string(out, "node", finding->node);
    aiotop_json_add_string(out, "awaited", finding->awaited);
    aiotop_json_add_string(out, "evidence", finding->evidence);
    aiotop_json_add_string(out, "next_step", finding->next_step);
    aiotop_json_add_integer(out, "stack_thread_id",
                            known_thread(finding->stack_thread_id));
    add_stack(out, finding);
    g_string_append_c(out, '}');
}

static void add_host(GString *out, const AiotopVm *vm,
                     const AiotopHostCause *cause)
{
    aiotop_json_add_string(out, "user", vm->user);
    aiotop_format_json_add_cause(out, cause);
}

void aiotop_format_json_diagnosis(GString *out, const AiotopSample *sample,
                                  const GPtrArray *findings,
                                  const AiotopDiagnosisOfHost *host)
{
    aiotop_format_json_begin(out, sample);
    if (host) {
        add_host(out, host->vm, host->cause);
    }
    aiotop_json_add_bool(out, "healthy", aiotop_diagnosis_healthy(findings));
    aiotop_json_add_key(out, "findings");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < findings->len; i++) {
        add_finding(out, findings->pdata[i]);
    }
    g_string_append(out, "]}\n");
}

/* In place of the first line of a sample */
static void append_vm(GString *out, const AiotopVm *vm,
                      const AiotopTextStyle *style)
{
    if (vm->name) {
        aiotop_text_append(out, vm->name, style->ascii);
        g_string_append(out, "  ");
    }
    g_string_append_printf(out, "pid %" PRId64 "\n", vm->process.pid);
}

void aiotop_format_text_verdict(GString *out, const AiotopVerdict *verdict,
                                const AiotopTextStyle *style)
{
    append_vm(out, verdict->vm, style);
    g_string_append_printf(out,
                           style->color ? "\n\033[1m%s\033[0m\n" : "\n%s\n",
                           aiotop_verdict_word(verdict->id));
    append_paragraph(out,
                     verdict->evidence ? verdict->evidence
                                       : aiotop_verdict_help(verdict->id),
                     INDENT, style->ascii);
}

void aiotop_format_json_verdict(GString *out, const AiotopVerdict *verdict,
                                const AiotopHostCause *cause)
{
    g_string_append_c(out, '{');
    aiotop_json_add_string(out, "vm_name", verdict->vm->name);
    aiotop_json_add_integer(out, "pid", verdict->vm->process.pid);
    add_host(out, verdict->vm, cause);
    aiotop_json_add_string(out, "verdict", aiotop_verdict_word(verdict->id));
    aiotop_json_add_string(out, "evidence", verdict->evidence);
    aiotop_json_add_key(out, "findings");
    g_string_append(out, "[]}\n");
}

void aiotop_format_text_host_cause(GString *out, const AiotopHostCause *cause,
                                   const AiotopTextStyle *style)
{
    g_autofree char *next = g_strconcat("Next: ", cause->next_step, NULL);

    g_string_append_printf(out, style->color ? "\033[1m%s\033[0m\n" : "%s\n",
                           aiotop_host_cause_name(cause->id));
    append_paragraph(out, cause->evidence, INDENT, style->ascii);
    append_paragraph(out, next, INDENT, style->ascii);
}
