/*
 * The settings that W saves, in the user's configuration directory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_SETTINGS_H
#define AIOTOP_SCREEN_SETTINGS_H

#include <stdbool.h>
#include <glib.h>

#include "state/ui-state.h"

/* What the command line said, which settings don't override */
typedef struct SettingsGiven {
    bool delay;
    bool sort;
    bool columns;
    bool color;
    bool cumulative;
} SettingsGiven;

/* Where they are; the caller frees it */
char *settings_path(void);

/**
 * settings_load:
 *
 * Sets @ui as the file says.  Without a file there is nothing to do.
 * Returns false with @error, and @ui as it was, if the file is broken.
 */
bool settings_load(Ui *ui, const char *path, const SettingsGiven *given,
                   GError **error);

/*
 * Replaces the file as a whole, or not at all.  What is saved is what the user
 * wants, whatever NO_COLOR, the terminal and the command line's switches for
 * the terminal make of it; keys and comments of others stay.
 */
bool settings_save(const Ui *ui, const char *path, GError **error);

/* Whether there is a file that settings_load() would not take */
bool settings_broken(const char *path);

#endif /* AIOTOP_SCREEN_SETTINGS_H */
