/*
 * Writers of what is awaited and of threads, compared with goldens
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/format/awaited.h>
#include <qemu-aiotop/text/json-tree.h>

#include "golden.h"
#include "quoted.h"

static const AiotopTextStyle style = { .ascii = true };

/* What the kernel knows is added */
static AiotopSnapshot *recorded(unsigned number)
{
    g_autofree char *name = g_strdup_printf("awaited-%u.json", number);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot;
    gsize len;

    g_file_get_contents(path, &text, &len, &error);
    g_assert_no_error(error);
    snapshot = read_reply(text, len, NULL, &error);
    g_assert_no_error(error);
    snapshot->cpu_ns = UINT64_C(150000000000) + number * UINT64_C(1130000000);
    return snapshot;
}

/* Of a second */
static AiotopSample *recorded_sample(void)
{
    g_autoptr(AiotopSnapshot) before = recorded(0);
    g_autoptr(AiotopSnapshot) now = recorded(1);

    return aiotop_sample_new(before, now);
}

/* One after the other, as the program can write them */
static void test_goldens(void)
{
    g_autoptr(AiotopSample) sample = recorded_sample();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GString) csv = g_string_new(NULL);

    aiotop_format_text_awaited(text, sample, aiotop_awaited_tables, &style);
    aiotop_format_text_awaited(text, sample, aiotop_thread_tables, &style);
    aiotop_format_json_awaited(json, sample, aiotop_awaited_tables);
    aiotop_format_json_awaited(json, sample, aiotop_thread_tables);
    aiotop_format_csv_awaited(csv, sample, aiotop_awaited_tables);
    aiotop_format_csv_awaited(csv, sample, aiotop_thread_tables);
    compare_golden("awaited.text", text->str);
    compare_golden("awaited.json", json->str);
    compare_golden("awaited.csv", csv->str);
}

static AiotopSample *sample_of(const char *members)
{
    g_autofree char *text =
        g_strdup_printf("{'time-ns':1000,'loops':[]%s}", members);
    g_autoptr(AiotopSnapshot) now = parse(text);

    return aiotop_sample_new(NULL, now);
}

static bool writes(const char *members, const AiotopTable *const *tables,
                   const char *wanted)
{
    g_autoptr(AiotopSample) sample = sample_of(members);
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_text_awaited(out, sample, tables, &style);
    return strstr(out->str, wanted);
}

/* What is not told is not nothing */
static void test_nothing_to_tell(void)
{
    static const char idle[] = ",'nodes':[],'requests':[],'pools':[]";

    g_assert_true(writes("", aiotop_awaited_tables,
                         "This QEMU does not tell of block requests\n"));
    g_assert_false(writes("", aiotop_awaited_tables, "No "));
    g_assert_true(
        writes(idle, aiotop_awaited_tables, "No block node has had a request"));
    g_assert_true(
        writes(idle, aiotop_awaited_tables, "No request is in flight\n"));
    g_assert_false(writes(idle, aiotop_awaited_tables, "POOL-OF"));
    g_assert_true(writes("", aiotop_thread_tables,
                         "This QEMU does not tell of its threads\n"));
}

static void check_json(const char *members, const char *wanted)
{
    g_autoptr(AiotopSample) sample = sample_of(members);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_object) tree = NULL;

    aiotop_format_json_awaited(out, sample, aiotop_awaited_tables);
    g_assert_nonnull(strstr(out->str, wanted));
    tree = aiotop_json_parse(out->str, out->len, &error);
    g_assert_no_error(error);
}

static void test_json_of_nothing(void)
{
    check_json("", "\"nodes\":null,\"requests\":null,"
                   "\"untracked_requests\":null,\"pools\":null,"
                   "\"throttle_groups\":null,\"commands\":null,"
                   "\"writers\":null}");
    check_json(",'nodes':[],'requests':[],'untracked-requests':0",
               "\"nodes\":[],\"requests\":[],\"untracked_requests\":0,");
}

/* How many there are that are not listed, or can't be */
static void test_remarks(void)
{
    static const char one[] =
        ",'requests':[{'id':1,'node':'n','type':'read','stage':'pool'}],"
        "'nodes':[{'node':'n','in-flight':%u}],'untracked-requests':%u";
    g_autofree char *none = g_strdup_printf(one, 1, 0);
    g_autofree char *more = g_strdup_printf(one, 7, 0);
    g_autofree char *untracked = g_strdup_printf(one, 1, 5);

    g_assert_false(writes(none, aiotop_awaited_tables, " of "));
    g_assert_true(writes(more, aiotop_awaited_tables, "\nThe oldest 1 of 7\n"));
    g_assert_true(writes(untracked, aiotop_awaited_tables,
                         "\n5 since profiling began are not among them"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited-format/goldens", test_goldens);
    g_test_add_func("/awaited-format/nothing-to-tell", test_nothing_to_tell);
    g_test_add_func("/awaited-format/json-of-nothing", test_json_of_nothing);
    g_test_add_func("/awaited-format/remarks", test_remarks);
    return g_test_run();
}
