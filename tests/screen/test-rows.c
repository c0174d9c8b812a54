/*
 * Batch and screen: the same sample and options show the same rows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"
#include "reply-text.h"

static const char *const recordings[] = { "screen", "odd", "stuck" };

/* A loop with a silent source, one that is silent, a source without "calls" */
static const char quiet_text[] =
    "{'sequence':%u,'time-ns':%u000000000,'pid':1,'profiling-since-ns':1,"
    "'loops':["
    "{'name':'io10','thread-id':3,'since-ns':1,'iterations':1,'sources':["
    "{'id':1,'kind':'bh','name':'quiet','calls':5}]},"
    "{'name':'io9','thread-id':2,'since-ns':1,'iterations':1,'sources':["
    "{'id':1,'kind':'bh','name':'quiet','calls':5},"
    "{'id':2,'kind':'bh','name':'busy','calls':%u,'busy-ns':%u},"
    "{'id':3,'kind':'bh','name':'uncounted'}]},"
    "{'name':'main-loop','thread-id':1,'since-ns':1,'iterations':1,"
    "'sources':[]}]}";

static AiotopSnapshot *quiet(unsigned number)
{
    g_autofree char *text =
        g_strdup_printf(quiet_text, number, number, number * 10, number);
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot = read_reply(json, strlen(json), NULL, &error);

    g_assert_no_error(error);
    return snapshot;
}

static AiotopSample *take(const char *name)
{
    g_autoptr(AiotopSnapshot) before =
        name ? session_load(name, 0, NULL) : quiet(1);
    g_autoptr(AiotopSnapshot) now =
        name ? session_load(name, 1, before) : quiet(2);

    return aiotop_sample_new(before, now);
}

static void append_row(GString *out, const AiotopRow *row)
{
    const AiotopSource *source = row->source ? row->source->now : NULL;

    g_string_append(out, row->loop->now->name);
    if (source) {
        g_string_append_printf(out, "/%s/%s/%u", source->kind, source->name,
                               source->id);
    }
    g_string_append_c(out, '\n');
}

static char *describe(GArray *rows)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < rows->len; i++) {
        append_row(out, &g_array_index(rows, AiotopRow, i));
    }
    return g_string_free(out, FALSE);
}

static char *describe_table(const Pane *pane)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < pane->rows->len; i++) {
        append_row(out, &pane_row(pane, i)->row);
    }
    return g_string_free(out, FALSE);
}

static void compare(const char *name, const AiotopQuery *query)
{
    g_autoptr(AiotopSample) sample = take(name);
    g_autoptr(GArray) loops = aiotop_query_loops(query, sample);
    g_autoptr(GArray) sources = aiotop_query_sources(query, sample);
    g_autofree char *batch_loops = describe(loops);
    g_autofree char *batch_sources = describe(sources);
    g_autofree char *screen_loops = NULL;
    g_autofree char *screen_sources = NULL;
    g_autoptr(Ui) ui = ui_new(query, &(AiotopTextStyle){ 0 });

    ui->query.silent = query->silent;
    ui_take_sample(ui, take(name));
    canvas_free(ui_draw(ui, 80, 24));
    screen_loops = describe_table(&ui->loops);
    screen_sources = describe_table(&ui->sources);
    g_assert_cmpstr(screen_loops, ==, batch_loops);
    g_assert_cmpstr(screen_sources, ==, batch_sources);
}

static void test_batch_and_screen_agree(void)
{
    static const char *const filters[] = {
        NULL,   "bh",        "!bh",   "quiet",     "!quiet", "uncounted",
        "busy", "main-loop", "!main", "no such x", "timer",  "vd0",
    };
    static const char *const loops[] = { NULL, "main-loop", "io9", "nosuch" };
    static const char *const sorts[] = {
        "busy", "name", "p99", "label", "loop.loop", "loop.cpu", "loop.state",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(filters); i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(loops) * 4; j++) {
            for (unsigned k = 0; k < G_N_ELEMENTS(sorts); k++) {
                g_auto(AiotopQuery) query;

                aiotop_query_init(&query);
                if (filters[i]) {
                    g_assert_true(
                        aiotop_query_set_filter(&query, filters[i], NULL));
                }
                g_assert_true(
                    aiotop_query_set_sort(&query, sorts[k], j & 1, NULL));
                query.silent = j & 2;
                query.top = i % 3;
                query.loop_name = g_strdup(loops[j / 4]);
                compare(NULL, &query);
                for (unsigned l = 0; l < G_N_ELEMENTS(recordings); l++) {
                    compare(recordings[l], &query);
                }
            }
        }
    }
}

/* What "-f quiet" and the like show of the made-up loops */
static void check_filter(const char *pattern, const char *wanted_loops,
                         const char *wanted_sources)
{
    g_auto(AiotopQuery) query;
    g_autoptr(AiotopSample) sample = take(NULL);
    g_autoptr(GArray) loops = NULL;
    g_autoptr(GArray) sources = NULL;
    g_autofree char *loop_text = NULL;
    g_autofree char *source_text = NULL;

    aiotop_query_init(&query);
    g_assert_true(aiotop_query_set_filter(&query, pattern, NULL));
    loops = aiotop_query_loops(&query, sample);
    sources = aiotop_query_sources(&query, sample);
    loop_text = describe(loops);
    source_text = describe(sources);
    g_assert_cmpstr(loop_text, ==, wanted_loops);
    g_assert_cmpstr(source_text, ==, wanted_sources);
}

/* A loop is shown for its name, or for a source that is shown */
static void test_which_loops_pass(void)
{
    check_filter("quiet", "", "");
    check_filter("busy", "io9\n", "io9/bh/busy/2\n");
    check_filter("uncounted", "", "");
    check_filter("io", "io9\nio10\n", "io9/bh/busy/2\n");
    check_filter("main", "main-loop\n", "");
    check_filter("!busy", "main-loop\nio9\nio10\n", "");
    check_filter("!io9", "main-loop\nio10\n", "");
    check_filter("!io", "main-loop\n", "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rows/batch-and-screen-agree",
                    test_batch_and_screen_agree);
    g_test_add_func("/rows/which-loops-pass", test_which_loops_pass);
    return g_test_run();
}
