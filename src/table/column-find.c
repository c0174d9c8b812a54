/*
 * Columns by what users call them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/columns.h"

#include <string.h>

#define LOOP_PREFIX "loop."

typedef bool Matches(const AiotopColumn *column, const char *text);

static bool has_name(const AiotopColumn *column, const char *text)
{
    return strcmp(column->name, text) == 0;
}

static bool has_key(const AiotopColumn *column, const char *text)
{
    return strcmp(column->key, text) == 0;
}

static bool has_header(const AiotopColumn *column, const char *text)
{
    return g_ascii_strcasecmp(column->header, text) == 0;
}

static const AiotopColumn *find(const AiotopTable *table, Matches *matches,
                                const char *text)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (matches(&table->columns[i], text)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* How many characters differ, as far as 255 of them; case does not matter */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[256];
    unsigned len = MIN(strlen(b), G_N_ELEMENTS(row) - 1);

    for (unsigned j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= len; j++) {
            unsigned change = diagonal + (g_ascii_tolower(a[i - 1]) !=
                                          g_ascii_tolower(b[j - 1]));

            diagonal = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

/* The one whose name, key or head is most like @text; NULL if none is */
static char *find_nearest(const char *text, bool of_loops)
{
    const AiotopTable *const tables[] = {
        of_loops ? &aiotop_loop_table : &aiotop_source_table,
        of_loops ? &aiotop_source_table : &aiotop_loop_table,
    };
    unsigned least = MIN(strlen(text) / 2, 3) + 1;
    const AiotopColumn *nearest = NULL;
    const AiotopTable *nearest_table = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned j = 0; j < tables[i]->n_columns; j++) {
            const AiotopColumn *column = &tables[i]->columns[j];
            unsigned d = MIN(distance(text, column->name),
                             MIN(distance(text, column->key),
                                 distance(text, column->header)));

            if (d < least) {
                least = d;
                nearest = column;
                nearest_table = tables[i];
            }
        }
    }
    return nearest ? g_strconcat(
                         nearest_table == &aiotop_loop_table ? LOOP_PREFIX : "",
                         nearest->name, NULL)
                   : NULL;
}

bool aiotop_is_record_field(const char *text)
{
    g_auto(GStrv) names = g_strsplit(AIOTOP_RECORD_FIELDS, ",", -1);

    return g_strv_contains((const char *const *)names, text);
}

static void explain(GError **error, const char *text, bool of_loops)
{
    g_autofree char *nearest = find_nearest(text, of_loops);

    if (!of_loops && aiotop_is_record_field(text)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is of a whole sample, and no column to sort by: -s"
                    " help lists those",
                    text);
        return;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "no column \"%s\"%s%s%s%s: -s help lists all", text,
                of_loops ? " of loops" : "", nearest ? "; perhaps \"" : "",
                nearest ? nearest : "", nearest ? "\"" : "");
}

const AiotopColumn *aiotop_column_find(const char *text,
                                       const AiotopTable **table,
                                       GError **error)
{
    static Matches *const ways[] = { has_name, has_key, has_header };
    bool of_loops = g_str_has_prefix(text, LOOP_PREFIX);
    const AiotopColumn *column;

    text += of_loops ? strlen(LOOP_PREFIX) : 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(ways) && !of_loops; i++) {
        column = find(&aiotop_source_table, ways[i], text);
        if (column) {
            *table = &aiotop_source_table;
            return column;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        column = find(&aiotop_loop_table, ways[i], text);
        if (column) {
            *table = &aiotop_loop_table;
            return column;
        }
    }
    explain(error, text, of_loops);
    return NULL;
}
