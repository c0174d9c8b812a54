/*
 * What there is to be known at once of a process of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LOCAL_H
#define AIOTOP_SCREEN_LOCAL_H

#include <qemu-aiotop/host/procfs.h>

/* Seconds since it began, or 0 if that is not known */
int64_t local_uptime_s(const AiotopIdentity *process);

/*
 * What its file descriptor is, or in parentheses why that is not known; NULL
 * if it is another process now.  The caller frees it.
 */
char *local_describe_fd(const AiotopIdentity *process, int fd);

#endif /* AIOTOP_SCREEN_LOCAL_H */
