/*
 * What a program loads while it runs, as QEMU does with a module
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "loops.h"

void plugged(Callback *callback, void *opaque);

void plugged(Callback *callback, void *opaque)
{
    callback(opaque);
    AFTER_CALL();
}
