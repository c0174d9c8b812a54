/*
 * The native stack of one thread of another process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/stack.h"

G_DEFINE_QUARK(aiotop - stack - error - quark, aiotop_stack_error)

GPtrArray *aiotop_stack_capture(int64_t pid G_GNUC_UNUSED,
                                int64_t tid G_GNUC_UNUSED, GError **error)
{
    g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_NOT_BUILT_IN,
                "this qemu-aiotop was built without elfutils: no stacks");
    return NULL;
}
