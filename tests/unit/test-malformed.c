/*
 * Replies that are malformed, or have more than there can be
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/model/snapshot.h>

#include "quoted.h"
#include "reply-text.h"

#define SOURCE "{'id':1,'kind':'bh','name':'f1','calls':1}"

static void test_malformed(void)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{'loops':[]}",
        "{'time-ns':1}",
        "{'time-ns':'1','loops':[]}",
        "{'time-ns':-1,'loops':[]}",
        "{'time-ns':1,'loops':{}}",
        "{'time-ns':1,'loops':[{}]}",
        "{'time-ns':1,'loops':[{'name':'l'}]}",
        "{'time-ns':1,'loops':[{'name':7,'thread-id':1}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':[{}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[" SOURCE "," SOURCE "]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[{'id':4294967296,'kind':'bh','name':'f'}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':[{'id':1,"
        "'kind':'bh','name':'f','histogram':{'buckets':[138],"
        "'counts':[1]}}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':[{'id':1,"
        "'kind':'bh','name':'f','histogram':{'buckets':[2,1],"
        "'counts':[1,1]}}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':[{'id':1,"
        "'kind':'bh','name':'f','histogram':{'buckets':[2],'counts':[]}}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[{'id':1,'kind':'bh','name':'f','fd':-2}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[{'id':1,'kind':'bh','name':'f','fd':2147483648}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[{'id':1,'kind':'bh','name':'f','callback':'0x1f'}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[{'id':1,'kind':'bh','name':'f','callback':-1}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
        "'sources':[{'id':1,'kind':'bh','name':'f','module':{}}]}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':-1}]}",
        "{'time-ns':1,'loops':[{'name':'l','thread-id':2147483648}]}",
        "{'time-ns':1,'loops':[],'pid':-5}",
        "{'time-ns':1,'loops':[],'pid':2147483648}",
        "{'time-ns':1,'loops':[],'pid':1e3}",
        "{'time-ns':1,'loops':[]} x",
        "{'time-ns':1,'loops':[],'bql':[]}",
        "{'time-ns':1,'loops':[],'bql':{'holder-thread-id':-1}}",
        "{'time-ns':1,'loops':[],'bql':{'holder-thread-id':2147483648}}",
        "{'time-ns':1,'loops':[],'bql':{'held-since-ns':-1}}",
        "{'time-ns':1,'loops':[],'bql':{'threads':{}}}",
        "{'time-ns':1,'loops':[],'bql':{'threads':[{'name':'a'}]}}",
        "{'time-ns':1,'loops':[],'bql':{'threads':[{'name':'a',"
        "'thread-id':1,'waits':'1'}]}}",
        "{'time-ns':1,'loops':[],'bql':{'threads':[{'name':'a',"
        "'thread-id':-1}]}}",
        "{'time-ns':1,'loops':[],'stall-count':-1}",
        "{'time-ns':1,'loops':[],'stalls':{}}",
        "{'time-ns':1,'loops':[],'stalls':[{'id':1}]}",
        "{'time-ns':1,'loops':[],'stalls':[{'loop':'l'}]}",
        "{'time-ns':1,'loops':[],'stalls':[{'id':1,'loop':'l',"
        "'source-id':4294967296}]}",
        "{'time-ns':1,'loops':[],'stalls':[{'id':1,'loop':'l','cause':1}]}",
        "{'time-ns':1,'loops':[],'stalls':[{'id':1,'loop':'l','ongoing':1}]}",
        "{'time-ns':1,'loops':[],'stalls':[{'id':1,'loop':'l',"
        "'thread-id':-1}]}",
        "{'time-ns':1,'loops':[],'stalls':[{'id':2,'loop':'l'},"
        "{'id':2,'loop':'l'}]}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *json = quoted(texts[i]);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", json);
        g_assert_null(read_reply(json, strlen(json), NULL, &error));
        g_assert_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
    }
}

/* @n times @element between @head and @tail */
static char *repeat(const char *head, const char *element, unsigned n,
                    const char *tail)
{
    GString *text = g_string_new(head);

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i ? "," : "", element);
    }
    g_string_append(text, tail);
    return g_string_free(text, FALSE);
}

/* What costs the square of its number must be bounded */
static void test_too_many(void)
{
    g_autofree char *loops =
        repeat("{\"sequence\":1,\"time-ns\":1,\"loops\":[",
               "{\"name\":\"l\",\"thread-id\":1}", 5000, "]}");
    g_autofree char *stack =
        repeat("{\"sequence\":1,\"time-ns\":1,\"loops\":[{\"name\":\"l\","
               "\"thread-id\":1,\"stack\":[",
               "{\"source-id\":1}", 300, "]}]}");
    g_autofree char *threads =
        repeat("{\"time-ns\":1,\"loops\":[],\"bql\":{\"threads\":[",
               "{\"name\":\"a\",\"thread-id\":1}", 5000, "]}}");
    GString *ids = g_string_new("{\"time-ns\":1,\"loops\":[],\"stalls\":[");
    g_autofree char *stalls = NULL;

    for (unsigned i = 1; i <= 5000; i++) {
        g_string_append_printf(ids, "%s{\"id\":%u,\"loop\":\"l\"}",
                               i == 1 ? "" : ",", i);
    }
    g_string_append(ids, "]}");
    stalls = g_string_free(ids, FALSE);
    const char *const texts[] = { loops, stack, threads, stalls };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(read_reply(texts[i], strlen(texts[i]), NULL, &error));
        g_assert_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
        g_assert_nonnull(strstr(error->message, "than there can be"));
    }
}

/* A loop with sources @first to @last, and @more members in each of them */
static char *many_sources(unsigned first, unsigned last, const char *more)
{
    GString *text = g_string_new("{\"time-ns\":1,\"loops\":[{\"name\":\"l\","
                                 "\"thread-id\":1,\"sources\":[");

    for (unsigned id = first; id <= last; id++) {
        g_string_append_printf(text, "%s{\"id\":%u,\"name\":\"f\",%s}",
                               id == first ? "" : ",", id, more);
    }
    g_string_append(text, "]},{\"name\":\"m\",\"thread-id\":2}]}");
    return g_string_free(text, FALSE);
}

#define BH "\"kind\":\"bh\""

/* As many as QEMU may have, and then one more, at once and by and by */
static void test_too_many_sources(void)
{
    g_autofree char *as_many = many_sources(1, 4160, BH);
    g_autofree char *too_many = many_sources(1, 4161, BH);
    g_autofree char *another = many_sources(4161, 4161, BH);
    g_autoptr(GError) at_once = NULL;
    g_autoptr(GError) by_and_by = NULL;
    g_autoptr(AiotopSnapshot) snapshot =
        read_reply(as_many, strlen(as_many), NULL, NULL);

    g_assert_nonnull(snapshot);
    g_assert_cmpuint(snapshot->loops[0].n_sources, ==, 4160);
    g_assert_null(read_reply(too_many, strlen(too_many), NULL, &at_once));
    g_assert_error(at_once, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
    g_assert_null(read_reply(another, strlen(another), snapshot, &by_and_by));
    g_assert_error(by_and_by, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
}

/* Replies that each leave out what the others have, with all their names */
static void test_too_much(void)
{
    g_autofree char *name = g_strnfill(4096, 'n');
    g_autofree char *more =
        g_strdup_printf("\"kind\":\"%s\",\"name\":\"%s\",\"label\":\"%s\","
                        "\"module\":{\"file\":\"%s\"}",
                        name, name, name, name);
    g_autoptr(AiotopSnapshot) snapshot = NULL;
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *text = many_sources(i * 500 + 1, i * 500 + 500, more);
        AiotopSnapshot *next = read_reply(text, strlen(text), snapshot, &error);

        g_assert_true(!next == (i == 2));
        if (next) {
            aiotop_snapshot_unref(snapshot);
            snapshot = next;
        }
    }
    g_assert_cmpuint(snapshot->loops[0].n_sources, ==, 1000);
    g_assert_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
}

/* @n characters of three bytes each */
static char *wide(unsigned n)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < n; i++) {
        g_string_append(text, "\xe6\x95\xb0");
    }
    return g_string_free(text, FALSE);
}

/* 4096 bytes are 1365 of these characters, and one byte */
static void test_long_names_are_cut(void)
{
    g_autofree char *name = wide(10000);
    g_autofree char *end = wide(1365);
    g_autofree char *text = g_strdup_printf(
        "{\"time-ns\":1,\"vm-name\":\"%s\",\"qemu-version\":\"%s\","
        "\"run-state\":\"%s\",\"build-id\":\"%s\",\"loops\":[{\"name\":"
        "\"%s\",\"thread-id\":1,\"sources\":[{\"id\":1,\"kind\":\"%s\","
        "\"name\":\"%s\",\"label\":\"%s\",\"module\":{\"file\":\"%s\"}}]}],"
        "\"bql\":{\"threads\":[{\"name\":\"%s\",\"thread-id\":1}]},"
        "\"stalls\":[{\"id\":1,\"loop\":\"%s\",\"kind\":\"%s\","
        "\"name\":\"%s\",\"label\":\"%s\"}]}",
        name, name, name, name, name, name, name, name, name, name, name, name,
        name, name);
    g_autoptr(AiotopSnapshot) snapshot =
        read_reply(text, strlen(text), NULL, NULL);
    const AiotopSource *source = snapshot->loops[0].sources[0];
    const AiotopStall *stall = &snapshot->stalls[0];
    const char *const cut[] = {
        snapshot->vm_name,
        snapshot->qemu_version,
        snapshot->run_state,
        snapshot->build_id,
        snapshot->loops[0].name,
        snapshot->bql.threads[0].name,
        source->kind,
        source->name,
        source->label,
        source->module,
        stall->loop,
        stall->kind,
        stall->name,
        stall->label,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cut); i++) {
        g_assert_cmpstr(cut[i], ==, end);
    }
}

static void test_name_of_4096_bytes_is_whole(void)
{
    g_autofree char *name = g_strnfill(4096, 'n');
    g_autofree char *text =
        g_strdup_printf("{\"time-ns\":1,\"vm-name\":\"%s\",\"run-state\":"
                        "\"%sx\",\"loops\":[]}",
                        name, name);
    g_autoptr(AiotopSnapshot) snapshot =
        read_reply(text, strlen(text), NULL, NULL);

    g_assert_cmpstr(snapshot->vm_name, ==, name);
    g_assert_cmpstr(snapshot->run_state, ==, name);
}

static void test_every_prefix_is_malformed(void)
{
    g_autofree char *json =
        quoted("{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
               "'stack':[{'source-id':1,'since-ns':1}],'sources':[{'id':1,"
               "'kind':'bh','name':'f',"
               "'calls':1,'histogram':{'buckets':[1],'counts':[1]},"
               "'delay-histogram':{'buckets':[2],'counts':[1]}}]}],"
               "'bql':{'threads':[{'name':'a','thread-id':1}]},"
               "'stalls':[{'id':1,'loop':'l','name':'f','ongoing':true}]}");

    for (gsize len = 0; len < strlen(json); len++) {
        g_autofree char *prefix = g_memdup2(json, len ? len : 1);

        g_assert_null(read_reply(prefix, len, NULL, NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/malformed/texts", test_malformed);
    g_test_add_func("/malformed/too-many", test_too_many);
    g_test_add_func("/malformed/too-many-sources", test_too_many_sources);
    g_test_add_func("/malformed/too-much", test_too_much);
    g_test_add_func("/malformed/long-names-are-cut", test_long_names_are_cut);
    g_test_add_func("/malformed/name-of-4096-bytes-is-whole",
                    test_name_of_4096_bytes_is_whole);
    g_test_add_func("/malformed/every-prefix-is-malformed",
                    test_every_prefix_is_malformed);
    return g_test_run();
}
