/*
 * The keys: which action each asks for, and where
 *
 * Data only.  One table feeds dispatch, the footer, the help page, the manual
 * and tests; what an action does is the screen's affair.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_BINDINGS_H
#define AIOTOP_STATE_BINDINGS_H

#include "draw/key.h"
#include "view-id.h"

/* What a key asks for */
typedef enum Action {
    ACTION_HELP,
    ACTION_QUIT,
    ACTION_DETAILS,
    ACTION_OPEN_ITEM,
    ACTION_LIST_ENTER,
    ACTION_OPEN_VM,
    ACTION_BACK,
    ACTION_PREVIOUS,
    ACTION_NEXT,
    ACTION_CLEAR,
    ACTION_NEXT_PANE,
    ACTION_DIAGNOSIS,
    ACTION_FILTER,
    ACTION_SEARCH,
    ACTION_SEARCH_NEXT,
    ACTION_SEARCH_PREVIOUS,
    ACTION_SORT_LEFT,
    ACTION_SORT_RIGHT,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_SORT_BUSY,
    ACTION_SORT_NAME,
    ACTION_LOCK,
    ACTION_GROUP,
    ACTION_SILENT,
    ACTION_PAUSE,
    ACTION_CUMULATIVE,
    ACTION_RESET,
    ACTION_STALLS,
    ACTION_REQUESTS,
    ACTION_THREADS,
    ACTION_STACK,
    ACTION_STACK_OF_ROW,
    ACTION_STACK_OF_ITEM,
    ACTION_DELAY,
    ACTION_COLUMNS,
    ACTION_COLUMN_UP,
    ACTION_COLUMN_DOWN,
    ACTION_VMS,
    ACTION_SCROLL_LEFT,
    ACTION_SCROLL_RIGHT,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_HOME,
    ACTION_END,
    ACTION_SAVE,
    ACTION_COLOR,
    ACTION_REDRAW,
    N_ACTIONS,
} Action;

/* Views that a key is for, as bits */
#define KEYS_IN(view) (1u << (view))
#define KEYS_IN_MAIN KEYS_IN(UI_MAIN)
/* Where a table has rows that are sorted and filtered */
#define KEYS_IN_TABLES (KEYS_IN_MAIN | KEYS_IN(UI_VMS))
#define KEYS_IN_DETAILS (KEYS_IN(UI_SOURCE) | KEYS_IN(UI_LOOP))
#define KEYS_IN_LISTS (KEYS_IN(UI_COLUMNS) | KEYS_IN(UI_SORT))
#define KEYS_IN_ALL ((1u << UI_N_VIEWS) - 1)
/* Where a finding, a stall, a request or such is selected */
#define KEYS_IN_ITEMS                                                          \
    (KEYS_IN(UI_DIAGNOSIS) | KEYS_IN(UI_STALLS) | KEYS_IN(UI_REQUESTS) |       \
     KEYS_IN(UI_NODE) | KEYS_IN(UI_THREADS))
/* Where data are looked at: not in help and lists */
#define KEYS_IN_DATA (KEYS_IN_MAIN | KEYS_IN_DETAILS | KEYS_IN_ITEMS)

#define KEYS_MAX 4

typedef struct KeyBinding {
    /* Up to KEYS_MAX keys; 0 ends them */
    unsigned keys[KEYS_MAX];
    unsigned where;
    Action action;
    /* Of the footer; NULL if the key is not shown there */
    const char *label;
    /* One line, without full stop */
    const char *help;
} KeyBinding;

extern const KeyBinding key_bindings[];
extern const unsigned n_key_bindings;

/* The binding of @key in @view, or NULL */
const KeyBinding *binding_find(unsigned key, UiView view);

/* All keys of a binding: "q, F10"; the caller frees it */
char *binding_keys(const KeyBinding *binding);

#endif /* AIOTOP_STATE_BINDINGS_H */
