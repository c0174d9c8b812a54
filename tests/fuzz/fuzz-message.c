/*
 * Fuzz target: what a peer sends, in pieces, to messages
 *
 * The first part says how long the pieces are, each byte one, from 1 on and
 * again from the first; what follows is sent.  However it is cut, it is the
 * same messages, or an error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/wire/connection.h>

#include "fuzz.h"

/* With so much a message can be too long */
#define MAX_MESSAGE 512

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    fuzz_init();
    return 0;
}

static void check_utf8(const char *text)
{
    g_assert_true(!text || g_utf8_validate(text, -1, NULL));
}

static void check_message(const char *text, gsize len)
{
    g_autoptr(GError) error = NULL;
    AiotopQmpMessage message;

    /* From one brace to another, be it of the wrong kind */
    g_assert_cmpint(text[0], ==, '{');
    g_assert_true(text[len - 1] == '}' || text[len - 1] == ']');
    if (!aiotop_qmp_message_parse(&message, g_memdup2(text, len), len,
                                  &error)) {
        g_assert_nonnull(error);
        check_utf8(error->message);
        return;
    }
    g_assert_cmpint(text[len - 1], ==, '}');
    check_utf8(message.error_class);
    check_utf8(message.description);
    if (message.value) {
        /* It is asked about like any other */
        g_autofree char *name =
            aiotop_json_string(aiotop_json_member(message.value, "name"), 16);

        check_utf8(name);
        g_assert_nonnull(json_object_to_json_string(message.value));
    }
    aiotop_qmp_message_clear(&message);
}

/* Adds what is complete; false if there is nothing more to be had */
static bool take_messages(AiotopQmpStream *stream, GPtrArray *messages)
{
    g_autoptr(GError) error = NULL;
    char *text;
    gsize len;

    while ((text = aiotop_qmp_stream_next(stream, &len, &error))) {
        check_message(text, len);
        g_ptr_array_add(messages, g_bytes_new_take(text, len));
    }
    if (error) {
        check_utf8(error->message);
    }
    return !error;
}

static void commit(AiotopQmpStream *stream, const char *bytes, gsize len)
{
    while (len) {
        gsize room;
        char *space = aiotop_qmp_stream_space(stream, &room);

        room = MIN(room, len);
        memcpy(space, bytes, room);
        aiotop_qmp_stream_commit(stream, room);
        bytes += room;
        len -= room;
    }
}

/* @pieces: as above; of no length for all at once */
static GPtrArray *receive(const char *bytes, gsize len, const FuzzPart *pieces,
                          gsize max, bool *failed)
{
    GPtrArray *messages =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(max);

    *failed = false;
    for (gsize at = 0, i = 0; at < len && !*failed; i++) {
        gsize piece =
            pieces->len ? (guchar)pieces->text[i % pieces->len] + 1u : len;

        piece = MIN(piece, len - at);
        commit(stream, bytes + at, piece);
        at += piece;
        *failed = !take_messages(stream, messages);
        g_assert_cmpuint(aiotop_qmp_stream_pending(stream), <=, at);
    }
    return messages;
}

static void check_same(const GPtrArray *a, const GPtrArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (unsigned i = 0; i < a->len; i++) {
        g_assert_true(g_bytes_equal(a->pdata[i], b->pdata[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gsize limits[] = { MAX_MESSAGE, AIOTOP_QMP_MAX_MESSAGE };
    FuzzPart pieces, none = { "", 0 };

    if (!fuzz_next_part(&data, &size, &pieces)) {
        return 0;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        bool cut_failed, failed;
        g_autoptr(GPtrArray) cut =
            receive((const char *)data, size, &pieces, limits[i], &cut_failed);
        g_autoptr(GPtrArray) whole =
            receive((const char *)data, size, &none, limits[i], &failed);

        check_same(cut, whole);
        g_assert_cmpint(cut_failed, ==, failed);
    }
    return 0;
}
