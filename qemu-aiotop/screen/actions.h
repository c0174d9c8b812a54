/*
 * What keys do: a function for each line in the table of keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_ACTIONS_H
#define AIOTOP_SCREEN_ACTIONS_H

#include "dispatch.h"

void action_help(Ui *ui);
void action_details(Ui *ui);
void action_diagnosis(Ui *ui);
void action_stalls(Ui *ui);
void action_list_enter(Ui *ui);
void action_back(Ui *ui);
void action_leave_picker(Ui *ui);
void action_picker(Ui *ui);
void action_previous(Ui *ui);
void action_next(Ui *ui);
void action_clear(Ui *ui);
void action_next_pane(Ui *ui);
void action_filter(Ui *ui);
void action_search(Ui *ui);
void action_search_next(Ui *ui);
void action_search_previous(Ui *ui);
void action_sort_left(Ui *ui);
void action_sort_right(Ui *ui);
void action_sort(Ui *ui);
void action_reverse(Ui *ui);
void action_sort_busy(Ui *ui);
void action_sort_name(Ui *ui);
void action_lock(Ui *ui);
void action_group(Ui *ui);
void action_silent(Ui *ui);
void action_pause(Ui *ui);
void action_cumulative(Ui *ui);
void action_reset(Ui *ui);
void action_stack(Ui *ui);
void action_stack_of_row(Ui *ui);
void action_stack_of_item(Ui *ui);
void action_open_item(Ui *ui);
void action_delay(Ui *ui);
void action_columns(Ui *ui);
void action_column_up(Ui *ui);
void action_column_down(Ui *ui);
void action_scroll_left(Ui *ui);
void action_scroll_right(Ui *ui);
void action_up(Ui *ui);
void action_down(Ui *ui);
void action_page_up(Ui *ui);
void action_page_down(Ui *ui);
void action_home(Ui *ui);
void action_end(Ui *ui);
void action_save(Ui *ui);
void action_color(Ui *ui);
void action_redraw(Ui *ui);
void action_quit(Ui *ui);

#endif /* AIOTOP_SCREEN_ACTIONS_H */
