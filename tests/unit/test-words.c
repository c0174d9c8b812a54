/*
 * The words of the diagnosis: each kind of each class, on each surface
 *
 * Whole texts are in tests/data/diagnosis.text, so that a changed word shows
 * in a diff; they change only with AIOTOP_UPDATE_GOLDENS=1 in the
 * environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/diagnose/note.h>

#include "quoted.h"
#include "words-cases.h"

/* Two snapshots, at 10 s and 11 s of the clock; the threshold is 100 ms */
#define HEAD(seconds)                                                          \
    "{'time-ns':" #seconds "000000000,'sequence':" #seconds ",'pid':7,"        \
    "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000,"

static const struct {
    const WordsCase *cases;
    const unsigned *n;
} tables[] = {
    { words_stuck, &n_words_stuck },
    { words_load, &n_words_load },
    { words_well, &n_words_well },
    { words_awaited, &n_words_awaited },
};

static unsigned n_cases(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        n += *tables[i].n;
    }
    return n;
}

static const WordsCase *case_of(unsigned i)
{
    unsigned table = 0;

    for (; i >= *tables[table].n; table++) {
        i -= *tables[table].n;
    }
    return &tables[table].cases[i];
}

static AiotopSample *make_sample(unsigned i)
{
    static const char first[] =
        HEAD(10) "'loops':[" LOOP("main-loop", 7, "") "," LOOP(
            "iothread0", 8, "") "],"
                                "'bql':{'threads':[{'name':'a','thread-id':9,'"
                                "wait-ns':700000000}]}}";
    g_autofree char *second = g_strdup_printf(
        HEAD(11) "'loops':[%s]%s}", case_of(i)->loops, case_of(i)->members);
    g_autoptr(AiotopSnapshot) before = parse(first);
    g_autoptr(AiotopSnapshot) now = parse_after(before, second);
    AiotopSample *sample = aiotop_sample_new(before, now);

    if (case_of(i)->change) {
        case_of(i)->change(sample);
    }
    return sample;
}

static void append_findings(GString *out, const AiotopSample *sample)
{
    g_autoptr(GPtrArray) command_line = aiotop_diagnose(
        sample,
        &(AiotopDiagnoseOptions){ .surface = AIOTOP_SURFACE_COMMAND_LINE });
    g_autoptr(GPtrArray) screen = aiotop_diagnose(
        sample, &(AiotopDiagnoseOptions){ .surface = AIOTOP_SURFACE_SCREEN });

    g_assert_cmpuint(command_line->len, ==, screen->len);
    for (unsigned i = 0; i < screen->len; i++) {
        const AiotopFinding *a = command_line->pdata[i];
        const AiotopFinding *b = screen->pdata[i];

        /* What was seen is the same wherever it is read */
        g_assert_cmpint(a->id, ==, b->id);
        g_assert_cmpstr(a->evidence, ==, b->evidence);
        g_string_append_printf(out, "%s\n    %s\n    %s\n",
                               aiotop_classes[a->id].name, a->evidence,
                               a->next_step);
        if (strcmp(a->next_step, b->next_step) != 0) {
            g_string_append_printf(out, "    screen: %s\n", b->next_step);
        }
    }
}

static void test_golden(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "diagnosis.text", NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);

        g_string_append_printf(out, "%s== %s\n", i ? "\n" : "",
                               case_of(i)->title);
        append_findings(out, sample);
    }
    if (g_getenv("AIOTOP_UPDATE_GOLDENS")) {
        g_file_set_contents(path, out->str, -1, &error);
        g_assert_no_error(error);
    }
    g_file_get_contents(path, &golden, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(out->str, ==, golden);
}

/* What a surface does not have is not named there, whatever is found */
static void test_surfaces(void)
{
    static const char *const foreign[][3] = {
        [AIOTOP_SURFACE_COMMAND_LINE] = { "press ", "S lists", "this page" },
        [AIOTOP_SURFACE_SCREEN] = { "--stacks", "--stalls", "--diagnose" },
    };

    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);

        for (unsigned j = 0; j < G_N_ELEMENTS(foreign); j++) {
            AiotopDiagnoseOptions options = { .surface = j };
            g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

            for (unsigned k = 0; k < findings->len; k++) {
                const AiotopFinding *finding = findings->pdata[k];

                for (unsigned l = 0; l < G_N_ELEMENTS(foreign[j]); l++) {
                    g_assert_null(strstr(finding->next_step, foreign[j][l]));
                    g_assert_null(strstr(finding->evidence, foreign[j][l]));
                }
            }
        }
    }
}

/* Sentences: a capital or a name first, a full stop last, nothing doubled */
static void check_sentences(const char *text)
{
    static const char *const wrong[] = {
        "  ", " ,", " .", "..", ",.", ";.", ":.", "; I", "; T", "(null)", "nan",
    };

    g_test_message("%s", text);
    g_assert_true(g_str_has_suffix(text, "."));
    g_assert_false(g_ascii_isspace(*text));
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_null(strstr(text, wrong[i]));
    }
}

static void test_sentences(void)
{
    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);
        AiotopDiagnoseOptions options = { 0 };
        g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

        for (unsigned j = 0; j < findings->len; j++) {
            const AiotopFinding *finding = findings->pdata[j];

            check_sentences(finding->evidence);
            check_sentences(finding->next_step);
            g_assert_true(g_ascii_isupper(*finding->next_step) ||
                          *finding->next_step == '-');
        }
    }
}

/* No class is without words here */
static void test_all_classes(void)
{
    bool seen[AIOTOP_N_CLASSES] = { false };

    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);
        AiotopDiagnoseOptions options = { 0 };
        g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

        for (unsigned j = 0; j < findings->len; j++) {
            const AiotopFinding *finding = findings->pdata[j];

            seen[finding->id] = true;
        }
    }
    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        g_test_message("%s", aiotop_classes[i].name);
        g_assert_true(seen[i]);
    }
}

/* By the beginning of its name, and only if it needs one */
static void test_notes(void)
{
    const char *queue =
        aiotop_note_find("virtio_queue_host_notifier_aio_poll_ready");

    g_assert_nonnull(strstr(queue, "query-blockstats"));
    g_assert_true(queue == aiotop_note_find("virtio_queue_host_notifier_read"));
    g_assert_null(aiotop_note_find("virtio_queue_guest_notifier_read"));
    g_assert_null(aiotop_note_find("chr_read"));
    g_assert_null(aiotop_note_find(""));
    for (unsigned i = 0; aiotop_notes[i].prefix; i++) {
        check_sentences(aiotop_notes[i].text);
        g_assert_true(aiotop_note_find(aiotop_notes[i].prefix) ==
                      aiotop_notes[i].text);
    }
}

static void test_why_not_profiled(void)
{
    static const struct {
        AiotopUnprofiled why;
        const char *said;
    } cases[] = {
        { AIOTOP_UNPROFILED_SILENT, "/proc/7/cmdline, can't be read" },
        { AIOTOP_UNPROFILED_NO_SOCKET, "no socket with an address" },
        { AIOTOP_UNPROFILED_NOT_BUILT, "built without the profiler" },
        { AIOTOP_UNPROFILED_NO_MONITOR, "no QMP monitor on a socket to add" },
        { AIOTOP_UNPROFILED_LIBVIRT, "--enable 7 says how" },
        { AIOTOP_UNPROFILED_ADD, "add one with --enable 7" },
        { AIOTOP_UNPROFILED_PERHAPS_ADD, "perhaps: --enable 7, if" },
    };

    g_assert_null(aiotop_missing_profile(AIOTOP_UNPROFILED_NO_REASON, 7));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = aiotop_missing_profile(cases[i].why, 7);

        g_assert_nonnull(strstr(text, cases[i].said));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/golden", test_golden);
    g_test_add_func("/words/surfaces", test_surfaces);
    g_test_add_func("/words/sentences", test_sentences);
    g_test_add_func("/words/all-classes", test_all_classes);
    g_test_add_func("/words/notes", test_notes);
    g_test_add_func("/words/why-not-profiled", test_why_not_profiled);
    return g_test_run();
}
