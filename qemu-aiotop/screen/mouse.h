/*
 * The mouse: selects, sorts, scrolls, and presses the keys of the last line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_MOUSE_H
#define AIOTOP_SCREEN_MOUSE_H

#include "state/ui-state.h"

typedef enum UiMouse {
    UI_MOUSE_CLICK,
    UI_MOUSE_WHEEL_UP,
    UI_MOUSE_WHEEL_DOWN,
} UiMouse;

void ui_mouse(Ui *ui, UiMouse what, int y, int x);

#endif /* AIOTOP_SCREEN_MOUSE_H */
