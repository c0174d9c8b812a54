/*
 * The keys: one table feeds dispatch, the footer, the help page, and tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_BINDINGS_H
#define AIOTOP_STATE_BINDINGS_H

#include <stdbool.h>
#include <glib.h>

#include "screen/dispatch.h"

/* Keys that are no characters; beyond all of Unicode */
typedef enum UiKey {
    UI_KEY_UP = 0x110000,
    UI_KEY_DOWN,
    UI_KEY_LEFT,
    UI_KEY_RIGHT,
    UI_KEY_PAGE_UP,
    UI_KEY_PAGE_DOWN,
    UI_KEY_HOME,
    UI_KEY_END,
    UI_KEY_BACKSPACE,
    UI_KEY_DELETE,
    UI_KEY_BACKTAB,
    UI_KEY_F0 = 0x110100,
} UiKey;

#define UI_KEY_F(n) (UI_KEY_F0 + (n))
#define UI_KEY_TAB '\t'
#define UI_KEY_ENTER '\r'
#define UI_KEY_ESC 0x1b
#define UI_KEY_CTRL(c) ((c)&0x1f)

/* Views that a key is for, as bits */
#define KEYS_IN(view) (1u << (view))
#define KEYS_IN_MAIN KEYS_IN(UI_MAIN)
#define KEYS_IN_DETAILS (KEYS_IN(UI_SOURCE) | KEYS_IN(UI_LOOP))
#define KEYS_IN_LISTS                                                          \
    (KEYS_IN(UI_COLUMNS) | KEYS_IN(UI_SORT) | KEYS_IN(UI_PICKER))
#define KEYS_IN_ALL ((1u << UI_N_VIEWS) - 1)
/* Where a finding or a stall is selected */
#define KEYS_IN_ITEMS (KEYS_IN(UI_DIAGNOSIS) | KEYS_IN(UI_STALLS))
/* Where data are looked at: not in help and lists */
#define KEYS_IN_DATA (KEYS_IN_MAIN | KEYS_IN_DETAILS | KEYS_IN_ITEMS)

#define KEYS_MAX 4

typedef struct KeyBinding {
    /* Up to KEYS_MAX keys; 0 ends them */
    unsigned keys[KEYS_MAX];
    unsigned where;
    void (*run)(Ui *ui);
    /* Of the footer; NULL if the key is not shown there */
    const char *label;
    /* One line, without full stop */
    const char *help;
} KeyBinding;

extern const KeyBinding key_bindings[];
extern const unsigned n_key_bindings;

/* The binding of @key in @view, or NULL */
const KeyBinding *keys_find(unsigned key, UiView view);

/* "q", "F10", "PgUp", "Space", "^L"; the caller frees it */
char *keys_name(unsigned key);

/* All keys of a binding: "q, F10"; the caller frees it */
char *keys_names(const KeyBinding *binding);

#endif /* AIOTOP_STATE_BINDINGS_H */
