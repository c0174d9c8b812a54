/*
 * A file for node_exporter: written aside, and renamed
 *
 * In a thread of GLib's pool, as disks hang.  If the last writing is not over
 * yet, the next one is left out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_EXPORT_TEXTFILE_H
#define AIOTOP_EXPORT_TEXTFILE_H

#include <glib.h>

typedef struct AiotopTextfile AiotopTextfile;

/* @report: what went wrong, each time that this changes */
AiotopTextfile *aiotop_textfile_new(const char *path,
                                    void (*report)(const char *message));

/*
 * Takes a reference to @text.  Whatever fails, the file stays as it was; as it
 * does if it is there, and does not begin as metrics of ours do.
 */
void aiotop_textfile_write(AiotopTextfile *textfile, GBytes *text);

/*
 * Removes the file, as what is in it would be taken for what is now, if it is
 * the one that was written here.  If it is being written, that is waited for, some seconds at most, in the thread's
 * default main context.  Accepts NULL.
 */
void aiotop_textfile_free(AiotopTextfile *textfile);

#endif /* AIOTOP_EXPORT_TEXTFILE_H */
