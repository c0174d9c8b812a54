/*
 * Styles: what a cell means, and how a terminal shows it
 *
 * Views name a meaning.  One table says what it looks like with colours and
 * without; without them every meaning that matters still differs by an
 * attribute or goes with a word.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_STYLE_H
#define AIOTOP_DRAW_STYLE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum Style {
    STYLE_TEXT,
    STYLE_STRONG,
    STYLE_DIM,
    STYLE_TITLE,
    /* Head of the table that has the keys, of another, of the sort column */
    STYLE_HEAD,
    STYLE_HEAD_IDLE,
    STYLE_HEAD_SORT,
    STYLE_SELECTED,
    STYLE_SELECTED_IDLE,
    STYLE_WARNING,
    STYLE_ALARM,
    STYLE_KEY,
    STYLE_KEY_LABEL,
    STYLE_PROMPT,
    STYLE_ERROR,
    STYLE_BANNER,
    /* What stands out in a graph, and the rest of it */
    STYLE_MARK,
    STYLE_GRAPH,
    /* Where a loop's time goes */
    STYLE_DISPATCH,
    STYLE_POLL,
    STYLE_WAIT,
    STYLE_BQL_WAIT,
    STYLE_OTHER,
    N_STYLES,
} Style;

/* The eight colours that every terminal with colours has */
typedef enum StyleColor {
    COLOR_NONE = -1,
    COLOR_IS_BLACK,
    COLOR_IS_RED,
    COLOR_IS_GREEN,
    COLOR_IS_YELLOW,
    COLOR_IS_BLUE,
    COLOR_IS_MAGENTA,
    COLOR_IS_CYAN,
    COLOR_IS_WHITE,
} StyleColor;

enum {
    STYLE_BOLD = 1,
    STYLE_FAINT = 2,
    STYLE_UNDERLINE = 4,
    STYLE_REVERSE = 8,
};

/* How a cell looks */
typedef struct StyleLook {
    int8_t foreground;
    int8_t background;
    uint8_t bits;
} StyleLook;

StyleLook style_look(Style style, bool color);

#endif /* AIOTOP_DRAW_STYLE_H */
