/*
 * Keys and the mouse: what comes from the terminal, as it is complete
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_KEYBOARD_H
#define AIOTOP_SCREEN_KEYBOARD_H

#include "draw/input.h"

typedef struct KeyboardHandler {
    void (*event)(const InputEvent *event, void *opaque);
    /* There is no terminal any more; may be called more than once */
    void (*gone)(void *opaque);
} KeyboardHandler;

typedef struct Keyboard Keyboard;

/* Calls @handler from the main loop; to be called once the terminal is open */
Keyboard *keyboard_new(const KeyboardHandler *handler, void *opaque);
void keyboard_free(Keyboard *keyboard);

#endif /* AIOTOP_SCREEN_KEYBOARD_H */
