/*
 * Rescue: the terminal as it was, when a signal ends the program
 *
 * Every signal that ends a program by default is taken, what an user sends
 * (SIGTERM, SIGQUIT, SIGUSR1, those of real time) as well as a crash.  The
 * handler brings the terminal back, whatever the program is doing or waiting
 * for at that moment, and lets the signal have its way: the exit status is
 * that of the signal, and there is a core where there would be one.
 *
 * Not taken are SIGINT, which is a key and ends the program as q does, and
 * SIGPIPE and SIGXFSZ, of which write() tells.  What is ignored stays so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_RESCUE_H
#define AIOTOP_DRAW_RESCUE_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/*
 * Takes the signals; @modes will be set on stdin.  Before curses starts, which
 * would have handlers of its own.
 */
void rescue_begin(const struct termios *modes);

/* What will be written to stdout; copied */
void rescue_set_text(const char *text, size_t len);

/* Whether the terminal has to be brought back, or is so already */
void rescue_arm(bool armed);

/* Leaves the signals alone again */
void rescue_end(void);

#endif /* AIOTOP_DRAW_RESCUE_H */
