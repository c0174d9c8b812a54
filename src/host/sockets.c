/*
 * Whose a socket is, as the kernel itself says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/sockets.h"

#include <errno.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inet-list.h"
#include "open-sockets.h"
#include "unix-diag.h"
#include "qemu-aiotop/host/procfs.h"

/* Since Linux 6.5 */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* The pid in the credentials may be another process's when its own has ended */
static bool has_ended(int fd)
{
    socklen_t len = sizeof(int);
    struct pollfd process = { -1, POLLIN, 0 };
    bool ended;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &process.fd, &len) < 0) {
        /* As is said of a process that is gone; else an older kernel */
        return errno == ESRCH || errno == EINVAL;
    }
    ended = poll(&process, 1, 0) > 0;
    close(process.fd);
    return ended;
}

AiotopIdentity aiotop_sockets_peer(const char *root, int fd)
{
    struct ucred credentials = { 0 };
    socklen_t len = sizeof(credentials);
    AiotopIdentity peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0 ||
        credentials.pid <= 0) {
        return (AiotopIdentity){ 0 };
    }
    peer = aiotop_procfs_identify(root, credentials.pid);
    return has_ended(fd) ? (AiotopIdentity){ 0 } : peer;
}

static void on_peer(const AiotopUnixSocket *entry, void *opaque)
{
    uint32_t *peer = opaque;

    *peer = entry->peer;
}

/* Inode of the other end, which may be in any name space; 0 if not known */
static uint32_t peer_inode(int fd)
{
    int diag = aiotop_unix_diag_open();
    uint32_t peer = 0;
    struct stat st;

    if (diag >= 0 && fstat(fd, &st) == 0) {
        aiotop_unix_diag_ask(diag, st.st_ino, UINT32_MAX, UDIAG_SHOW_PEER,
                             on_peer, &peer);
    }
    if (diag >= 0) {
        close(diag);
    }
    return peer;
}

bool aiotop_sockets_is_served_by(const char *root, int fd,
                                 const AiotopIdentity *process)
{
    AiotopIdentity peer = aiotop_sockets_peer(root, fd);
    g_autoptr(GHashTable) inodes = NULL;
    unsigned n_read;
    uint32_t inode;

    if (aiotop_identity_equal(&peer, process)) {
        return true;
    }
    inode = peer_inode(fd);
    if (!inode) {
        return false;
    }
    inodes = aiotop_open_sockets(root, process->pid, &n_read);
    return g_hash_table_contains(inodes, GUINT_TO_POINTER(inode)) &&
           aiotop_procfs_is_same(root, process);
}

/* A TCP socket of a process, as our own lists are gone through */
typedef struct OwnTcp {
    GHashTable *inodes;
    unsigned port;
    char *address;
} OwnTcp;

static bool on_tcp_socket(const AiotopInetSocket *socket, void *opaque)
{
    OwnTcp *own = opaque;
    gpointer inode = GUINT_TO_POINTER(socket->inode);
    g_autofree char *text = NULL;
    uint8_t local[AIOTOP_INET_ADDRESS];

    if (socket->state != TCP_LISTEN || socket->local_port != own->port ||
        !g_hash_table_contains(own->inodes, inode)) {
        return true;
    }
    memcpy(local, socket->local, sizeof(local));
    aiotop_inet_make_definite(local);
    text = aiotop_inet_text(local, own->port);
    own->address = g_strconcat("tcp:", text, NULL);
    return false;
}

char *aiotop_sockets_tcp(const char *root, const AiotopIdentity *process,
                         unsigned port, bool *told)
{
    static const char *const lists[] = { "tcp", "tcp6" };
    g_autofree char *self = g_build_filename(root, "self", NULL);
    unsigned n_read;
    g_autoptr(GHashTable) inodes =
        aiotop_open_sockets(root, process->pid, &n_read);
    OwnTcp own = { .inodes = inodes, .port = port };

    for (unsigned i = 0; !own.address && i < G_N_ELEMENTS(lists); i++) {
        aiotop_inet_list(self, lists[i], on_tcp_socket, &own);
    }
    if (!aiotop_procfs_is_same(root, process)) {
        g_clear_pointer(&own.address, g_free);
    }
    *told = n_read > 0;
    return own.address;
}
