/*
 * Why there is no stack of a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/stack-error.h"

G_DEFINE_QUARK(aiotop_stack_error, aiotop_stack_error)
