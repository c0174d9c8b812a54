/*
 * A table of text, to be aligned once all of it is known
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_ALIGN_H
#define QEMU_AIOTOP_TEXT_ALIGN_H

#include <stdbool.h>
#include <glib.h>

typedef struct Grid {
    unsigned n_columns;
    /* Row by row; the first row is the head */
    GArray *cells;
    /* Texts of the cells, each terminated */
    GString *text;
    /* Of each column: its least width, and whether it is right-aligned */
    int *width;
    bool *right;
} Grid;

void aiotop_grid_init(Grid *grid, unsigned n_columns);
/* Accepts one that is all zero */
void aiotop_grid_clear(Grid *grid);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Grid, aiotop_grid_clear)

/* The next cell, escaped */
void aiotop_grid_add(Grid *grid, const char *text, bool ascii);

/* The next cell is what was appended to grid->text since @offset */
void aiotop_grid_end_cell(Grid *grid, gsize offset);

/* With colours the head is underlined */
void aiotop_grid_write(const Grid *grid, GString *out, bool color);

#endif /* QEMU_AIOTOP_TEXT_ALIGN_H */
