/*
 * A frame: a grid of cells, each with its text and its look
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "canvas.h"

#include <string.h>
#include <qemu-aiotop/text/figure.h>

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

static const FrameCell blank = {
    .text = " ",
    .width = 1,
    .look = { COLOR_NONE, COLOR_NONE, 0 },
};

Frame *frame_new(int width, int height, bool ascii, bool color)
{
    Frame *frame = g_new0(Frame, 1);

    frame->width = CLAMP(width, 1, FRAME_MAX_WIDTH);
    frame->height = CLAMP(height, 1, FRAME_MAX_HEIGHT);
    frame->ascii = ascii;
    frame->color = color;
    frame->cells = g_new0(FrameCell, (gsize)frame->width * frame->height);
    frame_clear(frame);
    return frame;
}

void frame_free(Frame *frame)
{
    if (frame) {
        g_free(frame->cells);
        g_free(frame);
    }
}

void frame_clear(Frame *frame)
{
    gsize n = (gsize)frame->width * frame->height;

    for (gsize i = 0; i < n; i++) {
        frame->cells[i] = blank;
    }
    frame->cursor_y = -1;
    frame->cursor_x = -1;
}

Frame frame_window(const Frame *frame, int y, int height, int top)
{
    Frame window = *frame;

    g_assert(y >= 0 && height >= 0 && y + height <= frame->height);
    window.cells = frame_cell(frame, y, 0);
    window.height = height;
    window.top = top;
    return window;
}

/* Turns a line of what is drawn into one of the cells; whether it is there */
static bool find_line(const Frame *frame, int *y)
{
    *y -= frame->top;
    return *y >= 0 && *y < frame->height;
}

void frame_mark(Frame *frame, int y)
{
    if (frame->marks) {
        g_array_append_val(frame->marks, y);
    }
}

/* A half of a wide character does not stand alone */
static void break_wide(Frame *frame, int y, int x)
{
    if (x > 0 && frame_cell(frame, y, x)->width == 0) {
        FrameCell *left = frame_cell(frame, y, x - 1);

        memcpy(left->text, " ", 2);
        left->width = 1;
        memcpy(frame_cell(frame, y, x)->text, " ", 2);
        frame_cell(frame, y, x)->width = 1;
    }
}

static void set_cell(Frame *frame, int y, int x, const char *text, gsize len,
                     int width, Style style)
{
    FrameCell *cell = frame_cell(frame, y, x);

    break_wide(frame, y, x);
    if (x + width < frame->width) {
        break_wide(frame, y, x + width);
    }
    *cell = blank;
    memset(cell->text, 0, sizeof(cell->text));
    memcpy(cell->text, text, len);
    cell->width = width;
    cell->look = style_look(style, frame->color);
    if (width == 2) {
        cell[1] = (FrameCell){ .look = cell->look };
    }
}

static void add_combining(Frame *frame, int y, int x, const char *text,
                          gsize len)
{
    FrameCell *cell = frame_cell(frame, y, x);
    gsize used = strlen(cell->text);

    if (cell->width == 0 && x > 0) {
        cell--;
        used = strlen(cell->text);
    }
    if (g_utf8_strlen(cell->text, -1) <= FRAME_COMBINING &&
        used + len < sizeof(cell->text)) {
        memcpy(cell->text + used, text, len);
    }
}

/* @text is escaped and fits */
static int put_escaped(Frame *frame, int y, int x, int width, Style style,
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
                add_combining(frame, y, x + used - 1, p, next - p);
            }
        } else {
            set_cell(frame, y, x + used, p, next - p, cells, style);
        }
        used += cells;
        p = next;
    }
    return used;
}

static void set_glyph(Frame *frame, int y, int x, Style style,
                      const GlyphText *glyph)
{
    if (frame->ascii) {
        set_cell(frame, y, x, &glyph->ascii, 1, 1, style);
    } else {
        set_cell(frame, y, x, glyph->utf8, strlen(glyph->utf8), 1, style);
    }
}

static int put(Frame *frame, int y, int x, int width, Style style,
               const char *escaped)
{
    int used;

    if (x < 0 || !find_line(frame, &y)) {
        return 0;
    }
    width = MIN(width, frame->width - x);
    if (width <= 0) {
        return 0;
    }
    if (aiotop_text_width(escaped) <= width) {
        return put_escaped(frame, y, x, width, style, escaped);
    }
    used = put_escaped(frame, y, x, width - 1, style, escaped);
    set_glyph(frame, y, x + used, style, &glyphs[GLYPH_ELLIPSIS]);
    return used + 1;
}

static char *escape(const Frame *frame, const char *text)
{
    GString *out = g_string_sized_new(64);

    aiotop_text_append(out, text, frame->ascii);
    return g_string_free(out, FALSE);
}

int frame_put(Frame *frame, int y, int x, int width, Style style,
              const char *text)
{
    g_autofree char *escaped = escape(frame, text);

    return put(frame, y, x, width, style, escaped);
}

void frame_put_middle(Frame *frame, int y, int x, int width, Style style,
                      const char *text)
{
    g_autofree char *escaped = escape(frame, text);
    int spare = aiotop_text_width(escaped) - width;
    int head = MAX(width / 5, 1);
    const char *tail = escaped;

    if (spare <= 0 || width < 3) {
        put(frame, y, x, width, style, escaped);
        return;
    }
    /* What the ellipsis takes is lost as well */
    for (int cells = 0; *tail && cells < head + spare + 1;
         tail = g_utf8_next_char(tail)) {
        cells += aiotop_text_char_width(g_utf8_get_char(tail));
    }
    head = put(frame, y, x, head + 1, style, escaped);
    put(frame, y, x + head, width - head, style, tail);
}

void frame_put_right(Frame *frame, int y, int x, int width, Style style,
                     const char *text)
{
    g_autofree char *escaped = escape(frame, text);
    int needed = aiotop_text_width(escaped);

    if (needed < width) {
        x += width - needed;
        width = needed;
    }
    put(frame, y, x, width, style, escaped);
}

int frame_printf(Frame *frame, int y, int x, Style style, const char *format,
                 ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return x + frame_put(frame, y, x, frame->width - x, style, text);
}

static void put_glyph(Frame *frame, int y, int x, Style style,
                      const GlyphText *glyph)
{
    if (x >= 0 && x < frame->width && find_line(frame, &y)) {
        set_glyph(frame, y, x, style, glyph);
    }
}

void frame_put_glyph(Frame *frame, int y, int x, Style style, Glyph glyph)
{
    put_glyph(frame, y, x, style, &glyphs[glyph]);
}

void frame_put_rising(Frame *frame, int y, int x, Style style, unsigned eighths)
{
    put_glyph(frame, y, x, style, &rising[MIN(eighths, 8)]);
}

void frame_put_bar(Frame *frame, int y, int x, Style style, unsigned eighths)
{
    put_glyph(frame, y, x, style, &bars[MIN(eighths, 8)]);
}

void frame_restyle(Frame *frame, int y, int x, int width, Style style)
{
    StyleLook look = style_look(style, frame->color);

    if (!find_line(frame, &y)) {
        return;
    }
    for (int i = MAX(x, 0); i < x + width && i < frame->width; i++) {
        frame_cell(frame, y, i)->look = look;
    }
}

int frame_text_width(const Frame *frame, const char *text)
{
    g_autofree char *escaped = escape(frame, text);

    return aiotop_text_width(escaped);
}
