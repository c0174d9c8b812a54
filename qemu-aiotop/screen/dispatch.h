/*
 * The user interface without a terminal: keys and samples in, canvases out
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_DISPATCH_H
#define AIOTOP_SCREEN_DISPATCH_H

#include "draw/canvas.h"
#include "state/ui-state.h"

/* A key: a character, or a KeyCode */
void ui_key(Ui *ui, unsigned key);

/* A canvas of @width x @height; the caller frees it */
Canvas *ui_draw(Ui *ui, int width, int height);

#endif /* AIOTOP_SCREEN_DISPATCH_H */
