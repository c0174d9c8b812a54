/*
 * Which file it is, whatever its name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "file-id.h"

#include <unistd.h>

void file_id_remove(const FileId *id, const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && file_id_is(id, &st)) {
        unlink(path);
    }
}
