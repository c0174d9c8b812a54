/*
 * Why there is no stack of a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_STACK_ERROR_H
#define QEMU_AIOTOP_HOST_STACK_ERROR_H

#include <glib.h>

#define AIOTOP_STACK_ERROR (aiotop_stack_error_quark())
GQuark aiotop_stack_error_quark(void);

typedef enum AiotopStackError {
    /* There is no such thread, or it has just ended */
    AIOTOP_STACK_ERROR_GONE,
    /* The kernel does not let us: in words what it would need */
    AIOTOP_STACK_ERROR_PERMISSION,
    /* Something else went wrong */
    AIOTOP_STACK_ERROR_FAILED,
    /* Built without elfutils, or for a processor whose registers it lacks */
    AIOTOP_STACK_ERROR_NOT_BUILT_IN,
} AiotopStackError;

#endif /* QEMU_AIOTOP_HOST_STACK_ERROR_H */
