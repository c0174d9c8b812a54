/*
 * Text of a reply's value, as tests write or record it, to a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_REPLY_TEXT_H
#define TESTS_REPLY_TEXT_H

#include <glib.h>
#include <qemu-aiotop/wire/framing.h>
#include <qemu-aiotop/wire/reply.h>

static inline AiotopSnapshot *read_reply(const char *text, gsize len,
                                         const AiotopSnapshot *previous,
                                         GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GString) reply = g_string_new("{\"return\":");
    AiotopSnapshot *snapshot;
    AiotopQmpMessage message;

    g_string_append_len(reply, text, len);
    g_string_append_c(reply, '}');
    len = reply->len;
    if (!aiotop_qmp_message_parse(&message,
                                  g_string_free(g_steal_pointer(&reply), FALSE),
                                  len, &cause)) {
        g_set_error_literal(error, AIOTOP_REPLY_ERROR,
                            AIOTOP_REPLY_ERROR_MALFORMED, cause->message);
        return NULL;
    }
    snapshot = aiotop_reply_read(message.value, previous, error);
    aiotop_qmp_message_clear(&message);
    return snapshot;
}

#endif /* TESTS_REPLY_TEXT_H */
