/*
 * Metrics as text: its form, exemplars, names, and its document
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/format/openmetrics.h>
#include <qemu-aiotop/text/label.h>

#include "quoted.h"
#include "vm-metrics.h"

static void test_form(void)
{
    g_autoptr(Vm) one = vm_new("a", "");
    g_autoptr(Vm) two = vm_new("b", "");
    const AiotopMetricsVm vms[] = { one->metrics, two->metrics };

    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        for (unsigned n = 0; n <= 2; n++) {
            g_autofree char *text = format(vms, n, i);

            check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
        }
    }
}

/* What a family of each type is called in its head */
static void test_types(void)
{
    g_autoptr(Vm) vm = vm_new("a", "'stall-count':3");
    g_autofree char *classic = format(&vm->metrics, 1, AIOTOP_METRICS_CLASSIC);
    g_autofree char *open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    expect(classic, "# TYPE qemu_aiotop_stalls_total counter\n"
                    "# TYPE qemu_aiotop_vm_info gauge\n"
                    "# TYPE qemu_aiotop_verdict gauge\n"
                    "# TYPE qemu_aiotop_up gauge\n"
                    "# TYPE qemu_aiotop_loop_dispatch_delay_seconds histogram");
    expect(open, "# TYPE qemu_aiotop_stalls counter\n"
                 "# TYPE qemu_aiotop_vm info\n"
                 "# TYPE qemu_aiotop_verdict stateset\n"
                 "# TYPE qemu_aiotop_up gauge\n"
                 "# TYPE qemu_aiotop_loop_time_seconds counter\n"
                 "# UNIT qemu_aiotop_loop_time_seconds seconds\n"
                 "# TYPE qemu_aiotop_loop_dispatch_delay_seconds histogram");
    g_assert_null(strstr(classic, "# UNIT"));
    g_assert_null(strstr(classic, "# EOF"));
}

static void test_exporter(void)
{
    g_autoptr(Vm) vm = vm_new("a", "");

    expect_in_both(vm, "qemu_aiotop_exporter_info{version='0.1'} 1\n"
                       "qemu_aiotop_vms 1\n"
                       "qemu_aiotop_vms_left_out 2\n"
                       "qemu_aiotop_exporter_renderings_total 3\n"
                       "qemu_aiotop_exporter_rendering_seconds_total "
                       "0.000000001\n"
                       "qemu_aiotop_exporter_cpu_seconds_total 1.23\n"
                       "qemu_aiotop_exporter_resident_memory_bytes 4096");
}

/* --- Exemplars --- */

#define STALL(members)                                                         \
    "'stall-count':9,'stalls':[{'id':4,'loop':'l','start-ns':1,"               \
    "'duration-ns':2},{'id':5," members                                        \
    "'start-ns':12000000000,'duration-ns':250000000}"                          \
    ",{'id':6,'loop':'l','start-ns':14000000000,'duration-ns':1000000000,"     \
    "'ongoing':true}]"

static void test_exemplar(void)
{
    g_autoptr(Vm) vm = vm_new(
        "a",
        STALL("'loop':'main-loop','kind':'bh','name':'f\\\"','label':'vd0',"
              "'cause':'dispatch',"));
    g_autofree char *classic = NULL, *open = NULL;

    classic = format(&vm->metrics, 1, AIOTOP_METRICS_CLASSIC);
    open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);
    expect(classic, "qemu_aiotop_stalls_total{vm='a'} 9");
    g_assert_null(strstr(classic, " # {"));
    g_test_message("%s", strstr(open, "stalls_total"));
    g_assert_nonnull(
        strstr(open, "qemu_aiotop_stalls_total{vm=\"a\"} 9 # {stall_id=\"5\","
                     "loop=\"main-loop\",callback=\"bh f\\\" vd0\"} 0.25 "
                     "1699999997.25\n"));
    check_form(open, true);
}

/* Told again in another sample, read later, it has ended when it did */
static void test_exemplar_told_again(void)
{
    g_autoptr(Vm) vm = vm_new("a", STALL("'loop':'l','cause':'dispatch',"));
    g_autoptr(AiotopSnapshot) again =
        parse("{'sequence':20,'time-ns':20000000000,'pid':7,"
              "'profiling-since-ns':1000000000,'loops':[]," STALL(
                  "'loop':'l','cause':'dispatch',") "}");
    g_autofree char *open = NULL;

    vm->metrics.sample = aiotop_sample_new(vm->sample->now, again);
    aiotop_sample_free(vm->sample);
    vm->sample = (AiotopSample *)vm->metrics.sample;
    /* 5 s in the other one's time, and 6 s in ours */
    vm->sample->real_time_us = 1700000006000000;
    aiotop_ledger_update(vm->ledger, vm->sample, UINT64_C(21000000000));
    open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);
    g_test_message("%s", strstr(open, "stalls_total"));
    g_assert_nonnull(strstr(open, "} 0.25 1699999997.25\n"));
}

static void test_exemplar_of_a_wait(void)
{
    g_autoptr(Vm) vm =
        vm_new("a", STALL("'loop':'main-loop','cause':'bql-wait',"));
    g_autofree char *open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    g_assert_nonnull(strstr(open, "callback=\"bql-wait\"} 0.25 "));
}

/* Names and values together, as characters */
static gsize exemplar_length(const char *text)
{
    const char *at = strstr(text, " # {") + 4;
    const char *end = strstr(at, "} ");
    g_autofree char *labels = g_strndup(at, end - at);
    g_auto(GStrv) parts = g_strsplit(labels, "\"", -1);
    gsize n = 0;

    for (unsigned i = 0; parts[i]; i++) {
        n += g_utf8_strlen(parts[i], -1);
        n -= i % 2 == 0 && *parts[i] ? strspn(parts[i], ",") + 1 : 0;
    }
    return n;
}

static void test_exemplar_is_short(void)
{
    g_autofree char *name = g_strnfill(1000, 'n');
    g_autofree char *members =
        g_strdup_printf(STALL("'loop':'%s','kind':'bh','name':'%s',"
                              "'cause':'dispatch',"),
                        name, name);
    g_autoptr(Vm) vm = vm_new("a", members);
    g_autofree char *open = format(&vm->metrics, 1, AIOTOP_METRICS_OPENMETRICS);

    g_assert_cmpuint(exemplar_length(open), <=, 128);
    check_form(open, true);
}

/* --- Names --- */

static void test_labels(void)
{
    static const struct {
        const char *text;
        const char *label;
    } cases[] = {
        { "plain", "plain" },
        { "", "" },
        { "a\"b\\c", "a\\\"b\\\\c" },
        { "a\nb\r\x1b[2J", "a\\\\nb\\\\x0d\\\\x1b[2J" },
        { "\xff\xfe", "\\\\xff\\\\xfe" },
        { "\303\244\342\200\256", "\303\244\\\\u{202e}" },
        { "} 1\n# EOF\n", "} 1\\\\n# EOF\\\\n" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *bound = aiotop_label_bound(cases[i].text);
        g_autoptr(GString) out = g_string_new(NULL);

        aiotop_label_append(out, bound);
        g_assert_cmpstr(out->str, ==, cases[i].label);
    }
}

static void test_long_labels(void)
{
    /* Of one, two and three bytes, so that each cut is in another place */
    for (unsigned i = 0; i < 6; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *bound = NULL;

        g_string_append_len(text, "xxxxxx", i);
        while (text->len < 4096) {
            g_string_append(text, i % 2 ? "\303\244" : "\346\225\260");
        }
        bound = aiotop_label_bound(text->str);
        g_assert_true(g_utf8_validate(bound, -1, NULL));
        g_assert_cmpuint(strlen(bound), <=, AIOTOP_LABEL_MAX);
        g_assert_cmpuint(strlen(bound), >, AIOTOP_LABEL_MAX - 4);
        g_assert_true(g_str_has_suffix(bound, "..."));
    }
    {
        g_autofree char *just = g_strnfill(AIOTOP_LABEL_MAX, 'x');
        g_autofree char *bound = aiotop_label_bound(just);

        g_assert_cmpstr(bound, ==, just);
    }
}

/* Whatever they are called, it is read as it was meant */
static void test_odd_names(void)
{
    static const char odd[] = "} 1\\n\\u0000\\\"\\\\,\\u202ex=\\n# EOF\\n";
    g_autofree char *members = g_strdup_printf(
        "'loops':[{'name':'%s','thread-id':7,'since-ns':1,'iterations':1,"
        "'state':'dispatching','state-since-ns':13000000000,"
        "'stack':[{'source-id':1,'since-ns':13000000000}],"
        "'sources':[{'id':1,'kind':'%s','name':'%s','label':'%s'}]}],"
        "'nodes':[{'node':'%s','device':'%s','in-flight':0,'stages':[]}],"
        "'qemu-version':'%s','build-id':'%s',"
        "'stall-count':1,'stalls':[{'id':1,'loop':'%s','kind':'%s',"
        "'name':'%s','label':'%s','cause':'%s','start-ns':1,"
        "'duration-ns':2}]",
        odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, "dispatch");
    g_auto(GStrv) parts = g_strsplit(members, "\\u0000", -1);
    g_autofree char *without_nul = g_strjoinv("", parts);
    g_autoptr(Vm) vm = vm_new("a", without_nul);

    vm->metrics.user = "} 1\n\"\\\xff";
    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_autofree char *text = format(&vm->metrics, 1, i);

        check_form(text, i == AIOTOP_METRICS_OPENMETRICS);
        g_assert_nonnull(strstr(text, ",user=\"} 1\\\\n\\\"\\\\\\\\xff\","));
        g_assert_nonnull(
            strstr(text, "loop=\"} 1\\\\n\\\"\\\\,\\\\u{202e}x=\\\\n# EOF"));
    }
}

/* --- The document --- */

static void test_document(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "../../docs/fleet.md", NULL);
    g_autofree char *document = NULL;
    g_autoptr(GError) error = NULL;
    AiotopMetricHelp help;
    unsigned n = 0;

    g_file_get_contents(path, &document, NULL, &error);
    g_assert_no_error(error);
    for (; aiotop_metric_help(n, &help); n++) {
        g_autofree char *name = help.name;
        g_auto(GStrv) labels = g_strsplit(help.labels, ",", -1);
        g_autofree char *listed = g_strjoinv(", ", labels);
        g_autofree char *line = g_strdup_printf("| `%s` | %s | %s | %s |", name,
                                                help.type, listed, help.help);

        g_test_message("%s", line);
        g_assert_true(has_line(document, line));
    }
    g_assert_cmpuint(n, >, 20);
}

/* Whether it is how the exporter writes a bound */
static bool is_bound(const char *le)
{
    for (unsigned i = 0; i < AIOTOP_LEDGER_BOUNDS; i++) {
        char text[32];

        g_snprintf(text, sizeof(text), "%.9f", aiotop_ledger_bound_ns(i) / 1e9);
        if (strcmp(text, le) == 0) {
            return true;
        }
    }
    return strcmp(le, "+Inf") == 0;
}

/* A rule for a bound that no histogram has never has anything to tell */
static void test_bounds_of_rules(void)
{
    static const char *const names[] = { "qemu-aiotop.rules.yml",
                                         "qemu-aiotop.test.yml",
                                         "qemu-aiotop-week.test.yml" };
    g_autoptr(GRegex) regex = g_regex_new("\\ble=\"([^\"]*)\"", 0, 0, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_test_build_filename(
            G_TEST_DIST, "../../contrib/prometheus", names[i], NULL);
        g_autofree char *text = NULL;
        g_autoptr(GMatchInfo) match = NULL;
        unsigned n = 0;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_regex_match(regex, text, 0, &match);
        for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
            g_autofree char *le = g_match_info_fetch(match, 1);

            g_test_message("%s: %s", names[i], le);
            g_assert_true(is_bound(le));
            n++;
        }
        g_assert_cmpuint(n, >, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openmetrics/form", test_form);
    g_test_add_func("/openmetrics/types", test_types);
    g_test_add_func("/openmetrics/exporter", test_exporter);
    g_test_add_func("/openmetrics/exemplar", test_exemplar);
    g_test_add_func("/openmetrics/exemplar-told-again",
                    test_exemplar_told_again);
    g_test_add_func("/openmetrics/exemplar-of-a-wait", test_exemplar_of_a_wait);
    g_test_add_func("/openmetrics/exemplar-is-short", test_exemplar_is_short);
    g_test_add_func("/openmetrics/labels", test_labels);
    g_test_add_func("/openmetrics/long-labels", test_long_labels);
    g_test_add_func("/openmetrics/odd-names", test_odd_names);
    g_test_add_func("/openmetrics/bounds-of-rules", test_bounds_of_rules);
    g_test_add_func("/openmetrics/document", test_document);
    return g_test_run();
}
