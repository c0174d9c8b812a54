/*
 * Whose a UNIX socket is, as the kernel itself says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Since Linux 6.5 */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* More than the kernel puts into one message */
#define REPLY_SIZE (64u << 10)
/* An answer comes at once; this is for a kernel that has none */
#define REPLY_TIMEOUT_S 1

/* A UNIX socket in the kernel's list */
typedef struct Entry {
    const struct unix_diag_msg *message;
    /* As it was bound to, without an end; NULL if it has none */
    const char *name;
    size_t name_len;
    /* Inode of the other end; 0 if there is none */
    uint32_t peer;
} Entry;

typedef void OnEntry(const Entry *entry, void *opaque);

static int open_diag(void)
{
    struct timeval timeout = { .tv_sec = REPLY_TIMEOUT_S };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    }
    return fd;
}

typedef struct Visit {
    char *name_space;
    int diag;
} Visit;

/* In a thread of its own, which ends in the other name space */
static gpointer open_diag_there(gpointer opaque)
{
    Visit *visit = opaque;
    int fd = open(visit->name_space, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        visit->diag = setns(fd, CLONE_NEWNET) == 0 ? open_diag() : -1;
        close(fd);
    }
    return NULL;
}

static char *net_name_space(const char *root, const char *process)
{
    return g_build_filename(root, process, "ns", "net", NULL);
}

/* To ask of sockets in the process's name space; -1 if that can't be */
static int open_diag_of(const char *root, int64_t pid, bool *elsewhere)
{
    g_autofree char *number = g_strdup_printf("%" PRId64, pid);
    g_autofree char *own_path = net_name_space(root, "self");
    g_autofree char *its_path = net_name_space(root, number);
    g_autofree char *own = g_file_read_link(own_path, NULL);
    g_autofree char *its = g_file_read_link(its_path, NULL);
    Visit visit = { its_path, -1 };

    *elsewhere = g_strcmp0(own, its) != 0;
    if (!*elsewhere) {
        return open_diag();
    }
    g_thread_join(g_thread_new("name space", open_diag_there, &visit));
    return visit.diag;
}

static void read_entry(const struct nlmsghdr *header, OnEntry *on_entry,
                       void *opaque)
{
    const struct unix_diag_msg *message = NLMSG_DATA(header);
    Entry entry = { .message = message };
    int len = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));

    for (const struct rtattr *attribute = (const void *)(message + 1);
         RTA_OK(attribute, len); attribute = RTA_NEXT(attribute, len)) {
        if (attribute->rta_type == UNIX_DIAG_NAME) {
            entry.name = RTA_DATA(attribute);
            entry.name_len = RTA_PAYLOAD(attribute);
        } else if (attribute->rta_type == UNIX_DIAG_PEER &&
                   RTA_PAYLOAD(attribute) >= sizeof(entry.peer)) {
            memcpy(&entry.peer, RTA_DATA(attribute), sizeof(entry.peer));
        }
    }
    on_entry(&entry, opaque);
}

/* Returns true if there is more to come */
static bool read_reply(const char *reply, ssize_t len, bool dump,
                       OnEntry *on_entry, void *opaque)
{
    for (const struct nlmsghdr *header = (const void *)reply;
         NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            header->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg))) {
            return false;
        }
        read_entry(header, on_entry, opaque);
    }
    return dump;
}

/* Calls @on_entry for the socket @inode, or if it is 0 for all in @states */
static void ask(int diag, uint32_t inode, uint32_t states, uint32_t show,
                OnEntry *on_entry, void *opaque)
{
    bool dump = inode == 0;
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header = {
            .nlmsg_len = sizeof(message),
            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
            .nlmsg_flags = NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0),
        },
        .request = {
            .sdiag_family = AF_UNIX,
            .udiag_states = states,
            .udiag_ino = inode,
            .udiag_show = show,
            .udiag_cookie = { UINT32_MAX, UINT32_MAX },
        },
    };
    struct sockaddr_nl from;
    struct iovec vector = { g_malloc(REPLY_SIZE), REPLY_SIZE };
    struct msghdr reply = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &vector,
        .msg_iovlen = 1,
    };
    bool more = send(diag, &message, sizeof(message), 0) == sizeof(message);

    while (more) {
        ssize_t len = recvmsg(diag, &reply, 0);

        /* Any process may write to the socket: the kernel is number 0 */
        if (len < 0 || from.nl_pid == 0) {
            more = len > 0 &&
                   read_reply(vector.iov_base, len, dump, on_entry, opaque);
        }
        reply.msg_namelen = sizeof(from);
    }
    g_free(vector.iov_base);
}

/* Inode numbers of the sockets that the process has open */
static GHashTable *open_sockets(const char *root, int64_t pid)
{
    g_autofree char *dir_name = g_strdup_printf("%s/%" PRId64 "/fd", root, pid);
    g_autoptr(GDir) dir = g_dir_open(dir_name, 0, NULL);
    GHashTable *inodes = g_hash_table_new(NULL, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(dir_name, name, NULL);
        g_autofree char *link = g_file_read_link(path, NULL);
        unsigned inode;

        if (link && sscanf(link, "socket:[%u]", &inode) == 1) {
            g_hash_table_add(inodes, GUINT_TO_POINTER(inode));
        }
    }
    return inodes;
}

/* "unix:PATH" or "unix:@NAME"; NULL if it has no name, or one with a NUL */
static char *entry_address(const Entry *entry)
{
    const char *name = entry->name;
    size_t len = entry->name_len;
    bool abstract = len && !name[0];

    if (abstract) {
        name++;
        len--;
    } else {
        len = name ? strnlen(name, len) : 0;
    }
    if (!len || memchr(name, '\0', len)) {
        return NULL;
    }
    return g_strdup_printf("unix:%s%.*s",
                           abstract         ? "@"
                           : name[0] == '@' ? "./"
                                            : "",
                           (int)len, name);
}

typedef struct Listening {
    GHashTable *inodes;
    GPtrArray *addresses;
    bool elsewhere;
} Listening;

static void on_listening(const Entry *entry, void *opaque)
{
    Listening *listening = opaque;
    gpointer inode = GUINT_TO_POINTER(entry->message->udiag_ino);
    char *address = g_hash_table_contains(listening->inodes, inode)
                        ? entry_address(entry)
                        : NULL;

    if (address &&
        (!listening->elsewhere || !g_str_has_prefix(address, "unix:@"))) {
        g_ptr_array_add(listening->addresses, g_steal_pointer(&address));
    }
    g_free(address);
}

GPtrArray *aiotop_sockets_listening(const char *root, int64_t pid)
{
    g_autoptr(GHashTable) inodes = open_sockets(root, pid);
    Listening listening = {
        .inodes = inodes,
        .addresses = g_ptr_array_new_with_free_func(g_free),
    };
    int diag = g_hash_table_size(inodes)
                   ? open_diag_of(root, pid, &listening.elsewhere)
                   : -1;

    if (diag >= 0) {
        ask(diag, 0, 1u << TCP_LISTEN, UDIAG_SHOW_NAME, on_listening,
            &listening);
        close(diag);
    }
    return listening.addresses;
}

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

static void on_peer(const Entry *entry, void *opaque)
{
    uint32_t *peer = opaque;

    *peer = entry->peer;
}

/* Inode of the other end, which may be in any name space; 0 if not known */
static uint32_t peer_inode(int fd)
{
    int diag = open_diag();
    uint32_t peer = 0;
    struct stat st;

    if (diag >= 0 && fstat(fd, &st) == 0) {
        ask(diag, st.st_ino, UINT32_MAX, UDIAG_SHOW_PEER, on_peer, &peer);
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
    uint32_t inode;

    if (peer.pid == process->pid && peer.start_ticks == process->start_ticks) {
        return true;
    }
    inode = peer_inode(fd);
    if (!inode) {
        return false;
    }
    inodes = open_sockets(root, process->pid);
    return g_hash_table_contains(inodes, GUINT_TO_POINTER(inode)) &&
           aiotop_procfs_is_same(root, process);
}
