/*
 * Symbols of the test's own executable
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <link.h>
#include <string.h>

#include <glib.h>

#include <qemu-aiotop/host/symbols.h>

/* To be found: its name, and this file's */
static void __attribute__((noinline)) a_callback_to_find(void)
{
    __asm__ volatile("");
}

static int read_base(struct dl_phdr_info *info, size_t size G_GNUC_UNUSED,
                     void *opaque)
{
    *(uint64_t *)opaque = info->dlpi_addr;
    return 1;
}

static void test_function_file_and_line(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AiotopSymbols) symbols =
        aiotop_symbols_new("/proc/self/exe", &error);
    g_autofree char *text = NULL;
    uint64_t base = 0;

    g_assert_no_error(error);
    dl_iterate_phdr(read_base, &base);
    text =
        aiotop_symbols_describe(symbols, (uintptr_t)a_callback_to_find - base);
    g_assert_nonnull(text);
    g_assert_true(g_str_has_prefix(text, "a_callback_to_find at "));
    g_assert_nonnull(strstr(text, "test-symbols.c:"));
}

static void test_unknown_address(void)
{
    g_autoptr(AiotopSymbols) symbols =
        aiotop_symbols_new("/proc/self/exe", NULL);
    g_autofree char *text = aiotop_symbols_describe(symbols, UINT64_MAX / 2);

    g_assert_null(text);
}

static void test_bad_files(void)
{
    static const char *const paths[] = { "/nonexistent", "/proc/self/status",
                                         "/" };

    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(aiotop_symbols_new(paths[i], &error));
        g_assert_error(error, AIOTOP_SYMBOLS_ERROR, AIOTOP_SYMBOLS_ERROR_FILE);
        g_assert_true(g_str_has_prefix(error->message, paths[i]));
    }
    aiotop_symbols_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/symbols/function-file-and-line",
                    test_function_file_and_line);
    g_test_add_func("/symbols/unknown-address", test_unknown_address);
    g_test_add_func("/symbols/bad-files", test_bad_files);
    return g_test_run();
}
