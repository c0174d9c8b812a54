/*
 * The terminal: frames out, keys and mouse in
 *
 * The only module that knows curses.  There is one terminal, so it has no
 * handle.  Whatever way the program ends, the terminal is as it was before:
 * term_close() on the ordinary ones, rescue.h on signals.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_TERM_H
#define AIOTOP_DRAW_TERM_H

#include <stdbool.h>
#include <glib.h>

#include "canvas.h"
#include "input.h"

#define TERM_ERROR (term_error_quark())
GQuark term_error_quark(void);

typedef enum TermError {
    /* There is none, or it can't do what it takes */
    TERM_ERROR_UNSUITABLE,
} TermError;

/* What term_fill() found */
typedef enum TermInput {
    TERM_NOTHING,
    TERM_CAME,
    /* There is no terminal any more */
    TERM_GONE,
} TermInput;

/*
 * Takes the terminal, and its mouse where it has one and @with_mouse says so.
 * Handlers for SIGINT, SIGTSTP and SIGWINCH have to be there already, or
 * curses has its own.  Nothing is written to a terminal that is refused.
 */
bool term_open(bool with_mouse, GError **error);

/* Gives it back; does nothing if it is not open */
void term_close(void);

bool term_has_colors(void);

/* Number of cells now */
void term_size(int *width, int *height);

/* Shows @canvas; sends only what has changed */
void term_show(const Canvas *canvas);

/* Reads what was typed, if anything was; never waits */
TermInput term_fill(void);

/* The next of what term_fill() read; false if there is nothing complete */
bool term_read(InputEvent *event);

/* When to call term_read() again, as the rest may not come; -1 if never */
int term_wait_ms(void);

/* After SIGWINCH */
void term_resize(void);

/* Gives the terminal back for a while, and takes it again */
void term_suspend(void);
void term_resume(void);

/* The next canvas is drawn whole, whatever is there */
void term_redraw(void);

#endif /* AIOTOP_DRAW_TERM_H */
