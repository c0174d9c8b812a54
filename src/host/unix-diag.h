/*
 * The kernel's list of UNIX sockets (sock_diag), which has lengths instead of
 * line ends
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_UNIX_DIAG_H
#define AIOTOP_HOST_UNIX_DIAG_H

#include <linux/unix_diag.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

/* A socket in the list; what was not asked for is not known */
typedef struct AiotopUnixSocket {
    const struct unix_diag_msg *message;
    /* As it was bound to, without an end; NULL if it has none */
    const char *name;
    size_t name_len;
    /* Inode of the other end; 0 if there is none, or it is not accepted yet */
    uint32_t peer;
    /* Inodes of those that wait to be accepted */
    const uint32_t *pending;
    size_t n_pending;
} AiotopUnixSocket;

typedef void AiotopOnUnixSocket(const AiotopUnixSocket *socket, void *opaque);

/* To ask of sockets in our own name space; -1 if that can't be */
int aiotop_unix_diag_open(void);

/* The same in that of the process; @elsewhere: whether it is another one */
int aiotop_unix_diag_open_of(const char *root, int64_t pid, bool *elsewhere);

/**
 * aiotop_unix_diag_ask:
 * @show: UDIAG_SHOW_...
 *
 * Calls @on_socket for the socket @inode, or if that is 0 for all in @states.
 */
void aiotop_unix_diag_ask(int diag, uint32_t inode, uint32_t states,
                          uint32_t show, AiotopOnUnixSocket *on_socket,
                          void *opaque);

/* "unix:PATH" or "unix:@NAME"; NULL if it has no name, or one with a NUL */
char *aiotop_unix_diag_address(const AiotopUnixSocket *socket);

#endif /* AIOTOP_HOST_UNIX_DIAG_H */
