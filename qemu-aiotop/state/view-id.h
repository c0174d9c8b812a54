/*
 * The views: what they are called, and what moves in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_VIEW_ID_H
#define AIOTOP_STATE_VIEW_ID_H

typedef enum UiView {
    UI_MAIN,
    UI_SOURCE,
    UI_LOOP,
    UI_DIAGNOSIS,
    UI_STALLS,
    UI_REQUESTS,
    UI_NODE,
    UI_THREADS,
    UI_STACK,
    UI_HELP,
    UI_COLUMNS,
    UI_SORT,
    UI_VMS,
    UI_N_VIEWS,
} UiView;

typedef enum UiViewKind {
    /* The tables of loops and sources */
    UI_PANES,
    /* One table */
    UI_TABLE,
    /* Text that scrolls */
    UI_PAGE,
    /* The same, with UiItems in it, one of which is selected */
    UI_ITEMS,
    /* Lines of which one is chosen */
    UI_LIST,
} UiViewKind;

typedef struct UiViewInfo {
    const char *title;
    UiViewKind kind;
} UiViewInfo;

extern const UiViewInfo ui_views[UI_N_VIEWS];

#endif /* AIOTOP_STATE_VIEW_ID_H */
