/*
 * Snapshots from a recorded QMP session: "> " sent, "< " received, a message
 * a line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_TRANSCRIPT_H
#define TESTS_UNIT_TRANSCRIPT_H

#include <string.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/wire/connection.h>
#include <qemu-aiotop/wire/reply.h>

/* All snapshots in file @name of tests/data, each after the one before it */
static inline GPtrArray *read_transcript(const char *name)
{
    GPtrArray *snapshots =
        g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_snapshot_unref);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        AiotopSnapshot *previous =
            snapshots->len ? snapshots->pdata[snapshots->len - 1] : NULL;
        AiotopQmpMessage message;

        if (!g_str_has_prefix(lines[i], "< ") ||
            !strstr(lines[i], "\"loops\"")) {
            continue;
        }
        aiotop_qmp_message_parse(&message, g_strdup(lines[i] + 2),
                                 strlen(lines[i] + 2), &error);
        g_assert_no_error(error);
        g_ptr_array_add(snapshots,
                        aiotop_reply_read(message.value, previous, &error));
        g_assert_no_error(error);
        aiotop_qmp_message_clear(&message);
    }
    return snapshots;
}

/* Of the first two of them */
static inline AiotopSample *recorded_sample(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".transcript", NULL);
    g_autoptr(GPtrArray) snapshots = read_transcript(file);

    g_assert_cmpuint(snapshots->len, >=, 2);
    return aiotop_sample_new(snapshots->pdata[0], snapshots->pdata[1]);
}

#endif /* TESTS_UNIT_TRANSCRIPT_H */
