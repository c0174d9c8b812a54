/*
 * What options were given
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "argument.h"

#include <qemu-aiotop/text/duration.h>

GPtrArray *arguments_keep(const GOptionEntry *entries)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);

    for (const GOptionEntry *entry = entries; entry->long_name; entry++) {
        if (entry->arg == G_OPTION_ARG_FILENAME) {
            g_ptr_array_add(kept, *(char **)entry->arg_data);
        } else if (entry->arg == G_OPTION_ARG_FILENAME_ARRAY) {
            char **texts = *(char ***)entry->arg_data;

            g_ptr_array_add(kept, texts);
            for (unsigned i = 0; texts && texts[i]; i++) {
                g_ptr_array_add(kept, texts[i]);
            }
        }
    }
    return kept;
}

bool argument_number(guint64 *number, const char *text, const char *option,
                     int most, GError **error)
{
    if (text && !g_ascii_string_to_unsigned(text, 10, 1, most, number, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s needs a whole number from 1 to %d, not \"%s\"", option,
                    most, text);
        return false;
    }
    return true;
}

bool argument_seconds(double *seconds, const char *text, const char *option,
                      double least, double most, GError **error)
{
    if (text && (!aiotop_duration_parse(text, seconds) || *seconds < least ||
                 *seconds > most)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s needs seconds, %g to %g, or a time as 500ms, not"
                    " \"%s\"",
                    option, least, most, text);
        return false;
    }
    return true;
}

/* GLib has a character in it that not every terminal can show */
char *argument_help(GOptionContext *context)
{
    g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
    g_auto(GStrv) parts = g_strsplit(help, "\342\200\246", -1);

    return g_strjoinv("...", parts);
}
