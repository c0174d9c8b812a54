/*
 * A run without a screen, and what ends it: its writer, a signal, a deadline,
 * or that nobody reads stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_RUN_H
#define AIOTOP_RUN_H

#include <stdbool.h>
#include <glib.h>

#include "options.h"

typedef struct Run {
    const Options *options;
    /* As in BatchWriter; @opaque is for it */
    int (*fail)(const char *message, void *opaque);
    void *opaque;
    int interrupted;
    /* What comes after the end, in the same turn of the loop, does not count */
    bool done;
    /* The exit code */
    int status;
    GMainLoop *loop;
    GSource *deadline;
} Run;

/**
 * run_begin:
 * @run: with what it is given set, the rest zero
 * @on_deadline: run_on_deadline, or what calls it if it has nothing better
 * @opaque: for @on_deadline; @run for the former
 *
 * Looks for what may end it from now on.
 */
void run_begin(Run *run, GSourceFunc on_deadline, void *opaque);
gboolean run_on_deadline(gpointer run);

/* Runs the main loop until the end, and returns the exit code */
int run_until_end(Run *run);

/* Ends it */
void run_quit(Run *run, int status);

/* Neither the target nor what is asked for is at fault: ends it likewise */
void run_give_up(Run *run, const char *why, int status);

#endif /* AIOTOP_RUN_H */
