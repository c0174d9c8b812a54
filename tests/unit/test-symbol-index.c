/*
 * The symbol of an address is the one that libdwfl says, whatever there is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/modules.h>
#include <qemu-aiotop/host/procfs.h>

#include "sampling/symbol-index.h"

/* Symbols beside, above and within each other; and some without a size */
__asm__(".section .odd, \"ax\"\n"
        ".globl odd_begin, odd_strong, odd_outer, odd_inner, odd_bare\n"
        ".globl odd_same, odd_end\n"
        ".weak odd_weak, odd_late\n"
        ".type odd_strong, @function\n"
        "odd_begin: .zero 8\n"
        ".size odd_begin, 4\n"
        "odd_local: .zero 8\n"
        ".size odd_local, 12\n"
        "odd_weak:\n"
        "odd_strong: .zero 16\n"
        ".size odd_weak, 16\n"
        ".size odd_strong, 16\n"
        ".zero 8\n"
        "odd_outer: .zero 8\n"
        "odd_within: .zero 4\n"
        ".size odd_within, 4\n"
        "odd_late: .zero 4\n"
        ".size odd_late, 4\n"
        "odd_inner: .zero 8\n"
        ".size odd_inner, 4\n"
        "odd_label: .zero 8\n"
        ".size odd_outer, . - odd_outer\n"
        ".zero 8\n"
        "odd_bare: .zero 8\n"
        "odd_one: odd_two: .zero 8\n"
        ".size odd_one, 4\n"
        ".size odd_two, 8\n"
        "odd_same: odd_other: .zero 8\n"
        ".size odd_same, 8\n"
        ".size odd_other, 8\n"
        ".zero 8\n"
        "odd_end:\n"
        ".previous\n");

extern const char odd_begin[], odd_end[];

static AiotopModules *modules;

static void set_up(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    GError *error = NULL;

    modules = aiotop_modules_new(&self, getpid(), false, &error);
    g_assert_no_error(error);
}

static Dwfl_Module *module_of(const void *address)
{
    Dwfl_Module *module =
        dwfl_addrmodule(modules->dwfl, (uint64_t)(uintptr_t)address);

    g_assert_nonnull(module);
    return module;
}

static void assert_same(const AiotopSymbolIndex *index, Dwfl_Module *module,
                        uint64_t address)
{
    GElf_Off offset, right_offset;
    GElf_Sym symbol, right_symbol;
    const char *name =
        aiotop_symbol_index_find(index, address, &offset, &symbol);
    const char *right = dwfl_module_addrinfo(module, address, &right_offset,
                                             &right_symbol, NULL, NULL, NULL);

    g_assert_cmpstr(name, ==, right);
    if (name) {
        g_assert_cmpuint(offset, ==, right_offset);
        g_assert_cmpmem(&symbol, sizeof(symbol), &right_symbol,
                        sizeof(right_symbol));
    }
}

/* Every byte of those above */
static void test_odd(void)
{
    Dwfl_Module *module = module_of(odd_begin);
    g_autoptr(AiotopSymbolIndex) index = aiotop_symbol_index_new(module);

    for (const char *at = odd_begin - 16; at < odd_end + 16; at++) {
        assert_same(index, module, (uint64_t)(uintptr_t)at);
    }
}

/* Before, at, within, at the end of and behind one symbol of so many */
static void assert_all_same(Dwfl_Module *module, int step)
{
    g_autoptr(AiotopSymbolIndex) index = aiotop_symbol_index_new(module);
    int n = dwfl_module_getsymtab(module);
    Dwarf_Addr start, end;

    dwfl_module_info(module, NULL, &start, &end, NULL, NULL, NULL, NULL);
    g_assert_cmpint(n, >, 100);
    for (int i = 0; i < n; i += step) {
        GElf_Sym symbol;
        GElf_Addr at = 0;
        const char *name =
            dwfl_module_getsym_info(module, i, &symbol, &at, NULL, NULL, NULL);
        const uint64_t near[] = {
            at - 1,
            at,
            at + symbol.st_size / 2,
            at + symbol.st_size - 1,
            at + symbol.st_size,
        };

        for (unsigned j = 0; name && j < G_N_ELEMENTS(near); j++) {
            if (near[j] >= start && near[j] < end) {
                assert_same(index, module, near[j]);
            }
        }
    }
    assert_same(index, module, start);
    assert_same(index, module, end - 1);
}

/* Of an executable, most are static */
static void test_executable(void)
{
    assert_all_same(module_of(odd_begin), 1);
}

/* Many have several names */
static void test_library(void)
{
    assert_all_same(module_of((const void *)(uintptr_t)&strtol), 11);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    set_up();
    g_test_add_func("/symbol-index/odd", test_odd);
    g_test_add_func("/symbol-index/executable", test_executable);
    g_test_add_func("/symbol-index/library", test_library);
    result = g_test_run();
    aiotop_modules_free(modules);
    return result;
}
