/*
 * Users on the command line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "users.h"

#include <pwd.h>
#include <stdint.h>

/* A name may look like a number, but not the other way round */
static bool find_user(uint32_t *uid, const char *word)
{
    const struct passwd *entry = getpwnam(word);
    guint64 number;

    if (entry) {
        *uid = entry->pw_uid;
        return true;
    }
    /* The last one is none */
    if (!g_ascii_string_to_unsigned(word, 10, 0, UINT32_MAX - 1, &number,
                                    NULL)) {
        return false;
    }
    *uid = number;
    return true;
}

bool users_parse(GArray **users, const char *text, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_auto(GStrv) words = NULL;

    if (!text) {
        return true;
    }
    /* Of no text there are no words */
    words = g_strsplit(*text ? text : ",", ",", -1);
    for (unsigned i = 0; words[i]; i++) {
        uint32_t uid;

        if (!find_user(&uid, words[i])) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--user needs names or numbers of users, with commas"
                        " between them; there is no user \"%s\" here",
                        words[i]);
            return false;
        }
        g_array_append_val(found, uid);
    }
    *users = g_steal_pointer(&found);
    return true;
}
