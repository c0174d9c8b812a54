/*
 * What of a sample is asked for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/table/query.h>

#include "quoted.h"

/* A column that is named twice is there once; and no more sources than -t */
static void test_is_what_was_asked_for(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'pid':1,'loops':[{'name':'l','thread-id':1,"
              "'sources':[{'id':1,'kind':'bh','name':'a','calls':1},"
              "{'id':2,'kind':'bh','name':'b','calls':2}]}]}");
    g_autoptr(AiotopSample) sample = aiotop_sample_new(NULL, snapshot);
    g_auto(AiotopQuery) query;
    g_autoptr(GArray) all = NULL, first = NULL;

    aiotop_query_init(&query);
    g_assert_true(aiotop_query_set_columns(&query, "name,busy,name", NULL));
    g_assert_cmpuint(query.source_columns->len, ==, 2);
    all = aiotop_query_sources(&query, sample);
    g_assert_cmpuint(all->len, ==, 2);
    query.top = 1;
    first = aiotop_query_sources(&query, sample);
    g_assert_cmpuint(first->len, ==, 1);
}

static void expect_needs(const char *columns, const char *sort,
                         const char *filter, bool all, bool sources,
                         bool histograms)
{
    g_auto(AiotopQuery) query;

    aiotop_query_init(&query);
    if (columns) {
        g_assert_true(aiotop_query_set_columns(&query, columns, NULL));
    }
    if (sort) {
        g_assert_true(aiotop_query_set_sort(&query, sort, false, NULL));
    }
    if (filter) {
        g_assert_true(aiotop_query_set_filter(&query, filter, NULL));
    }
    g_assert_cmpint(aiotop_query_needs_sources(&query), ==, sources);
    g_assert_cmpint(aiotop_query_needs_histograms(&query, all), ==, histograms);
}

/* QEMU is not asked for what is not shown */
static void test_needs(void)
{
    expect_needs(NULL, NULL, NULL, false, true, true);
    expect_needs(NULL, NULL, NULL, true, true, true);
    expect_needs("calls,busy,avg", NULL, NULL, true, true, false);
    expect_needs("calls,p99", NULL, NULL, false, true, true);
    expect_needs("calls", "p99", NULL, false, true, true);
    expect_needs("loop.dispatch", NULL, NULL, true, false, false);
    expect_needs("loop.p99", NULL, NULL, false, false, true);
    expect_needs("loop.dispatch", NULL, "bh", false, true, false);
}

static void test_errors(void)
{
    g_auto(AiotopQuery) query;
    g_autoptr(GError) error = NULL;

    aiotop_query_init(&query);
    g_assert_false(aiotop_query_set_columns(&query, "busy,x", &error));
    g_assert_cmpstr(error->message, ==, "no column \"x\": -s help lists all");
    g_clear_error(&error);
    g_assert_false(aiotop_query_set_sort(&query, "loop.busy", false, &error));
    g_assert_cmpstr(error->message, ==,
                    "no column \"busy\" of loops; perhaps \"busy\": -s help"
                    " lists all");
    g_clear_error(&error);
    g_assert_false(aiotop_query_set_filter(&query, "!(", &error));
    g_assert_nonnull(strstr(error->message, "missing terminating"));
    g_clear_error(&error);
    /* The last good one stays in force */
    g_assert_true(aiotop_query_set_filter(&query, "!a", &error));
    g_assert_false(aiotop_query_set_filter(&query, "[", NULL));
    g_assert_true(query.filter_negated);
    g_assert_cmpstr(g_regex_get_pattern(query.filter), ==, "a");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/query/is-what-was-asked-for", test_is_what_was_asked_for);
    g_test_add_func("/query/errors", test_errors);
    g_test_add_func("/query/needs", test_needs);
    return g_test_run();
}
