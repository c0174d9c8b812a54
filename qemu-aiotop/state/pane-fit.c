/*
 * Which columns of a pane fit on the screen, and where
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "pane.h"

#include <string.h>
#include <qemu-aiotop/table/vm-columns.h>
#include <qemu-aiotop/text/figure.h>

/*
 * What is left out when there is not enough room; "bar" is the loops' bar,
 * which says what the shares say, and takes more room than some of them
 */
static const char *const loop_order[] = {
    "iterations", "poll-hit-share", "thread",    "poll", "run-queue",
    "other",      "kernel",         "delay-p99", "wait", "bql",
    "cpu",        "dispatches",     "p99",       "bar",  NULL,
};
static const char *const narrow_loop_order[] = {
    "bar",       "iterations", "poll-hit-share", "thread",    "poll",
    "run-queue", "other",      "kernel",         "delay-p99", "dispatches",
    "p99",       "bql",        "wait",           "cpu",       NULL,
};
/* Of what the host knows alone */
static const char *const host_order[] = {
    "invol-switches", "vol-switches", "run-queue", "thread",
    "wchan",          "cpu",          NULL,
};
static const char *const source_order[] = {
    "total", "avg", "p50", "kind", "max", "delay-p99", "p99", "rate", NULL,
};

static const char *const vm_order[] = {
    "run-queue", "bql",       "stalls",   "age",   "cpu",     "request", "loop",
    "pid",       "delay-p99", "dispatch", "class", "lasting", NULL,
};

/* Text that may be cut, and what more room is good for */
typedef struct Flexible {
    const char *name;
    /* On a screen that is tiny, narrow, or wide */
    int min[3];
    int max;
} Flexible;

/* Those come first whose texts say what a row is, and are measured */

#define NARROW 60
#define WIDE 100

/* The loops' bar, at least */
#define BAR_WIDTH 10

static const Flexible loop_flexible[] = {
    { "loop", { 10, 10, 12 }, 32 },
    { "bar", { BAR_WIDTH, BAR_WIDTH, 20 }, 40 },
    { "state", { 16, 16, 28 }, 80 },
    { "wchan", { 12, 12, 20 }, 36 },
    { "syscall", { 12, 20, 24 }, 60 },
    { NULL },
};
static const Flexible source_flexible[] = {
    { "loop", { 8, 10, 10 }, 32 },
    { "name", { 7, 22, 28 }, 64 },
    { "label", { 8, 14, 14 }, 48 },
    { NULL },
};

static const Flexible vm_flexible[] = {
    { "vm", { 8, 10, 12 }, 40 },         { "loop", { 8, 9, 9 }, 24 },
    { "state", { 12, 20, 28 }, 80 },     { "address", { 12, 20, 30 }, 60 },
    { "evidence", { 12, 20, 40 }, 200 }, { NULL },
};

typedef struct Item {
    const AiotopColumn *column;
    const char *name;
    int width;
    int max;
    /* Less is needed than there would be room for */
    int spare;
    bool dropped;
} Item;

typedef struct Items {
    Item item[PANE_MAX_SLOTS];
    unsigned n;
} Items;

static unsigned n_measured(const Pane *pane)
{
    return pane->table == &aiotop_source_table ? TRACK_TEXTS : 1;
}

static const Flexible *flexible_of(const Pane *pane)
{
    return pane->table == &aiotop_loop_table ? loop_flexible
           : pane->table == &aiotop_vm_table ? vm_flexible
                                             : source_flexible;
}

static int text_cells(const AiotopColumn *column, const AiotopRow *row,
                      GString *scratch)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = column->get(row, buffer);

    g_string_truncate(scratch, 0);
    aiotop_value_append(scratch, column->unit, &value, false);
    return aiotop_text_width(scratch->str);
}

/* Of the row's text in the column that is measured as number @i */
static int row_cells(const Pane *pane, const PaneRow *row, unsigned i,
                     GString *scratch)
{
    const AiotopColumn *column;

    if (!row->track->cells[i]) {
        column = aiotop_table_find(pane->table, flexible_of(pane)[i].name);
        row->track->cells[i] =
            CLAMP(text_cells(column, &row->row, scratch), 1, UINT8_MAX);
    }
    return row->track->cells[i];
}

static void note_longest(PaneLongest *longest, unsigned i, int cells,
                         const PaneInput *input)
{
    if (cells >= longest->cells[i] ||
        input->now - longest->at[i] > PANE_WIDTH_STAYS) {
        longest->cells[i] = cells;
        /* What was done before one looked is not done any more */
        longest->at[i] =
            input->now -
            (input->sample && input->sample->cumulative ? PANE_WIDTH_STAYS : 0);
    }
}

void pane_measure(Pane *pane, const PaneInput *input)
{
    g_autoptr(GString) scratch = g_string_new(NULL);

    for (unsigned i = 0; i < n_measured(pane); i++) {
        int longest = 0, longest_of_all = 0;

        for (unsigned j = 0; j < pane->rows->len; j++) {
            const PaneRow *row = pane_row(pane, j);
            int cells = row->heading ? 0 : row_cells(pane, row, i, scratch);

            longest_of_all = MAX(longest_of_all, cells);
            if (!row->silent || input->filter.silent) {
                longest = MAX(longest, cells);
            }
        }
        note_longest(&pane->longest, i, longest, input);
        note_longest(&pane->longest_of_all, i, longest_of_all, input);
    }
}

/* As much as there would be room for, or is needed */
static void fit_texts(Item *item, int longest)
{
    int least = strlen(item->column->header) + 1;

    item->max = longest ? MIN(MAX(longest, least), item->max) : item->width;
    item->spare = MAX(item->width - item->max, 0);
    item->width -= item->spare;
}

static void add(Items *items, const AiotopColumn *column, const char *name,
                const Pane *pane, int width)
{
    const Flexible *flexible = flexible_of(pane);
    Item item = { .column = column, .name = name };

    item.width = column ? MAX(column->width, (int)strlen(column->header)) : 0;
    item.max = item.width;
    for (unsigned i = 0; flexible[i].name; i++) {
        if (strcmp(flexible[i].name, name) == 0) {
            item.width = flexible[i].min[(width >= NARROW) + (width >= WIDE)];
            item.max = flexible[i].max;
            if (i < n_measured(pane)) {
                fit_texts(&item, pane->longest.cells[i]);
            }
        }
    }
    if (items->n < PANE_MAX_SLOTS) {
        items->item[items->n++] = item;
    }
}

/* What a stuck loop is in is what one looks for, more than its bar */
static void make_room(Items *items, int stuck_width, int width)
{
    for (unsigned i = 0; i < items->n; i++) {
        Item *item = &items->item[i];

        if (strcmp(item->name, "state") == 0) {
            item->width = MAX(item->width, MIN(stuck_width, width / 2));
        } else if (strcmp(item->name, "bar") == 0) {
            item->width = BAR_WIDTH;
        }
    }
}

static bool is_frozen(const Pane *pane, const char *name)
{
    if (pane->table == &aiotop_vm_table) {
        return strcmp(name, "vm") == 0;
    }
    return strcmp(name, "loop") == 0 || strcmp(name, "name") == 0 ||
           strcmp(name, "label") == 0;
}

static void collect(Items *items, const Pane *pane, int width)
{
    bool of_loops = pane->table == &aiotop_loop_table;
    unsigned skipped = 0;

    for (unsigned i = 0; i < pane->columns->len; i++) {
        const AiotopColumn *column = g_ptr_array_index(pane->columns, i);

        if (skipped < pane->skip && !is_frozen(pane, column->name)) {
            skipped++;
            continue;
        }
        add(items, column, column->name, pane, width);
        if (of_loops && strcmp(column->name, "loop") == 0 && !pane->skip &&
            pane->origin != AIOTOP_ORIGIN_HOST) {
            add(items, NULL, "bar", pane, width);
        }
    }
    if (pane->stuck_width) {
        make_room(items, pane->stuck_width, width);
    }
}

static int needed(const Items *items)
{
    int width = -1;

    for (unsigned i = 0; i < items->n; i++) {
        if (!items->item[i].dropped) {
            width += 1 + items->item[i].width;
        }
    }
    return width;
}

static void drop(Items *items, const Pane *pane, const char *name)
{
    /* The names are those of the columns, and there is no other */
    g_assert(strcmp(name, "bar") == 0 || aiotop_table_find(pane->table, name));
    for (unsigned i = 0; i < items->n; i++) {
        Item *item = &items->item[i];

        if (strcmp(item->name, name) == 0 && item->column != pane->sort) {
            item->dropped = true;
        }
    }
}

/* Columns that were asked for go from the right, if all others are gone */
static void drop_from_right(Items *items, const Pane *pane, int width)
{
    for (unsigned i = items->n; i-- > 1 && needed(items) > width;) {
        if (items->item[i].column != pane->sort &&
            strcmp(items->item[i].name, "state") != 0) {
            items->item[i].dropped = true;
        }
    }
}

/* Shares out the room that remains, to texts that say what a row is, or all */
static void widen(Items *items, const Pane *pane, int spare, bool all)
{
    bool grown = true;

    while (spare > 0 && grown) {
        grown = false;
        for (unsigned i = 0; i < items->n && spare > 0; i++) {
            Item *item = &items->item[i];

            if (!item->dropped && item->width < item->max &&
                (all || is_frozen(pane, item->name))) {
                item->width++;
                spare--;
                grown = true;
            }
        }
    }
}

/* To what remains in the end all rows have a right, those that do nothing too */
static void widen_for_all(Items *items, const Pane *pane, int spare)
{
    const Flexible *flexible = flexible_of(pane);

    for (unsigned i = 0; i < n_measured(pane); i++) {
        for (unsigned j = 0; j < items->n; j++) {
            Item *item = &items->item[j];

            if (strcmp(item->name, flexible[i].name) == 0) {
                item->max = CLAMP(pane->longest_of_all.cells[i], item->max,
                                  MAX(flexible[i].max, item->max));
            }
        }
    }
    widen(items, pane, spare, false);
}

/* What one text does not need is for those that are cut, before all others */
static void share_spare(Items *items, const Pane *pane)
{
    int spare = 0;

    for (unsigned i = 0; i < items->n; i++) {
        spare += items->item[i].spare;
    }
    widen(items, pane, spare, false);
}

/* Whether something had to be left out */
static bool leave_out(Items *items, const Pane *pane, int width)
{
    const char *const *order = pane->table == &aiotop_vm_table ? vm_order
                               : pane->table == &aiotop_source_table
                                   ? source_order
                               : pane->origin == AIOTOP_ORIGIN_HOST ? host_order
                               : width < WIDE ? narrow_loop_order
                                              : loop_order;

    for (; !pane->skip && *order && needed(items) > width; order++) {
        drop(items, pane, *order);
    }
    drop_from_right(items, pane, width);
    for (unsigned i = 0; i < items->n; i++) {
        if (items->item[i].dropped && items->item[i].column) {
            return true;
        }
    }
    return needed(items) > width;
}

int pane_mark_width(const Pane *pane)
{
    return pane->marked ? PANE_MARK_WIDTH : 0;
}

unsigned pane_fit(const Pane *pane, int width, PaneSlot slots[PANE_MAX_SLOTS],
                  bool *more)
{
    int x = pane_mark_width(pane);
    Items items = { .n = 0 };
    unsigned n = 0;

    collect(&items, pane, width);
    share_spare(&items, pane);
    *more = leave_out(&items, pane, width - x);
    if (*more) {
        /* Room to say so */
        width -= 2;
        leave_out(&items, pane, width - x);
    }
    widen(&items, pane, width - x - needed(&items), false);
    widen(&items, pane, width - x - needed(&items), true);
    widen_for_all(&items, pane, width - x - needed(&items));
    for (unsigned i = 0; i < items.n; i++) {
        const Item *item = &items.item[i];

        if (!item->dropped && x < width) {
            slots[n++] = (PaneSlot){
                item->column,
                x,
                MIN(item->width, width - x),
            };
            x += item->width + 1;
        }
    }
    return n;
}
