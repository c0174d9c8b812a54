/*
 * Keys and their names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "key.h"

#include <glib.h>

static const struct {
    unsigned key;
    const char *name;
} names[] = {
    { KEYCODE_UP, "Up" },
    { KEYCODE_DOWN, "Down" },
    { KEYCODE_LEFT, "Left" },
    { KEYCODE_RIGHT, "Right" },
    { KEYCODE_PAGE_UP, "PgUp" },
    { KEYCODE_PAGE_DOWN, "PgDn" },
    { KEYCODE_HOME, "Home" },
    { KEYCODE_END, "End" },
    { KEYCODE_BACKSPACE, "Backspace" },
    { KEYCODE_DELETE, "Delete" },
    { KEYCODE_BACKTAB, "Shift-Tab" },
    { KEYCODE_TAB, "Tab" },
    { KEYCODE_ENTER, "Enter" },
    { KEYCODE_ESC, "Esc" },
    { ' ', "Space" },
};

char *keycode_name(unsigned key)
{
    char text[7] = { 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].key == key) {
            return g_strdup(names[i].name);
        }
    }
    if (key >= KEYCODE_F0) {
        return g_strdup_printf("F%u", key - KEYCODE_F0);
    }
    if (key < ' ') {
        return g_strdup_printf("Ctrl-%c", key | 0x40);
    }
    if (key > 0x10ffff || !g_unichar_isprint(key)) {
        return g_strdup_printf("0x%x", key);
    }
    g_unichar_to_utf8(key, text);
    return g_strdup(text);
}
