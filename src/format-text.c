/*
 * Writer: text for people
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/discover.h"
#include "qemu-aiotop/text.h"

#define GAP "  "

/* A table of cells, to be aligned once all are known */
typedef struct Grid {
    unsigned n_columns;
    /* Strings, row by row; the first row is the head */
    GPtrArray *cells;
    int *width;
    bool *right;
} Grid;

static void grid_init(Grid *grid, unsigned n_columns)
{
    grid->n_columns = n_columns;
    grid->cells = g_ptr_array_new_with_free_func(g_free);
    grid->width = g_new0(int, n_columns);
    grid->right = g_new0(bool, n_columns);
}

static void grid_clear(Grid *grid)
{
    g_ptr_array_unref(grid->cells);
    g_free(grid->width);
    g_free(grid->right);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Grid, grid_clear)

/* @text is safe to show, and is taken */
static void grid_add(Grid *grid, char *text)
{
    int *width = &grid->width[grid->cells->len % grid->n_columns];

    *width = MAX(*width, aiotop_text_width(text));
    g_ptr_array_add(grid->cells, text);
}

static void grid_write(const Grid *grid, GString *out, bool color)
{
    for (unsigned i = 0; i < grid->cells->len; i++) {
        const char *text = grid->cells->pdata[i];
        unsigned column = i % grid->n_columns;
        bool last = column == grid->n_columns - 1;
        int pad = grid->width[column] - aiotop_text_width(text);

        if (color && i == 0) {
            g_string_append(out, "\033[4m");
        }
        if (column) {
            g_string_append(out, GAP);
        }
        if (grid->right[column]) {
            g_string_append_printf(out, "%*s", pad, "");
        }
        g_string_append(out, text);
        if (!grid->right[column] && !last) {
            g_string_append_printf(out, "%*s", pad, "");
        }
        if (last) {
            if (color && i < grid->n_columns) {
                g_string_append(out, "\033[0m");
            }
            g_string_append_c(out, '\n');
        }
    }
}

static char *format_cell(const AiotopColumn *column, const AiotopRow *row,
                         bool ascii)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = column->get(row, buffer);
    GString *out = g_string_new(NULL);

    aiotop_text_value(out, column->unit, &value, ascii);
    return g_string_free(out, FALSE);
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
    g_auto(Grid) grid;

    grid_init(&grid, columns->len);
    for (unsigned i = 0; i < columns->len; i++) {
        const AiotopColumn *column = columns->pdata[i];

        grid.right[i] = column->unit != AIOTOP_UNIT_TEXT;
        if (grid.right[i]) {
            grid.width[i] = column->width;
        }
        grid_add(&grid, g_strdup(column->header));
    }
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopRow *row = &g_array_index(rows, AiotopRow, i);

        for (unsigned j = 0; j < columns->len; j++) {
            grid_add(&grid, format_cell(columns->pdata[j], row,
                                        selection->ascii));
        }
    }
    grid_write(&grid, out, selection->color);
}

static void write_header(GString *out, const AiotopSample *sample,
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
    g_string_append_printf(out, GAP "%s %s",
                           sample->cumulative ? "since profiling began:"
                                              : "interval", interval);
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

    write_header(out, sample, selection);
    g_string_append_c(out, '\n');
    write_table(out, &aiotop_loop_table, selection->loop_columns, loops,
                selection);
    g_string_append_c(out, '\n');
    write_table(out, &aiotop_source_table, selection->source_columns,
                sources, selection);
    g_string_append_c(out, '\n');
}

static char *escaped(const char *text, bool ascii)
{
    GString *out = g_string_new(NULL);

    aiotop_text_append(out, text, ascii);
    return g_string_free(out, FALSE);
}

void aiotop_format_text_list(GString *out, GPtrArray *processes, bool ascii)
{
    static const char *const heads[] = {
        "PID", "PROGRAM", "NAME", "PROFILED", "SOCKET", "WHY NOT",
    };
    g_auto(Grid) grid;

    grid_init(&grid, G_N_ELEMENTS(heads));
    grid.right[0] = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++) {
        grid_add(&grid, g_strdup(heads[i]));
    }
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        g_autofree char *reason = aiotop_process_reason(process);
        const char *address = process->profilers->len
            ? process->profilers->pdata[0]
            : process->monitors->len ? process->monitors->pdata[0] : NULL;

        grid_add(&grid, g_strdup_printf("%" PRId64, process->pid));
        grid_add(&grid, escaped(process->program, ascii));
        grid_add(&grid, escaped(process->vm_name ? process->vm_name : "-",
                                ascii));
        grid_add(&grid, g_strdup(reason ? "no" : "yes"));
        grid_add(&grid, address ? escaped(aiotop_target_shown(address),
                                          ascii)
                                : g_strdup("-"));
        grid_add(&grid, escaped(reason ? reason : "-", ascii));
    }
    grid_write(&grid, out, false);
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
