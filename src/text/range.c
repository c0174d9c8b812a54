/*
 * Ranges, as plug-ins of monitoring systems take them for thresholds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/range.h"

#include <math.h>
#include <string.h>

#include "qemu-aiotop/text/duration.h"

/* Nine digits after the point, as times are in nanoseconds */
#define NUMBER_BUFFER 64

static bool parse_bound(const char *text, AiotopRangeUnit unit, double *bound)
{
    const char *end;

    switch (unit) {
    case AIOTOP_RANGE_TIME:
        return aiotop_duration_parse(text, bound);
    case AIOTOP_RANGE_SHARE:
        return aiotop_number_parse(text, bound, &end) &&
               (!*end || strcmp(end, "%") == 0);
    }
    g_assert_not_reached();
}

static bool parse_bounds(AiotopRange *range, const char *text,
                         AiotopRangeUnit unit)
{
    const char *colon = strchr(text, ':');
    g_autofree char *low = NULL;

    range->low = 0;
    range->high = INFINITY;
    if (!colon) {
        return parse_bound(text, unit, &range->high) && range->high >= 0;
    }
    low = g_strndup(text, colon - text);
    if (strcmp(low, "~") == 0) {
        range->low = -INFINITY;
    } else if (*low && !parse_bound(low, unit, &range->low)) {
        return false;
    }
    return (!colon[1] || parse_bound(colon + 1, unit, &range->high)) &&
           range->low <= range->high;
}

bool aiotop_range_parse(AiotopRange *range, const char *text,
                        AiotopRangeUnit unit, GError **error)
{
    range->inside = text[0] == '@';
    if (!text[range->inside] ||
        !parse_bounds(range, text + range->inside, unit)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is no range: 10, 10:, ~:10, 10:20 and @10:20 are",
                    text);
        return false;
    }
    return true;
}

bool aiotop_range_alerts(const AiotopRange *range, double value)
{
    bool within = value >= range->low && value <= range->high;

    return within == range->inside;
}

void aiotop_range_append_number(GString *out, double number)
{
    char text[NUMBER_BUFFER];
    char *end;

    g_ascii_formatd(text, sizeof(text), "%.9f", number);
    end = text + strlen(text);
    while (end[-1] == '0') {
        end--;
    }
    if (end[-1] == '.') {
        end--;
    }
    g_string_append_len(out, text, end - text);
}

void aiotop_range_append(GString *out, const AiotopRange *range)
{
    if (range->inside) {
        g_string_append_c(out, '@');
    }
    if (range->low == -INFINITY) {
        g_string_append(out, "~:");
    } else if (range->low != 0 || range->high == INFINITY) {
        aiotop_range_append_number(out, range->low);
        g_string_append_c(out, ':');
    }
    if (range->high != INFINITY) {
        aiotop_range_append_number(out, range->high);
    }
}
