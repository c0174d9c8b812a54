/*
 * A canvas: a grid of cells, each with its text and its look
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "canvas.h"

#include <string.h>
#include <qemu-aiotop/text/escape.h>

typedef struct GlyphText {
    const char *utf8;
    char ascii;
} GlyphText;

static const GlyphText glyphs[N_GLYPHS] = {
    [GLYPH_ELLIPSIS] = { "…", '~' }, [GLYPH_HORIZONTAL] = { "─", '-' },
    [GLYPH_VERTICAL] = { "│", '|' }, [GLYPH_UP] = { "▲", '^' },
    [GLYPH_DOWN] = { "▼", 'v' },     [GLYPH_DISPATCH] = { "█", '#' },
    [GLYPH_POLL] = { "░", 'p' },     [GLYPH_WAIT] = { "·", '.' },
    [GLYPH_BQL_WAIT] = { "▚", 'B' }, [GLYPH_OTHER] = { "▄", 'o' },
    [GLYPH_MORE] = { "»", '>' },
};

static const GlyphText rising[] = {
    { " ", ' ' }, { "▁", '.' }, { "▂", '.' }, { "▃", ':' }, { "▄", ':' },
    { "▅", ':' }, { "▆", '|' }, { "▇", '|' }, { "█", '#' },
};

static const GlyphText bars[] = {
    { " ", ' ' }, { "▏", ' ' }, { "▎", ' ' }, { "▍", ' ' }, { "▌", '-' },
    { "▋", '=' }, { "▊", '=' }, { "▉", '=' }, { "█", '#' },
};

static const CanvasCell blank = {
    .text = " ",
    .width = 1,
    .look = { COLOR_NONE, COLOR_NONE, 0 },
};

Canvas *canvas_new(int width, int height, bool ascii, bool color)
{
    Canvas *canvas = g_new0(Canvas, 1);

    canvas->width = CLAMP(width, 1, CANVAS_MAX_WIDTH);
    canvas->height = CLAMP(height, 1, CANVAS_MAX_HEIGHT);
    canvas->ascii = ascii;
    canvas->color = color;
    canvas->cells = g_new0(CanvasCell, (gsize)canvas->width * canvas->height);
    canvas_clear(canvas);
    return canvas;
}

void canvas_free(Canvas *canvas)
{
    if (canvas) {
        g_free(canvas->cells);
        g_free(canvas);
    }
}

void canvas_clear(Canvas *canvas)
{
    gsize n = (gsize)canvas->width * canvas->height;

    for (gsize i = 0; i < n; i++) {
        canvas->cells[i] = blank;
    }
    canvas->cursor_y = -1;
    canvas->cursor_x = -1;
}

Canvas canvas_window(const Canvas *canvas, int y, int height, int top)
{
    Canvas window = *canvas;

    g_assert(y >= 0 && height >= 0 && y + height <= canvas->height);
    window.cells = canvas_cell(canvas, y, 0);
    window.height = height;
    window.top = top;
    return window;
}

/* Turns a line of what is drawn into one of the cells; whether it is there */
static bool find_line(const Canvas *canvas, int *y)
{
    *y -= canvas->top;
    return *y >= 0 && *y < canvas->height;
}

void canvas_begin_item(Canvas *canvas, int y)
{
    if (canvas->item_lines) {
        g_array_append_val(canvas->item_lines, y);
    }
}

/* A half of a wide character does not stand alone */
static void break_wide(Canvas *canvas, int y, int x)
{
    if (x > 0 && canvas_cell(canvas, y, x)->width == 0) {
        CanvasCell *left = canvas_cell(canvas, y, x - 1);

        memcpy(left->text, " ", 2);
        left->width = 1;
        memcpy(canvas_cell(canvas, y, x)->text, " ", 2);
        canvas_cell(canvas, y, x)->width = 1;
    }
}

static void set_cell(Canvas *canvas, int y, int x, const char *text, gsize len,
                     int width, Style style)
{
    CanvasCell *cell = canvas_cell(canvas, y, x);

    break_wide(canvas, y, x);
    if (x + width < canvas->width) {
        break_wide(canvas, y, x + width);
    }
    *cell = blank;
    memset(cell->text, 0, sizeof(cell->text));
    memcpy(cell->text, text, len);
    cell->width = width;
    cell->look = style_look(style, canvas->color);
    if (width == 2) {
        cell[1] = (CanvasCell){ .look = cell->look };
    }
}

static void add_combining(Canvas *canvas, int y, int x, const char *text,
                          gsize len)
{
    CanvasCell *cell = canvas_cell(canvas, y, x);
    gsize used = strlen(cell->text);

    if (cell->width == 0 && x > 0) {
        cell--;
        used = strlen(cell->text);
    }
    if (g_utf8_strlen(cell->text, -1) <= CANVAS_COMBINING &&
        used + len < sizeof(cell->text)) {
        memcpy(cell->text + used, text, len);
    }
}

/* @text is escaped and fits */
static int put_escaped(Canvas *canvas, int y, int x, int width, Style style,
                       const char *text)
{
    int used = 0;

    for (const char *p = text; *p;) {
        const char *next = g_utf8_next_char(p);
        gunichar c = g_utf8_get_char(p);
        int cells = aiotop_text_char_width(c);

        if (used + cells > width) {
            break;
        }
        if (cells == 0) {
            if (used > 0) {
                add_combining(canvas, y, x + used - 1, p, next - p);
            }
        } else {
            set_cell(canvas, y, x + used, p, next - p, cells, style);
        }
        used += cells;
        p = next;
    }
    return used;
}

static void set_glyph(Canvas *canvas, int y, int x, Style style,
                      const GlyphText *glyph)
{
    if (canvas->ascii) {
        set_cell(canvas, y, x, &glyph->ascii, 1, 1, style);
    } else {
        set_cell(canvas, y, x, glyph->utf8, strlen(glyph->utf8), 1, style);
    }
}

static int put(Canvas *canvas, int y, int x, int width, Style style,
               const char *escaped)
{
    int used;

    if (x < 0 || !find_line(canvas, &y)) {
        return 0;
    }
    width = MIN(width, canvas->width - x);
    if (width <= 0) {
        return 0;
    }
    if (aiotop_text_width(escaped) <= width) {
        return put_escaped(canvas, y, x, width, style, escaped);
    }
    used = put_escaped(canvas, y, x, width - 1, style, escaped);
    set_glyph(canvas, y, x + used, style, &glyphs[GLYPH_ELLIPSIS]);
    return used + 1;
}

static char *escape(const Canvas *canvas, const char *text)
{
    GString *out = g_string_sized_new(64);

    aiotop_text_append(out, text, canvas->ascii);
    return g_string_free(out, FALSE);
}

int canvas_put(Canvas *canvas, int y, int x, int width, Style style,
               const char *text)
{
    g_autofree char *escaped = escape(canvas, text);

    return put(canvas, y, x, width, style, escaped);
}

void canvas_put_middle(Canvas *canvas, int y, int x, int width, Style style,
                       const char *text)
{
    g_autofree char *escaped = escape(canvas, text);
    int spare = aiotop_text_width(escaped) - width;
    int head = MAX(width / 5, 1);
    const char *tail = escaped;

    if (spare <= 0 || width < 3) {
        put(canvas, y, x, width, style, escaped);
        return;
    }
    /* What the ellipsis takes is lost as well */
    for (int cells = 0; *tail && cells < head + spare + 1;
         tail = g_utf8_next_char(tail)) {
        cells += aiotop_text_char_width(g_utf8_get_char(tail));
    }
    head = put(canvas, y, x, head + 1, style, escaped);
    put(canvas, y, x + head, width - head, style, tail);
}

void canvas_put_right(Canvas *canvas, int y, int x, int width, Style style,
                      const char *text)
{
    g_autofree char *escaped = escape(canvas, text);
    int needed = aiotop_text_width(escaped);

    if (needed < width) {
        x += width - needed;
        width = needed;
    }
    put(canvas, y, x, width, style, escaped);
}

int canvas_printf(Canvas *canvas, int y, int x, Style style, const char *format,
                  ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return x + canvas_put(canvas, y, x, canvas->width - x, style, text);
}

static void put_glyph(Canvas *canvas, int y, int x, Style style,
                      const GlyphText *glyph)
{
    if (x >= 0 && x < canvas->width && find_line(canvas, &y)) {
        set_glyph(canvas, y, x, style, glyph);
    }
}

void canvas_put_glyph(Canvas *canvas, int y, int x, Style style, Glyph glyph)
{
    put_glyph(canvas, y, x, style, &glyphs[glyph]);
}

void canvas_put_rising(Canvas *canvas, int y, int x, Style style,
                       unsigned eighths)
{
    put_glyph(canvas, y, x, style, &rising[MIN(eighths, 8)]);
}

void canvas_put_bar(Canvas *canvas, int y, int x, Style style, unsigned eighths)
{
    put_glyph(canvas, y, x, style, &bars[MIN(eighths, 8)]);
}

void canvas_restyle(Canvas *canvas, int y, int x, int width, Style style)
{
    StyleLook look = style_look(style, canvas->color);

    if (!find_line(canvas, &y)) {
        return;
    }
    for (int i = MAX(x, 0); i < x + width && i < canvas->width; i++) {
        canvas_cell(canvas, y, i)->look = look;
    }
}

int canvas_text_width(const Canvas *canvas, const char *text)
{
    g_autofree char *escaped = escape(canvas, text);

    return aiotop_text_width(escaped);
}
