/*
 * Breaking text into lines, by the cells that it takes on a terminal
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_WRAP_H
#define QEMU_AIOTOP_TEXT_WRAP_H

#include <stdbool.h>

/**
 * aiotop_wrap_line:
 * @text: escaped, see aiotop_text_append(); not empty
 * @width: in cells
 * @cut: a word that is wider than a line is cut, else it has a line that is
 *     too long
 * @next: set to where the next line begins; at the end if there is none
 *
 * Returns the end of the first line: without the space that it is broken at,
 * and behind the combining characters of its last one.  A line has at least
 * one character, so that all of the text comes.
 */
const char *aiotop_wrap_line(const char *text, int width, bool cut,
                             const char **next);

#endif /* QEMU_AIOTOP_TEXT_WRAP_H */
