/*
 * Signals in the main loop: SIGTSTP and SIGCONT, which GLib does not offer,
 * and others unless they are ignored
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_SIGNALS_H
#define AIOTOP_SCREEN_SIGNALS_H

#include <glib.h>

typedef void SignalsHandler(void *opaque);

/*
 * Calls @function for each @signal_number, one that g_unix_signal_add() knows.
 * Does nothing if the program began with the signal ignored, as nohup and the
 * & of a shell without job control have it: it stays so then.
 */
void signals_add(int signal_number, GSourceFunc function, void *opaque);

/*
 * The same for each one that is to end the program: SIGINT, SIGTERM, SIGHUP.
 * Where the main loop does not come to @function, as it waits for a reader, or
 * a server of symbols, another one ends the program by itself, half a second
 * after the first or later: sooner it may be of the same event
 */
void signals_add_end(GSourceFunc function, void *opaque);

/**
 * signals_watch_stop:
 * @stop: the user wants the program to stop; it should end in
 *     signals_stop()
 * @cont: the program was stopped from outside and goes on
 *
 * Both are called from the default main context.  Once in a program.
 */
void signals_watch_stop(SignalsHandler *stop, SignalsHandler *cont,
                        void *opaque);

/* Stops; returns when the program goes on */
void signals_stop(void);

#endif /* AIOTOP_SCREEN_SIGNALS_H */
