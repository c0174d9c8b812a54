/*
 * The views by name and kind
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "view-id.h"

const UiViewInfo ui_views[UI_N_VIEWS] = {
    [UI_MAIN] = { "Loops and sources", UI_PANES },
    [UI_SOURCE] = { "Source", UI_PAGE },
    [UI_LOOP] = { "Loop", UI_PAGE },
    [UI_DIAGNOSIS] = { "Diagnosis", UI_ITEMS },
    [UI_STALLS] = { "Stalls", UI_ITEMS },
    [UI_REQUESTS] = { "Requests", UI_ITEMS },
    [UI_NODE] = { "Block node", UI_ITEMS },
    [UI_THREADS] = { "Threads", UI_ITEMS },
    [UI_STACK] = { "Stack", UI_PAGE },
    [UI_HELP] = { "Help", UI_PAGE },
    [UI_COLUMNS] = { "Columns", UI_LIST },
    [UI_SORT] = { "Order", UI_LIST },
    [UI_VMS] = { "QEMUs of this host", UI_TABLE },
};
