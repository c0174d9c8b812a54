/*
 * The kernel's list of UNIX sockets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "unix-diag.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than the kernel puts into one message */
#define REPLY_SIZE (64u << 10)
/* An answer comes at once; this is for a kernel that has none */
#define REPLY_TIMEOUT_S 1

int aiotop_unix_diag_open(void)
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
        visit->diag =
            setns(fd, CLONE_NEWNET) == 0 ? aiotop_unix_diag_open() : -1;
        close(fd);
    }
    return NULL;
}

static char *net_name_space(const char *root, const char *process)
{
    return g_build_filename(root, process, "ns", "net", NULL);
}

int aiotop_unix_diag_open_of(const char *root, int64_t pid, bool *elsewhere)
{
    g_autofree char *number = g_strdup_printf("%" PRId64, pid);
    g_autofree char *own_path = net_name_space(root, "self");
    g_autofree char *its_path = net_name_space(root, number);
    g_autofree char *own = g_file_read_link(own_path, NULL);
    g_autofree char *its = g_file_read_link(its_path, NULL);
    Visit visit = { its_path, -1 };
    GThread *thread;

    *elsewhere = g_strcmp0(own, its) != 0;
    if (!*elsewhere) {
        return aiotop_unix_diag_open();
    }
    thread = g_thread_try_new("name space", open_diag_there, &visit, NULL);
    if (thread) {
        g_thread_join(thread);
    }
    return visit.diag;
}

static void read_entry(const struct nlmsghdr *header,
                       AiotopOnUnixSocket *on_socket, void *opaque)
{
    const struct unix_diag_msg *message = NLMSG_DATA(header);
    AiotopUnixSocket found = { .message = message };
    int len = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));

    for (const struct rtattr *attribute = (const void *)(message + 1);
         RTA_OK(attribute, len); attribute = RTA_NEXT(attribute, len)) {
        if (attribute->rta_type == UNIX_DIAG_NAME) {
            found.name = RTA_DATA(attribute);
            found.name_len = RTA_PAYLOAD(attribute);
        } else if (attribute->rta_type == UNIX_DIAG_PEER &&
                   RTA_PAYLOAD(attribute) >= sizeof(found.peer)) {
            memcpy(&found.peer, RTA_DATA(attribute), sizeof(found.peer));
        } else if (attribute->rta_type == UNIX_DIAG_ICONS) {
            found.pending = RTA_DATA(attribute);
            found.n_pending = RTA_PAYLOAD(attribute) / sizeof(*found.pending);
        }
    }
    on_socket(&found, opaque);
}

/* Returns true if there is more to come */
static bool read_reply(const char *reply, ssize_t len, bool dump,
                       AiotopOnUnixSocket *on_socket, void *opaque)
{
    for (const struct nlmsghdr *header = (const void *)reply;
         NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            header->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg))) {
            return false;
        }
        read_entry(header, on_socket, opaque);
    }
    return dump;
}

void aiotop_unix_diag_ask(int diag, uint32_t inode, uint32_t states,
                          uint32_t show, AiotopOnUnixSocket *on_socket,
                          void *opaque)
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
                   read_reply(vector.iov_base, len, dump, on_socket, opaque);
        }
        reply.msg_namelen = sizeof(from);
    }
    g_free(vector.iov_base);
}

char *aiotop_unix_diag_address(const AiotopUnixSocket *socket)
{
    const char *name = socket->name;
    size_t len = socket->name_len;
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
