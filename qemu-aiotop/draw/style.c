/*
 * Styles: what a cell means, and how a terminal shows it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "style.h"

typedef struct StyleEntry {
    StyleLook color;
    /* Attributes without colours */
    uint8_t mono;
} StyleEntry;

#define PLAIN COLOR_NONE, COLOR_NONE

/* Yellow alone can't be read on a white background, nor blue on a black one */
static const StyleEntry styles[N_STYLES] = {
    [STYLE_TEXT] = { { PLAIN, 0 }, 0 },
    [STYLE_STRONG] = { { PLAIN, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_DIM] = { { PLAIN, STYLE_FAINT }, STYLE_FAINT },
    [STYLE_TITLE] = { { PLAIN, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_HEAD] = { { COLOR_IS_BLACK, COLOR_IS_GREEN, 0 }, STYLE_REVERSE },
    [STYLE_HEAD_IDLE] = { { PLAIN, STYLE_UNDERLINE }, STYLE_UNDERLINE },
    [STYLE_HEAD_SORT] = { { COLOR_IS_BLACK, COLOR_IS_CYAN, 0 },
                          STYLE_BOLD | STYLE_UNDERLINE },
    [STYLE_SELECTED] = { { COLOR_IS_BLACK, COLOR_IS_CYAN, 0 }, STYLE_REVERSE },
    [STYLE_SELECTED_IDLE] = { { PLAIN, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_WARNING] = { { COLOR_IS_BLACK, COLOR_IS_YELLOW, 0 }, STYLE_BOLD },
    [STYLE_ALARM] = { { COLOR_IS_WHITE, COLOR_IS_RED, STYLE_BOLD },
                      STYLE_BOLD | STYLE_REVERSE },
    [STYLE_KEY] = { { PLAIN, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_KEY_LABEL] = { { COLOR_IS_BLACK, COLOR_IS_CYAN, 0 }, STYLE_REVERSE },
    [STYLE_PROMPT] = { { PLAIN, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_ERROR] = { { COLOR_IS_RED, COLOR_NONE, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_BANNER] = { { COLOR_IS_BLACK, COLOR_IS_YELLOW, 0 }, STYLE_REVERSE },
    [STYLE_MARK] = { { COLOR_IS_RED, COLOR_NONE, 0 }, STYLE_BOLD },
    [STYLE_GRAPH] = { { COLOR_IS_GREEN, COLOR_NONE, 0 }, 0 },
    [STYLE_DISPATCH] = { { COLOR_IS_GREEN, COLOR_NONE, 0 }, STYLE_BOLD },
    [STYLE_POLL] = { { COLOR_IS_MAGENTA, COLOR_NONE, 0 }, 0 },
    [STYLE_WAIT] = { { PLAIN, STYLE_FAINT }, STYLE_FAINT },
    [STYLE_BQL_WAIT] = { { COLOR_IS_RED, COLOR_NONE, STYLE_BOLD }, STYLE_BOLD },
    [STYLE_OTHER] = { { COLOR_IS_CYAN, COLOR_NONE, 0 }, 0 },
};

StyleLook style_look(Style style, bool color)
{
    if (color) {
        return styles[style].color;
    }
    return (StyleLook){ PLAIN, styles[style].mono };
}
