/*
 * Rows of a table that are not chosen: what is awaited, and threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/text/escape.h>

#include "view.h"

/* What a column of text is to have at least, and at most */
#define MIN_TEXT 8
#define MAX_TEXT 32

/* A column of the table, and its cells */
typedef struct Shown {
    const AiotopColumn *column;
    int width;
    /* What its longest text takes */
    int wanted;
} Shown;

static char *cell_text(const Canvas *page, const AiotopColumn *column,
                       const AiotopRow *row)
{
    GString *text = g_string_new(NULL);

    aiotop_column_append(text, column, row, page->ascii);
    return g_string_free(text, FALSE);
}

static int wanted_width(const Canvas *page, const AiotopColumn *column,
                        const GArray *rows)
{
    int width = canvas_text_width(page, column->header);

    for (unsigned i = 0; i < rows->len && width < MAX_TEXT; i++) {
        g_autofree char *text =
            cell_text(page, column, &g_array_index(rows, AiotopRow, i));

        width = MAX(width, aiotop_text_width(text));
    }
    return MIN(width, MAX_TEXT);
}

/* As many as fit, in their order; what is left goes to those of text */
static GArray *choose_columns(const Canvas *page, const AiotopTable *table,
                              const GArray *rows)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(Shown));
    int room = page->width + 1;

    for (unsigned i = 0; i < table->n_columns; i++) {
        const AiotopColumn *column = &table->columns[i];
        bool is_text = column->unit == AIOTOP_UNIT_TEXT;
        int wanted = is_text ? wanted_width(page, column, rows) : column->width;
        Shown shown = { column, is_text ? MIN(wanted, MIN_TEXT) : wanted,
                        wanted };

        if (!column->visible) {
            continue;
        }
        if (shown.width + 1 > room) {
            break;
        }
        room -= shown.width + 1;
        g_array_append_val(chosen, shown);
    }
    for (unsigned i = 0; i < chosen->len; i++) {
        Shown *shown = &g_array_index(chosen, Shown, i);
        int more = MIN(shown->wanted - shown->width, room);

        shown->width += more;
        room -= more;
    }
    return chosen;
}

static void put_cell(Canvas *page, int y, int x, const Shown *shown,
                     Style style, const char *text)
{
    if (shown->column->unit == AIOTOP_UNIT_TEXT) {
        canvas_put(page, y, x, shown->width, style, text);
    } else {
        canvas_put_right(page, y, x, shown->width, style, text);
    }
}

static void put_row(Canvas *page, int y, const GArray *columns,
                    const AiotopRow *row)
{
    for (unsigned i = 0, x = 0; i < columns->len; i++) {
        const Shown *shown = &g_array_index(columns, Shown, i);
        char buffer[AIOTOP_VALUE_BUFFER];
        AiotopValue value = shown->column->get(row, buffer);
        g_autofree char *number = NULL;

        /* The canvas escapes it */
        if (value.type == AIOTOP_VALUE_TEXT) {
            put_cell(page, y, x, shown, STYLE_TEXT, value.text);
        } else {
            number = cell_text(page, shown->column, row);
            put_cell(page, y, x, shown, STYLE_TEXT, number);
        }
        x += shown->width + 1;
    }
}

static void put_head(Canvas *page, int y, const GArray *columns)
{
    for (unsigned i = 0, x = 0; i < columns->len; i++) {
        const Shown *shown = &g_array_index(columns, Shown, i);

        put_cell(page, y, x, shown, STYLE_HEAD_IDLE, shown->column->header);
        x += shown->width + 1;
    }
    canvas_restyle(page, y, 0, page->width, STYLE_HEAD_IDLE);
}

int view_rows(const Ui *ui, Canvas *page, int y, const AiotopTable *table,
              const GArray *rows, int first_item)
{
    g_autoptr(GArray) columns = choose_columns(page, table, rows);

    put_head(page, y++, columns);
    for (unsigned i = 0; i < rows->len; i++) {
        if (first_item >= 0) {
            canvas_begin_item(page, y);
        }
        put_row(page, y, columns, &g_array_index(rows, AiotopRow, i));
        if (first_item >= 0 && ui->item == first_item + i) {
            canvas_restyle(page, y, 0, page->width, STYLE_SELECTED);
        }
        y++;
    }
    return y;
}
