/*
 * A table of text, to be aligned once all of it is known
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/align.h"

#include <string.h>

#include "qemu-aiotop/text/escape.h"

#define GAP "  "

typedef struct Cell {
    /* Where its text begins */
    gsize offset;
    /* In cells of the terminal */
    int width;
} Cell;

void aiotop_grid_init(Grid *grid, unsigned n_columns)
{
    grid->n_columns = n_columns;
    grid->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    grid->text = g_string_new(NULL);
    grid->width = g_new0(int, n_columns);
    grid->right = g_new0(bool, n_columns);
}

void aiotop_grid_clear(Grid *grid)
{
    if (!grid->cells) {
        return;
    }
    g_array_unref(grid->cells);
    g_string_free(grid->text, TRUE);
    g_free(grid->width);
    g_free(grid->right);
}

void aiotop_grid_end_cell(Grid *grid, gsize offset)
{
    int *width = &grid->width[grid->cells->len % grid->n_columns];
    Cell cell = {
        .offset = offset,
        .width = aiotop_text_width(grid->text->str + offset),
    };

    *width = MAX(*width, cell.width);
    g_array_append_val(grid->cells, cell);
    g_string_append_c(grid->text, '\0');
}

void aiotop_grid_add(Grid *grid, const char *text, bool ascii)
{
    gsize offset = grid->text->len;

    aiotop_text_append(grid->text, text, ascii);
    aiotop_grid_end_cell(grid, offset);
}

static void append_spaces(GString *out, int n)
{
    gsize len = out->len;

    g_string_set_size(out, len + n);
    memset(out->str + len, ' ', n);
}

void aiotop_grid_write(const Grid *grid, GString *out, bool color)
{
    for (unsigned i = 0; i < grid->cells->len; i++) {
        const Cell *cell = &g_array_index(grid->cells, Cell, i);
        unsigned column = i % grid->n_columns;
        bool last = column == grid->n_columns - 1;
        int pad = grid->width[column] - cell->width;

        if (color && i == 0) {
            g_string_append(out, "\033[4m");
        }
        if (column) {
            g_string_append(out, GAP);
        }
        if (grid->right[column]) {
            append_spaces(out, pad);
        }
        g_string_append(out, grid->text->str + cell->offset);
        if (!grid->right[column] && !last) {
            append_spaces(out, pad);
        }
        if (last) {
            if (color && i < grid->n_columns) {
                g_string_append(out, "\033[0m");
            }
            g_string_append_c(out, '\n');
        }
    }
}
