/*
 * The keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bindings.h"

#include <glib.h>

/* clang-format off */
const KeyBinding key_bindings[] = {
    { { 'h', '?', KEYCODE_F(1) }, KEYS_IN_ALL & ~KEYS_IN(UI_HELP),
      ACTION_HELP, "Help", "This help" },
    { { 'q' }, KEYS_IN_TABLES, ACTION_QUIT, "Quit", "Quit" },
    { { 'Q', KEYCODE_F(10) }, KEYS_IN_ALL, ACTION_QUIT, NULL,
      "Quit, wherever one is" },
    { { KEYCODE_ENTER, '\n' }, KEYS_IN_MAIN, ACTION_DETAILS, "Details",
      "Details of the loop or source that is selected" },
    { { KEYCODE_ENTER, '\n' }, KEYS_IN(UI_VMS), ACTION_OPEN_VM, "Open",
      "Watch the QEMU that is selected" },
    { { KEYCODE_ENTER, '\n' }, KEYS_IN_ITEMS, ACTION_OPEN_ITEM, "Details",
      "Details of the loop, source or block node that it is about" },
    { { KEYCODE_ENTER, '\n' }, KEYS_IN_LISTS, ACTION_LIST_ENTER, "Choose",
      "Choose what is selected" },
    { { ' ' }, KEYS_IN(UI_COLUMNS), ACTION_LIST_ENTER, "Show/hide",
      "Show or hide the column" },
    { { 'q', KEYCODE_ESC, KEYCODE_BACKSPACE },
      KEYS_IN_ALL & ~KEYS_IN_TABLES, ACTION_BACK, "Back", "Back" },
    { { KEYCODE_LEFT, 'p' }, KEYS_IN_DETAILS, ACTION_PREVIOUS, "Prev.",
      "The row above in the table" },
    { { KEYCODE_RIGHT, 'n' }, KEYS_IN_DETAILS, ACTION_NEXT, "Next",
      "The row below in the table" },
    { { KEYCODE_ESC }, KEYS_IN_TABLES, ACTION_CLEAR, NULL,
      "Drop the search, then the filter, then the selection; then back to the"
      " QEMUs of this host, if one came from there" },
    { { KEYCODE_TAB, KEYCODE_BACKTAB }, KEYS_IN_MAIN, ACTION_NEXT_PANE,
      "Pane", "The other table: loops or sources" },
    { { 'D' }, KEYS_IN_DATA & ~KEYS_IN(UI_DIAGNOSIS), ACTION_DIAGNOSIS,
      "Diagnosis", "What is the matter, in words, and what to do" },
    { { '/', KEYCODE_F(4) }, KEYS_IN_TABLES, ACTION_FILTER, "Filter",
      "Show only what matches a regular expression; a leading ! negates" },
    { { KEYCODE_F(3) }, KEYS_IN_TABLES, ACTION_SEARCH, "Search",
      "Search for a regular expression" },
    { { 'n' }, KEYS_IN_TABLES, ACTION_SEARCH_NEXT, NULL,
      "Next that matches the search" },
    { { 'p' }, KEYS_IN_TABLES, ACTION_SEARCH_PREVIOUS, NULL,
      "Previous that matches the search" },
    { { '<' }, KEYS_IN_TABLES, ACTION_SORT_LEFT, NULL,
      "Sort by the column to the left" },
    { { '>' }, KEYS_IN_TABLES, ACTION_SORT_RIGHT, NULL,
      "Sort by the column to the right" },
    { { KEYCODE_F(6) }, KEYS_IN_TABLES, ACTION_SORT, "Sort",
      "Choose the column to sort by" },
    { { 'R', 'I' }, KEYS_IN_TABLES, ACTION_REVERSE, NULL,
      "Reverse the order" },
    { { 'P' }, KEYS_IN_MAIN, ACTION_SORT_BUSY, NULL,
      "Sort by time spent: BUSY% of sources, DISP% of loops" },
    { { 'N' }, KEYS_IN_TABLES, ACTION_SORT_NAME, NULL, "Sort by name" },
    { { 'L' }, KEYS_IN_TABLES, ACTION_LOCK, NULL,
      "Lock the order of the rows; values go on" },
    { { 't' }, KEYS_IN_MAIN, ACTION_GROUP, NULL,
      "Group the sources by loop" },
    { { 'a' }, KEYS_IN_MAIN, ACTION_SILENT, NULL,
      "Show also sources that do nothing" },
    { { ' ', 'Z' }, KEYS_IN_DATA | KEYS_IN(UI_VMS), ACTION_PAUSE, "Pause",
      "Pause; sampling goes on in the background" },
    { { 'c' }, KEYS_IN_DATA, ACTION_CUMULATIVE, "Cumul.",
      "Since profiling began, or the last interval" },
    { { '0' }, KEYS_IN_DATA, ACTION_RESET, NULL,
      "Begin anew: figures and MAX since now" },
    { { 'S' }, KEYS_IN_DATA & ~KEYS_IN(UI_STALLS), ACTION_STALLS, "Stalls",
      "The log of stalls that QEMU keeps" },
    { { 'r' }, KEYS_IN_DATA & ~KEYS_IN(UI_REQUESTS), ACTION_REQUESTS,
      "Requests", "Block requests in flight, of which loop or source one is at" },
    { { 'T' }, KEYS_IN_DATA & ~KEYS_IN(UI_THREADS), ACTION_THREADS,
      "Threads", "CPU time of all threads, those that are no loops too" },
    { { 's' }, KEYS_IN_DETAILS | KEYS_IN(UI_STACK), ACTION_STACK, "Stack",
      "Native stack of the loop's thread, as it is now" },
    { { 's' }, KEYS_IN_MAIN, ACTION_STACK_OF_ROW, "Stack",
      "Native stack of the row's thread, as it is now" },
    { { 's' }, KEYS_IN_ITEMS, ACTION_STACK_OF_ITEM, "Stack",
      "Native stack of the thread to look at, as it is now" },
    { { 'd' }, KEYS_IN_DATA | KEYS_IN(UI_VMS), ACTION_DELAY, NULL,
      "Set the time between samples" },
    { { 'C', KEYCODE_F(2) }, KEYS_IN_TABLES, ACTION_COLUMNS, "Columns",
      "Choose the columns" },
    { { '[' }, KEYS_IN(UI_COLUMNS), ACTION_COLUMN_UP, "Left",
      "Move the column to the left, here up" },
    { { ']' }, KEYS_IN(UI_COLUMNS), ACTION_COLUMN_DOWN, "Right",
      "Move the column to the right, here down" },
    { { 'V' }, KEYS_IN_MAIN, ACTION_VMS, NULL, "All QEMUs of this host" },
    { { KEYCODE_LEFT }, KEYS_IN_TABLES, ACTION_SCROLL_LEFT, NULL,
      "Columns to the left" },
    { { KEYCODE_RIGHT }, KEYS_IN_TABLES, ACTION_SCROLL_RIGHT, NULL,
      "Columns to the right" },
    { { 'k', KEYCODE_UP }, KEYS_IN_ALL, ACTION_UP, NULL, "Up" },
    { { 'j', KEYCODE_DOWN }, KEYS_IN_ALL, ACTION_DOWN, NULL, "Down" },
    { { KEYCODE_PAGE_UP }, KEYS_IN_ALL, ACTION_PAGE_UP, NULL, "Page up" },
    { { KEYCODE_PAGE_DOWN }, KEYS_IN_ALL, ACTION_PAGE_DOWN, NULL,
      "Page down" },
    { { KEYCODE_HOME }, KEYS_IN_ALL, ACTION_HOME, NULL, "To the first" },
    { { KEYCODE_END }, KEYS_IN_ALL, ACTION_END, NULL, "To the last" },
    { { 'W' }, KEYS_IN_DATA | KEYS_IN(UI_VMS), ACTION_SAVE, NULL,
      "Save the settings: columns, order, interval, modes" },
    { { 'z' }, KEYS_IN_ALL, ACTION_COLOR, NULL, "Colours on or off" },
    { { KEYCODE_CTRL('L') }, KEYS_IN_ALL, ACTION_REDRAW, NULL,
      "Draw the screen again" },
};
/* clang-format on */

const unsigned n_key_bindings = G_N_ELEMENTS(key_bindings);

const KeyBinding *binding_find(unsigned key, UiView view)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        const KeyBinding *binding = &key_bindings[i];

        for (unsigned j = 0; j < KEYS_MAX && binding->keys[j]; j++) {
            if (binding->keys[j] == key && (binding->where & KEYS_IN(view))) {
                return binding;
            }
        }
    }
    return NULL;
}

char *binding_keys(const KeyBinding *binding)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < KEYS_MAX && binding->keys[i]; i++) {
        g_autofree char *name = NULL;

        /* What some terminals send for Enter */
        if (binding->keys[i] == '\n') {
            continue;
        }
        name = keycode_name(binding->keys[i]);
        g_string_append_printf(out, "%s%s", i ? ", " : "", name);
    }
    return g_string_free(out, FALSE);
}
