/*
 * Which block nodes are behind a source or a loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/model/behind.h>

#include "quoted.h"

#define SOURCE(id, label)                                                      \
    "{'id':" #id ",'kind':'bh','name':'f','label':'" label "'}"

#define REQUEST(id, node, more)                                                \
    "{'id':" #id ",'node':'" node "','type':'read','stage':'driver'" more "}"

/*
 * Two devices, of which one has a format and a file below it; a node that has
 * the name of a label; and one that nobody uses
 */
static AiotopSample *make_sample(void)
{
    g_autoptr(AiotopSnapshot) now = parse(
        "{'time-ns':9,'loops':[{'name':'a','thread-id':1,'sources':["
        "{'id':1,'kind':'bh','name':'f'}," SOURCE(2, "vd0/vq0") "," SOURCE(3, "vd0/vq1") "]},{'name':'b','thread-id':2,'sources':[" SOURCE(1, "vd1") "," SOURCE(
            2,
            "job0") "," SOURCE(3,
                               "vd10/vq0") "]}],'nodes':[{'node':'file0'},{'"
                                           "node':'fmt0','device':'vd0'},"
                                           "{'node':'disk1','device':'vd1'},"
                                           "{'node':'job0'},{'node':'x',"
                                           "'device':'vq0'}],'requests':"
                                           "[" REQUEST(7, "fmt0", ",'device':'vd0'") "," REQUEST(8, "file0", ",'parent':7") "," REQUEST(
                                               9, "disk1",
                                               "") "," REQUEST(10, "file0",
                                                               ",'parent':"
                                                               "99") "," REQUEST(11,
                                                                                 "job0",
                                                                                 ",'parent':12") "," REQUEST(12,
                                                                                                             "job0",
                                                                                                             ",'parent':11") "]}");

    return aiotop_sample_new(NULL, now);
}

static char *names_of(const GPtrArray *nodes)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < nodes->len; i++) {
        const AiotopNodeSample *node = nodes->pdata[i];

        g_string_append_printf(out, "%s ", node->now->name);
    }
    return g_string_free(out, FALSE);
}

static void check_label(const char *label, const char *expected)
{
    g_autoptr(AiotopSample) sample = make_sample();
    g_autoptr(GPtrArray) nodes = aiotop_nodes_behind_label(sample, label);
    g_autofree char *names = names_of(nodes);

    g_assert_cmpstr(names, ==, expected);
}

static void test_behind_a_label(void)
{
    check_label("vd0/vq0", "file0 fmt0 ");
    check_label("vd0", "file0 fmt0 ");
    check_label("vd1", "disk1 ");
    check_label("vd1/vq3", "disk1 ");
    check_label("job0", "job0 ");
    check_label("vd10/vq0", "");
    check_label("vd", "");
    check_label(NULL, "");
}

static void test_behind_a_loop(void)
{
    g_autoptr(AiotopSample) sample = make_sample();
    g_autoptr(GPtrArray) a = aiotop_nodes_behind_loop(sample, sample->loops);
    g_autoptr(GPtrArray) b =
        aiotop_nodes_behind_loop(sample, sample->loops + 1);
    g_autofree char *of_a = names_of(a);
    g_autofree char *of_b = names_of(b);

    g_assert_cmpstr(of_a, ==, "file0 fmt0 ");
    g_assert_cmpstr(of_b, ==, "disk1 job0 ");
}

static void check_sources(unsigned node, const char *expected)
{
    g_autoptr(AiotopSample) sample = make_sample();
    g_autoptr(GPtrArray) sources =
        aiotop_sources_before_node(sample, sample->nodes[node].now);
    g_autoptr(GString) labels = g_string_new(NULL);

    for (unsigned i = 0; i < sources->len; i++) {
        const AiotopSourceSample *source = sources->pdata[i];

        g_string_append_printf(labels, "%s:%s ",
                               sample->loops[source->loop].now->name,
                               source->now->label);
    }
    g_assert_cmpstr(labels->str, ==, expected);
}

static void test_before_a_node(void)
{
    check_sources(0, "a:vd0/vq0 a:vd0/vq1 ");
    check_sources(1, "a:vd0/vq0 a:vd0/vq1 ");
    check_sources(2, "b:vd1 ");
    check_sources(3, "b:job0 ");
    check_sources(4, "");
}

static void check_related(const char *node, const char *expected)
{
    g_autoptr(AiotopSample) sample = make_sample();
    g_autoptr(GPtrArray) requests =
        aiotop_requests_related(&sample->now->awaited, node);
    g_autoptr(GString) ids = g_string_new(NULL);

    for (unsigned i = 0; i < requests->len; i++) {
        const AiotopRequest *request = requests->pdata[i];

        g_string_append_printf(ids, "%u ", (unsigned)request->id);
    }
    g_assert_cmpstr(ids->str, ==, expected);
}

/* Two that are a part of each other have no end */
static void test_related_requests(void)
{
    check_related("fmt0", "7 8 ");
    check_related("file0", "7 8 10 ");
    check_related("disk1", "9 ");
    check_related("job0", "11 12 ");
    check_related("nobody", "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/behind/a-label", test_behind_a_label);
    g_test_add_func("/behind/a-loop", test_behind_a_loop);
    g_test_add_func("/behind/before-a-node", test_before_a_node);
    g_test_add_func("/behind/related-requests", test_related_requests);
    return g_test_run();
}
