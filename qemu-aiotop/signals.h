/*
 * SIGTSTP and SIGCONT in the main loop, which GLib does not offer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SIGNALS_H
#define AIOTOP_SIGNALS_H

typedef void SignalsHandler(void *opaque);

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

#endif /* AIOTOP_SIGNALS_H */
