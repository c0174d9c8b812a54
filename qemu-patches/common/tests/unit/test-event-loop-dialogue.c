/*
 * Event loop profiler: tests of a client's QMP dialogue
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-client.h"
#include "io/event-loop-dialogue.h"
#include "qemu/units.h"
#include "qobject/qlist.h"

static void test_greeting(void)
{
    g_autoptr(QDict) greeting = NULL;
    QDict *qmp;

    add_profiler("");
    {
        g_autoptr(Client) client = client_new();

        greeting = get(client);
        qmp = qdict_get_qdict(greeting, "QMP");
        g_assert_nonnull(qmp);
        g_assert_true(qdict_haskey(qdict_get_qdict(qmp, "version"), "qemu"));
        g_assert_true(qdict_haskey(qdict_get_qdict(qmp, "version"),
                                   "package"));
        g_assert_true(qlist_empty(qdict_get_qlist(qmp, "capabilities")));
    }
    delete_profiler();
}

static void test_capabilities_first(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_new();

        check_greeting(client);
        check_error(call(client, "{'execute': 'query-version'}"),
                    "CommandNotFound", "Expecting capabilities negotiation "
                    "with 'qmp_capabilities'");
        check_error(call(client, "{'execute': 'qmp_capabilities',"
                                 " 'arguments': {'enable': ['oob']}}"),
                    "GenericError", "Capability oob not available");
        check_return(call(client, "{'execute': 'qmp_capabilities',"
                                  " 'arguments': {'enable': []}}"));
        check_error(call(client, "{'execute': 'qmp_capabilities'}"),
                    "CommandNotFound", "Capabilities negotiation is already "
                    "complete, command ignored");
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_commands(void)
{
    static const char *const names[] = {
        "qmp_capabilities", "query-commands", "query-event-loops",
        "query-version",
    };

    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autoptr(QDict) reply = call(client, "{'execute': 'query-commands'}");
        QList *list = qdict_get_qlist(reply, "return");
        const QListEntry *entry;
        size_t i = 0;

        QLIST_FOREACH_ENTRY(list, entry) {
            QDict *dict = qobject_to(QDict, qlist_entry_obj(entry));

            g_assert_cmpint(i, <, ARRAY_SIZE(names));
            g_assert_cmpstr(qdict_get_str(dict, "name"), ==, names[i++]);
        }
        g_assert_cmpint(i, ==, ARRAY_SIZE(names));

        check_error(call(client, "{'execute': 'quit'}"),
                    "CommandNotFound", "The command quit has not been found");
    }
    delete_profiler();
}

static void test_arguments(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        check_return(call(client, "{'execute': 'query-event-loops',"
                                  " 'arguments': {'after-sequence': 1}}"));
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'since': 1}}"),
                    "GenericError", "Parameter 'since' is unexpected");
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'after-sequence': 'a'}}"),
                    "GenericError",
                    "Parameter 'after-sequence' expects uint64");
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'histograms': 1}}"),
                    "GenericError",
                    "Invalid parameter type for 'histograms', expected: "
                    "boolean");
        check_error(call(client, "{'execute': 'query-event-loops',"
                                 " 'arguments': {'max-sources': -1}}"),
                    "GenericError", "Parameter 'max-sources' expects uint32_t");
        check_error(call(client, "{'execute': 'query-version',"
                                 " 'arguments': {'a': 1}}"),
                    "GenericError", "Parameter 'a' is unexpected");
        check_error(call(client, "{'execute': 'query-commands',"
                                 " 'arguments': {'a': 1}}"),
                    "GenericError", "Parameter 'a' is unexpected");
        check_error(call(client, "{'execute': 'query-version',"
                                 " 'arguments': []}"),
                    "GenericError",
                    "QMP input member 'arguments' must be an object");
    }
    delete_profiler();
}

static void test_not_a_request(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        check_error(call(client, "[]"), "GenericError",
                    "QMP input must be a JSON object");
        check_error(call(client, "{}"), "GenericError",
                    "QMP input lacks member 'execute'");
        check_error(call(client, "{'execute': 1}"), "GenericError",
                    "QMP input member 'execute' must be a string");
        check_error(call(client, "{'exec-oob': 'query-version'}"),
                    "GenericError",
                    "QMP input member 'exec-oob' is unexpected");
        check_error(call(client, "{'execute': 'query-version', 'x': 1}"),
                    "GenericError", "QMP input member 'x' is unexpected");
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_id_is_echoed(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autoptr(QDict) number =
            call(client, "{'execute': 'query-version', 'id': 7}");
        g_autoptr(QDict) object =
            call(client, "{'id': {'a': [1, null, 'x\\u00e9\\\"']},"
                         " 'execute': 'query-event-loops'}");
        g_autoptr(QDict) error =
            call(client, "{'execute': 'quit', 'id': 'q'}");
        g_autoptr(QDict) lacks = call(client, "{'id': 'q'}");
        QList *list = qdict_get_qlist(qdict_get_qdict(object, "id"), "a");

        g_assert_true(qdict_haskey(number, "return"));
        g_assert_cmpint(qdict_get_int(number, "id"), ==, 7);
        g_assert_true(qdict_haskey(object, "return"));
        g_assert_cmpint(qlist_size(list), ==, 3);
        g_assert_true(qdict_haskey(error, "error"));
        g_assert_cmpstr(qdict_get_str(error, "id"), ==, "q");
        g_assert_true(qdict_haskey(lacks, "error"));
        g_assert_cmpstr(qdict_get_str(lacks, "id"), ==, "q");
    }
    delete_profiler();
}

static void test_byte_by_byte(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        const char *request = "{'execute': 'query-version', 'id': 1}";

        for (; *request; request++) {
            const char byte[2] = { *request };

            put(client, byte);
        }
        check_return(get(client));
    }
    delete_profiler();
}

static void test_many_in_one_write(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_new();

        put(client, "{'execute': 'qmp_capabilities'}"
                    "{'execute': 'query-version'}\n\t"
                    "{'execute': 'quit'}{'execute': 'query-event-loops'}");
        check_greeting(client);
        check_return(get(client));
        check_return(get(client));
        check_error(get(client), "CommandNotFound",
                    "The command quit has not been found");
        check_return(get(client));
    }
    delete_profiler();
}

static void test_garbage(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();

        check_error(call(client, "}"), "GenericError",
                    "JSON parse error, expecting value");
        check_error(call(client, "{'a'}"), "GenericError",
                    "JSON parse error, missing : in object pair");
        check_error(call(client, "\xff"), "GenericError",
                    "JSON parse error, stray '\xef\xbf\xbd'");
        check_return(call(client, "\n{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_deep_nesting(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autofree char *deep = g_strnfill(1025, '[');

        check_error(call(client, deep), "GenericError",
                    "JSON nesting depth limit exceeded");
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

static void test_request_limit(void)
{
    const char *begin = "{'execute': 'query-version', 'id': '", *end = "'}";
    size_t fits = EVENT_LOOP_REQUEST_MAX - strlen(begin) - strlen(end);

    add_profiler("");
    for (size_t excess = 0; excess < 2; excess++) {
        g_autoptr(Client) client = client_open();
        g_autofree char *id = g_strnfill(fits + excess, 'x');

        put(client, begin);
        put(client, id);
        put(client, end);
        if (!excess) {
            check_return(get(client));
        } else {
            check_error(get(client), "GenericError", "request is too long");
            check_end(client);
        }
    }
    delete_profiler();
}

static void test_white_space_is_no_request(void)
{
    add_profiler("");
    {
        g_autoptr(Client) client = client_open();
        g_autofree char *space = g_strnfill(EVENT_LOOP_REQUEST_MAX + 1, ' ');

        put(client, space);
        check_return(call(client, "{'execute': 'query-version'}"));
    }
    delete_profiler();
}

int main(int argc, char **argv)
{
    init_test(&argc, &argv);
    g_test_add_func("/event-loop-dialogue/greeting", test_greeting);
    g_test_add_func("/event-loop-dialogue/capabilities-first",
                    test_capabilities_first);
    g_test_add_func("/event-loop-dialogue/commands", test_commands);
    g_test_add_func("/event-loop-dialogue/arguments", test_arguments);
    g_test_add_func("/event-loop-dialogue/not-a-request", test_not_a_request);
    g_test_add_func("/event-loop-dialogue/id-is-echoed", test_id_is_echoed);
    g_test_add_func("/event-loop-dialogue/byte-by-byte", test_byte_by_byte);
    g_test_add_func("/event-loop-dialogue/many-in-one-write",
                    test_many_in_one_write);
    g_test_add_func("/event-loop-dialogue/garbage", test_garbage);
    g_test_add_func("/event-loop-dialogue/deep-nesting", test_deep_nesting);
    g_test_add_func("/event-loop-dialogue/request-limit", test_request_limit);
    g_test_add_func("/event-loop-dialogue/white-space-is-no-request",
                    test_white_space_is_no_request);
    return run_test();
}
