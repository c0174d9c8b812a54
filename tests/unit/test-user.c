/*
 * Users of this host: who they are, and who may be trusted with names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <unistd.h>
#include <glib.h>

#include <qemu-aiotop/host/user.h>

#include "host/counted.h"

#define NOBODYS 4242424242u

static int64_t soon(void)
{
    return g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
}

static void test_trusted(void)
{
    static const struct {
        uint32_t uid;
        bool trusted;
    } cases[] = {
        { 0, true },           { 1, true },       { 999, true },
        { 1000, false },       { 60513, false },  { 60514, true },
        { 64055, true },       { 65533, true },   { 65534, false },
        { 65535, false },      { 100000, false }, { NOBODYS, false },
        { UINT32_MAX, false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%u", cases[i].uid);
        g_assert_true(aiotop_user_is_trusted(cases[i].uid) ==
                      (cases[i].trusted || cases[i].uid == getuid()));
    }
    g_assert_true(aiotop_user_is_trusted(getuid()));
}

static void test_counted_as(void)
{
    g_assert_cmpuint(aiotop_counted_as(0), ==, 0);
    g_assert_cmpuint(aiotop_counted_as(1000), ==, 1000);
    g_assert_cmpuint(aiotop_counted_as(65533), ==, 65533);
    g_assert_cmpuint(aiotop_counted_as(NOBODYS), ==, 65534);
    g_assert_cmpuint(aiotop_counted_as(UINT32_MAX), ==, 65534);
    g_assert_cmpuint(aiotop_counted_as(getuid()), ==, getuid());
}

static void test_name(void)
{
    g_autofree char *root = aiotop_user_name(0, soon());
    g_autofree char *nobodys = aiotop_user_name(NOBODYS, soon());
    /* There is no time to ask */
    g_autofree char *late = aiotop_user_name(0, g_get_monotonic_time());

    g_assert_cmpstr(root, ==, "root");
    g_assert_cmpstr(nobodys, ==, G_STRINGIFY(4242424242));
    g_assert_cmpstr(late, ==, "0");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/user/trusted", test_trusted);
    g_test_add_func("/user/counted-as", test_counted_as);
    g_test_add_func("/user/name", test_name);
    return g_test_run();
}
