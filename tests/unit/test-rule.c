/*
 * Tables of unwinding that mean no good
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>

#include "sampling/code.h"

/* Its frame is beside a register that no processor has */
__asm__(".text\n"
        ".globl strange\n"
        "strange:\n"
        ".cfi_startproc\n"
        ".cfi_def_cfa 100, 16\n"
        "nop\n"
        ".cfi_endproc\n"
        ".previous\n");

void strange(void);

static void test_no_such_register(void)
{
    static const uint8_t bytes[64];
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    const AiotopStackCopy copy = { 4096, sizeof(bytes), bytes };
    GError *error = NULL;
    g_autoptr(AiotopCode) code = aiotop_code_new(&self, &error);
    AiotopRegisters registers = { .known = 0 };
    const AiotopSite *site;
    uint64_t slot;

    g_assert_no_error(error);
    site = aiotop_code_site(code, (uint64_t)(uintptr_t)&strange, false);
    g_assert_nonnull(site->function);
    g_assert_true(site->rule.unknown);
    g_assert_cmpint(aiotop_rule_step(&site->rule, &copy, &registers, &slot), ==,
                    AIOTOP_STEP_NO_RULE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rule/no-such-register", test_no_such_register);
    return g_test_run();
}
