/*
 * Diagnosis: as much of everything as a reply may have, which only someone
 * hostile sends.  What multiplies three of these takes minutes or hours, which
 * the time-out of the test notices; what is ten times slower it does not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "awaited-sample.h"

/* As src/wire/reply*.c have them */
#define LOOPS 4096
#define STALLS 4096
#define NODES 1025
#define STAGES 64
#define REQUESTS 128
#define WRITERS 4096
#define THREADS 4096

/* "'@name':[...]", each with its number in place of each "#" */
static void append_list(GString *out, const char *name, unsigned n,
                        const char *each)
{
    g_string_append_printf(out, "'%s':[", name);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *number = g_strdup_printf("%u", i + 1);
        g_auto(GStrv) parts = g_strsplit(each, "#", -1);
        g_autofree char *one = g_strjoinv(number, parts);

        g_string_append_printf(out, "%s%s", i ? "," : "", one);
    }
    g_string_append_c(out, ']');
}

/* Each of so many loops is as @loop says, since 2 s of the clock */
static AiotopSample *make_sample(const char *loop)
{
    g_autoptr(GString) now = g_string_new(HEAD(11, "running"));
    g_autoptr(GString) node = g_string_new("{'node':'n#',");

    append_list(now, "loops", LOOPS, loop);
    g_string_append_c(now, ',');
    append_list(now, "stalls", STALLS,
                "{'id':#,'loop':'l','thread-id':5000,'cause':'wait',"
                "'start-ns':2000000000,'duration-ns':9000000000,"
                "'ongoing':true}");
    g_string_append_c(now, ',');
    append_list(node, "stages", STAGES,
                "{'stage':'drained','count':1,'since-ns':1000000000}");
    g_string_append_c(node, '}');
    append_list(now, "nodes", NODES, node->str);
    g_string_append_c(now, ',');
    append_list(now, "requests", REQUESTS,
                "{'id':#,'node':'n#','type':'read','stage':'driver',"
                "'since-ns':3000000000}");
    g_string_append_c(now, ',');
    append_list(now, "writers", WRITERS,
                "{'name':'w','label':'n#','fd':8,'since-ns':0}");
    g_string_append_c(now, ',');
    append_list(now, "threads", THREADS, "{'thread-id':#,'name':'t'}");
    g_string_append(now, ",'bql':{'holder-thread-id':5000,"
                         "'held-since-ns':2000000000,");
    append_list(now, "threads", THREADS,
                "{'name':'l','thread-id':#,'waiting-since-ns':2000000000}");
    g_string_append(now, "}}");
    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now->str);
}

static void check(const char *loop, AiotopClassId id)
{
    g_autoptr(AiotopSample) sample = make_sample(loop);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_cmpuint(sample->n_loops, ==, LOOPS);
    g_assert_nonnull(find_class(findings, id, NULL));
}

#define LOOP(members) "{'name':'l','thread-id':#,'iterations':9," members "}"

static void test_waiting(void)
{
    check(LOOP("'state':'waiting','state-since-ns':2000000000,"
               "'stack':[{'source-id':1,'since-ns':2000000000}],"
               "'sources':[" WAIT("poll", "x") "]"),
          AIOTOP_CLASS_NESTED_WAIT);
}

static void test_without_the_lock(void)
{
    check(LOOP("'state':'bql-wait','state-since-ns':2000000000,"
               "'sources':[{'id':1,'kind':'rest','name':'','calls':1}]"),
          AIOTOP_CLASS_BQL_WAIT);
}

static void test_in_a_callback(void)
{
    check(LOOP("'state':'dispatching','state-since-ns':2000000000,"
               "'stack':[{'source-id':2,'since-ns':2000000000}],"
               "'sources':[" BH "]"),
          AIOTOP_CLASS_BQL_WAIT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/many/waiting", test_waiting);
    g_test_add_func("/many/without-the-lock", test_without_the_lock);
    g_test_add_func("/many/in-a-callback", test_in_a_callback);
    return g_test_run();
}
