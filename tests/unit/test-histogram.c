/*
 * The histogram's buckets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>

#include <qemu-aiotop/model/histogram.h>

static void test_bounds(void)
{
    g_assert_cmpuint(aiotop_histogram_lower_ns(0), ==, 0);
    g_assert_cmpuint(aiotop_histogram_upper_ns(0), ==, 64);
    g_assert_cmpuint(aiotop_histogram_lower_ns(1), ==, 64);
    g_assert_cmpuint(aiotop_histogram_upper_ns(1), ==, 80);
    g_assert_cmpuint(aiotop_histogram_lower_ns(4), ==, 112);
    g_assert_cmpuint(aiotop_histogram_upper_ns(4), ==, 128);
    g_assert_cmpuint(aiotop_histogram_lower_ns(5), ==, 128);
    g_assert_cmpuint(aiotop_histogram_lower_ns(137), ==, UINT64_C(64) << 34);
    g_assert_cmpuint(aiotop_histogram_upper_ns(137), ==, UINT64_MAX);
}

static void test_index_is_the_inverse_of_bounds(void)
{
    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        g_assert_cmpuint(aiotop_histogram_index(aiotop_histogram_lower_ns(i)),
                         ==, i);
        g_assert_cmpuint(
            aiotop_histogram_index(aiotop_histogram_upper_ns(i) - 1), ==, i);
    }
}

static void test_error_is_an_eighth_at_most(void)
{
    for (unsigned i = 1; i < AIOTOP_HISTOGRAM_BUCKETS - 1; i++) {
        double lower = aiotop_histogram_lower_ns(i);
        double upper = aiotop_histogram_upper_ns(i);

        g_assert_cmpfloat((upper - lower) / 2 / lower, <=, 0.125);
    }
}

static double percentile_ns(const AiotopHistogram *histogram, double percent,
                            uint64_t limit_ns)
{
    double value_ns;

    aiotop_histogram_percentiles_ns(histogram, &percent, 1, limit_ns,
                                    &value_ns);
    return value_ns;
}

static void test_percentile_interpolates(void)
{
    /* 64 .. 80 */
    AiotopHistogram histogram = { .total = 100, .count[1] = 100 };

    g_assert_cmpfloat_with_epsilon(percentile_ns(&histogram, 50, UINT64_MAX),
                                   72, 1e-9);
    g_assert_cmpfloat_with_epsilon(percentile_ns(&histogram, 100, UINT64_MAX),
                                   80, 1e-9);
}

static void test_percentile_picks_the_bucket(void)
{
    AiotopHistogram histogram = {
        .total = 100,
        .count[1] = 90,
        .count[21] = 9,
        .count[41] = 1,
    };
    double value;

    value = percentile_ns(&histogram, 90, UINT64_MAX);
    g_assert_cmpfloat(value, ==, 80);
    value = percentile_ns(&histogram, 99, UINT64_MAX);
    g_assert_cmpfloat(value, ==, aiotop_histogram_upper_ns(21));
    value = percentile_ns(&histogram, 99.9, UINT64_MAX);
    g_assert_cmpfloat(value, >, aiotop_histogram_lower_ns(41));
    g_assert_cmpfloat(value, <, aiotop_histogram_upper_ns(41));
}

static void test_percentile_is_not_over_the_maximum(void)
{
    AiotopHistogram histogram = { .total = 1, .count[1] = 1 };

    g_assert_cmpfloat(percentile_ns(&histogram, 99.9, 65), ==, 65);
    g_assert_cmpfloat(aiotop_histogram_max_ns(&histogram, 65), ==, 65);
    g_assert_cmpfloat(aiotop_histogram_max_ns(&histogram, UINT64_MAX), ==, 80);
}

static void test_last_bucket_is_open(void)
{
    AiotopHistogram histogram = { .total = 1, .count[137] = 1 };
    double lower = aiotop_histogram_lower_ns(137);

    g_assert_cmpfloat(percentile_ns(&histogram, 50, UINT64_MAX), ==, lower);
    g_assert_cmpfloat(aiotop_histogram_max_ns(&histogram, UINT64_MAX), ==,
                      lower);
    g_assert_cmpfloat(percentile_ns(&histogram, 50, UINT64_C(1) << 41), ==,
                      (double)(UINT64_C(1) << 41));
}

static void test_empty_has_no_percentile(void)
{
    AiotopHistogram histogram = { 0 };

    g_assert_true(isnan(percentile_ns(&histogram, 50, 5)));
    g_assert_true(isnan(aiotop_histogram_max_ns(&histogram, 5)));
}

static void test_difference(void)
{
    static const AiotopBucket before[] = {
        { .index = 2, .count = 5 },
        { .index = 4, .count = 9 },
        { .index = 7, .count = 3 },
    };
    static const AiotopBucket now[] = {
        { .index = 1, .count = 1 }, { .index = 2, .count = 7 },
        { .index = 4, .count = 8 }, { .index = 7, .count = 3 },
        { .index = 9, .count = 2 },
    };
    AiotopHistogram sum = { 0 };

    aiotop_histogram_add_difference(&sum, (AiotopBuckets){ now, 5 },
                                    (AiotopBuckets){ before, 3 });
    g_assert_cmpuint(sum.count[1], ==, 1);
    g_assert_cmpuint(sum.count[2], ==, 2);
    g_assert_cmpuint(sum.count[4], ==, 0);
    g_assert_cmpuint(sum.count[7], ==, 0);
    g_assert_cmpuint(sum.count[9], ==, 2);
    g_assert_cmpuint(sum.total, ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/histogram/bounds", test_bounds);
    g_test_add_func("/histogram/index-is-the-inverse-of-bounds",
                    test_index_is_the_inverse_of_bounds);
    g_test_add_func("/histogram/error-is-an-eighth-at-most",
                    test_error_is_an_eighth_at_most);
    g_test_add_func("/histogram/percentile-interpolates",
                    test_percentile_interpolates);
    g_test_add_func("/histogram/percentile-picks-the-bucket",
                    test_percentile_picks_the_bucket);
    g_test_add_func("/histogram/percentile-is-not-over-the-maximum",
                    test_percentile_is_not_over_the_maximum);
    g_test_add_func("/histogram/last-bucket-is-open", test_last_bucket_is_open);
    g_test_add_func("/histogram/empty-has-no-percentile",
                    test_empty_has_no_percentile);
    g_test_add_func("/histogram/difference", test_difference);
    return g_test_run();
}
