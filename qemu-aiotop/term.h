/*
 * The terminal: frames out, keys and mouse in
 *
 * The only module that knows curses.  There is one terminal, so it has no
 * handle.  Whatever way the program ends, the terminal is as it was before:
 * term_close() on the ordinary ones, a handler on the signals of a crash.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_TERM_H
#define AIOTOP_TERM_H

#include <stdbool.h>
#include <glib.h>

#include "frame.h"

#define TERM_ERROR (term_error_quark())
GQuark term_error_quark(void);

typedef enum TermError {
    /* There is none, or it can't do what it takes */
    TERM_ERROR_UNSUITABLE,
} TermError;

typedef enum TermEventType {
    /* A character, or an UiKey */
    TERM_KEY,
    TERM_CLICK,
    TERM_WHEEL_UP,
    TERM_WHEEL_DOWN,
} TermEventType;

typedef struct TermEvent {
    TermEventType type;
    unsigned key;
    int y;
    int x;
} TermEvent;

/*
 * Takes the terminal.  Handlers for SIGINT, SIGTERM, SIGTSTP and SIGWINCH
 * have to be there already, or curses has its own.
 */
bool term_open(GError **error);

/* Gives it back; does nothing if it is not open */
void term_close(void);

bool term_has_colors(void);

/* Number of cells now */
void term_size(int *width, int *height);

/* Shows @frame; sends only what has changed */
void term_show(const Frame *frame);

/* The next that was typed; false if there is nothing */
bool term_read(TermEvent *event);

/* After SIGWINCH */
void term_resize(void);

/* Gives the terminal back for a while, and takes it again */
void term_suspend(void);
void term_resume(void);

/* The next frame is drawn whole, whatever is there */
void term_redraw(void);

#endif /* AIOTOP_TERM_H */
