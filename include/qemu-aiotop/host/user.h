/*
 * Users of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_USER_H
#define QEMU_AIOTOP_HOST_USER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a process of this user has to be what it calls itself: root's, a
 * system's user's, or our own.  Those of people who may log in, of containers of
 * theirs, and of nobody may call themselves anything.
 */
bool aiotop_user_is_trusted(uint32_t uid);

/**
 * aiotop_user_name:
 * @deadline_us: g_get_monotonic_time() up to which it is waited for a directory
 *     of users that may not answer
 *
 * Returns the user's name, or the number if there is none by then.  The caller
 * frees it.  May be called in any thread.
 */
char *aiotop_user_name(uint32_t uid, int64_t deadline_us);

#endif /* QEMU_AIOTOP_HOST_USER_H */
