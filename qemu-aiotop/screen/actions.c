/*
 * What each action does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "actions.h"

#include "asking.h"
#include "choosing.h"
#include "looking.h"
#include "moving.h"
#include "opening.h"
#include "ordering.h"

static void (*const functions[N_ACTIONS])(Ui *ui) = {
    [ACTION_HELP] = action_help,
    [ACTION_QUIT] = action_quit,
    [ACTION_DETAILS] = action_details,
    [ACTION_OPEN_ITEM] = action_open_item,
    [ACTION_LIST_ENTER] = action_list_enter,
    [ACTION_OPEN_VM] = action_open_vm,
    [ACTION_BACK] = action_back,
    [ACTION_PREVIOUS] = action_previous,
    [ACTION_NEXT] = action_next,
    [ACTION_CLEAR] = action_clear,
    [ACTION_NEXT_PANE] = action_next_pane,
    [ACTION_DIAGNOSIS] = action_diagnosis,
    [ACTION_FILTER] = action_filter,
    [ACTION_SEARCH] = action_search,
    [ACTION_SEARCH_NEXT] = action_search_next,
    [ACTION_SEARCH_PREVIOUS] = action_search_previous,
    [ACTION_SORT_LEFT] = action_sort_left,
    [ACTION_SORT_RIGHT] = action_sort_right,
    [ACTION_SORT] = action_sort,
    [ACTION_REVERSE] = action_reverse,
    [ACTION_SORT_BUSY] = action_sort_busy,
    [ACTION_SORT_NAME] = action_sort_name,
    [ACTION_LOCK] = action_lock,
    [ACTION_GROUP] = action_group,
    [ACTION_SILENT] = action_silent,
    [ACTION_PAUSE] = action_pause,
    [ACTION_CUMULATIVE] = action_cumulative,
    [ACTION_RESET] = action_reset,
    [ACTION_STALLS] = action_stalls,
    [ACTION_REQUESTS] = action_requests,
    [ACTION_THREADS] = action_threads,
    [ACTION_STACK] = action_stack,
    [ACTION_STACK_OF_ROW] = action_stack_of_row,
    [ACTION_STACK_OF_ITEM] = action_stack_of_item,
    [ACTION_DELAY] = action_delay,
    [ACTION_COLUMNS] = action_columns,
    [ACTION_COLUMN_UP] = action_column_up,
    [ACTION_COLUMN_DOWN] = action_column_down,
    [ACTION_VMS] = action_vms,
    [ACTION_SCROLL_LEFT] = action_scroll_left,
    [ACTION_SCROLL_RIGHT] = action_scroll_right,
    [ACTION_UP] = action_up,
    [ACTION_DOWN] = action_down,
    [ACTION_PAGE_UP] = action_page_up,
    [ACTION_PAGE_DOWN] = action_page_down,
    [ACTION_HOME] = action_home,
    [ACTION_END] = action_end,
    [ACTION_SAVE] = action_save,
    [ACTION_COLOR] = action_color,
    [ACTION_REDRAW] = action_redraw,
};

void action_run(Ui *ui, Action action)
{
    functions[action](ui);
}
