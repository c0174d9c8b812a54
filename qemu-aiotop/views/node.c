/*
 * Details of a block node: its requests, and what is in front of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <qemu-aiotop/model/behind.h>
#include <qemu-aiotop/table/awaited.h>
#include <qemu-aiotop/text/figure.h>

#include "state/awaiting.h"
#include "view.h"

/* Every column, as "NAME value" */
static int put_fields(Canvas *page, int y, const AiotopRow *row)
{
    for (unsigned i = 0; i < aiotop_node_table.n_columns; i++) {
        const AiotopColumn *column = &aiotop_node_table.columns[i];
        char buffer[AIOTOP_VALUE_BUFFER];
        AiotopValue value = column->get(row, buffer);
        g_autoptr(GString) text = g_string_new(NULL);

        /* Its name is the title; times of a clock say nothing here */
        if (i == 0 || column->unit == AIOTOP_UNIT_ID) {
            continue;
        }
        if (value.type == AIOTOP_VALUE_TEXT) {
            g_string_append(text, value.text);
        } else {
            aiotop_value_append(text, column->unit, &value, page->ascii);
        }
        canvas_put(page, y, 0, 8, STYLE_DIM, column->header);
        canvas_put(page, y++, 8, page->width - 8, STYLE_TEXT, text->str);
    }
    return y;
}

/* The items of the page */
static int put_sources(const Ui *ui, Canvas *page, int y)
{
    if (!ui->items->len) {
        return view_paragraph(page, y, 0, STYLE_DIM,
                              "No source of a loop has a label that tells that"
                              " it is in front of this node");
    }
    canvas_put(page, y, 0, page->width, STYLE_HEAD_IDLE, "IN FRONT OF IT");
    canvas_restyle(page, y++, 0, page->width, STYLE_HEAD_IDLE);
    for (unsigned i = 0; i < ui->items->len; i++) {
        const UiItem *item = ui->items->pdata[i];
        g_autoptr(GString) name = g_string_new(NULL);

        aiotop_source_append_name(name, item->source->kind, item->source->name,
                                  item->source->label);
        canvas_begin_item(page, y);
        canvas_printf(page, y, 0, STYLE_TEXT, "%s: %s", item->loop, name->str);
        if (i == ui->item) {
            canvas_restyle(page, y, 0, page->width, STYLE_SELECTED);
        }
        y++;
    }
    return y;
}

/* With those that they are part of, and their parts */
static int put_requests(const Ui *ui, Canvas *page, int y,
                        const AiotopSample *sample)
{
    g_autoptr(GPtrArray) requests =
        aiotop_requests_related(&sample->now->awaited, ui->node);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));

    for (unsigned i = 0; i < requests->len; i++) {
        AiotopRow row = { .sample = sample, .item = requests->pdata[i] };

        g_array_append_val(rows, row);
    }
    return rows->len ? view_rows(ui, page, y, &aiotop_request_table, rows, -1)
                     : view_paragraph(page, y, 0, STYLE_DIM,
                                      "None of the requests that QEMU lists"
                                      " is at this node");
}

static int compose(const Ui *ui, Canvas *page)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    const AiotopNodeSample *node = awaiting_node(ui);
    AiotopRow row = { .sample = sample, .item = node };
    int y = 1, x = canvas_put(page, 0, 0, page->width, STYLE_TITLE, "node");

    canvas_put(page, 0, x + 1, page->width - x - 1, STYLE_STRONG, ui->node);
    if (!node) {
        canvas_put(page, y++, 0, page->width, STYLE_WARNING,
                   "This node is not there any more");
        return y;
    }
    y = put_fields(page, y, &row) + 1;
    y = put_sources(ui, page, y) + 1;
    return put_requests(ui, page, y, sample);
}

const View view_node = {
    .compose = compose,
};

int view_nodes(Canvas *page, int y, const AiotopSample *sample,
               const GPtrArray *nodes)
{
    for (unsigned i = 0; i < nodes->len; i++) {
        const AiotopNodeSample *node = nodes->pdata[i];
        const AiotopNodeStage *oldest = aiotop_node_oldest(node->now);
        uint64_t since_ns = oldest ? oldest->since_ns : AIOTOP_UNKNOWN;
        g_autoptr(GString) text = g_string_new(NULL);
        char number[AIOTOP_TEXT_NUMBER];

        aiotop_text_count(number, aiotop_known_real(node->now->in_flight));
        g_string_append_printf(text, "node %s: %s in flight", node->now->name,
                               number);
        if (oldest) {
            aiotop_text_time(number, aiotop_known_real(aiotop_age_ns(
                                         sample->now->time_ns, since_ns)));
            g_string_append_printf(text, ", the oldest for %s (%s)", number,
                                   oldest->stage);
        }
        aiotop_text_rate(number,
                         aiotop_rate_hz(node->completed, sample->interval_ns));
        g_string_append_printf(text, ", %s done", number);
        y = view_paragraph(page, y, 2, STYLE_TEXT, text->str);
    }
    return y;
}
