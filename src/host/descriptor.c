/*
 * What a process has behind a descriptor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/descriptor.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/text/escape.h"
#include "inet-list.h"
#include "patience.h"
#include "unix-diag.h"

/* What the kernel calls a socket, and a pipe, with its inode's number */
#define SOCKET_LINK "socket:[%" SCNu32 "]"
#define PIPE_PREFIX "pipe:["

/* May hold what it passed on to others */
#define INIT_PID 1

/* Whether the process, by its directory @proc, has what is called @link open */
static bool has_open(int proc, const char *pid, const char *link)
{
    g_autofree char *name = g_strconcat(pid, "/fd", NULL);
    int fd = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    size_t len = strlen(link);
    const struct dirent *entry;
    bool found = false;
    char target[64];

    while (dir && !found && (entry = readdir(dir))) {
        ssize_t n = readlinkat(fd, entry->d_name, target, sizeof(target));

        found = n == (ssize_t)len && memcmp(target, link, len) == 0;
    }
    if (dir) {
        closedir(dir);
    } else if (fd >= 0) {
        close(fd);
    }
    return found;
}

/* Another process than @pid that has it open, the first one but init; or 0 */
static int64_t find_holder(const char *root, const char *link, int64_t pid)
{
    int proc = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    int64_t holder = 0;
    const char *name;

    while (dir && holder <= INIT_PID && (name = g_dir_read_name(dir))) {
        guint64 number;

        if (g_ascii_string_to_unsigned(name, 10, 1, INT32_MAX, &number, NULL) &&
            (int64_t)number != pid && has_open(proc, name, link)) {
            holder = number;
        }
    }
    if (proc >= 0) {
        close(proc);
    }
    return holder;
}

/* "process 12 (qemu-nbd)" */
static char *process_name(const char *root, int64_t pid)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/comm", root, pid);
    g_autofree char *comm = NULL;

    if (!g_file_get_contents(path, &comm, NULL, NULL)) {
        return g_strdup_printf("process %" PRId64, pid);
    }
    g_strchomp(comm);
    return g_strdup_printf("process %" PRId64 " (%s)", pid, comm);
}

/* Who has the other end; NULL if nobody that is known */
static char *find_owner(const char *root, const char *link, int64_t pid)
{
    AiotopIdentity holder =
        aiotop_procfs_identify(root, find_holder(root, link, pid));
    g_autofree char *name = holder.pid ? process_name(root, holder.pid) : NULL;

    return name && aiotop_procfs_is_same(root, &holder) ? g_steal_pointer(&name)
                                                        : NULL;
}

static bool has_itself(const char *root, const char *link, int64_t pid)
{
    g_autofree char *number = g_strdup_printf("%" PRId64, pid);
    int proc = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool found = proc >= 0 && has_open(proc, number, link);

    if (proc >= 0) {
        close(proc);
    }
    return found;
}

/* A UNIX socket, as its list is gone through */
typedef struct Search {
    /* It is in the list */
    bool found;
    /* Its other end, or that which has not accepted it; 0 if none */
    uint32_t other;
    bool pending;
    /* What that is bound to, or NULL */
    char *address;
    /* The socket's own */
    uint32_t inode;
} Search;

static void on_own(const AiotopUnixSocket *socket, void *opaque)
{
    Search *search = opaque;

    search->found = true;
    search->other = socket->peer;
}

static void on_other(const AiotopUnixSocket *socket, void *opaque)
{
    Search *search = opaque;

    search->address = aiotop_unix_diag_address(socket);
}

static void on_listening(const AiotopUnixSocket *socket, void *opaque)
{
    Search *search = opaque;

    for (size_t i = 0; !search->other && i < socket->n_pending; i++) {
        if (socket->pending[i] == search->inode) {
            search->other = socket->message->udiag_ino;
            search->pending = true;
        }
    }
}

static void search_unix(const char *root, int64_t pid, Search *search)
{
    bool elsewhere;
    int diag = aiotop_unix_diag_open_of(root, pid, &elsewhere);

    if (diag < 0) {
        return;
    }
    aiotop_unix_diag_ask(diag, search->inode, UINT32_MAX, UDIAG_SHOW_PEER,
                         on_own, search);
    if (search->found && !search->other) {
        aiotop_unix_diag_ask(diag, 0, 1u << TCP_LISTEN, UDIAG_SHOW_ICONS,
                             on_listening, search);
    }
    if (search->other) {
        aiotop_unix_diag_ask(diag, search->other, UINT32_MAX, UDIAG_SHOW_NAME,
                             on_other, search);
    }
    close(diag);
}

/* NULL if it is no UNIX socket */
static char *describe_unix(const char *root, int64_t pid, uint32_t inode)
{
    Search search = { .inode = inode };
    g_autofree char *address = NULL;
    g_autofree char *link = NULL;
    g_autofree char *owner = NULL;

    search_unix(root, pid, &search);
    address = search.address;
    if (!search.found) {
        return NULL;
    }
    if (!search.other) {
        return g_strdup("a UNIX socket that is not connected");
    }
    link = g_strdup_printf("socket:[%" PRIu32 "]", search.other);
    owner = has_itself(root, link, pid) ? g_strdup("the same process")
                                        : find_owner(root, link, pid);
    return g_strdup_printf(
        "a UNIX socket to %s%s%s%s", address ? address + strlen("unix:") : "",
        address ? ", of " : "", owner ? owner : "a process that is not known",
        search.pending ? ", which has not accepted it" : "");
}

/* Of one of the kernel's lists, as it is gone through */
typedef struct InetSearch {
    const char *protocol;
    uint32_t inode;
    /* Of the socket, once it is found */
    char *text;
} InetSearch;

static bool on_inet_socket(const AiotopInetSocket *socket, void *opaque)
{
    InetSearch *search = opaque;
    g_autofree char *peer = NULL;

    if (socket->inode != search->inode) {
        return true;
    }
    if (!socket->remote_port) {
        search->text = g_strdup_printf("a %s socket that is not connected",
                                       search->protocol);
        return false;
    }
    peer = aiotop_inet_text(socket->remote, socket->remote_port);
    search->text = g_strdup_printf(
        "a %s socket %s %s", search->protocol,
        socket->state == TCP_SYN_SENT ? "that waits to connect to" : "to",
        peer);
    return false;
}

/* NULL if it is none of these */
static char *describe_inet(const char *process, uint32_t inode)
{
    static const struct {
        const char *file;
        const char *protocol;
    } lists[] = {
        { "tcp", "TCP" },
        { "tcp6", "TCP" },
        { "udp", "UDP" },
        { "udp6", "UDP" },
    };
    InetSearch search = { .inode = inode };

    for (unsigned i = 0; !search.text && i < G_N_ELEMENTS(lists); i++) {
        search.protocol = lists[i].protocol;
        aiotop_inet_list(process, lists[i].file, on_inet_socket, &search);
    }
    return search.text;
}

static char *describe_pipe(const char *root, const char *link, int64_t pid)
{
    g_autofree char *owner = find_owner(root, link, pid);

    return g_strconcat("a pipe, open in ",
                       owner ? owner : "no other process that is known", NULL);
}

/* An AiotopPatientRead of "ROOT/PID/fd/FD" */
static char *describe(const char *path, gsize *len)
{
    g_autofree char *link = g_file_read_link(path, NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *process = g_path_get_dirname(dir);
    g_autofree char *root = g_path_get_dirname(process);
    g_autofree char *text = NULL;
    int64_t pid = g_ascii_strtoll(strrchr(process, '/') + 1, NULL, 10);
    char *shown;
    uint32_t inode;

    if (!link) {
        return NULL;
    }
    if (sscanf(link, SOCKET_LINK, &inode) == 1) {
        text = describe_unix(root, pid, inode);
        text = text ? text : describe_inet(process, inode);
    } else if (g_str_has_prefix(link, PIPE_PREFIX)) {
        text = describe_pipe(root, link, pid);
    }
    shown = aiotop_text_escape(text ? text : link);
    *len = strlen(shown);
    return shown;
}

char *aiotop_descriptor_describe(const char *root, int64_t pid, int fd,
                                 int64_t deadline_us)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/fd/%d", root, pid, fd);
    bool late = false;
    gsize len;

    return aiotop_patience_end(
        aiotop_patience_begin(aiotop_procfs_owner(root, pid), path, describe),
        deadline_us, &len, &late);
}
