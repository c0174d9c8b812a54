/*
 * The help: the keys, the words and the columns, from their tables
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/table/awaited.h>

#include "draw/chart.h"
#include "state/bindings.h"
#include "state/trail.h"
#include "view.h"

static int put_title(Canvas *page, int y, const char *title)
{
    canvas_put(page, y, 0, page->width, STYLE_TITLE, title);
    return y + 1;
}

static int put_entry(Canvas *page, int y, int indent, const char *name,
                     const char *text)
{
    canvas_put(page, y, 0, indent - 1, STYLE_KEY, name);
    return view_paragraph(page, y, indent, STYLE_TEXT, text);
}

static int put_keys(const Ui *ui, Canvas *page, int y, bool here)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        const KeyBinding *binding = &key_bindings[i];
        g_autofree char *names = binding_keys(binding);

        if (!(binding->where & KEYS_IN(ui_behind(ui))) == here) {
            continue;
        }
        y = put_entry(page, y, 16, names, binding->help);
    }
    return y;
}

static int put_columns(Canvas *page, int y, const AiotopTable *table)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        const AiotopColumn *column = &table->columns[i];

        y = put_entry(page, y, 10, column->header, column->help);
    }
    return y;
}

static int put_awaited(Canvas *page, int y, const AiotopTable *const *tables)
{
    for (unsigned i = 0; tables[i]; i++) {
        g_autofree char *title =
            g_strdup_printf("Columns of a %s", tables[i]->name);

        y = put_title(page, y + 1, title);
        y = put_columns(page, y, tables[i]);
    }
    return y;
}

static int compose(const Ui *ui, Canvas *page)
{
    g_autofree char *title =
        g_strdup_printf("Keys in \"%s\"", ui_views[ui_behind(ui)].title);
    int y = put_title(page, 0, title);

    y = put_keys(ui, page, y, true);
    y = put_title(page, y + 1, "The bar of a loop's time");
    chart_legend(page, y, 0, page->width, STYLE_TEXT);
    y = put_title(page, y + 2, "Words in the first column");
    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        y = put_entry(page, y, 10, aiotop_marks[i].word, aiotop_marks[i].help);
    }
    y = put_title(page, y + 1, "Columns of the loops");
    y = put_columns(page, y, &aiotop_loop_table);
    y = put_title(page, y + 1, "Columns of the sources");
    y = put_columns(page, y, &aiotop_source_table);
    y = put_awaited(page, y, aiotop_awaited_tables);
    y = put_awaited(page, y, aiotop_thread_tables);
    y = put_title(page, y + 1, "Keys elsewhere");
    return put_keys(ui, page, y, false);
}

const View view_help = {
    .compose = compose,
};
