/*
 * Numbers as decimal digits, as printf() would have them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

char *aiotop_decimal_put(char *out, uint64_t n)
{
    char digits[AIOTOP_DECIMAL_MAX];
    unsigned first = sizeof(digits);

    do {
        digits[--first] = '0' + n % 10;
        n /= 10;
    } while (n);
    memcpy(out, digits + first, sizeof(digits) - first);
    return out + sizeof(digits) - first;
}

void aiotop_decimal_append(GString *out, uint64_t n)
{
    char digits[AIOTOP_DECIMAL_MAX];

    g_string_append_len(out, digits, aiotop_decimal_put(digits, n) - digits);
}

/*
 * Whether @value, in thousandths, is nearer to one whole number than to any
 * other.  The product may have been rounded, so what is left is taken from the
 * exact one; what is just between two, is negative, or has more digits than
 * that goes for, is printf()'s.
 */
static bool get_thousandths(double value, uint64_t *n)
{
    double nearest = rint(value * 1000);

    *n = nearest >= 0 && nearest < 1e15 ? nearest : 0;
    return value >= 0 && nearest < 1e15 && !signbit(value) &&
           fabs(fma(value, 1000, -nearest)) < 0.5;
}

void aiotop_decimal_append_real(GString *out, double value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    uint64_t n;

    if (get_thousandths(value, &n)) {
        char *point = aiotop_decimal_put(number, n / 1000);

        point[0] = '.';
        point[1] = '0' + n / 100 % 10;
        point[2] = '0' + n / 10 % 10;
        point[3] = '0' + n % 10;
        g_string_append_len(out, number, point + 4 - number);
    } else {
        g_string_append(out,
                        g_ascii_formatd(number, sizeof(number), "%.3f", value));
    }
}
