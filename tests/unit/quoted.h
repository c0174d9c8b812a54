/*
 * JSON in C strings: single quotes stand for double ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_QUOTED_H
#define TESTS_UNIT_QUOTED_H

#include <string.h>
#include <glib.h>
#include <qemu-aiotop/model/snapshot.h>

#include "reply-text.h"

static inline char *quoted(const char *text)
{
    return g_strdelimit(g_strdup(text), "'", '"');
}

/* A snapshot that must be well-formed */
static inline AiotopSnapshot *parse_after(const AiotopSnapshot *previous,
                                          const char *text)
{
    g_autofree char *json = quoted(text);
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot = read_reply(json, strlen(json), previous, &error);

    g_assert_no_error(error);
    if (previous) {
        aiotop_snapshot_carry_over_idle(snapshot, previous);
    }
    return snapshot;
}

static inline AiotopSnapshot *parse(const char *text)
{
    return parse_after(NULL, text);
}

#endif /* TESTS_UNIT_QUOTED_H */
