/*
 * Samples to be checked, and the line that comes of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-check.h"

#include <string.h>

#include <qemu-aiotop/format/check.h>

#include "quoted.h"

const AiotopCheck defaults = { .since_ns = 300 * S };

/* Two snapshots a second apart, in the 400th; the stall threshold is 100 ms */
AiotopSample *sample_of(const char *loops, const char *members)
{
    static const char text[] =
        "{'time-ns':%u000000000,'sequence':%u,'pid':7,"
        "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000,"
        "'loops':[%s]%s%s}";
    const char *comma = *members ? "," : "";
    g_autofree char *before =
        g_strdup_printf(text, 399, 399,
                        "{'name':'main-loop','thread-id':7,'since-ns':1,"
                        "'iterations':0,'dispatches':0,'dispatch-ns':0,"
                        "'bql-wait-ns':0},{'name':'io0','thread-id':8,"
                        "'since-ns':1,'iterations':0,'dispatches':0,"
                        "'dispatch-ns':0,'bql-wait-ns':0}",
                        "", "");
    g_autofree char *now =
        g_strdup_printf(text, 400, 400, loops, comma, members);
    g_autoptr(AiotopSnapshot) first = parse(before);
    g_autoptr(AiotopSnapshot) second = parse_after(first, now);

    return aiotop_sample_new(first, second);
}

/* The line, which must begin with @word, and have all of @words */
char *expect(const AiotopSample *sample, const AiotopCheck *check,
             AiotopCheckStatus status, const char *words)
{
    static const char *const names[] = { "OK", "WARNING", "CRITICAL",
                                         "UNKNOWN" };
    g_autofree char *head = g_strdup_printf("QEMU-AIOTOP %s - ", names[status]);
    g_auto(GStrv) parts = g_strsplit(words, "&", -1);
    GString *line = g_string_new(NULL);
    g_auto(AiotopCheckResult) result = { 0 };
    const char *bar;

    aiotop_check_run(&result, sample, check);
    aiotop_format_check(line, sample, check, &result);
    g_test_message("%s", line->str);
    g_assert_cmpint(result.status, ==, status);
    g_assert_true(g_str_has_prefix(line->str, head));
    g_assert_true(strchr(line->str, '\n') == line->str + line->len - 1);
    bar = strchr(line->str, '|');
    g_assert_nonnull(bar);
    g_assert_true(strrchr(line->str, '|') == bar);
    for (unsigned i = 0; parts[i]; i++) {
        g_test_message("\"%s\"?", parts[i]);
        g_assert_nonnull(strstr(line->str, parts[i]));
    }
    return g_string_free(line, FALSE);
}

void check_line(const AiotopSample *sample, const AiotopCheck *check,
                AiotopCheckStatus status, const char *words)
{
    g_free(expect(sample, check, status, words));
}

void set_threshold(AiotopCheck *check, AiotopCheckStatus level,
                   const char *text)
{
    g_autoptr(GError) error = NULL;

    aiotop_check_set_threshold(check, level, text, &error);
    g_assert_no_error(error);
}
