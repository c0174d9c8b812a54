/*
 * Whom what a process takes is counted against
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_COUNTED_H
#define AIOTOP_HOST_COUNTED_H

#include <stdint.h>

/* The user that is none; those of containers come after it */
#define AIOTOP_NOBODY 65534

/*
 * A number for the user: from nobody on all are one, as whoever may begin
 * containers has numbers of users by the thousand.  We are ourselves.
 */
uint32_t aiotop_counted_as(uint32_t uid);

#endif /* AIOTOP_HOST_COUNTED_H */
