/*
 * What users type to filter or to search
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/pattern.h"

#include <stdbool.h>
#include <string.h>

/* \W and the like are no letters */
static bool has_capital(const char *pattern)
{
    for (const char *p = pattern; *p; p = g_utf8_next_char(p)) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (g_unichar_isupper(g_utf8_get_char(p))) {
            return true;
        }
    }
    return false;
}

/*
 * GLib says "Error while compiling regular expression PATTERN at char N:
 * REASON", and the reason is cut first where there is little room
 */
static void explain(GError **error, const char *message)
{
    const char *reason = g_strrstr(message, ": ");
    const char *digits = reason;

    while (digits && digits > message && g_ascii_isdigit(digits[-1])) {
        digits--;
    }
    if (digits && digits < reason) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s at character %.*s", reason + strlen(": "),
                    (int)(reason - digits), digits);
    } else {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "bad regular expression: %s", message);
    }
}

GRegex *aiotop_pattern_new(const char *pattern, GError **error)
{
    GRegexCompileFlags flags = G_REGEX_OPTIMIZE;
    g_autoptr(GError) cause = NULL;
    GRegex *regex;

    if (!g_utf8_validate(pattern, -1, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "a regular expression must be UTF-8");
        return NULL;
    }
    if (!has_capital(pattern)) {
        flags |= G_REGEX_CASELESS;
    }
    regex = g_regex_new(pattern, flags, 0, &cause);
    if (!regex) {
        explain(error, cause->message);
    }
    return regex;
}
