/*
 * Settings in a directory that a test has for itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_SCREEN_MADE_SETTINGS_H
#define TESTS_SCREEN_MADE_SETTINGS_H

#include "session.h"
#include "screen/settings.h"

typedef struct Fixture {
    char *directory;
    char *path;
} Fixture;

/* Loads them, which must be well */
void load(Session *session, const Fixture *fixture);

void write_file(const Fixture *fixture, const char *text);

void add(const char *path,
         void (*test)(Fixture *fixture, gconstpointer opaque));

#endif /* TESTS_SCREEN_MADE_SETTINGS_H */
