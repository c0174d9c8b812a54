/*
 * Writer: text for people
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format.h"

#include <inttypes.h>

#include "grid.h"
#include "qemu-aiotop/discover.h"
#include "qemu-aiotop/text.h"

#define GAP "  "

static void add_value(Grid *grid, const AiotopColumn *column,
                      const AiotopRow *row, bool ascii)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = column->get(row, buffer);
    gsize offset = grid->text->len;

    aiotop_text_value(grid->text, column->unit, &value, ascii);
    aiotop_grid_end_cell(grid, offset);
}

/* The columns that are chosen, or else those that are visible */
static GPtrArray *get_columns(const AiotopTable *table, GPtrArray *chosen)
{
    GPtrArray *columns;

    if (chosen) {
        return g_ptr_array_ref(chosen);
    }
    columns = g_ptr_array_new();
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (table->columns[i].visible) {
            g_ptr_array_add(columns, (void *)&table->columns[i]);
        }
    }
    return columns;
}

static void write_table(GString *out, const AiotopTable *table,
                        GPtrArray *chosen, GArray *rows,
                        const AiotopSelection *selection)
{
    g_autoptr(GPtrArray) columns = get_columns(table, chosen);
    g_auto(Grid) grid = { 0 };

    if (aiotop_selection_hides(selection, table)) {
        return;
    }
    aiotop_grid_init(&grid, columns->len);
    for (unsigned i = 0; i < columns->len; i++) {
        const AiotopColumn *column = columns->pdata[i];

        grid.right[i] = column->unit != AIOTOP_UNIT_TEXT;
        if (grid.right[i]) {
            grid.width[i] = column->width;
        }
        aiotop_grid_add(&grid, column->header, false);
    }
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopRow *row = &g_array_index(rows, AiotopRow, i);

        for (unsigned j = 0; j < columns->len; j++) {
            add_value(&grid, columns->pdata[j], row, selection->ascii);
        }
    }
    aiotop_grid_write(&grid, out, selection->color);
    g_string_append_c(out, '\n');
}

void aiotop_format_text_head(GString *out, const AiotopSample *sample,
                             const AiotopSelection *selection)
{
    const AiotopSnapshot *now = sample->now;
    char interval[AIOTOP_TEXT_NUMBER];

    if (selection->color) {
        g_string_append(out, "\033[1m");
    }
    if (sample->real_time_us) {
        g_autoptr(GDateTime) time =
            g_date_time_new_from_unix_local(sample->real_time_us / 1000000);
        g_autofree char *text = g_date_time_format(time, "%H:%M:%S");

        g_string_append_printf(out, "%s" GAP, text);
    }
    if (now->vm_name) {
        aiotop_text_append(out, now->vm_name, selection->ascii);
        g_string_append(out, GAP);
    }
    g_string_append_printf(out, "pid %" PRId64, now->pid);
    if (now->qemu_version) {
        g_string_append(out, GAP "QEMU ");
        aiotop_text_append(out, now->qemu_version, selection->ascii);
    }
    if (now->run_state) {
        g_string_append(out, GAP);
        aiotop_text_append(out, now->run_state, selection->ascii);
    }
    aiotop_text_time(interval, sample->interval_ns);
    g_string_append_printf(
        out, GAP "%s %s",
        sample->cumulative ? "since profiling began:" : "interval", interval);
    if (sample->restarted) {
        g_string_append(out, GAP "(counters began anew)");
    }
    g_string_append(out, selection->color ? "\033[0m\n" : "\n");
}

void aiotop_format_text(GString *out, const AiotopSample *sample,
                        const AiotopSelection *selection)
{
    g_autoptr(GArray) loops = aiotop_selection_loops(selection, sample);
    g_autoptr(GArray) sources = aiotop_selection_sources(selection, sample);

    aiotop_format_text_head(out, sample, selection);
    g_string_append_c(out, '\n');
    write_table(out, &aiotop_loop_table, selection->loop_columns, loops,
                selection);
    write_table(out, &aiotop_source_table, selection->source_columns, sources,
                selection);
}

void aiotop_format_text_list(GString *out, GPtrArray *processes, bool ascii)
{
    static const char *const heads[] = {
        "PID", "PROGRAM", "NAME", "PROFILED", "SOCKET", "WHY NOT",
    };
    g_auto(Grid) grid;

    aiotop_grid_init(&grid, G_N_ELEMENTS(heads));
    grid.right[0] = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++) {
        aiotop_grid_add(&grid, heads[i], false);
    }
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = aiotop_process_reason(process);
        const char *address =
            process->profilers->len  ? process->profilers->pdata[0]
            : process->monitors->len ? process->monitors->pdata[0]
                                     : NULL;
        g_autofree char *pid = g_strdup_printf("%" PRId64, process->pid);

        aiotop_grid_add(&grid, pid, ascii);
        aiotop_grid_add(&grid, process->program, ascii);
        aiotop_grid_add(&grid, process->vm_name ? process->vm_name : "-",
                        ascii);
        aiotop_grid_add(&grid, reason ? "no" : "yes", ascii);
        aiotop_grid_add(&grid, address ? aiotop_target_shown(address) : "-",
                        ascii);
        aiotop_grid_add(&grid, reason ? reason : "-", ascii);
    }
    aiotop_grid_write(&grid, out, false);
}

static void write_help(GString *out, const AiotopTable *table,
                       const char *prefix, const char *title)
{
    g_string_append_printf(out, "%s\n", title);
    for (unsigned i = 0; i < table->n_columns; i++) {
        const AiotopColumn *column = &table->columns[i];
        g_autofree char *name = g_strconcat(prefix, column->name, NULL);

        g_string_append_printf(out, " %c %-20s %-9s %s\n",
                               column->visible ? '*' : ' ', name,
                               column->header, column->help);
    }
}

void aiotop_format_columns(GString *out)
{
    write_help(out, &aiotop_source_table, "",
               "Sources (* shown by default; sorted by busy):");
    g_string_append_c(out, '\n');
    write_help(out, &aiotop_loop_table, "loop.",
               "Loops (* shown by default; sorted by loop.dispatch):");
}
