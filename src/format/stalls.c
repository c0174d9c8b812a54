/*
 * Writers: the log of stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/stalls.h"

#include <inttypes.h>

#include "qemu-aiotop/text/align.h"
#include "qemu-aiotop/text/csv-writer.h"
#include "qemu-aiotop/text/json-writer.h"
#include "qemu-aiotop/text/figure.h"

static uint64_t thread_id(const AiotopStall *stall)
{
    return stall->thread_id < 0 ? AIOTOP_UNKNOWN : (uint64_t)stall->thread_id;
}

static void add_stall(GString *out, const AiotopSample *sample,
                      const AiotopStall *stall)
{
    aiotop_json_add_key(out, NULL);
    g_string_append_c(out, '{');
    aiotop_json_add_integer(out, "id", stall->id);
    aiotop_json_add_time(out, aiotop_sample_real_us(sample, stall->start_ns));
    aiotop_json_add_string(out, "loop", stall->loop);
    aiotop_json_add_integer(out, "thread_id", thread_id(stall));
    aiotop_json_add_string(out, "cause", aiotop_stall_cause(stall));
    aiotop_json_add_integer(
        out, "source_id", stall->source_id ? stall->source_id : AIOTOP_UNKNOWN);
    aiotop_json_add_string(out, "kind", stall->kind);
    aiotop_json_add_string(out, "name", stall->name);
    aiotop_json_add_string(out, "label", stall->label);
    aiotop_json_add_integer(out, "start_ns", stall->start_ns);
    aiotop_json_add_integer(out, "duration_ns", stall->duration_ns);
    aiotop_json_add_bool(out, "ongoing", stall->ongoing);
    g_string_append_c(out, '}');
}

void aiotop_format_json_add_stalls(GString *out, const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;

    aiotop_json_add_integer(out, "stall_count", now->stall_count);
    if (!now->stalls) {
        aiotop_json_add_string(out, "stalls", NULL);
        return;
    }
    aiotop_json_add_key(out, "stalls");
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < now->n_stalls; i++) {
        add_stall(out, sample, &now->stalls[i]);
    }
    g_string_append_c(out, ']');
}

void aiotop_format_json_stalls(GString *out, const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;

    g_string_append_c(out, '{');
    aiotop_json_add_string(out, "vm_name", now->vm_name);
    aiotop_json_add_integer(out, "pid", now->pid);
    aiotop_json_add_integer(out, "time_ns", now->time_ns);
    aiotop_format_json_add_stalls(out, sample);
    g_string_append(out, "}\n");
}

static void add_number(GString *out, uint64_t value)
{
    if (value != AIOTOP_UNKNOWN) {
        g_string_append_printf(out, "%" PRIu64, value);
    }
}

static void add_record(GString *out, const AiotopSample *sample,
                       const AiotopStall *stall)
{
    const char *const texts[] = { stall->kind, stall->name, stall->label };

    aiotop_csv_append_time(out, aiotop_sample_real_us(sample, stall->start_ns));
    g_string_append_printf(out, "%" PRIu64 ",", stall->id);
    aiotop_csv_append_field(out, stall->loop);
    g_string_append_c(out, ',');
    add_number(out, thread_id(stall));
    g_string_append_c(out, ',');
    aiotop_csv_append_field(out, aiotop_stall_cause(stall));
    g_string_append_c(out, ',');
    add_number(out, stall->source_id ? stall->source_id : AIOTOP_UNKNOWN);
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_string_append_c(out, ',');
        aiotop_csv_append_field(out, texts[i] ? texts[i] : "");
    }
    g_string_append_c(out, ',');
    add_number(out, stall->start_ns);
    g_string_append_c(out, ',');
    add_number(out, stall->duration_ns);
    g_string_append(out, stall->ongoing ? ",true\r\n" : ",false\r\n");
}

void aiotop_format_csv_stalls(GString *out, const AiotopSample *sample)
{
    g_string_append(out,
                    "time,id,loop,thread_id,cause,source_id,kind,name,label,"
                    "start_ns,duration_ns,ongoing\r\n");
    for (unsigned i = 0; i < sample->now->n_stalls; i++) {
        add_record(out, sample, &sample->now->stalls[i]);
    }
}

static void add_when(Grid *grid, int64_t real_time_us)
{
    g_autoptr(GDateTime) time =
        real_time_us ? g_date_time_new_from_unix_local(real_time_us / 1000000)
                     : NULL;
    g_autofree char *text =
        time ? g_date_time_format(time, "%m-%d %H:%M:%S") : g_strdup("-");

    aiotop_grid_add(grid, text, true);
}

static void add_time(Grid *grid, uint64_t ns)
{
    char text[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(text, aiotop_known_real(ns));
    aiotop_grid_add(grid, text, true);
}

static void add_row(Grid *grid, const AiotopSample *sample,
                    const AiotopStall *stall, bool ascii)
{
    uint64_t age_ns = aiotop_age_ns(sample->now->time_ns, stall->start_ns);
    g_autofree char *id = g_strdup_printf("%" PRIu64, stall->id);
    g_autoptr(GString) source = g_string_new(NULL);

    if (!stall->kind && !stall->name) {
        g_string_append_c(source, '-');
    } else {
        aiotop_source_append_name(source, stall->kind, stall->name,
                                  stall->label);
    }

    aiotop_grid_add(grid, id, true);
    add_when(grid, aiotop_sample_real_us(sample, stall->start_ns));
    add_time(grid, age_ns);
    aiotop_grid_add(grid, stall->loop, ascii);
    aiotop_grid_add(grid, aiotop_stall_cause(stall), true);
    add_time(grid, stall->duration_ns);
    aiotop_grid_add(grid, stall->ongoing ? "ONGOING" : "ended", true);
    aiotop_grid_add(grid, source->str, ascii);
}

void aiotop_format_text_stalls(GString *out, const AiotopSample *sample,
                               bool ascii)
{
    static const char *const heads[] = {
        "ID", "BEGAN", "AGO", "LOOP", "CAUSE", "LASTED", "NOW", "SOURCE",
    };
    const AiotopSnapshot *now = sample->now;
    g_auto(Grid) grid = { 0 };

    if (!now->n_stalls) {
        g_string_append_printf(out, "%s\n", aiotop_snapshot_no_stall(now));
        return;
    }
    aiotop_grid_init(&grid, G_N_ELEMENTS(heads));
    grid.right[0] = grid.right[2] = grid.right[5] = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++) {
        aiotop_grid_add(&grid, heads[i], true);
    }
    for (unsigned i = 0; i < now->n_stalls; i++) {
        add_row(&grid, sample, &now->stalls[i], ascii);
    }
    aiotop_grid_write(&grid, out, false);
    if (now->stall_count != AIOTOP_UNKNOWN &&
        now->stall_count > now->n_stalls) {
        g_string_append_printf(out, "The last %u of %" PRIu64 "\n",
                               now->n_stalls, now->stall_count);
    }
}
