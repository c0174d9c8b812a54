/*
 * What the fuzz targets share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>
#include <json-c/json.h>
#include <qemu-aiotop/format/awaited.h>
#include <qemu-aiotop/format/diagnosis.h>
#include <qemu-aiotop/format/stalls.h>
#include <qemu-aiotop/format/check.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/format/sample.h>

bool fuzz_next_part(const uint8_t **data, size_t *size, FuzzPart *part)
{
    const uint8_t *end;

    if (!*size) {
        return false;
    }
    end = memchr(*data, FUZZ_SEPARATOR, *size);
    part->text = (const char *)*data;
    part->len = end ? (size_t)(end - *data) : *size;
    *data += part->len + !!end;
    *size -= part->len + !!end;
    return true;
}

void fuzz_init(void)
{
    char name[] = "fuzz";
    char *words[] = { name, NULL };
    char **argv = words;
    int argc = 1;

    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    g_setenv("G_TEST_SRCDIR", DATA_DIR, true);
    g_test_init(&argc, &argv, NULL);
}

void fuzz_check_text(const GString *text, bool ascii)
{
    g_assert_true(g_utf8_validate(text->str, text->len, NULL));
    for (const char *at = text->str; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_assert_true(c == '\n' || !g_unichar_iscntrl(c));
        g_assert_true(!ascii || c < 0x80);
    }
}

/* One complete object, and the end of its line */
static void check_json(const GString *text)
{
    struct json_tokener *tokener = json_tokener_new();
    json_object *tree;

    g_assert_true(g_utf8_validate(text->str, text->len, NULL));
    g_assert_true(strchr(text->str, '\n') == text->str + text->len - 1);
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    tree = json_tokener_parse_ex(tokener, text->str, text->len);
    g_assert_nonnull(tree);
    json_object_put(tree);
    json_tokener_free(tokener);
}

/* Records that end as RFC 4180 says, and quotes that end */
static void check_csv(GString *text)
{
    unsigned quotes = 0;

    g_assert_true(!text->len || g_str_has_suffix(text->str, "\r\n"));
    g_string_replace(text, "\r\n", "\n", 0);
    fuzz_check_text(text, false);
    for (gsize i = 0; i < text->len; i++) {
        quotes += text->str[i] == '"';
    }
    g_assert_cmpuint(quotes % 2, ==, 0);
}

static void write_text(const AiotopSample *sample, const AiotopQuery *query,
                       const AiotopTextStyle *style)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_text(out, sample, query, style);
    aiotop_format_text_stalls(out, sample, style->ascii);
    aiotop_format_text_awaited(out, sample, aiotop_awaited_tables, style);
    aiotop_format_text_awaited(out, sample, aiotop_thread_tables, style);
    fuzz_check_text(out, style->ascii);
}

static void write_csv(const AiotopSample *sample, const AiotopQuery *query)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_csv_head(out, query);
    aiotop_format_csv(out, sample, query);
    check_csv(out);
    g_string_truncate(out, 0);
    aiotop_format_csv_stalls(out, sample);
    check_csv(out);
    g_string_truncate(out, 0);
    aiotop_format_csv_awaited(out, sample, aiotop_awaited_tables);
    check_csv(out);
}

static void write_json(const AiotopSample *sample, const AiotopQuery *query)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_json(out, sample, query);
    check_json(out);
    g_string_truncate(out, 0);
    aiotop_format_json_stalls(out, sample);
    check_json(out);
}

static void write_diagnosis(const AiotopSample *sample,
                            const AiotopTextStyle *style, AiotopSurface surface)
{
    AiotopDiagnoseOptions options = { .surface = surface };
    g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_cmpuint(findings->len, >, 0);
    aiotop_format_text_diagnosis(out, sample, findings, style);
    fuzz_check_text(out, style->ascii);
    g_string_truncate(out, 0);
    aiotop_format_json_diagnosis(out, sample, findings, NULL);
    check_json(out);
}

static void write_check(const AiotopSample *sample, bool thresholds)
{
    g_auto(AiotopCheckResult) result = { 0 };
    g_autoptr(GString) out = g_string_new(NULL);
    AiotopCheck check = { .since_ns = 60 * UINT64_C(1000000000) };

    for (unsigned i = 0; thresholds && i < AIOTOP_N_METRICS; i++) {
        g_autofree char *text =
            g_strdup_printf("%s=1:20", aiotop_metrics[i].name);
        g_autoptr(GError) error = NULL;

        aiotop_check_set_threshold(&check, AIOTOP_CHECK_WARNING, text, &error);
        g_assert_no_error(error);
    }
    aiotop_check_run(&result, sample, &check);
    aiotop_format_check(out, sample, &check, &result);
    fuzz_check_text(out, false);
    g_assert_true(strchr(out->str, '\n') == out->str + out->len - 1);
}

void fuzz_write(const AiotopSample *sample)
{
    for (unsigned i = 0; i < 2; i++) {
        const AiotopTextStyle style = { .ascii = i };
        g_auto(AiotopQuery) query;

        aiotop_query_init(&query);
        query.silent = i;
        query.exact = i;
        write_text(sample, &query, &style);
        write_csv(sample, &query);
        write_json(sample, &query);
        write_diagnosis(sample, &style,
                        i ? AIOTOP_SURFACE_SCREEN
                          : AIOTOP_SURFACE_COMMAND_LINE);
        write_check(sample, i);
    }
}

static char *directory;

static void remove_directory(void)
{
    g_autofree char *command = g_strdup_printf("rm -rf %s", directory);

    g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
}

char *fuzz_directory(void)
{
    g_autofree char *template = g_strdup("/dev/shm/aiotop-fuzz-XXXXXX");

    directory = g_mkdtemp(template)
                    ? g_steal_pointer(&template)
                    : g_dir_make_tmp("aiotop-fuzz-XXXXXX", NULL);
    g_assert_nonnull(directory);
    atexit(remove_directory);
    return directory;
}

void fuzz_write_file(const char *path, const FuzzPart *part)
{
    int fd;

    if (!part) {
        unlink(path);
        return;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, part->text, part->len), ==, part->len);
    close(fd);
}
