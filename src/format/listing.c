/*
 * Writers: a list of processes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/listing.h"

#include <inttypes.h>

#include "qemu-aiotop/diagnose/missing.h"
#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/host/target.h"
#include "qemu-aiotop/text/align.h"
#include "qemu-aiotop/text/csv-writer.h"
#include "qemu-aiotop/text/json-writer.h"

/* Where to reach it; NULL if there is no place */
static const char *address_of(const AiotopProcess *process)
{
    return process->profilers->len  ? process->profilers->pdata[0]
           : process->monitors->len ? process->monitors->pdata[0]
                                    : NULL;
}

/* Why it is not profiled; NULL if it is */
static char *reason_of(const AiotopProcess *process)
{
    return aiotop_missing_profile(aiotop_process_unprofiled(process),
                                  process->pid);
}

void aiotop_listing_text(GString *out, GPtrArray *processes, bool ascii)
{
    static const char *const heads[] = {
        "PID", "PROGRAM", "NAME", "USER", "PROFILED", "SOCKET", "WHY NOT",
    };
    g_auto(Grid) grid;

    aiotop_grid_init(&grid, G_N_ELEMENTS(heads));
    grid.right[0] = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++) {
        aiotop_grid_add(&grid, heads[i], false);
    }
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = reason_of(process);
        const char *address = address_of(process);
        g_autofree char *pid = g_strdup_printf("%" PRId64, process->pid);

        aiotop_grid_add(&grid, pid, ascii);
        aiotop_grid_add(&grid, process->program, ascii);
        aiotop_grid_add(&grid, process->vm_name ? process->vm_name : "-",
                        ascii);
        aiotop_grid_add(&grid, process->user ? process->user : "-", ascii);
        aiotop_grid_add(&grid, reason ? "no" : "yes", ascii);
        aiotop_grid_add(&grid, address ? aiotop_target_shown(address) : "-",
                        ascii);
        aiotop_grid_add(&grid, reason ? reason : "-", ascii);
    }
    aiotop_grid_write(&grid, out, false);
}

void aiotop_listing_json(GString *out, GPtrArray *processes)
{
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = reason_of(process);

        aiotop_json_add_key(out, NULL);
        g_string_append_c(out, '{');
        aiotop_json_add_integer(out, "pid", process->pid);
        aiotop_json_add_string(out, "program", process->program);
        aiotop_json_add_string(out, "vm_name", process->vm_name);
        aiotop_json_add_string(out, "user", process->user);
        aiotop_json_add_bool(out, "profiled", !reason);
        aiotop_json_add_strings(out, "profilers", process->profilers);
        aiotop_json_add_strings(out, "monitors", process->monitors);
        aiotop_json_add_string(out, "reason", reason);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "]\n");
}

void aiotop_listing_csv(GString *out, GPtrArray *processes)
{
    g_string_append(
        out, "pid,program,vm_name,profiled,address,reason,user" AIOTOP_CSV_END);
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = reason_of(process);
        const char *address = address_of(process);

        g_string_append_printf(out, "%" PRId64 ",", process->pid);
        aiotop_csv_append_field(out, process->program);
        g_string_append_c(out, ',');
        aiotop_csv_append_field(out, process->vm_name ? process->vm_name : "");
        g_string_append_printf(out, ",%s,", reason ? "no" : "yes");
        aiotop_csv_append_field(out, address ? address : "");
        g_string_append_c(out, ',');
        aiotop_csv_append_field(out, reason ? reason : "");
        g_string_append_c(out, ',');
        aiotop_csv_append_field(out, process->user ? process->user : "");
        g_string_append(out, AIOTOP_CSV_END);
    }
}
