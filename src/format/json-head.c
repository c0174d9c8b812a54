/*
 * How a JSON document begins
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "json-head.h"

#include "qemu-aiotop/text/json-writer.h"

void aiotop_format_json_begin(GString *out, const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;

    g_string_append_c(out, '{');
    aiotop_json_add_time(out, sample->real_time_us);
    aiotop_json_add_string(out, "vm_name", now->vm_name);
    aiotop_json_add_integer(out, "pid", now->pid);
    aiotop_json_add_integer(out, "time_ns", now->time_ns);
    aiotop_json_add_integer(out, "interval_ns", sample->interval_ns);
}

void aiotop_format_json_add_cause(GString *out, const AiotopHostCause *cause)
{
    if (!cause) {
        aiotop_json_add_string(out, "host_cause", NULL);
        return;
    }
    aiotop_json_add_key(out, "host_cause");
    g_string_append_c(out, '{');
    aiotop_json_add_string(out, "class", aiotop_host_cause_name(cause->id));
    aiotop_json_add_integer(out, "affected", cause->n_affected);
    aiotop_json_add_integer(out, "told", cause->n_told);
    aiotop_json_add_string(out, "evidence", cause->evidence);
    aiotop_json_add_string(out, "next_step", cause->next_step);
    g_string_append_c(out, '}');
}
