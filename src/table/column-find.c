/*
 * Columns by what users call them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/columns.h"

#include <string.h>

#include "qemu-aiotop/table/vm-columns.h"

/* Those of no prefix come last */
static const struct {
    const char *prefix;
    const AiotopTable *table;
} prefixes[] = {
    { "loop.", &aiotop_loop_table },
    { "vm.", &aiotop_vm_table },
    { "", &aiotop_source_table },
};

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

typedef struct Nearest {
    const AiotopColumn *column;
    const char *prefix;
    unsigned distance;
} Nearest;

static void look_for_nearest(Nearest *nearest, const char *text, unsigned table)
{
    for (unsigned i = 0; i < prefixes[table].table->n_columns; i++) {
        const AiotopColumn *column = &prefixes[table].table->columns[i];
        unsigned d = MIN(
            distance(text, column->name),
            MIN(distance(text, column->key), distance(text, column->header)));

        if (d < nearest->distance) {
            *nearest = (Nearest){ column, prefixes[table].prefix, d };
        }
    }
}

/*
 * The one whose name, key or head is most like @text, with its prefix; NULL if
 * none is.  Of QEMUs only where they are asked for.
 */
static char *find_nearest(const char *text, const AiotopTable *wanted)
{
    Nearest nearest = { .distance = MIN(strlen(text) / 2, 3) + 1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (prefixes[i].table == wanted) {
            look_for_nearest(&nearest, text, i);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (prefixes[i].table != &aiotop_vm_table &&
            wanted != &aiotop_vm_table) {
            look_for_nearest(&nearest, text, i);
        }
    }
    return nearest.column
               ? g_strconcat(nearest.prefix, nearest.column->name, NULL)
               : NULL;
}

bool aiotop_is_record_field(const char *text)
{
    g_auto(GStrv) names = g_strsplit(AIOTOP_RECORD_FIELDS, ",", -1);

    return g_strv_contains((const char *const *)names, text);
}

static void explain(GError **error, const char *text, const AiotopTable *wanted)
{
    g_autofree char *nearest = find_nearest(text, wanted);

    if (wanted == &aiotop_source_table && aiotop_is_record_field(text)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is of a whole sample, and no column to sort by: -s"
                    " help lists those",
                    text);
        return;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "no column \"%s\"%s%s%s%s: -s help lists all", text,
                wanted == &aiotop_loop_table ? " of loops"
                : wanted == &aiotop_vm_table ? " of VMs"
                                             : "",
                nearest ? "; perhaps \"" : "", nearest ? nearest : "",
                nearest ? "\"" : "");
}

/* By name, else as it is written by programs, else by its head */
static const AiotopColumn *find_any_way(const AiotopTable *table,
                                        const char *text)
{
    static Matches *const ways[] = { has_name, has_key, has_header };
    const AiotopColumn *column = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(ways) && !column; i++) {
        column = find(table, ways[i], text);
    }
    return column;
}

/* The table that @text is meant to be of, without its prefix then */
static const AiotopTable *table_of(const char **text)
{
    unsigned i = 0;

    while (!g_str_has_prefix(*text, prefixes[i].prefix)) {
        i++;
    }
    *text += strlen(prefixes[i].prefix);
    return prefixes[i].table;
}

const AiotopColumn *aiotop_column_find(const char *text,
                                       const AiotopTable **table,
                                       GError **error)
{
    const AiotopTable *wanted = table_of(&text);
    const AiotopColumn *column = find_any_way(wanted, text);

    *table = wanted;
    if (!column && wanted == &aiotop_source_table) {
        *table = &aiotop_loop_table;
        column = find_any_way(*table, text);
    }
    if (!column) {
        explain(error, text, wanted);
    }
    return column;
}
