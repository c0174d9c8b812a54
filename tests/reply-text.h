/*
 * Text of a reply's value, as tests write or record it, to a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_REPLY_TEXT_H
#define TESTS_REPLY_TEXT_H

#include <glib.h>
#include <qemu-aiotop/wire/reply.h>

static inline AiotopSnapshot *read_reply(const char *text, gsize len,
                                         const AiotopSnapshot *previous,
                                         GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(json_object) value = aiotop_json_parse(text, len, &cause);

    if (!value) {
        g_set_error_literal(error, AIOTOP_REPLY_ERROR,
                            AIOTOP_REPLY_ERROR_MALFORMED, cause->message);
        return NULL;
    }
    return aiotop_reply_read(value, previous, error);
}

#endif /* TESTS_REPLY_TEXT_H */
