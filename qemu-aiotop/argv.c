/*
 * Words of a command line as getopt knows them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "argv.h"

#include <stdbool.h>
#include <string.h>

typedef struct Walk {
    const GOptionEntry *entries;
    /* What is still to be read */
    char **next;
    GPtrArray *words;
    GError *error;
} Walk;

static void fail(Walk *walk, int code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void fail(Walk *walk, int code, const char *format, ...)
{
    va_list ap;

    if (!walk->error) {
        va_start(ap, format);
        walk->error = g_error_new_valist(G_OPTION_ERROR, code, format, ap);
        va_end(ap);
    }
}

static bool takes_value(const GOptionEntry *entry)
{
    return entry->arg != G_OPTION_ARG_NONE;
}

static const GOptionEntry *find_long(const Walk *walk, const char *name,
                                     gsize len)
{
    for (const GOptionEntry *entry = walk->entries; entry->long_name; entry++) {
        if (len && strlen(entry->long_name) == len &&
            strncmp(entry->long_name, name, len) == 0) {
            return entry;
        }
    }
    return NULL;
}

static const GOptionEntry *find_short(const Walk *walk, char name)
{
    for (const GOptionEntry *entry = walk->entries; entry->long_name; entry++) {
        if (entry->short_name && entry->short_name == name) {
            return entry;
        }
    }
    return NULL;
}

/* @value: NULL if it is the next word; @shown: as it was given */
static void add_option(Walk *walk, const GOptionEntry *entry, const char *value,
                       const char *shown)
{
    if (!takes_value(entry)) {
        if (value) {
            fail(walk, G_OPTION_ERROR_BAD_VALUE, "%s takes no value", shown);
        }
        g_ptr_array_add(walk->words, g_strconcat("--", entry->long_name, NULL));
        return;
    }
    if (!value && !*walk->next) {
        fail(walk, G_OPTION_ERROR_BAD_VALUE, "%s needs a value: %s", shown,
             entry->arg_description);
        return;
    }
    g_ptr_array_add(walk->words,
                    g_strconcat("--", entry->long_name, "=",
                                value ? value : *walk->next++, NULL));
}

static void read_long(Walk *walk, const char *word)
{
    const char *equals = strchr(word, '=');
    g_autofree char *shown =
        equals ? g_strndup(word, equals - word) : g_strdup(word);
    const GOptionEntry *entry = find_long(walk, shown + 2, strlen(shown + 2));

    if (entry) {
        add_option(walk, entry, equals ? equals + 1 : NULL, shown);
    } else {
        fail(walk, G_OPTION_ERROR_UNKNOWN_OPTION, "unknown option %s", shown);
    }
}

/* The rest of the word is the value of the first one that takes a value */
static void read_cluster(Walk *walk, const char *word)
{
    for (const char *p = word + 1; *p; p++) {
        const GOptionEntry *entry = find_short(walk, *p);
        const char shown[] = { '-', *p, '\0' };

        if (!entry) {
            /* One that is no letter is not taken apart */
            fail(walk, G_OPTION_ERROR_UNKNOWN_OPTION, "unknown option -%s",
                 g_ascii_isgraph(*p) ? shown + 1 : p);
            return;
        }
        if (takes_value(entry)) {
            add_option(walk, entry, p[1] ? p + 1 : NULL, shown);
            return;
        }
        add_option(walk, entry, NULL, shown);
    }
}

char **argv_normalize(const GOptionEntry *entries, char **argv, GError **error)
{
    Walk walk = {
        .entries = entries,
        .next = argv,
        .words = g_ptr_array_new(),
    };
    bool options = false;

    while (*walk.next) {
        const char *word = *walk.next++;

        if (options && strcmp(word, "--") == 0) {
            options = false;
            g_ptr_array_add(walk.words, g_strdup(word));
        } else if (options && g_str_has_prefix(word, "--")) {
            read_long(&walk, word);
        } else if (options && word[0] == '-' && word[1]) {
            read_cluster(&walk, word);
        } else {
            /* The first word is the program's name */
            options |= walk.words->len == 0;
            g_ptr_array_add(walk.words, g_strdup(word));
        }
    }
    g_ptr_array_add(walk.words, NULL);
    if (walk.error) {
        g_propagate_error(error, walk.error);
    }
    return (char **)g_ptr_array_free(walk.words, FALSE);
}
