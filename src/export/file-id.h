/*
 * Which file it is, whatever its name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_EXPORT_FILE_ID_H
#define AIOTOP_EXPORT_FILE_ID_H

#include <stdbool.h>
#include <sys/stat.h>

/* No inode has number 0 */
typedef struct FileId {
    dev_t device;
    ino_t inode;
} FileId;

static inline FileId file_id_of(const struct stat *st)
{
    return (FileId){ st->st_dev, st->st_ino };
}

static inline bool file_id_is(const FileId *id, const struct stat *st)
{
    return st->st_dev == id->device && st->st_ino == id->inode;
}

/* Removes what is called @path if that is it; what a link leads to is not */
void file_id_remove(const FileId *id, const char *path);

#endif /* AIOTOP_EXPORT_FILE_ID_H */
