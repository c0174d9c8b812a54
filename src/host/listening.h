/*
 * Which UNIX sockets processes listen on, for who asks of many of them
 *
 * The kernel is asked once for each network name space, and the descriptors of
 * a process are looked at only if there is a socket that it may be about: both
 * are as many as anybody likes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_LISTENING_H
#define AIOTOP_HOST_LISTENING_H

#include <stdint.h>
#include <glib.h>

typedef struct AiotopListening AiotopListening;

/**
 * aiotop_listening_new:
 * @root: AIOTOP_PROCFS_ROOT
 * @prefix: with which the last part of a socket's name begins
 *
 * What the kernel said is kept: this is for one look.
 */
AiotopListening *aiotop_listening_new(const char *root, const char *prefix);
void aiotop_listening_free(AiotopListening *listening);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopListening, aiotop_listening_free)

/**
 * aiotop_listening_of:
 *
 * Returns the addresses ("unix:PATH", "unix:@NAME") of the UNIX sockets that
 * the process listens on, without connecting to any; as a GPtrArray of
 * strings, empty if this can't be known.  Those of another network name space
 * take CAP_SYS_ADMIN, and only paths can be connected to there.
 */
GPtrArray *aiotop_listening_of(AiotopListening *listening, int64_t pid);

#endif /* AIOTOP_HOST_LISTENING_H */
