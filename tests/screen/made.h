/*
 * Samples of sources and loops that a test makes up, and what is shown of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_SCREEN_MADE_H
#define TESTS_SCREEN_MADE_H

#include "session.h"

/* A source of a made-up loop, with its calls and busy time so far */
typedef struct Made {
    unsigned id;
    const char *name;
    unsigned calls;
} Made;

/* Adds a snapshot, with single quotes for double ones */
void feed_json(Session *session, const char *text);

/* Adds snapshot number @number, in seconds, of these sources of a loop */
void feed_made(Session *session, unsigned number, const Made *made, unsigned n);

#define FEED(session, number, ...)                                             \
    do {                                                                       \
        const Made made_[] = { __VA_ARGS__ };                                  \
        feed_made(session, number, made_, G_N_ELEMENTS(made_));                \
    } while (0)

/* The names of the sources in their order, as "a b c" */
void check_order(Session *session, const char *wanted);

void check_selected(Session *session, const char *name);

/* Three loops, with their dispatching time so far in milliseconds */
void feed_loops(Session *session, unsigned number, const unsigned ms[3]);

void check_loops(Session *session, const char *wanted);

#endif /* TESTS_SCREEN_MADE_H */
