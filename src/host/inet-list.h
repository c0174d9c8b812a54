/*
 * The kernel's lists of TCP and UDP sockets
 *
 * Of numbers only, so that nobody can forge a line of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_INET_LIST_H
#define AIOTOP_HOST_INET_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#define AIOTOP_INET_ADDRESS 16

/* Addresses are as on the wire, those of IPv4 mapped to IPv6; ports are numbers */
typedef struct AiotopInetSocket {
    uint8_t local[AIOTOP_INET_ADDRESS];
    uint8_t remote[AIOTOP_INET_ADDRESS];
    unsigned local_port;
    unsigned remote_port;
    /* TCP_LISTEN, ... */
    unsigned state;
    uint32_t inode;
} AiotopInetSocket;

/* Whether the next one is wanted, too */
typedef bool AiotopOnInetSocket(const AiotopInetSocket *socket, void *opaque);

/**
 * aiotop_inet_list:
 * @process: its directory in /proc, whose network name space is looked at
 * @list: "tcp", "tcp6", "udp" or "udp6"
 *
 * Calls @on_socket for each of them.
 */
void aiotop_inet_list(const char *process, const char *list,
                      AiotopOnInetSocket *on_socket, void *opaque);

/* "127.0.0.1:80" or "[::1]:80"; the caller frees it */
char *aiotop_inet_text(const uint8_t *address, unsigned port);

/* What to connect to where one listens at any address: loopback's */
void aiotop_inet_make_definite(uint8_t *address);

#endif /* AIOTOP_HOST_INET_LIST_H */
