/*
 * A thread's stack, read beside the main loop, as it may take a while
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_CAPTURE_H
#define AIOTOP_SCREEN_CAPTURE_H

#include "state/ui-state.h"

/* Takes the frames, or NULL with the error */
typedef void CaptureDone(unsigned number, GPtrArray *frames, const char *error,
                         void *opaque);

/**
 * capture_stack:
 * @request: number, process and thread of what is wanted
 *
 * Calls @done from the main loop when the stack has been read.
 */
void capture_stack(const UiStack *request, CaptureDone *done, void *opaque);

#endif /* AIOTOP_SCREEN_CAPTURE_H */
