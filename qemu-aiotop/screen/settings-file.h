/*
 * The file of the settings: whether it is to be believed, and replaced whole
 *
 * A home directory may be somebody else's, as with sudo, and what is there
 * may be no file.  Nothing here waits for a FIFO, reads without end, or makes
 * files in a directory that is neither the user's nor root's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_SETTINGS_FILE_H
#define AIOTOP_SCREEN_SETTINGS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <glib.h>

/* No settings are that long */
#define SETTINGS_FILE_MAX 65536

/* Why such a file is not for @user to believe; NULL if it is */
const char *settings_file_objection(const struct stat *status, uid_t user);

/**
 * settings_file_read:
 *
 * Returns what is in the file, links followed, if @user, who runs this, can
 * believe it; or NULL with @error, which does not name the file:
 * G_FILE_ERROR_NOENT if there is none.  The caller frees it.
 */
char *settings_file_read(const char *path, uid_t user, size_t *len,
                         GError **error);

/**
 * settings_file_write:
 *
 * Replaces the file as a whole, or not at all.  Where @path is a link, the
 * file that it leads to.  Its mode stays; a new one is the user's alone.
 */
bool settings_file_write(const char *path, uid_t user, const char *text,
                         size_t len, GError **error);

#endif /* AIOTOP_SCREEN_SETTINGS_FILE_H */
