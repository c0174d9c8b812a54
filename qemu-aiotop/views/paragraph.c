/*
 * A paragraph: a text of any length and of anybody's, as lines
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/text/wrap.h>

#include "view.h"

int view_paragraph(Canvas *canvas, int y, int x, Style style, const char *text)
{
    int width = MAX(canvas->width - x, 1);
    g_autoptr(GString) escaped = g_string_new(NULL);

    /* Before it is broken into lines, as that makes it longer, and UTF-8 */
    aiotop_text_append(escaped, text, canvas->ascii);
    text = escaped->str;
    while (*text) {
        const char *next;
        const char *end = aiotop_wrap_line(text, width, true, &next);
        g_autofree char *line = g_strndup(text, end - text);

        canvas_put(canvas, y++, x, width, style, line);
        text = next;
    }
    return y;
}
