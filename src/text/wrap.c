/*
 * Breaking text into lines, by the cells that it takes on a terminal
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/wrap.h"

#include "qemu-aiotop/text/escape.h"

const char *aiotop_wrap_line(const char *text, int width, bool cut,
                             const char **next)
{
    const char *p, *space = NULL;
    int used = 0;

    for (p = text; *p; p = g_utf8_next_char(p)) {
        int cells = aiotop_text_char_width(g_utf8_get_char(p));
        bool full = cells && used + cells > width && p > text;

        if (full && (*p == ' ' || space || cut)) {
            p = *p != ' ' && space ? space : p;
            break;
        }
        space = *p == ' ' && p > text ? p : space;
        used += cells;
    }
    *next = p + (*p == ' ');
    return p;
}
