/*
 * What the reader of a text can show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_STYLE_H
#define QEMU_AIOTOP_TEXT_STYLE_H

#include <stdbool.h>

typedef struct AiotopTextStyle {
    /* Nothing but ASCII */
    bool ascii;
    /* Colours, and what else a terminal has */
    bool color;
} AiotopTextStyle;

#endif /* QEMU_AIOTOP_TEXT_STYLE_H */
