/*
 * Makes the manual page: its template, with the tables of keys, columns,
 * marks, notes, classes and metrics put in where "@NAME@" stands on a line
 *
 * Run when the program is built, so that the manual says what there is.
 * usage: manual TEMPLATE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/diagnose/marks.h>
#include <qemu-aiotop/diagnose/note.h>
#include <qemu-aiotop/table/awaited.h>
#include <qemu-aiotop/table/vms.h>

#include "state/bindings.h"

/* As text of roff: no hyphen is a dash, no line begins a request */
static void append_text(GString *out, const char *text)
{
    for (; *text; text++) {
        /* Roff's own; no text has one, and if one has, the build says so */
        g_assert(*text != '\\');
        if (*text == '-') {
            g_string_append(out, "\\-");
        } else {
            if (strchr(".'", *text) &&
                (!out->len || out->str[out->len - 1] == '\n')) {
                g_string_append(out, "\\&");
            }
            g_string_append_c(out, *text);
        }
    }
}

static void append_entry(GString *out, const char *name, const char *text)
{
    g_string_append(out, ".TP\n.B \"");
    append_text(out, name);
    g_string_append(out, "\"\n");
    append_text(out, text);
    g_string_append(out, g_str_has_suffix(text, ".") ? "\n" : ".\n");
}

static void append_keys(GString *out)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        g_autofree char *names = binding_keys(&key_bindings[i]);

        append_entry(out, names, key_bindings[i].help);
    }
}

static void append_columns(GString *out, const AiotopTable *table)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        const AiotopColumn *column = &table->columns[i];
        g_autofree char *title =
            g_strdup_printf("%s (%s)", column->name, column->header);

        append_entry(out, title, column->help);
    }
}

/* These are not chosen by name: what tells them is their name in JSON */
static void append_awaited_columns(GString *out, const AiotopTable *table)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        const AiotopColumn *column = &table->columns[i];
        g_autofree char *title =
            g_strdup_printf("%s (%s)", column->header, column->key);

        append_entry(out, title, column->help);
    }
}

/* "@NAME-columns@"; false if there is no such table */
static bool append_awaited(GString *out, const char *line)
{
    const AiotopTable *const *const groups[] = { aiotop_awaited_tables,
                                                 aiotop_thread_tables };

    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (unsigned j = 0; groups[i][j]; j++) {
            g_autofree char *name =
                g_strdup_printf("@%s-columns@", groups[i][j]->name);

            if (strcmp(line, name) == 0) {
                append_awaited_columns(out, groups[i][j]);
                return true;
            }
        }
    }
    return false;
}

static void append_marks(GString *out)
{
    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        append_entry(out, aiotop_marks[i].word, aiotop_marks[i].help);
    }
}

static void append_notes(GString *out)
{
    for (unsigned i = 0; aiotop_notes[i].prefix; i++) {
        append_entry(out, aiotop_notes[i].title, aiotop_notes[i].text);
    }
}

static void append_classes(GString *out)
{
    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        append_entry(out, aiotop_classes[i].name, aiotop_classes[i].help);
    }
}

/*
 * The names of those that something is stuck of, or that only warn, each
 * followed by a comma
 */
static void append_alerts(GString *out, bool stuck)
{
    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        if (aiotop_classes[i].warns && aiotop_classes[i].stuck == stuck) {
            g_string_append(out, ".BR ");
            append_text(out, aiotop_classes[i].name);
            g_string_append(out, " ,\n");
        }
    }
}

static void append_verdicts(GString *out)
{
    for (unsigned i = 0; i < AIOTOP_N_VERDICTS; i++) {
        append_entry(out, aiotop_verdict_word(i), aiotop_verdict_help(i));
    }
}

static void append_host_causes(GString *out)
{
    for (unsigned i = 0; i < AIOTOP_N_HOST_CAUSES; i++) {
        append_entry(out, aiotop_host_cause_name(i), aiotop_host_cause_help(i));
    }
}

static void append_metrics(GString *out)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        append_entry(out, aiotop_metrics[i].name, aiotop_metrics[i].help);
    }
}

static void append_line(GString *out, const char *line)
{
    if (strcmp(line, "@keys@") == 0) {
        append_keys(out);
    } else if (strcmp(line, "@loop-columns@") == 0) {
        append_columns(out, &aiotop_loop_table);
    } else if (strcmp(line, "@source-columns@") == 0) {
        append_columns(out, &aiotop_source_table);
    } else if (strcmp(line, "@vm-columns@") == 0) {
        append_columns(out, &aiotop_vm_table);
    } else if (strcmp(line, "@host-causes@") == 0) {
        append_host_causes(out);
    } else if (strcmp(line, "@verdicts@") == 0) {
        append_verdicts(out);
    } else if (strcmp(line, "@marks@") == 0) {
        append_marks(out);
    } else if (strcmp(line, "@notes@") == 0) {
        append_notes(out);
    } else if (strcmp(line, "@classes@") == 0) {
        append_classes(out);
    } else if (strcmp(line, "@stuck@") == 0) {
        append_alerts(out, true);
    } else if (strcmp(line, "@warning@") == 0) {
        append_alerts(out, false);
    } else if (strcmp(line, "@metrics@") == 0) {
        append_metrics(out);
    } else if (!append_awaited(out, line)) {
        g_string_append_printf(out, "%s\n", line);
    }
}

int main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: manual TEMPLATE\n");
        return EXIT_FAILURE;
    }
    if (!g_file_get_contents(argv[1], &text, NULL, &error)) {
        fprintf(stderr, "manual: %s\n", error->message);
        return EXIT_FAILURE;
    }
    lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        append_line(out, lines[i]);
    }
    return fputs(out->str, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE
                                                         : EXIT_SUCCESS;
}
