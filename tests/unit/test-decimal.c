/*
 * Numbers as decimal digits, compared with what printf() makes of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <qemu-aiotop/text/decimal.h>

#define RANDOM 20000

static void check_integer(uint64_t n)
{
    g_autoptr(GString) text = g_string_new("=");
    g_autofree char *expected = g_strdup_printf("=%" PRIu64, n);

    aiotop_decimal_append(text, n);
    g_assert_cmpstr(text->str, ==, expected);
}

static void check_real(double value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char expected[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(expected, sizeof(expected), "%.3f", value);
    aiotop_decimal_append_real(text, value);
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_integers(void)
{
    uint64_t power = 1;

    check_integer(0);
    check_integer(UINT64_MAX);
    for (unsigned i = 0; i < 20; i++, power *= 10) {
        check_integer(power - 1);
        check_integer(power);
        check_integer(power + 1);
    }
}

static void test_reals(void)
{
    static const double values[] = {
        0,       -0.0,    0.0004,   0.0005, 0.0015,  0.0025,   0.001,
        0.9995,  0.9994,  1.0005,   1.0625, 0.0625,  0.1875,   0.3125,
        2.6755,  1023.5,  999.9995, -1,     -0.0001, -0.5,     1e-300,
        5e-324,  1e11,    1e12,     1e15,   1e16,    1.8e19,   1e100,
        123.456, 1 / 3.0, 2 / 3.0,  NAN,    -NAN,    INFINITY, -INFINITY,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        check_real(values[i]);
    }
    /* Just between two, and next to that */
    for (unsigned i = 0; i < RANDOM; i++) {
        double middle = (i + 0.5) / 1000;

        check_real(middle);
        check_real(nextafter(middle, 0));
        check_real(nextafter(middle, INFINITY));
    }
}

/* Of all sizes, and as there are in samples */
static void test_random_reals(void)
{
    for (unsigned i = 0; i < RANDOM; i++) {
        uint64_t bits =
            (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
        double value;

        memcpy(&value, &bits, sizeof(value));
        check_real(fabs(value) < 1e200 ? value : 0);
        check_real(ldexp(bits, -(int)(bits % 80)));
        check_real(g_test_rand_double_range(0, 1e4));
        check_real(g_test_rand_double_range(0, 1e13));
        check_integer(bits >> bits % 64);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decimal/integers", test_integers);
    g_test_add_func("/decimal/reals", test_reals);
    g_test_add_func("/decimal/random-reals", test_random_reals);
    return g_test_run();
}
