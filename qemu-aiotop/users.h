/*
 * Users on the command line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_USERS_H
#define AIOTOP_USERS_H

#include <stdbool.h>
#include <glib.h>

/**
 * users_parse:
 * @users: set to an array of uint32_t, which the caller frees; NULL without
 *     @text
 * @text: names or numbers, with commas between them; NULL if not given
 *
 * Returns false with @error, in words for the user, if one of them is not
 * known here.  Waits for the directory of users.
 */
bool users_parse(GArray **users, const char *text, GError **error);

#endif /* AIOTOP_USERS_H */
