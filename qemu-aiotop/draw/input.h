/*
 * Input: bytes from a terminal in, keys and the mouse out
 *
 * Never waits for the rest of a sequence: what is cut is dropped when its time
 * is over, and all that comes behind it counts.  So a mouse report that a bad
 * line cuts costs that report.  It has no clock and does no input itself.
 *
 * Understood are the sequences of ANSI terminals, of xterm, rxvt and Linux,
 * mouse reports in the old form and in that of SGR, and whatever sequences the
 * terminal says it has for its keys.  A character is one of the locale.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_INPUT_H
#define AIOTOP_DRAW_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

/* Until Esc is a key of its own, and until a sequence is taken for cut */
#define INPUT_ESC_US 50000
#define INPUT_CUT_US 500000

typedef enum InputType {
    /* A character, or a KeyCode */
    INPUT_KEY,
    INPUT_CLICK,
    INPUT_WHEEL_UP,
    INPUT_WHEEL_DOWN,
} InputType;

typedef struct InputEvent {
    InputType type;
    unsigned key;
    /* Of the mouse, from 0 */
    int y;
    int x;
} InputEvent;

typedef struct Input Input;

Input *input_new(void);
/* Accepts NULL */
void input_free(Input *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Input, input_free)

/* The terminal sends @sequence, which begins with Esc, for @key */
void input_add_key(Input *input, const char *sequence, unsigned key);

/* Takes what has come at @now_us, of g_get_monotonic_time() */
void input_push(Input *input, const void *bytes, size_t len, int64_t now_us);

/* The next event that is complete at @now_us; false if there is none */
bool input_next(Input *input, int64_t now_us, InputEvent *event);

/* Time until input_next() drops or takes what it has; negative if nothing */
int64_t input_wait_us(const Input *input, int64_t now_us);

#endif /* AIOTOP_DRAW_INPUT_H */
