/*
 * Times as people write them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/duration.h"

#include <glib.h>
#include <string.h>

#define LARGEST 1e12

bool aiotop_number_parse(const char *text, double *number, const char **end)
{
    gsize sign = strspn(text, "+-");
    gsize len = strspn(text + sign, "0123456789.");
    g_autofree char *copy = g_strndup(text, sign + len);
    char *stop;

    *number = g_ascii_strtod(copy, &stop);
    *end = text + sign + len;
    return len && !*stop && *number <= LARGEST && *number >= -LARGEST;
}

bool aiotop_duration_parse(const char *text, double *seconds)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {
        { "", 1 },      { "s", 1 },  { "ms", 1e-3 }, { "us", 1e-6 },
        { "ns", 1e-9 }, { "m", 60 }, { "h", 3600 },  { "d", 86400 },
    };
    const char *unit;

    if (!aiotop_number_parse(text, seconds, &unit)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(unit, units[i].name) == 0) {
            *seconds *= units[i].seconds;
            return true;
        }
    }
    return false;
}
