/*
 * Users of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/user.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include <glib.h>

#include "counted.h"
#include "patience.h"

/*
 * People are from 1000 on, as login.defs and systemd have it, and with homes of
 * systemd up to 60513.  Between them and nobody are users that packages make.
 * What is above is of containers, which people may begin as well, or of a
 * directory, where it could be anybody.
 */
#define FIRST_PERSON 1000
#define LAST_PERSON 60513

/* Of an entry in the directory of users */
#define MAX_ENTRY 16384

bool aiotop_user_is_trusted(uint32_t uid)
{
    return uid == getuid() || uid < FIRST_PERSON ||
           (uid > LAST_PERSON && uid < AIOTOP_NOBODY);
}

static char *read_name(const char *number, gsize *len)
{
    g_autofree char *buffer = g_malloc(MAX_ENTRY);
    struct passwd entry, *found = NULL;

    if (getpwuid_r(g_ascii_strtoull(number, NULL, 10), &entry, buffer,
                   MAX_ENTRY, &found) != 0 ||
        !found || !*found->pw_name) {
        return NULL;
    }
    *len = strlen(found->pw_name);
    return g_strdup(found->pw_name);
}

char *aiotop_user_name(uint32_t uid, int64_t deadline_us)
{
    g_autofree char *number = g_strdup_printf("%" PRIu32, uid);
    char *name;
    bool late;
    gsize len;

    if (g_get_monotonic_time() >= deadline_us) {
        return g_steal_pointer(&number);
    }
    name = aiotop_patience_end(
        aiotop_patience_begin_of(geteuid(), "users", number, read_name),
        deadline_us, &len, &late);
    return name ? name : g_steal_pointer(&number);
}
