/*
 * The columns
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/table/columns.h>
#include <qemu-aiotop/table/rows.h>
#include <qemu-aiotop/table/vms.h>
#include <qemu-aiotop/text/figure.h>

#include "quoted.h"
#include "transcript.h"

static const AiotopTable *const tables[] = {
    &aiotop_loop_table,
    &aiotop_source_table,
    &aiotop_vm_table,
};

static void test_names_and_keys_are_unique(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned j = 0; j < tables[i]->n_columns; j++) {
            const AiotopColumn *column = &tables[i]->columns[j];

            g_assert_true(aiotop_table_find(tables[i], column->name) == column);
            for (unsigned k = 0; k < j; k++) {
                g_assert_cmpstr(tables[i]->columns[k].key, !=, column->key);
                g_assert_cmpstr(tables[i]->columns[k].header, !=,
                                column->header);
            }
        }
        g_assert_nonnull(aiotop_table_find(tables[i], tables[i]->sort));
    }
}

static void test_keys_have_units(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned j = 0; j < tables[i]->n_columns; j++) {
            const AiotopColumn *column = &tables[i]->columns[j];

            g_assert_true((column->unit == AIOTOP_UNIT_TIME) ==
                          g_str_has_suffix(column->key, "_ns"));
            g_assert_true((column->unit == AIOTOP_UNIT_PERCENT) ==
                          g_str_has_suffix(column->key, "_percent"));
            g_assert_true((column->unit == AIOTOP_UNIT_RATE) ==
                          g_str_has_suffix(column->key, "_per_second"));
        }
    }
}

static void test_heads_and_numbers_fit(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned j = 0; j < tables[i]->n_columns; j++) {
            const AiotopColumn *column = &tables[i]->columns[j];

            g_assert_cmpuint(strlen(column->header), <=, column->width);
            if (column->unit == AIOTOP_UNIT_TIME) {
                g_assert_cmpint(column->width, >=, 7);
            }
            if (column->unit == AIOTOP_UNIT_RATE) {
                g_assert_cmpint(column->width, >=, 8);
            }
            g_assert_false(g_str_has_suffix(column->help, "."));
            g_assert_true(g_ascii_isprint(column->help[0]));
        }
    }
}

/* Tables of one sample: the last one is of several */
#define N_SAMPLED (G_N_ELEMENTS(tables) - 1)

/* Every getter on every row, with all members there and with none */
static void get_all(const AiotopSample *sample)
{
    for (unsigned i = 0; i < N_SAMPLED; i++) {
        const AiotopOrder order = { .column = &tables[i]->columns[0] };
        g_autoptr(GArray) rows =
            aiotop_rows_new(sample, tables[i], NULL, &order);

        for (unsigned j = 0; j < rows->len; j++) {
            for (unsigned k = 0; k < tables[i]->n_columns; k++) {
                const AiotopColumn *column = &tables[i]->columns[k];
                char buffer[AIOTOP_VALUE_BUFFER];
                AiotopValue value =
                    column->get(&g_array_index(rows, AiotopRow, j), buffer);

                g_assert_true(value.type == AIOTOP_VALUE_UNKNOWN ||
                              (value.type == AIOTOP_VALUE_TEXT) ==
                                  (column->unit == AIOTOP_UNIT_TEXT));
            }
        }
    }
}

static void test_getters(void)
{
    g_autoptr(GPtrArray) snapshots =
        read_transcript("storage-daemon.transcript");
    g_autoptr(AiotopSample) sample =
        aiotop_sample_new(snapshots->pdata[0], snapshots->pdata[1]);
    g_autoptr(AiotopSnapshot) bare =
        parse("{'time-ns':1,'loops':[{'name':'l','thread-id':1,'stack':[{'"
              "source-id':4}],"
              "'sources':[{'id':1,'kind':'bh','name':'f'}]}]}");
    g_autoptr(AiotopSample) bare_sample = aiotop_sample_new(NULL, bare);

    get_all(sample);
    get_all(bare_sample);
}

#define SOURCE(id, calls, label)                                               \
    "{'id':" #id ",'kind':'bh','name':'f','calls':" #calls label "}"

static AiotopSample *three_sources(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':2,'profiling-since-ns':1,'loops':[{'name':'l',"
        "'thread-id':1,'since-ns':1,'sources':[" SOURCE(
            1, 5,
            ",'label':'b'") "," SOURCE(2, 7,
                                       "") "," SOURCE(3, 5,
                                                      ",'label':'a'") "]}]}");

    return aiotop_sample_new(NULL, snapshot);
}

static void check_order(const char *name, bool reverse, const char *expected)
{
    g_autoptr(AiotopSample) sample = three_sources();
    const AiotopOrder sort = {
        aiotop_table_find(&aiotop_source_table, name),
        reverse,
    };
    g_autoptr(GArray) rows =
        aiotop_rows_new(sample, &aiotop_source_table, NULL, &sort);
    g_autoptr(GString) order = g_string_new(NULL);

    for (unsigned i = 0; i < rows->len; i++) {
        g_string_append_printf(
            order, "%u", g_array_index(rows, AiotopRow, i).source->now->id);
    }
    g_assert_cmpstr(order->str, ==, expected);
}

static void test_numbers_sort_from_the_largest(void)
{
    check_order("calls", false, "213");
}

static void test_text_sorts_from_a(void)
{
    check_order("label", false, "312");
}

static void test_equal_rows_keep_their_order(void)
{
    check_order("calls", true, "132");
    check_order("kind", false, "123");
    check_order("kind", true, "123");
}

static void test_unknown_is_last_either_way(void)
{
    check_order("label", true, "132");
    check_order("p99", false, "123");
}

/* Loops, with their threads and CPU time, of a process of number 7 */
static AiotopSample *some_loops(void)
{
#define CPU_LOOP(name, thread, cpu)                                            \
    "{'name':'" name "','thread-id':" #thread ",'since-ns':1,'cpu-ns':" #cpu   \
    ",'iterations':" #cpu ",'sources':[]}"
#define LOOPS(time, a, b, c, d)                                                \
    "{'sequence':" #time ",'time-ns':" #time "000000000,'pid':7,"              \
    "'profiling-since-ns':1,'loops':[" CPU_LOOP("io10", 10, a) "," CPU_LOOP(   \
        "io9", 12, b) "," CPU_LOOP("io9", 11,                                  \
                                   c) "," CPU_LOOP("main-loop", 7,             \
                                                   d) "," CPU_LOOP("zz", 5,    \
                                                                   0) "]}"
    g_autoptr(AiotopSnapshot) before = parse(LOOPS(1, 0, 0, 0, 0));
    /* 12.34 %, 12.31 %, 12.36 % and 5 % of a second */
    g_autoptr(AiotopSnapshot) now =
        parse(LOOPS(2, 123400000, 123100000, 123600000, 50000000));
#undef LOOPS
#undef CPU_LOOP

    return aiotop_sample_new(before, now);
}

/* The threads in their order */
static void check_loops(const char *column, bool reverse, bool exact,
                        const char *expected)
{
    g_autoptr(AiotopSample) sample = some_loops();
    const AiotopOrder sort = {
        aiotop_table_find(&aiotop_loop_table, column),
        reverse,
        exact,
    };
    g_autoptr(GArray) rows =
        aiotop_rows_new(sample, &aiotop_loop_table, NULL, &sort);
    g_autoptr(GString) order = g_string_new(NULL);

    for (unsigned i = 0; i < rows->len; i++) {
        g_string_append_printf(
            order, " %d",
            (int)g_array_index(rows, AiotopRow, i).loop->now->thread_id);
    }
    g_assert_cmpstr(order->str, ==, expected);
}

static void test_loops_have_a_fixed_order(void)
{
    g_assert_cmpstr(aiotop_loop_table.sort, ==, "loop");
    check_loops("loop", false, false, " 7 11 12 10 5");
    check_loops("loop", true, false, " 5 10 11 12 7");
}

/* By whatever name its loop goes */
static void test_main_thread_is_first(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'sequence':1,'time-ns':9,'pid':7,'profiling-since-ns':1,"
              "'loops':[{'name':'a','thread-id':8,'since-ns':1,'sources':[]},"
              "{'name':'zz','thread-id':7,'since-ns':1,'sources':[]}]}");
    g_autoptr(AiotopSample) sample = aiotop_sample_new(NULL, snapshot);
    const AiotopOrder sort = {
        .column = aiotop_table_find(&aiotop_loop_table, "loop"),
    };
    g_autoptr(GArray) rows =
        aiotop_rows_new(sample, &aiotop_loop_table, NULL, &sort);

    g_assert_cmpstr(g_array_index(rows, AiotopRow, 0).loop->now->name, ==,
                    "zz");
}

/* 12.4 comes before 12.3, twice, as the loops are */
static void test_equal_as_shown(void)
{
    check_loops("cpu", false, false, " 11 12 10 7 5");
    check_loops("cpu", true, false, " 5 7 12 10 11");
    check_loops("thread", false, false, " 5 7 10 11 12");
    check_loops("p99", false, false, " 7 11 12 10 5");
    check_loops("cpu", false, true, " 11 10 12 7 5");
}

static void check_find(const char *text, const AiotopTable *wanted_table,
                       const char *wanted)
{
    const AiotopTable *table = NULL;
    g_autoptr(GError) error = NULL;
    const AiotopColumn *column = aiotop_column_find(text, &table, &error);

    g_assert_no_error(error);
    g_assert_true(table == wanted_table);
    g_assert_cmpstr(column->name, ==, wanted);
}

static void test_names_that_users_know(void)
{
    check_find("p99", &aiotop_source_table, "p99");
    check_find("p99_ns", &aiotop_source_table, "p99");
    check_find("P99", &aiotop_source_table, "p99");
    check_find("BUSY%", &aiotop_source_table, "busy");
    check_find("busy%", &aiotop_source_table, "busy");
    check_find("BUSY", &aiotop_source_table, "busy-time");
    check_find("loop.p99", &aiotop_loop_table, "p99");
    check_find("loop.p99_ns", &aiotop_loop_table, "p99");
    check_find("loop.P99", &aiotop_loop_table, "p99");
    /* There is none of sources */
    check_find("cpu", &aiotop_loop_table, "cpu");
    check_find("cpu_percent", &aiotop_loop_table, "cpu");
    check_find("CPU%", &aiotop_loop_table, "cpu");
    check_find("STATE", &aiotop_loop_table, "state");
    check_find("loop.bql_wait_percent", &aiotop_loop_table, "bql");
    /* A name is stronger than a key of another column */
    check_find("state", &aiotop_loop_table, "state");
}

static void check_not_found(const char *text, const char *message)
{
    const AiotopTable *table;
    g_autoptr(GError) error = NULL;

    g_assert_null(aiotop_column_find(text, &table, &error));
    g_assert_cmpstr(error->message, ==, message);
}

static void test_unknown_column(void)
{
    check_not_found("bussy", "no column \"bussy\"; perhaps \"busy\": -s help"
                             " lists all");
    check_not_found("LABLE", "no column \"LABLE\"; perhaps \"label\": -s help"
                             " lists all");
    check_not_found("run-que", "no column \"run-que\"; perhaps"
                               " \"loop.run-queue\": -s help lists all");
    check_not_found("loop.busy%", "no column \"busy%\" of loops; perhaps"
                                  " \"busy\": -s help lists all");
    check_not_found("nonsense", "no column \"nonsense\": -s help lists all");
    check_not_found("", "no column \"\": -s help lists all");
}

static void check_state(const char *loop, const char *expected)
{
    g_autofree char *json = g_strdup_printf(
        "{'time-ns':5000000000,'loops':[{'name':'l','thread-id':1%s,"
        "'sources':[{'id':1,'kind':'bh','name':'f','label':'x'},"
        "{'id':2,'kind':'bh','name':'g','fd':4},"
        "{'id':3,'kind':'wait','name':'bdrv_drain','label':'drain_poll()'},"
        "{'id':4,'kind':'wait','name':'qio_channel_wait'}]}]}",
        loop);
    g_autoptr(AiotopSnapshot) snapshot = parse(json);
    g_autoptr(AiotopSample) sample = aiotop_sample_new(NULL, snapshot);
    AiotopRow row = { sample, &sample->loops[0], NULL };
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value =
        aiotop_table_find(&aiotop_loop_table, "state")->get(&row, buffer);

    g_assert_cmpstr(value.type == AIOTOP_VALUE_TEXT ? value.text : NULL, ==,
                    expected);
}

static void test_state_tells_source_and_age(void)
{
    check_state("", NULL);
    check_state(",'state':'waiting'", "waiting");
    check_state(",'state':'waiting','state-since-ns':4000000000",
                "waiting 1.00s");
    check_state(",'state':'dispatching','state-since-ns':4000000000,"
                "'stack':[{'source-id':1,'since-ns':3000000000}]",
                "dispatching 2.00s: f x");
    check_state(",'state':'polling','state-since-ns':4000000000,"
                "'stack':[{'source-id':1,'since-ns':1000000000},"
                "{'source-id':2,'since-ns':3000000000}]",
                "polling 1.00s in g fd:4");
    check_state(",'state':'dispatching','stack':[{'source-id':9}]",
                "dispatching: source 9");
}

#define IN_WAIT(state, id)                                                     \
    ",'state':'" state "','state-since-ns':4990000000,'stack':["               \
    "{'source-id':1,'since-ns':1000000000},"                                   \
    "{'source-id':" #id ",'since-ns':2000000000}]"

/* By its own age: each round of it begins anew */
static void test_state_tells_what_is_waited_for(void)
{
    check_state(IN_WAIT("waiting", 3), "waits 3.00s: drain_poll()");
    check_state(IN_WAIT("polling", 4), "waits 3.00s: qio_channel_wait");
    check_state(IN_WAIT("dispatching", 3), "waits 3.00s: drain_poll()");
    check_state(IN_WAIT("bql-wait", 3),
                "bql-wait 10.0ms in bdrv_drain drain_poll()");
    check_state(",'stack':[{'source-id':3}]", "waits: drain_poll()");
}

static void test_long_names_are_cut_between_characters(void)
{
    g_autoptr(GString) name = g_string_new("x");
    g_autofree char *json = NULL;
    g_autoptr(AiotopSnapshot) snapshot = NULL;
    g_autoptr(AiotopSample) sample = NULL;
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value;
    AiotopRow row;

    for (unsigned i = 0; i < 500; i++) {
        g_string_append(name, "漢");
    }
    json = g_strdup_printf("{'time-ns':5,'loops':[{'name':'l','thread-id':1,'"
                           "stack':[{'source-id':1}],"
                           "'sources':[{'id':1,'kind':'bh','name':'%s'}]}]}",
                           name->str);
    snapshot = parse(json);
    sample = aiotop_sample_new(NULL, snapshot);
    row = (AiotopRow){ sample, &sample->loops[0], NULL };
    value = aiotop_table_find(&aiotop_loop_table, "running")->get(&row, buffer);
    g_assert_true(g_utf8_validate(value.text, -1, NULL));
    g_assert_cmpuint(strlen(value.text), >, 150);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/columns/names-and-keys-are-unique",
                    test_names_and_keys_are_unique);
    g_test_add_func("/columns/keys-have-units", test_keys_have_units);
    g_test_add_func("/columns/heads-and-numbers-fit",
                    test_heads_and_numbers_fit);
    g_test_add_func("/columns/getters", test_getters);
    g_test_add_func("/columns/numbers-sort-from-the-largest",
                    test_numbers_sort_from_the_largest);
    g_test_add_func("/columns/text-sorts-from-a", test_text_sorts_from_a);
    g_test_add_func("/columns/main-thread-is-first", test_main_thread_is_first);
    g_test_add_func("/columns/equal-rows-keep-their-order",
                    test_equal_rows_keep_their_order);
    g_test_add_func("/columns/unknown-is-last-either-way",
                    test_unknown_is_last_either_way);
    g_test_add_func("/columns/loops-have-a-fixed-order",
                    test_loops_have_a_fixed_order);
    g_test_add_func("/columns/equal-as-shown", test_equal_as_shown);
    g_test_add_func("/columns/names-that-users-know",
                    test_names_that_users_know);
    g_test_add_func("/columns/unknown-column", test_unknown_column);
    g_test_add_func("/columns/state-tells-source-and-age",
                    test_state_tells_source_and_age);
    g_test_add_func("/columns/state-tells-what-is-waited-for",
                    test_state_tells_what_is_waited_for);
    g_test_add_func("/columns/long-names-are-cut-between-characters",
                    test_long_names_are_cut_between_characters);
    return g_test_run();
}
