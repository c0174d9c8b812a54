/*
 * Values as a person reads them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/figure.h"

#include <math.h>
#include <stdbool.h>

#include "qemu-aiotop/text/decimal.h"

typedef struct Scale {
    double factor;
    const char *unit;
} Scale;

/* A number as it is shown: so many digits, and no more */
typedef struct Figure {
    /* Times ten to the power of @decimals */
    unsigned n;
    unsigned decimals;
    Scale scale;
    /* More than can be shown */
    bool over;
} Figure;

/* More than this many of the largest unit are not told apart */
#define MOST 9999

static const Scale one = { 1, "" };

/* Three digits, with as many of them after the point as fit */
static Figure three_digits(double value, const Scale *scale)
{
    value /= scale->factor;
    if (value < 9.995) {
        return (Figure){ value * 100 + 0.5, 2, *scale };
    }
    if (value < 99.95) {
        return (Figure){ value * 10 + 0.5, 1, *scale };
    }
    return (Figure){ value + 0.5, 0, *scale };
}

/* Whether, after rounding to three digits, there is one of the next unit */
static bool fills(double value, const Scale *scale)
{
    double most = scale[1].factor / scale[0].factor;

    return value / scale[0].factor >= most - (most > 99.95 ? 0.5 : 0.05);
}

/* The largest unit of which there is one at least */
static Figure scaled(double value, const Scale *scale, unsigned n)
{
    unsigned i = 0;

    while (i + 1 < n && fills(value, &scale[i])) {
        i++;
    }
    if (value / scale[i].factor > MOST) {
        return (Figure){ .scale = scale[i], .over = true };
    }
    return three_digits(value, &scale[i]);
}

static Figure get_time(double ns)
{
    static const Scale scale[] = {
        { 1e3, "us" },   { 1e6, "ms" },   { 1e9, "s" },
        { 60e9, "min" }, { 3600e9, "h" }, { 86400e9, "d" },
    };

    if (ns < 999.5) {
        return (Figure){ rint(ns), 0, { 1, "ns" } };
    }
    if (ns >= 1e9 && ns < 999.5e9) {
        /* Seconds are read more easily than minutes, to a point */
        return three_digits(ns, &scale[2]);
    }
    return scaled(ns, scale, G_N_ELEMENTS(scale));
}

char *aiotop_text_timestamp(int64_t real_time_us)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_utc(real_time_us / 1000000);
    g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");

    return g_strdup_printf("%s.%06dZ", seconds, (int)(real_time_us % 1000000));
}

static const Scale counts[] = {
    { 1e3, "k" },  { 1e6, "M" },  { 1e9, "G" },
    { 1e12, "T" }, { 1e15, "P" }, { 1e18, "E" },
};

static Figure get_count(double count)
{
    if (count < 9999.5) {
        return (Figure){ rint(count), 0, one };
    }
    return scaled(count, counts, G_N_ELEMENTS(counts));
}

static Figure get_rate(double hz)
{
    if (hz == 0) {
        return (Figure){ 0, 0, one };
    }
    if (hz < 999.5) {
        return three_digits(hz, &one);
    }
    return scaled(hz, counts, G_N_ELEMENTS(counts));
}

static Figure get_percent(double percent)
{
    if (percent < MOST) {
        return (Figure){ percent * 10 + 0.5, 1, one };
    }
    return (Figure){ .scale = one, .over = true };
}

/* What stands for one of the unit in the figure's number */
static unsigned parts_of_one(const Figure *figure)
{
    return figure->decimals == 2 ? 100 : figure->decimals == 1 ? 10 : 1;
}

/* Without printf(), which would take most of the time of a table */
static void print(char *out, Figure figure)
{
    unsigned parts = parts_of_one(&figure);
    char *end = out;

    if (figure.over) {
        *end++ = '>';
    }
    end = aiotop_decimal_put(end, figure.over ? MOST : figure.n / parts);
    if (parts > 1) {
        *end++ = '.';
    }
    while ((parts /= 10)) {
        *end++ = '0' + figure.n / parts % 10;
    }
    g_strlcpy(end, figure.scale.unit, out + AIOTOP_TEXT_NUMBER - end);
}

static void print_known(char *out, double value, Figure get(double))
{
    if (isnan(value)) {
        g_strlcpy(out, "-", AIOTOP_TEXT_NUMBER);
    } else {
        print(out, get(value));
    }
}

void aiotop_text_time(char *out, double ns)
{
    print_known(out, ns, get_time);
}

void aiotop_text_count(char *out, double count)
{
    print_known(out, count, get_count);
}

void aiotop_text_rate(char *out, double hz)
{
    print_known(out, hz, get_rate);
    if (!isnan(hz)) {
        g_strlcat(out, "/s", AIOTOP_TEXT_NUMBER);
    }
}

void aiotop_text_percent(char *out, double percent)
{
    print_known(out, percent, get_percent);
}

double aiotop_text_shown(AiotopUnit unit, double value)
{
    static Figure (*const get[])(double) = {
        [AIOTOP_UNIT_TEXT] = NULL,       [AIOTOP_UNIT_ID] = NULL,
        [AIOTOP_UNIT_COUNT] = get_count, [AIOTOP_UNIT_RATE] = get_rate,
        [AIOTOP_UNIT_TIME] = get_time,   [AIOTOP_UNIT_PERCENT] = get_percent,
    };
    Figure figure;

    if (isnan(value) || !get[unit]) {
        return value;
    }
    figure = get[unit](value);
    return figure.over ? INFINITY
                       : figure.n * figure.scale.factor / parts_of_one(&figure);
}
