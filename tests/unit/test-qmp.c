/*
 * QMP: bytes to messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <gio/gio.h>
#include <qemu-aiotop/wire/connection.h>
#include <wire/address.h>

#include "quoted.h"

static void feed(AiotopQmpStream *stream, const char *bytes, gsize len)
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

static char *next_message(AiotopQmpStream *stream)
{
    g_autoptr(GError) error = NULL;
    gsize len;
    g_autofree char *message = aiotop_qmp_stream_next(stream, &len, &error);

    g_assert_no_error(error);
    return message ? g_strndup(message, len) : NULL;
}

static void expect_message(AiotopQmpStream *stream, const char *expected)
{
    g_autofree char *message = next_message(stream);

    g_assert_cmpstr(message, ==, expected);
}

#define FIRST "{\"a\":\"}{\\\"\"}"
#define SECOND "{\"b\":[{},{}]}"

static void test_several_messages_in_a_read(void)
{
    g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(1000);
    static const char text[] = FIRST "\r\n" SECOND "{}\r\n{\"c\"";

    feed(stream, text, strlen(text));
    expect_message(stream, FIRST);
    expect_message(stream, SECOND);
    expect_message(stream, "{}");
    expect_message(stream, NULL);
    feed(stream, ":1}", 3);
    expect_message(stream, "{\"c\":1}");
}

static void test_split_at_every_byte(void)
{
    static const char text[] = " " FIRST "\r\n" SECOND "\r\n";

    for (gsize split = 0; split <= strlen(text); split++) {
        g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(1000);
        g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
        char *message;

        feed(stream, text, split);
        while ((message = next_message(stream))) {
            g_ptr_array_add(found, message);
        }
        feed(stream, text + split, strlen(text) - split);
        while ((message = next_message(stream))) {
            g_ptr_array_add(found, message);
        }
        g_assert_cmpuint(found->len, ==, 2);
        g_assert_cmpstr(found->pdata[0], ==, FIRST);
        g_assert_cmpstr(found->pdata[1], ==, SECOND);
    }
}

static void test_byte_by_byte(void)
{
    static const char text[] = FIRST "\n" SECOND;
    g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(1000);
    unsigned n = 0;

    for (gsize i = 0; i < strlen(text); i++) {
        g_autofree char *message = NULL;

        feed(stream, &text[i], 1);
        message = next_message(stream);
        if (message) {
            g_assert_cmpstr(message, ==, n++ ? SECOND : FIRST);
        }
    }
    g_assert_cmpuint(n, ==, 2);
}

static void test_message_is_the_callers(void)
{
    g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(1000);
    g_autofree char *message = NULL;
    gsize len;

    feed(stream, FIRST SECOND "{", strlen(FIRST SECOND "{"));
    message = aiotop_qmp_stream_next(stream, &len, NULL);
    expect_message(stream, SECOND);
    feed(stream, "}", 1);
    expect_message(stream, "{}");
    g_assert_cmpmem(message, len, FIRST, strlen(FIRST));
}

static void check_garbage(const char *text, const char *expected)
{
    g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(1000);
    g_autoptr(GError) error = NULL;
    gsize len;

    feed(stream, text, strlen(text));
    g_assert_null(aiotop_qmp_stream_next(stream, &len, &error));
    g_assert_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL);
    g_assert_cmpstr(error->message, ==, expected);
    g_clear_error(&error);
    feed(stream, "{}", 2);
    g_assert_null(aiotop_qmp_stream_next(stream, &len, &error));
    g_assert_nonnull(error);
}

static void test_garbage(void)
{
    check_garbage("\x1b[2Jhello\n",
                  "it does not speak QMP but says \"\\x1b[2Jhello\\n\"");
    check_garbage("QEMU 10.0.3 monitor - type 'help'",
                  "it does not speak QMP but says \"QEMU 10.0.3 monitor - ty"
                  "\" (a human monitor: QMP needs mode=control)");
    check_garbage("]", "it does not speak QMP but says \"]\"");
    check_garbage("{\"a\":'b'}", "it sends something that is not QMP (byte"
                                 " 0x27 where JSON has none)");
}

static void test_message_is_bounded(void)
{
    g_autoptr(AiotopQmpStream) stream = aiotop_qmp_stream_new(100 << 10);
    g_autoptr(GError) error = NULL;
    gsize len = 0, room;

    while (!error) {
        char *space = aiotop_qmp_stream_space(stream, &room);

        /* No more than twice the bound is ever set aside */
        g_assert_cmpuint(room, <=, 200 << 10);
        memset(space, ' ', room);
        space[0] = len ? ' ' : '{';
        aiotop_qmp_stream_commit(stream, room);
        len += room;
        g_assert_cmpuint(len, <=, 400 << 10);
        g_assert_null(aiotop_qmp_stream_next(stream, &room, &error));
    }
    g_assert_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL);
    g_assert_cmpstr(error->message, ==,
                    "it sends a message of more than 100 KiB");
}

static void parse_message(AiotopQmpMessage *message, const char *text)
{
    g_autofree char *json = quoted(text);
    g_autoptr(GError) error = NULL;

    aiotop_qmp_message_parse(message, g_strdup(json), strlen(json), &error);
    g_assert_no_error(error);
}

static void test_message_types(void)
{
    AiotopQmpMessage message;

    parse_message(&message, "{'QMP':{'version':{},'capabilities':['oob']}}");
    g_assert_cmpint(message.type, ==, AIOTOP_QMP_GREETING);
    g_assert_true(message.oob);
    aiotop_qmp_message_clear(&message);

    parse_message(&message, "{'QMP':{'capabilities':[]}}");
    g_assert_false(message.oob);
    aiotop_qmp_message_clear(&message);

    parse_message(&message, "{'id':7,'return':{'a':1}}");
    g_assert_cmpint(message.type, ==, AIOTOP_QMP_RETURN);
    g_assert_cmpuint(message.id, ==, 7);
    g_assert_cmpint(json_object_get_int(aiotop_json_member(message.value, "a")),
                    ==, 1);
    aiotop_qmp_message_clear(&message);

    parse_message(&message, "{'error':{'class':'C','desc':'d'},'id':'x'}");
    g_assert_cmpint(message.type, ==, AIOTOP_QMP_FAILURE);
    g_assert_cmpuint(message.id, ==, 0);
    g_assert_cmpstr(message.error_class, ==, "C");
    g_assert_cmpstr(message.description, ==, "d");
    aiotop_qmp_message_clear(&message);

    parse_message(&message, "{'event':'STOP','timestamp':{'seconds':1}}");
    g_assert_cmpint(message.type, ==, AIOTOP_QMP_EVENT);
    g_assert_cmpstr(message.error_class, ==, "STOP");
    g_assert_null(message.value);
    aiotop_qmp_message_clear(&message);
}

/* A peer's texts end up in one line, or in memory for as long as it runs */
static void test_long_texts_are_cut(void)
{
    g_autofree char *a = g_strnfill(100000, 'a');
    g_autofree char *failure =
        g_strdup_printf("{'error':{'class':'%s','desc':'%s\xe6\x95\xb0'}}", a,
                        a + 100000 - 4095);
    g_autofree char *event = g_strdup_printf("{'event':'%s'}", a);
    AiotopQmpMessage message;

    parse_message(&message, failure);
    g_assert_cmpuint(strlen(message.error_class), ==, 4096);
    /* Not in the middle of its last character */
    g_assert_cmpuint(strlen(message.description), ==, 4095);
    aiotop_qmp_message_clear(&message);

    parse_message(&message, event);
    g_assert_cmpuint(strlen(message.error_class), ==, 4096);
    aiotop_qmp_message_clear(&message);
}

static void test_message_malformed(void)
{
    static const char *const texts[] = {
        "{}",          "{'a':1}",       "{'error':1}", "{'event':{}}",
        "{'return':}", "{'return':1,}", "{'QMP':[]}",  "{'id':-1,'return':{}}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *json = quoted(texts[i]);
        g_autoptr(GError) error = NULL;
        AiotopQmpMessage message;

        g_test_message("%s", json);
        g_assert_false(aiotop_qmp_message_parse(&message, g_strdup(json),
                                                strlen(json), &error));
        g_assert_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL);
    }
}

/* The path of a socket may be another user's word */
static void test_permission_denied(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "no");
    g_autofree char *hidden =
        aiotop_address_explain("unix:/nowhere/x;id;#/s", error);
    g_autofree char *odd = aiotop_address_explain("unix:/nowhere/\t/s", error);

    g_assert_nonnull(strstr(hidden, "(chgrp GROUP '/nowhere/x;id;#';"
                                    " chmod g+x '/nowhere/x;id;#') and"));
    g_assert_nonnull(strstr(odd, "on the directory and write"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/several-messages-in-a-read",
                    test_several_messages_in_a_read);
    g_test_add_func("/qmp/split-at-every-byte", test_split_at_every_byte);
    g_test_add_func("/qmp/byte-by-byte", test_byte_by_byte);
    g_test_add_func("/qmp/message-is-the-callers", test_message_is_the_callers);
    g_test_add_func("/qmp/garbage", test_garbage);
    g_test_add_func("/qmp/message-is-bounded", test_message_is_bounded);
    g_test_add_func("/qmp/message-types", test_message_types);
    g_test_add_func("/qmp/long-texts-are-cut", test_long_texts_are_cut);
    g_test_add_func("/qmp/message-malformed", test_message_malformed);
    g_test_add_func("/qmp/permission-denied", test_permission_denied);
    return g_test_run();
}
