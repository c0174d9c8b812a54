/*
 * Stacks as they are captured, and what is to be in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_MADE_CAPTURES_H
#define TESTS_UNIT_MADE_CAPTURES_H

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>

#include <qemu-aiotop/host/stack.h>

AiotopIdentity identify(int64_t pid);

/* Captures without the kernel's frames, and leaves no file open */
GPtrArray *capture_of(const AiotopIdentity *process, int64_t tid,
                      GError **error);
GPtrArray *capture(int64_t pid, int64_t tid, GError **error);

/* Takes away the kernel's frames, which are there for some and come first */
void drop_kernel(GPtrArray *frames);

bool is_traced(pid_t tid);

/* The number of the frame that begins with this, or fails */
unsigned find_frame(const GPtrArray *frames, const char *function);

/* It blocks as in blocked.h; or can't be captured, which these words say */
void check_capture(pid_t pid, pid_t tid);
void check_fails(int64_t pid, int64_t tid, AiotopStackError code,
                 const char *words);

#endif /* TESTS_UNIT_MADE_CAPTURES_H */
