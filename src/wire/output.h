/*
 * What is to be sent over a socket, as soon as there is room
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_OUTPUT_H
#define AIOTOP_WIRE_OUTPUT_H

#include <gio/gio.h>

typedef struct Output {
    GString *text;
    /* The connection's, NULL while there is none */
    GSocket *socket;
    GMainContext *context;
    /* While there is no room */
    GSource *writable;
} Output;

/* @context: the caller's, as long as @output is there */
void output_init(Output *output, GMainContext *context);
/* Sends no more */
void output_close(Output *output);
void output_clear(Output *output);

/*
 * Sends what can be sent now, and the rest when there is room.  That it failed
 * shows when the socket is read.
 */
void output_flush(Output *output);

#endif /* AIOTOP_WIRE_OUTPUT_H */
