/*
 * A canvas: a grid of cells, each with its text and its look
 *
 * What views draw on, terminals show, and tests compare.  A canvas is the one
 * gate to the terminal: all text goes through aiotop_text_append() here, so
 * that no control character gets past it, wherever it came from.
 *
 * A wide character takes two cells, of which the second has the width 0.
 * Combining characters stand with the character before them.  Whatever is
 * put outside of the canvas, or of the width it is given, is cut.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_CANVAS_H
#define AIOTOP_DRAW_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#include "style.h"

/* A base character and up to four combining ones, all of UTF-8 */
#define CANVAS_CELL_TEXT 21
#define CANVAS_COMBINING 4

/* What a terminal says of its size is not trusted with all memory */
#define CANVAS_MAX_WIDTH 4096
#define CANVAS_MAX_HEIGHT 1024

typedef struct CanvasCell {
    char text[CANVAS_CELL_TEXT];
    uint8_t width;
    StyleLook look;
} CanvasCell;

typedef struct Canvas {
    int width;
    int height;
    /* Number of the line that is the first in it; all numbers count from 0 */
    int top;
    bool ascii;
    bool color;
    /* Where the cursor is shown; hidden if cursor_y is negative */
    int cursor_y;
    int cursor_x;
    /* width * height, row by row */
    CanvasCell *cells;
    /*
     * Of int: where canvas_begin_item() notes lines of a page, ascending; NULL for
     * nowhere.  Not the canvas's own.
     */
    GArray *item_lines;
} Canvas;

/* Characters that stand for something, with a fallback in ASCII */
typedef enum Glyph {
    GLYPH_ELLIPSIS,
    GLYPH_HORIZONTAL,
    GLYPH_VERTICAL,
    GLYPH_UP,
    GLYPH_DOWN,
    GLYPH_DISPATCH,
    GLYPH_POLL,
    GLYPH_WAIT,
    GLYPH_BQL_WAIT,
    GLYPH_OTHER,
    GLYPH_MORE,
    N_GLYPHS,
} Glyph;

/* A canvas of spaces, of the size that is nearest of those there may be */
Canvas *canvas_new(int width, int height, bool ascii, bool color);
/* Accepts NULL */
void canvas_free(Canvas *canvas);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Canvas, canvas_free)

/* Spaces again */
void canvas_clear(Canvas *canvas);

/**
 * canvas_window:
 *
 * Returns a canvas whose cells are @height lines of @canvas, from @y on.  What
 * is drawn there is a page of any length, of which only line @top and those
 * after it are kept, as far as the window goes.
 */
Canvas canvas_window(const Canvas *canvas, int y, int height, int top);

/* @y: in the canvas itself, wherever its lines begin */
static inline CanvasCell *canvas_cell(const Canvas *canvas, int y, int x)
{
    return &canvas->cells[y * canvas->width + x];
}

/**
 * canvas_put:
 * @width: in cells; what needs more is cut, with an ellipsis at its end
 *
 * Returns the number of cells that @text took.
 */
int canvas_put(Canvas *canvas, int y, int x, int width, Style style,
               const char *text);

/* The same, but cut in its middle: of names the end tells most */
void canvas_put_middle(Canvas *canvas, int y, int x, int width, Style style,
                       const char *text);

/* canvas_put() at the right end of the width given */
void canvas_put_right(Canvas *canvas, int y, int x, int width, Style style,
                      const char *text);

/* canvas_put() to the end of the line; returns the x behind the text */
int canvas_printf(Canvas *canvas, int y, int x, Style style, const char *format,
                  ...) G_GNUC_PRINTF(5, 6);

void canvas_put_glyph(Canvas *canvas, int y, int x, Style style, Glyph glyph);

/* A column that is @eighths high or wide: 0 (empty) to 8 (full) */
void canvas_put_rising(Canvas *canvas, int y, int x, Style style,
                       unsigned eighths);
void canvas_put_bar(Canvas *canvas, int y, int x, Style style,
                    unsigned eighths);

/* Another look for what stands there */
void canvas_restyle(Canvas *canvas, int y, int x, int width, Style style);

/* Something that can be selected begins in line @y */
void canvas_begin_item(Canvas *canvas, int y);

/* Number of cells that @text takes in a canvas like @canvas */
int canvas_text_width(const Canvas *canvas, const char *text);

#endif /* AIOTOP_DRAW_CANVAS_H */
