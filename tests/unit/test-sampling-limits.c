/*
 * A process that means no good, sampled: its names, and what they take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>

#include "sampling/perf-ring.h"
#include "sampling/place.h"
#include "sampling/tally.h"

#define LONG_NAME                                                              \
    "long_name_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxx"

extern const ElfW(Ehdr) __ehdr_start;

void __attribute__((noinline)) long_name(void) __asm__(LONG_NAME);

void long_name(void)
{
    __asm__ volatile("");
}

static AiotopCode *make_code(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    GError *error = NULL;
    AiotopCode *code = aiotop_code_new(&self, &error);

    g_assert_no_error(error);
    return code;
}

static const AiotopFunction *function_at(AiotopCode *code, uint64_t address)
{
    return aiotop_code_site(code, address, false)->function;
}

static void test_long_name(void)
{
    g_autoptr(AiotopCode) code = make_code();
    const AiotopFunction *function =
        function_at(code, (uint64_t)(uintptr_t)&long_name);

    g_assert_nonnull(function);
    g_assert_true(g_str_has_prefix(LONG_NAME, function->name));
    g_assert_cmpuint(strlen(function->name), ==, 255);
}

/* Each address of what is no code would be a function else */
static void test_no_code(void)
{
    g_autoptr(AiotopCode) code = make_code();
    uint64_t start = (uint64_t)(uintptr_t)&__ehdr_start;

    g_assert_nonnull(function_at(code, start + 8));
    g_assert_true(function_at(code, start + 8) ==
                  function_at(code, start + 16));
    g_assert_true(function_at(code, start + 8) !=
                  function_at(code, (uint64_t)(uintptr_t)&long_name));
}

/* What a symbol is called makes no line and no frame, nor moves a cursor */
static void test_frames(void)
{
    AiotopFunction function = { .name = (char *)"a;b\n1 \033[2J\xff" };
    AiotopSite site = { .function = &function };
    AiotopWalk walk = { .n = 1 };
    AiotopPlace place = { .n_calls = 1, .in_loop = true };
    AiotopTally *tally = aiotop_tally_new(0, true);
    g_autoptr(GArray) stacks =
        g_array_new(FALSE, FALSE, sizeof(AiotopSampledStack));
    AiotopSampledStack *stack = NULL;

    walk.frames[0].site = &site;
    place.calls[0] = (AiotopCall){ AIOTOP_PLACE_BH, &function, 0 };
    aiotop_tally_add(tally, &place, &walk, &stack, false, 1);
    aiotop_tally_add_stacks(tally, 1, stacks);
    g_assert_cmpuint(stacks->len, ==, 1);
    stack = &g_array_index(stacks, AiotopSampledStack, 0);
    g_assert_cmpstr(stack->text, ==, "bh;a,b\\n1 \\x1b[2J\\xff");
    g_ref_string_release(stack->text);
    aiotop_tally_free(tally);
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

static bool fails;

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    if (fails) {
        errno = EINVAL;
        return -1;
    }
    return __real_ioctl(fd, request, argument);
}

/* Whatever the kernel refuses, there is a reason */
static void test_refused(void)
{
    g_autoptr(GError) error = NULL;

    fails = true;
    g_assert_null(aiotop_ring_new(getpid(), 1000000, true, &error));
    g_assert_error(error, AIOTOP_RING_ERROR, AIOTOP_RING_ERROR_REFUSED);
    fails = false;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sampling-limits/long-name", test_long_name);
    g_test_add_func("/sampling-limits/no-code", test_no_code);
    g_test_add_func("/sampling-limits/frames", test_frames);
    g_test_add_func("/sampling-limits/refused", test_refused);
    return g_test_run();
}
