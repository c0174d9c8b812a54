/*
 * The keys: one table feeds dispatch, the footer, the help page, and tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_BINDINGS_H
#define AIOTOP_STATE_BINDINGS_H

#include <stdbool.h>
#include <glib.h>

#include "draw/key.h"
#include "screen/dispatch.h"

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
const KeyBinding *binding_find(unsigned key, UiView view);

/* All keys of a binding: "q, F10"; the caller frees it */
char *binding_keys(const KeyBinding *binding);

#endif /* AIOTOP_STATE_BINDINGS_H */
