/*
 * Keys: a number for each, characters and others, and their names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_KEY_H
#define AIOTOP_DRAW_KEY_H

/* Keys that are no characters; beyond all of Unicode */
typedef enum KeyCode {
    KEYCODE_UP = 0x110000,
    KEYCODE_DOWN,
    KEYCODE_LEFT,
    KEYCODE_RIGHT,
    KEYCODE_PAGE_UP,
    KEYCODE_PAGE_DOWN,
    KEYCODE_HOME,
    KEYCODE_END,
    KEYCODE_BACKSPACE,
    KEYCODE_DELETE,
    KEYCODE_BACKTAB,
    KEYCODE_F0 = 0x110100,
} KeyCode;

#define KEYCODE_F(n) (KEYCODE_F0 + (n))
#define KEYCODE_TAB '\t'
#define KEYCODE_ENTER '\r'
#define KEYCODE_ESC 0x1b
#define KEYCODE_CTRL(c) ((c)&0x1f)

/* "q", "F10", "PgUp", "Space", "Ctrl-L"; the caller frees it */
char *keycode_name(unsigned key);

#endif /* AIOTOP_DRAW_KEY_H */
