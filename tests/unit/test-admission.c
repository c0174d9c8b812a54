/*
 * Which QEMUs are watched, if there are more than may be
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <sys/resource.h>

#include <sampler/admission.h>

#define LIMIT 10
#define LIMIT_OF_OWNER 6
#define FIRST_PERSON 1000

static bool is_known(const AiotopProcess *process, const void *known)
{
    return process->pid < *(const int64_t *)known;
}

/* Adds so many of a user, with the numbers that follow */
static void add(GPtrArray *found, unsigned n, uint32_t owner)
{
    for (unsigned i = 0; i < n; i++) {
        AiotopProcess *process = g_new0(AiotopProcess, 1);

        process->pid = found->len;
        process->owner = owner;
        process->trusted = owner < FIRST_PERSON;
        g_ptr_array_add(found, process);
    }
}

static void expect(const GPtrArray *found, int64_t known, unsigned max,
                   unsigned max_of_owner, const char *numbers,
                   unsigned expected_left_out)
{
    unsigned left_out;
    g_autoptr(GPtrArray) admitted =
        aiotop_admission(found, max, max_of_owner, is_known, &known, &left_out);
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < admitted->len; i++) {
        const AiotopProcess *process = admitted->pdata[i];

        g_string_append_printf(text, "%s%d", i ? " " : "", (int)process->pid);
    }
    g_assert_cmpstr(text->str, ==, numbers);
    g_assert_cmpuint(left_out, ==, expected_left_out);
}

static void test_no_limits(void)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    add(found, 12, 1000);
    expect(found, 3, 0, 0, "3 4 5 6 7 8 9 10 11", 0);
}

/* A user who has many does not keep others out */
static void test_of_an_owner(void)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    add(found, 8, 1000);
    add(found, 2, 0);
    expect(found, 0, LIMIT, LIMIT_OF_OWNER, "0 1 2 3 4 5 8 9", 2);
    /* Those that are watched count */
    expect(found, 6, LIMIT, LIMIT_OF_OWNER, "8 9", 2);
    expect(found, 3, LIMIT, LIMIT_OF_OWNER, "3 4 5 8 9", 2);
}

/* Who is not trusted may be many, and is one all the same */
static void test_of_people(void)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < 8; i++) {
        add(found, 1, FIRST_PERSON + i);
    }
    add(found, 2, 0);
    expect(found, 0, LIMIT, LIMIT_OF_OWNER, "0 1 2 3 4 5 8 9", 2);
}

static void test_in_all(void)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < 12; i++) {
        add(found, 1, i);
    }
    expect(found, 0, LIMIT, LIMIT_OF_OWNER, "0 1 2 3 4 5 6 7 8 9", 2);
    expect(found, 9, LIMIT, LIMIT_OF_OWNER, "9", 2);
    expect(found, 11, LIMIT, LIMIT_OF_OWNER, "", 1);
}

/* A connection to each is open, and so are files of all of them */
static void test_few_descriptors(void)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    struct rlimit limit, few;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    few = limit;
    few.rlim_cur = 16;
    add(found, 12, 1000);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    expect(found, 0, 0, 0, "0 1 2 3 4 5 6 7 8 9", 2);
    expect(found, 9, 0, 0, "9", 2);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/admission/no-limits", test_no_limits);
    g_test_add_func("/admission/of-an-owner", test_of_an_owner);
    g_test_add_func("/admission/of-people", test_of_people);
    g_test_add_func("/admission/in-all", test_in_all);
    g_test_add_func("/admission/few-descriptors", test_few_descriptors);
    return g_test_run();
}
