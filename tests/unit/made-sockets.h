/*
 * Sockets, and processes that have them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_MADE_SOCKETS_H
#define TESTS_UNIT_MADE_SOCKETS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <glib.h>

/* In @dir, or in the abstract name space if that is NULL; returns a descriptor */
int bind_to(const char *dir, const char *name);
int listen_at(const char *dir, const char *name);
int connect_to(const char *dir, const char *name);

/* At a port that is free; @address is what it listens at then */
int listen_at_port(in_addr_t host, struct sockaddr_in *address);

/* Removed with what is at @name in it */
char *make_dir(void);
void remove_dir(const char *dir, const char *name);

/* For a child: bound by us, and what it does with it, if anything */
extern int inherited;

/* A child, which has called stay() when this returns; or ended */
pid_t start(void (*child)(int ready, const char *dir), const char *dir);
void end(pid_t pid);

/* Tells its parent, and stays until that ends it */
void G_GNUC_NORETURN stay(int ready);
void do_nothing(int ready, const char *dir);

/* As on a host of this byte order; an inode that is no UNIX socket's */
#define LINE(remote, state, inode)                                             \
    "   0: 0100007F:1F90 " remote " " state " 00000000:00000000"               \
    " 00:00000000 00000000     0        0 " inode " 1 0 20 4 30 10 -1\n"
#define LINE6(remote, state, inode)                                            \
    "   0: 00000000000000000000000001000000:1F90 " remote " " state            \
    " 00000000:00000000 00:00000000 00000000     0        0 " inode " 1\n"

#endif /* TESTS_UNIT_MADE_SOCKETS_H */
