/*
 * Which sockets a process has open
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "open-sockets.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

GHashTable *aiotop_open_sockets(const char *root, int64_t pid, unsigned *n_read)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/fd", root, pid);
    GHashTable *inodes = g_hash_table_new(NULL, NULL);
    DIR *dir = opendir(path);
    const struct dirent *entry;

    *n_read = 0;
    for (unsigned i = 0; dir && i < AIOTOP_OPEN_MOST && (entry = readdir(dir));
         i++) {
        char link[64];
        ssize_t n =
            readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
        unsigned inode;

        *n_read += n >= 0;
        link[MAX(n, 0)] = '\0';
        if (sscanf(link, "socket:[%u]", &inode) == 1) {
            g_hash_table_add(inodes, GUINT_TO_POINTER(inode));
        }
    }
    if (dir) {
        closedir(dir);
    }
    return inodes;
}
