/*
 * Ranges of monitoring plug-ins, and times as people write them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>

#include <qemu-aiotop/text/duration.h>
#include <qemu-aiotop/text/range.h>

static void test_durations(void)
{
    static const struct {
        const char *text;
        double seconds;
    } good[] = {
        { "90s", 90 },     { "5m", 300 },
        { "1h", 3600 },    { "2d", 172800 },
        { "500ms", 0.5 },  { "0.5", 0.5 },
        { ".5", 0.5 },     { "5.", 5 },
        { "20us", 20e-6 }, { "7ns", 7e-9 },
        { "0", 0 },        { "-1s", -1 },
        { "+3", 3 },       { "1000000000000", 1e12 },
    };
    static const char *const bad[] = {
        "",
        "s",
        "x",
        "1x",
        "1 s",
        "1e3",
        "inf",
        "nan",
        "0x5",
        "1..",
        ".",
        "--1",
        "1s1",
        "5min",
        "-",
        "1,5",
        "1000000000001",
        "-1000000000001",
        "1.2.3",
    };
    double seconds;

    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
        g_test_message("%s", good[i].text);
        g_assert_true(aiotop_duration_parse(good[i].text, &seconds));
        g_assert_cmpfloat_with_epsilon(seconds, good[i].seconds, 1e-12);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_false(aiotop_duration_parse(bad[i], &seconds));
    }
}

typedef struct Case {
    const char *text;
    AiotopRangeUnit unit;
    /* As performance data have it */
    const char *shown;
    /* Values that alert, and that do not; NAN ends them */
    double alerts[4];
    double quiet[4];
} Case;

#define T AIOTOP_RANGE_TIME
#define S AIOTOP_RANGE_SHARE

static void test_ranges(void)
{
    static const Case cases[] = {
        { "10", S, "10", { -0.1, 10.1, NAN }, { 0, 10, NAN } },
        { "10%", S, "10", { 10.1, NAN }, { 10, NAN } },
        { "0", S, "0", { 0.1, -0.1, NAN }, { 0, NAN } },
        { "10:", S, "10:", { 9.9, -1, NAN }, { 10, 1e9, NAN } },
        { "~:10", S, "~:10", { 10.1, NAN }, { 10, -1e9, NAN } },
        { "10:20", S, "10:20", { 9.9, 20.1, NAN }, { 10, 20, NAN } },
        { "@10:20", S, "@10:20", { 10, 15, 20, NAN }, { 9.9, 20.1, NAN } },
        { "@10", S, "@10", { 0, 10, NAN }, { -0.1, 10.1, NAN } },
        { "-20:-10", S, "-20:-10", { -21, -9, NAN }, { -20, -10, NAN } },
        { "~:", S, "~:", { NAN }, { -1e9, 1e9, NAN } },
        { ":", S, "0:", { -1, NAN }, { 0, 1e9, NAN } },
        { "@~:0", S, "@~:0", { 0, -1, NAN }, { 0.1, NAN } },
        { "7:7", S, "7:7", { 6.9, 7.1, NAN }, { 7, NAN } },
        { "10ms", T, "0.01", { 0.0101, NAN }, { 0.01, 0, NAN } },
        { "2.5", T, "2.5", { 2.6, NAN }, { 2.5, NAN } },
        { "20us:1m", T, "0.00002:60", { 0.00001, 61, NAN }, { 60, NAN } },
        { "@5ns:~", T, NULL, { NAN }, { NAN } },
        { "100ns", T, "0.0000001", { 2e-7, NAN }, { 1e-7, NAN } },
    };
    static const char *const bad[] = {
        "",       "@",   "x",    "10:x", "x:10", "20:10", "-1",
        "10::20", "1e3", "10:~", "~",    "inf",  "nan",   "10s",
        "10%%",   "@@1", " 10",  "10 ",  "0x1",  "~~:1",  "1:2:3",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        g_autoptr(GString) shown = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        AiotopRange range;

        g_test_message("%s", c->text);
        if (!c->shown) {
            g_assert_false(aiotop_range_parse(&range, c->text, c->unit, NULL));
            continue;
        }
        g_assert_true(aiotop_range_parse(&range, c->text, c->unit, &error));
        g_assert_no_error(error);
        aiotop_range_append(shown, &range);
        g_assert_cmpstr(shown->str, ==, c->shown);
        for (unsigned j = 0; !isnan(c->alerts[j]); j++) {
            g_assert_true(aiotop_range_alerts(&range, c->alerts[j]));
        }
        for (unsigned j = 0; !isnan(c->quiet[j]); j++) {
            g_assert_false(aiotop_range_alerts(&range, c->quiet[j]));
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        AiotopRange range;

        g_test_message("%s", bad[i]);
        g_assert_false(aiotop_range_parse(&range, bad[i], S, &error));
        g_assert_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        g_assert_nonnull(strstr(error->message, "is no range: 10, 10:, "));
    }
}

/* No exponent, no comma, no zeros that say nothing */
static void test_numbers(void)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        { 0, "0" },         { 10, "10" },          { 100, "100" },
        { 0.5, "0.5" },     { 12e-6, "0.000012" }, { 1e12, "1000000000000" },
        { -1.25, "-1.25" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        aiotop_range_append_number(out, cases[i].number);
        g_assert_cmpstr(out->str, ==, cases[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/duration/parse", test_durations);
    g_test_add_func("/range/parse-and-alert", test_ranges);
    g_test_add_func("/range/numbers", test_numbers);
    return g_test_run();
}
