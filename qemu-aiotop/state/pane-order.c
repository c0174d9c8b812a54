/*
 * The order of a pane's rows, which holds still
 *
 * What an interval shows has noise.  Rows that are sorted by it change places
 * each second, and nobody can read them.  So a row moves up past another one
 * only if it leads by a margin; other rows stay where they were.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "pane.h"

#include <limits.h>
#include <string.h>

/* If more rows than these move it is another picture, and sorted as a new one */
#define MAX_MOVES 64

typedef struct Order {
    AiotopOrder shown;
    bool grouped;
    /* As rows were before, whatever they show */
    bool kept;
} Order;

/* Place of one that was not there */
#define NO_PLACE UINT_MAX

static unsigned last_place(const PaneRow *row)
{
    return row->track->last_place - 1;
}

static int compare_last_places(const PaneRow *a, const PaneRow *b)
{
    unsigned place_a = last_place(a);
    unsigned place_b = last_place(b);

    return place_a != place_b ? (place_a < place_b ? -1 : 1)
                              : aiotop_row_compare_places(&a->row, &b->row);
}

static int compare_values(const Order *order, const PaneRow *a,
                          const PaneRow *b)
{
    return aiotop_order_compare(&order->shown, &a->row, a->sort_value, &b->row,
                                b->sort_value);
}

static int compare(gconstpointer pa, gconstpointer pb, gpointer opaque)
{
    const PaneRow *a = pa, *b = pb;
    const Order *order = opaque;
    int result = 0;

    if (order->grouped && a->loop_track != b->loop_track) {
        return a->loop_track->last_place < b->loop_track->last_place ? -1 : 1;
    }
    if (!order->kept) {
        result = compare_values(order, a, b);
    }
    return result ? result : compare_last_places(a, b);
}

static double beyond(const AiotopColumn *column, double value)
{
    double least = column->unit == AIOTOP_UNIT_PERCENT ? PANE_LEAD_PERCENT : 0;
    double share =
        column->unit == AIOTOP_UNIT_TIME ? PANE_LEAD_TIME : PANE_LEAD_SHARE;

    return value + MAX(value * share, least);
}

/* Whether it is to stand above one that it was below; a new one needs no lead */
static bool passes(const Order *order, const PaneRow *row, const PaneRow *above)
{
    double value = row->sort_value, value_above = above->sort_value;

    if (last_place(row) == NO_PLACE) {
        return compare_values(order, row, above) < 0;
    }
    if (aiotop_column_descending(order->shown.column) != order->shown.reverse) {
        value_above = beyond(order->shown.column, value_above);
    } else {
        value = beyond(order->shown.column, value);
    }
    return aiotop_order_compare(&order->shown, &row->row, value, &above->row,
                                value_above) < 0;
}

/* Rows in their old order, of which the first ones are in the new one */
typedef struct Climb {
    const Order *order;
    PaneRow *rows;
    /* For each of the first rows: which of those down to it is passed first */
    unsigned *weakest;
    unsigned n_moves;
} Climb;

static void find_weakest(Climb *climb, unsigned first, unsigned i)
{
    unsigned above = i > first ? climb->weakest[i - 1] : i;

    climb->weakest[i] =
        compare_values(climb->order, &climb->rows[i], &climb->rows[above]) > 0
            ? i
            : above;
}

/* The topmost row that row @i passes; @i if it passes none */
static unsigned find_place(const Climb *climb, unsigned first, unsigned i)
{
    unsigned low = first, high = i;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (passes(climb->order, &climb->rows[i],
                   &climb->rows[climb->weakest[middle]])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/*
 * Of the rows of a group, which begins with row @first, those before @i are in
 * order: none leads one above it by the margin.  So it is with row @i, too,
 * if it goes above the topmost one that it passes: all below that one lead it
 * by less than the margin, as they lead the other one, which is less.
 */
static void climb_one(Climb *climb, unsigned first, unsigned i)
{
    unsigned place = find_place(climb, first, i);
    PaneRow row = climb->rows[i];

    if (place < i) {
        climb->n_moves++;
        memmove(&climb->rows[place + 1], &climb->rows[place],
                (i - place) * sizeof(row));
        climb->rows[place] = row;
    }
    for (unsigned j = place; j <= i; j++) {
        find_weakest(climb, first, j);
    }
}

/* Whether it is still the same picture */
static bool climb_all(GArray *rows, const Order *order)
{
    g_autofree unsigned *weakest = g_new(unsigned, rows->len);
    Climb climb = { order, (PaneRow *)rows->data, weakest, 0 };
    unsigned first = 0;

    for (unsigned i = 0; i < rows->len && climb.n_moves <= MAX_MOVES; i++) {
        if (order->grouped &&
            climb.rows[i].loop_track != climb.rows[first].loop_track) {
            first = i;
        }
        climb_one(&climb, first, i);
    }
    return climb.n_moves <= MAX_MOVES;
}

void pane_sort_rows(Pane *pane, bool grouped, bool cumulative)
{
    Order order = {
        .shown = { pane->sort, pane->reverse },
        .grouped = grouped,
        .kept = pane->locked,
    };
    bool numbers = pane->sort->unit != AIOTOP_UNIT_TEXT;
    bool sorted = pane->sorted && pane->sorted_cumulative == cumulative;

    for (unsigned i = 0; i < pane->rows->len; i++) {
        PaneRow *row = pane_row(pane, i);

        row->sort_value = aiotop_order_key(&order.shown, &row->row);
    }
    if (numbers && sorted && !pane->locked) {
        order.kept = true;
        g_array_sort_with_data(pane->rows, compare, &order);
        order.kept = climb_all(pane->rows, &order);
    }
    if (!order.kept || pane->locked) {
        g_array_sort_with_data(pane->rows, compare, &order);
    }
    pane->sorted = !pane->locked;
    pane->sorted_cumulative = cumulative;
    for (unsigned i = 0; i < pane->rows->len && !pane->locked; i++) {
        pane_row(pane, i)->track->last_place = i + 1;
    }
}

void pane_sort_by(Pane *pane, const AiotopColumn *column, bool reverse)
{
    pane->sort = column;
    pane->reverse = reverse;
    pane->locked = false;
    pane->sorted = false;
}

void pane_sort_next(Pane *pane, int direction)
{
    guint at;
    int n = pane->columns->len;

    if (!n) {
        return;
    }
    if (!g_ptr_array_find(pane->columns, pane->sort, &at)) {
        at = 0;
    } else {
        at = (at + n + direction) % n;
    }
    pane_sort_by(pane, g_ptr_array_index(pane->columns, at), false);
}
