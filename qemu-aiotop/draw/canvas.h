/*
 * A frame: a grid of cells, each with its text and its look
 *
 * What views draw on, terminals show, and tests compare.  A frame is the one
 * gate to the terminal: all text goes through aiotop_text_append() here, so
 * that no control character gets past it, wherever it came from.
 *
 * A wide character takes two cells, of which the second has the width 0.
 * Combining characters stand with the character before them.  Whatever is
 * put outside of the frame, or of the width it is given, is cut.
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
#define FRAME_CELL_TEXT 21
#define FRAME_COMBINING 4

/* What a terminal says of its size is not trusted with all memory */
#define FRAME_MAX_WIDTH 4096
#define FRAME_MAX_HEIGHT 1024

typedef struct FrameCell {
    char text[FRAME_CELL_TEXT];
    uint8_t width;
    StyleLook look;
} FrameCell;

typedef struct Frame {
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
    FrameCell *cells;
    /*
     * Of int: where frame_mark() notes lines of a page, ascending; NULL for
     * nowhere.  Not the frame's own.
     */
    GArray *marks;
} Frame;

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

/* A frame of spaces, of the size that is nearest of those there may be */
Frame *frame_new(int width, int height, bool ascii, bool color);
/* Accepts NULL */
void frame_free(Frame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Frame, frame_free)

/* Spaces again */
void frame_clear(Frame *frame);

/**
 * frame_window:
 *
 * Returns a frame whose cells are @height lines of @frame, from @y on.  What
 * is drawn there is a page of any length, of which only line @top and those
 * after it are kept, as far as the window goes.
 */
Frame frame_window(const Frame *frame, int y, int height, int top);

/* @y: in the frame itself, wherever its lines begin */
static inline FrameCell *frame_cell(const Frame *frame, int y, int x)
{
    return &frame->cells[y * frame->width + x];
}

/**
 * frame_put:
 * @width: in cells; what needs more is cut, with an ellipsis at its end
 *
 * Returns the number of cells that @text took.
 */
int frame_put(Frame *frame, int y, int x, int width, Style style,
              const char *text);

/* The same, but cut in its middle: of names the end tells most */
void frame_put_middle(Frame *frame, int y, int x, int width, Style style,
                      const char *text);

/* frame_put() at the right end of the width given */
void frame_put_right(Frame *frame, int y, int x, int width, Style style,
                     const char *text);

/* frame_put() to the end of the line; returns the x behind the text */
int frame_printf(Frame *frame, int y, int x, Style style, const char *format,
                 ...) G_GNUC_PRINTF(5, 6);

void frame_put_glyph(Frame *frame, int y, int x, Style style, Glyph glyph);

/* A column that is @eighths high or wide: 0 (empty) to 8 (full) */
void frame_put_rising(Frame *frame, int y, int x, Style style,
                      unsigned eighths);
void frame_put_bar(Frame *frame, int y, int x, Style style, unsigned eighths);

/* Another look for what stands there */
void frame_restyle(Frame *frame, int y, int x, int width, Style style);

/* Something that can be selected begins in line @y */
void frame_mark(Frame *frame, int y);

/* Number of cells that @text takes in a frame like @frame */
int frame_text_width(const Frame *frame, const char *text);

#endif /* AIOTOP_DRAW_CANVAS_H */
