/*
 * Writers, compared with goldens
 *
 * The goldens are in tests/data and change only with
 * AIOTOP_UPDATE_GOLDENS=1 in the environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/discover.h>
#include <qemu-aiotop/format.h>
#include <qemu-aiotop/json.h>

#include "quoted.h"
#include "transcript.h"

static void compare(const char *name, const char *text)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("AIOTOP_UPDATE_GOLDENS")) {
        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
    }
    g_file_get_contents(path, &golden, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, golden);
}

typedef void Format(GString *out, const AiotopSample *sample,
                    const AiotopSelection *selection);

static char *format(Format *write, const AiotopSample *sample,
                    const AiotopSelection *selection)
{
    GString *out = g_string_new(NULL);

    write(out, sample, selection);
    return g_string_free(out, FALSE);
}

/* Sessions with a storage daemon under an NBD load, and with a VM */
static const char *const recorded[] = { "storage-daemon", "vm" };

static AiotopSample *recorded_sample(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".transcript", NULL);
    g_autoptr(GPtrArray) snapshots = read_transcript(file);

    g_assert_cmpuint(snapshots->len, >=, 2);
    return aiotop_sample_new(snapshots->pdata[0], snapshots->pdata[1]);
}

static void test_text(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(AiotopSample) sample = recorded_sample(recorded[i]);
        g_autofree char *golden = g_strconcat(recorded[i], ".text", NULL);
        g_auto(AiotopSelection) selection;
        g_autofree char *text = NULL;

        aiotop_selection_init(&selection);
        text = format(aiotop_format_text, sample, &selection);
        compare(golden, text);
    }
}

static void test_json(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(AiotopSample) sample = recorded_sample(recorded[i]);
        g_autofree char *golden = g_strconcat(recorded[i], ".json", NULL);
        g_auto(AiotopSelection) selection;
        g_autofree char *text = NULL;
        AiotopJson json;

        aiotop_selection_init(&selection);
        selection.silent = true;
        text = format(aiotop_format_json, sample, &selection);
        compare(golden, text);

        aiotop_json_init(&json, text, strlen(text));
        aiotop_json_skip(&json, NULL);
        g_assert_true(aiotop_json_finish(&json, NULL));
        g_assert_true(strchr(text, '\n') == text + strlen(text) - 1);
    }
}

static void test_csv(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(AiotopSample) sample = recorded_sample(recorded[i]);
        g_autofree char *golden = g_strconcat(recorded[i], ".csv", NULL);
        g_autoptr(GString) all = g_string_new(NULL);
        g_auto(AiotopSelection) selection;
        g_autofree char *text = NULL;

        aiotop_selection_init(&selection);
        selection.silent = true;
        aiotop_format_csv_head(all, &selection);
        text = format(aiotop_format_csv, sample, &selection);
        g_string_append(all, text);
        compare(golden, all->str);
    }
}

static void test_columns_help(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_columns(out);
    compare("columns.text", out->str);
}

/* Nothing but names, and those hostile */
static AiotopSample *hostile_sample(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':5000000000,'pid':1,'vm-name':'v\\u001b[2Jm,\\'\\n',"
        "'profiling-since-ns':1000000000,'loops':[{'name':'l\\u009b,\\'x',"
        "'thread-id':3,'since-ns':1000000000,'state':'dispatching',"
        "'state-since-ns':4000000000,'stack':[1,7],"
        "'stack-since-ns':[3000000000,4000000000],"
        "'sources':[{'id':1,'kind':'b\\r\\nh','name':'\\u6f22\\u5b57\\u0301'"
        ",'label':'\\u202e','calls':0}]}]}");

    return aiotop_sample_new(NULL, snapshot);
}

static void test_hostile_names_and_missing_members(void)
{
    g_autoptr(AiotopSample) sample = hostile_sample();
    g_autoptr(GString) all = g_string_new(NULL);
    g_auto(AiotopSelection) selection;
    g_autofree char *text = NULL, *ascii = NULL, *json = NULL, *csv = NULL;

    aiotop_selection_init(&selection);
    text = format(aiotop_format_text, sample, &selection);
    json = format(aiotop_format_json, sample, &selection);
    csv = format(aiotop_format_csv, sample, &selection);
    selection.ascii = true;
    selection.color = true;
    ascii = format(aiotop_format_text, sample, &selection);
    g_string_append_printf(all, "%s%s%s%s", text, ascii, json, csv);
    compare("hostile.text", all->str);
}

/* Said where it matters: with columns that are empty for want of it */
static void test_denied_columns_are_explained(void)
{
    g_autoptr(AiotopSample) sample = hostile_sample();
    g_auto(AiotopSelection) selection;
    g_autofree char *plain = NULL, *chosen = NULL, *json = NULL;

    sample->now->denied = true;
    aiotop_selection_init(&selection);
    plain = format(aiotop_format_text, sample, &selection);
    json = format(aiotop_format_json, sample, &selection);
    g_assert_true(aiotop_selection_set_columns(&selection,
                                               "loop.loop,loop.syscall", NULL));
    chosen = format(aiotop_format_text, sample, &selection);
    g_assert_null(strstr(plain, "CAP_SYS_PTRACE"));
    g_assert_nonnull(strstr(json, "CAP_SYS_PTRACE"));
    g_assert_nonnull(strstr(chosen, "CAP_SYS_PTRACE"));
}

static void test_csv_fields(void)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "plain text", "plain text" },
        { "a,b", "\"a,b\"" },
        { "a\"b", "\"a\"\"b\"" },
        { "a\nb\r", "a\\nb\\x0d" },
        { "\xff\x1b[2J", "\\xff\\x1b[2J" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        aiotop_format_csv_field(out, cases[i][0]);
        g_assert_cmpstr(out->str, ==, cases[i][1]);
    }
}

static void test_empty_lists(void)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_json_list(out, none);
    g_assert_cmpstr(out->str, ==, "[]\n");
    g_string_truncate(out, 0);
    aiotop_format_csv_list(out, none);
    g_assert_cmpstr(out->str, ==,
                    "pid,program,vm_name,profiled,address,reason\r\n");
}

static void test_selection_errors(void)
{
    g_auto(AiotopSelection) selection;
    g_autoptr(GError) error = NULL;

    aiotop_selection_init(&selection);
    g_assert_false(aiotop_selection_set_columns(&selection, "busy,x", &error));
    g_assert_cmpstr(error->message, ==,
                    "no column \"x\" of sources: -s help lists all");
    g_clear_error(&error);
    g_assert_false(
        aiotop_selection_set_sort(&selection, "loop.busy", false, &error));
    g_assert_cmpstr(error->message, ==,
                    "no column \"busy\" of loops: -s help lists all");
    g_clear_error(&error);
    g_assert_false(aiotop_selection_set_filter(&selection, "!(", &error));
    g_assert_nonnull(strstr(error->message, "bad regular expression"));
    g_clear_error(&error);
    /* The last good one stays in force */
    g_assert_true(aiotop_selection_set_filter(&selection, "!a", &error));
    g_assert_false(aiotop_selection_set_filter(&selection, "[", NULL));
    g_assert_true(selection.filter_negated);
    g_assert_cmpstr(g_regex_get_pattern(selection.filter), ==, "a");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format/text", test_text);
    g_test_add_func("/format/json", test_json);
    g_test_add_func("/format/csv", test_csv);
    g_test_add_func("/format/columns-help", test_columns_help);
    g_test_add_func("/format/hostile-names-and-missing-members",
                    test_hostile_names_and_missing_members);
    g_test_add_func("/format/denied-columns-are-explained",
                    test_denied_columns_are_explained);
    g_test_add_func("/format/csv-fields", test_csv_fields);
    g_test_add_func("/format/empty-lists", test_empty_lists);
    g_test_add_func("/format/selection-errors", test_selection_errors);
    return g_test_run();
}
