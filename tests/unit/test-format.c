/*
 * Writers, compared with goldens
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/text/csv-writer.h>
#include <qemu-aiotop/format/listing.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/format/check.h>
#include <qemu-aiotop/format/diagnosis.h>
#include <qemu-aiotop/format/sample.h>
#include <qemu-aiotop/format/stalls.h>
#include <qemu-aiotop/text/json-tree.h>

#include "golden.h"
#include "quoted.h"
#include "transcript.h"

typedef void Format(GString *out, const AiotopSample *sample,
                    const AiotopQuery *query);

static char *format(Format *write, const AiotopSample *sample,
                    const AiotopQuery *query)
{
    GString *out = g_string_new(NULL);

    write(out, sample, query);
    return g_string_free(out, FALSE);
}

/* What begin() makes plain */
static AiotopTextStyle style;

static void begin(AiotopQuery *query)
{
    aiotop_query_init(query);
    style = (AiotopTextStyle){ 0 };
}

static void format_text(GString *out, const AiotopSample *sample,
                        const AiotopQuery *query)
{
    aiotop_format_text(out, sample, query, &style);
}

static void format_text_head(GString *out, const AiotopSample *sample,
                             const AiotopQuery *query G_GNUC_UNUSED)
{
    aiotop_format_text_head(out, sample, &style);
}

/* Sessions with a storage daemon under an NBD load, and with a VM */
static const char *const recorded[] = { "storage-daemon", "vm" };

static void test_text(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(AiotopSample) sample = recorded_sample(recorded[i]);
        g_autofree char *golden = g_strconcat(recorded[i], ".text", NULL);
        g_auto(AiotopQuery) query;
        g_autofree char *text = NULL;

        begin(&query);
        text = format(format_text, sample, &query);
        compare_golden(golden, text);
    }
}

static void check_json_line(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_object) tree = aiotop_json_parse(text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_nonnull(tree);
    g_assert_true(strchr(text, '\n') == text + strlen(text) - 1);
}

static void test_json(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(AiotopSample) sample = recorded_sample(recorded[i]);
        g_autofree char *golden = g_strconcat(recorded[i], ".json", NULL);
        g_auto(AiotopQuery) query;
        g_autofree char *text = NULL;

        begin(&query);
        query.silent = true;
        text = format(aiotop_format_json, sample, &query);
        compare_golden(golden, text);
        check_json_line(text);
    }
}

static void test_csv(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(AiotopSample) sample = recorded_sample(recorded[i]);
        g_autofree char *golden = g_strconcat(recorded[i], ".csv", NULL);
        g_autoptr(GString) all = g_string_new(NULL);
        g_auto(AiotopQuery) query;
        g_autofree char *text = NULL;

        begin(&query);
        query.silent = true;
        aiotop_format_csv_head(all, &query);
        text = format(aiotop_format_csv, sample, &query);
        g_string_append(all, text);
        compare_golden(golden, all->str);
    }
}

/* A lock that is waited for, and three stalls out of forty */
static AiotopSample *stalled_sample(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':9000000000,'pid':1,'loops':[],'bql':{'holder-thread-id':7,"
        "'held-since-ns':5,'threads':[{'name':'main-loop','thread-id':7,"
        "'holds':2},{'name':'v,\\u001b','thread-id':8,'waiting-since-ns':6}]},"
        "'stall-count':40,'stalls':[{'id':38,'loop':'io,\\u202e',"
        "'thread-id':9,'cause':'dispatch','source-id':3,'kind':'bh',"
        "'name':'f\\u001b[2J','label':'vd0','start-ns':1000000000,"
        "'duration-ns':500000000,'ongoing':false},"
        "{'id':39,'loop':'main-loop','thread-id':7,'cause':'bql-wait',"
        "'start-ns':8000000000,'duration-ns':1000000000,'ongoing':true},"
        "{'id':40,'loop':'x'}]}");
    AiotopSample *sample = aiotop_sample_new(NULL, snapshot);

    sample->real_time_us = 1700000000 * INT64_C(1000000);
    return sample;
}

static void test_lock_and_stalls_in_json(void)
{
    g_autoptr(AiotopSample) sample = stalled_sample();
    g_auto(AiotopQuery) query;
    g_autofree char *text = NULL;
    g_autoptr(GString) log = g_string_new(NULL);

    begin(&query);
    text = format(aiotop_format_json, sample, &query);
    check_json_line(text);
    g_assert_nonnull(strstr(text, "\"bql\":{\"holder_thread_id\":7,"
                                  "\"held_since_ns\":5,\"threads\":[{"));
    g_assert_nonnull(strstr(text, "\"waiting_since_ns\":6}]}"));
    g_assert_nonnull(strstr(text, "\"stall_count\":40,\"stalls\":[{\"id\":38,"
                                  "\"time\":\"2023-11-14T22:13:12.000000Z\","));

    aiotop_format_json_stalls(log, sample);
    check_json_line(log->str);
    g_assert_nonnull(strstr(
        log->str, "\"cause\":\"bql-wait\",\"source_id\":null,\"kind\":null,"
                  "\"name\":null,\"label\":null,\"start_ns\":8000000000,"
                  "\"duration_ns\":1000000000,\"ongoing\":true}"));
    g_assert_nonnull(strstr(log->str, "\"duration_ns\":null"));
    g_assert_nonnull(
        strstr(log->str, "\"duration_ns\":500000000,\"ongoing\":false}"));
}

static void test_stalls(void)
{
    g_autoptr(AiotopSample) sample = stalled_sample();
    g_autoptr(GString) text = g_string_new(NULL), csv = g_string_new(NULL);

    g_setenv("TZ", "UTC", TRUE);
    aiotop_format_text_stalls(text, sample, true);
    g_assert_cmpstr(
        text->str, ==,
        "ID  BEGAN             AGO  LOOP         CAUSE     LASTED  NOW"
        "      SOURCE\n"
        "38  11-14 22:13:12  8.00s  io,\\u{202e}  dispatch   500ms  ended"
        "    bh f\\x1b[2J vd0\n"
        "39  11-14 22:13:19  1.00s  main-loop    bql-wait   1.00s  ONGOING"
        "  -\n"
        "40  -                   -  x            dispatch       -  ended"
        "    -\n"
        "The last 3 of 40\n");
    aiotop_format_csv_stalls(csv, sample);
    g_assert_cmpstr(csv->str, ==,
                    "time,id,loop,thread_id,cause,source_id,kind,name,label,"
                    "start_ns,duration_ns,ongoing\r\n"
                    "2023-11-14T22:13:12.000000Z,38,\"io,\\u{202e}\",9,"
                    "dispatch,3,bh,f\\x1b[2J,vd0,"
                    "1000000000,500000000,false\r\n"
                    "2023-11-14T22:13:19.000000Z,39,main-loop,7,bql-wait,,,,,"
                    "8000000000,1000000000,true\r\n"
                    ",40,x,,dispatch,,,,,,,false\r\n");
}

static void test_no_stalls(void)
{
    g_autoptr(AiotopSnapshot) none =
        parse("{'time-ns':1,'loops':[],'stalls':[],'stall-count':0}");
    g_autoptr(AiotopSnapshot) old = parse("{'time-ns':1,'loops':[]}");
    g_autoptr(AiotopSample) empty = aiotop_sample_new(NULL, none);
    g_autoptr(AiotopSample) unknown = aiotop_sample_new(NULL, old);
    g_autoptr(GString) text = g_string_new(NULL);

    aiotop_format_text_stalls(text, empty, true);
    aiotop_format_text_stalls(text, unknown, true);
    g_assert_cmpstr(text->str, ==,
                    "No stall since profiling began\n"
                    "This QEMU keeps no log of stalls\n");
}

static void test_columns_help(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_columns(out);
    compare_golden("columns.text", out->str);
}

/* Nothing but names, and those hostile */
static AiotopSample *hostile_sample(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':5000000000,'pid':1,'vm-name':'v\\u001b[2Jm,\\'\\n',"
        "'profiling-since-ns':1000000000,'loops':[{'name':'l\\u009b,\\'x',"
        "'thread-id':3,'since-ns':1000000000,'state':'dispatching',"
        "'state-since-ns':4000000000,'stack':[{'source-id':1,"
        "'since-ns':3000000000},{'source-id':7,'since-ns':4000000000}],"
        "'sources':[{'id':1,'kind':'b\\r\\nh','name':'\\u6f22\\u5b57\\u0301'"
        ",'label':'\\u202e','calls':0}]}]}");

    return aiotop_sample_new(NULL, snapshot);
}

/* Nothing of the wire's reaches a terminal as it is, and lines have an end */
static void test_diagnosis_of_hostile_names(void)
{
    g_autoptr(AiotopSample) sample = hostile_sample();
    g_autoptr(GPtrArray) findings =
        aiotop_diagnose(sample, &(AiotopDiagnoseOptions){ 0 });
    AiotopFinding *first = findings->pdata[0];
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) json = g_string_new(NULL);
    g_auto(AiotopQuery) query;

    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_CALLBACK_STUCK);
    first->stack = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(first->stack, g_strdup("f\033[2J+0x1 at \xff.c:1"));

    begin(&query);
    style.ascii = true;
    aiotop_format_text_diagnosis(text, sample, findings, &style);
    g_assert_nonnull(strstr(text->str, "f\\x1b[2J+0x1 at \\xff.c:1\n"));
    for (const char *p = text->str; *p; p++) {
        g_assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
    }
    aiotop_format_json_diagnosis(json, sample, findings, NULL);
    check_json_line(json->str);
}

static void test_hostile_names_and_missing_members(void)
{
    g_autoptr(AiotopSample) sample = hostile_sample();
    g_autoptr(GString) all = g_string_new(NULL);
    g_auto(AiotopQuery) query;
    g_autofree char *text = NULL, *ascii = NULL, *json = NULL, *csv = NULL;

    begin(&query);
    text = format(format_text, sample, &query);
    json = format(aiotop_format_json, sample, &query);
    csv = format(aiotop_format_csv, sample, &query);
    style = (AiotopTextStyle){ .ascii = true, .color = true };
    ascii = format(format_text, sample, &query);
    g_string_append_printf(all, "%s%s%s%s", text, ascii, json, csv);
    compare_golden("hostile.text", all->str);
}

/* Said where it matters: with columns that are empty for want of it */
static void test_denied_columns_are_explained(void)
{
    g_autoptr(AiotopSample) sample = hostile_sample();
    g_auto(AiotopQuery) query;
    g_autofree char *plain = NULL, *chosen = NULL, *json = NULL;

    sample->now->denied = true;
    begin(&query);
    plain = format(format_text, sample, &query);
    json = format(aiotop_format_json, sample, &query);
    g_assert_true(
        aiotop_query_set_columns(&query, "loop.loop,loop.syscall", NULL));
    chosen = format(format_text, sample, &query);
    g_assert_null(strstr(plain, "CAP_SYS_PTRACE"));
    g_assert_nonnull(strstr(json, "CAP_SYS_PTRACE"));
    g_assert_nonnull(strstr(chosen, "CAP_SYS_PTRACE"));
}

/* Who says when counters began anew says so in the head */
static void test_heads(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9000000000,'pid':7,'profiling-since-ns':4000000000,"
              "'run-state':'paused','qemu-version':'10.0','loops':[]}");
    g_autoptr(AiotopSample) sample = aiotop_sample_new(NULL, snapshot);
    g_auto(AiotopQuery) query;
    g_autofree char *whole = NULL, *again = NULL, *host = NULL, *live = NULL;

    g_setenv("TZ", "UTC", TRUE);
    begin(&query);
    whole = format(format_text_head, sample, &query);
    g_assert_cmpstr(whole, ==,
                    "pid 7  QEMU 10.0  paused  since profiling began: 5.00s\n");
    sample->restarted = true;
    sample->real_time_us = 1700000000 * INT64_C(1000000);
    style.color = true;
    again = format(format_text_head, sample, &query);
    g_assert_cmpstr(again, ==,
                    "\033[1m22:13:20  pid 7  QEMU 10.0  paused  since profiling"
                    " began: 5.00s  (counters began anew)\033[0m\n");
    sample->restarted = false;
    sample->now->host_only = true;
    host = format(format_text_head, sample, &query);
    g_assert_nonnull(strstr(host, "paused  at one instant\033"));
    sample->cumulative = false;
    live = format(format_text_head, sample, &query);
    g_assert_nonnull(strstr(live, "paused  interval 5.00s\033"));
}

/* The same in all that has a time */
static void test_times_agree(void)
{
    g_autoptr(AiotopSample) sample = recorded_sample("vm");
    g_auto(AiotopQuery) query;
    g_autofree char *csv = NULL, *json = NULL;

    sample->real_time_us = 1700000000123456;
    begin(&query);
    csv = format(aiotop_format_csv, sample, &query);
    json = format(aiotop_format_json, sample, &query);
    g_assert_true(g_str_has_prefix(csv, "2023-11-14T22:13:20.123456Z,"));
    g_assert_true(
        g_str_has_prefix(json, "{\"time\":\"2023-11-14T22:13:20.123456Z\","));
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
        /* No formulas for a spreadsheet */
        { "=1+1", "'=1+1" },
        { "+1", "'+1" },
        { "-1", "'-1" },
        { "@SUM(A1,\"x\")", "\"'@SUM(A1,\"\"x\"\")\"" },
        { "a=1", "a=1" },
        { "\t=1", "\\t=1" },
        { "\r=1", "\\x0d=1" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        aiotop_csv_append_field(out, cases[i][0]);
        g_assert_cmpstr(out->str, ==, cases[i][1]);
    }
}

static void test_empty_lists(void)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_listing_json(out, none);
    g_assert_cmpstr(out->str, ==, "[]\n");
    g_string_truncate(out, 0);
    aiotop_listing_csv(out, none);
    g_assert_cmpstr(out->str, ==,
                    "pid,program,vm_name,profiled,address,reason,user\r\n");
}

/* What stands on fewer than all calls, and only that, has a mark in text */
static void test_estimates(void)
{
#define THINNED(calls, timed)                                                  \
    "'loops':[{'name':'l','thread-id':1,'since-ns':0,'dispatches':" #calls     \
    ",'sources':[{'id':1,'kind':'bh','name':'f','calls':" #calls ","           \
    "'timed-calls':" #timed ",'busy-ns':1000000,'total-ns':1000000,"           \
    "'max-ns':79,'histogram':{'buckets':[1],'counts':[" #timed "]}}]}]}"
    g_autoptr(AiotopSnapshot) first =
        parse("{'sequence':1,'time-ns':1000000000,'pid':1,"
              "'profiling-since-ns':1," THINNED(10, 5));
    g_autoptr(AiotopSnapshot) next =
        parse("{'sequence':2,'time-ns':2000000000,'pid':1,"
              "'profiling-since-ns':1," THINNED(20, 15));
    g_autoptr(AiotopSample) some = aiotop_sample_new(NULL, first);
    g_autoptr(AiotopSample) all = aiotop_sample_new(first, next);
    g_auto(AiotopQuery) query;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autoptr(GString) json = g_string_new(NULL);

    aiotop_query_init(&query);
    g_assert_true(aiotop_query_set_columns(
        &query, "calls,timed,busy,p50,max,loop.p50,loop.dispatches", NULL));
    aiotop_format_text(text, some, &query, &(AiotopTextStyle){ 0 });
    g_assert_nonnull(strstr(text->str, "  ~72ns    10.0/s\n"));
    g_assert_nonnull(
        strstr(text->str, "    10    50.0    ~0.1    ~72ns    ~79ns\n"));
    aiotop_format_text(whole, all, &query, &(AiotopTextStyle){ 0 });
    g_assert_nonnull(strstr(whole->str, "   72ns    10.0/s\n"));
    /* The longest one may be among those that were not timed before */
    g_assert_nonnull(strstr(whole->str, " 100.0     0.0     72ns    ~79ns\n"));
    aiotop_format_json(json, some, &query);
    g_assert_null(strchr(json->str, '~'));
#undef THINNED
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format/text", test_text);
    g_test_add_func("/format/json", test_json);
    g_test_add_func("/format/csv", test_csv);
    g_test_add_func("/format/lock-and-stalls-in-json",
                    test_lock_and_stalls_in_json);
    g_test_add_func("/format/diagnosis-of-hostile-names",
                    test_diagnosis_of_hostile_names);
    g_test_add_func("/format/stalls", test_stalls);
    g_test_add_func("/format/no-stalls", test_no_stalls);
    g_test_add_func("/format/columns-help", test_columns_help);
    g_test_add_func("/format/hostile-names-and-missing-members",
                    test_hostile_names_and_missing_members);
    g_test_add_func("/format/denied-columns-are-explained",
                    test_denied_columns_are_explained);
    g_test_add_func("/format/heads", test_heads);
    g_test_add_func("/format/times-agree", test_times_agree);
    g_test_add_func("/format/csv-fields", test_csv_fields);
    g_test_add_func("/format/empty-lists", test_empty_lists);
    g_test_add_func("/format/estimates", test_estimates);
    return g_test_run();
}
