/*
 * Whose a socket is, or another descriptor's other end: of this process, of
 * its children, of strangers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <qemu-aiotop/host/descriptor.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/sockets.h>

#include "host/listening.h"
#include "host/open-sockets.h"
#include "host/unix-diag.h"
#include "proc-tree.h"

/* A path in @dir, or a name in the abstract name space if that is NULL */
static socklen_t set_address(struct sockaddr_un *address, const char *dir,
                             const char *name)
{
    g_autofree char *path = dir ? g_build_filename(dir, name, NULL) : NULL;
    char *at = address->sun_path + !dir;

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    g_strlcpy(at, dir ? path : name, sizeof(address->sun_path) - 1);
    return at + strlen(at) - (char *)address;
}

static int bind_to(const char *dir, const char *name)
{
    struct sockaddr_un address;
    socklen_t len = set_address(&address, dir, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, len), ==, 0);
    return fd;
}

static int listen_at(const char *dir, const char *name)
{
    int fd = bind_to(dir, name);

    g_assert_cmpint(listen(fd, 5), ==, 0);
    return fd;
}

static int connect_to(const char *dir, const char *name)
{
    struct sockaddr_un address;
    socklen_t len = set_address(&address, dir, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, len), ==, 0);
    return fd;
}

static AiotopIdentity identify(pid_t pid)
{
    return aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
}

static char *make_dir(void)
{
    return g_dir_make_tmp("aiotop-XXXXXX", NULL);
}

static void remove_dir(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    g_unlink(path);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static bool listens(pid_t pid, const char *address)
{
    g_autoptr(AiotopListening) listening =
        aiotop_listening_new(AIOTOP_PROCFS_ROOT, "");
    g_autoptr(GPtrArray) addresses = aiotop_listening_of(listening, pid);

    return g_ptr_array_find_with_equal_func(addresses, address, g_str_equal,
                                            NULL);
}

static void test_listening(void)
{
    g_autofree char *dir = make_dir();
    g_autofree char *path = g_build_filename(dir, "s", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    int named = listen_at(dir, "s");
    int abstract = listen_at(NULL, "aiotop test");
    int bound = bind_to(NULL, "aiotop bound");

    g_assert_true(listens(getpid(), address));
    g_assert_true(listens(getpid(), "unix:@aiotop test"));
    g_assert_false(listens(getpid(), "unix:@aiotop bound"));
    g_assert_false(listens(getppid(), address));
    close(named);
    close(abstract);
    close(bound);
    g_assert_false(listens(getpid(), address));
    remove_dir(dir, "s");
}

/* As a line of /proc/net/unix it is two sockets */
static void test_a_name_of_two_lines(void)
{
    int victim = listen_at(NULL, "aiotop victim");
    g_autoptr(AiotopListening) listening =
        aiotop_listening_new(AIOTOP_PROCFS_ROOT, "");
    g_autofree char *name = NULL;
    g_autoptr(GPtrArray) addresses = NULL;
    struct stat st;
    int forged;

    g_assert_cmpint(fstat(victim, &st), ==, 0);
    name = g_strdup_printf("x\n0: 2 0 10000 1 1 %lu /tmp/forged",
                           (unsigned long)st.st_ino);
    forged = listen_at(NULL, name);
    addresses = aiotop_listening_of(listening, getpid());
    g_assert_cmpuint(addresses->len, ==, 2);
    g_assert_false(listens(getpid(), "unix:/tmp/forged"));
    close(forged);
    close(victim);
}

/* Anybody's process may have as many as it likes */
static void test_more_descriptors_than_are_looked_at(void)
{
    char *root = proc_tree_new();
    g_autoptr(GHashTable) inodes = NULL;
    unsigned n_read;

    for (unsigned i = 0; i < AIOTOP_OPEN_MOST + 100; i++) {
        g_autofree char *name = g_strdup_printf("7/fd/%u", i);
        g_autofree char *link = g_strdup_printf("socket:[%u]", i + 1);

        proc_tree_link(root, name, link);
    }
    inodes = aiotop_open_sockets(root, 7, &n_read);
    g_assert_cmpuint(g_hash_table_size(inodes), <=, AIOTOP_OPEN_MOST);
    g_assert_cmpuint(g_hash_table_size(inodes), >, AIOTOP_OPEN_MOST / 2);
    proc_tree_free(root);
}

/* Tells its parent, and stays until that ends it */
static void G_GNUC_NORETURN stay(int ready)
{
    g_assert_cmpint(write(ready, "x", 1), ==, 1);
    for (;;) {
        pause();
    }
}

static pid_t start(void (*child)(int ready, const char *dir), const char *dir)
{
    int wires[2];
    char byte;
    pid_t pid;

    g_assert_cmpint(pipe(wires), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        child(wires[1], dir);
        _exit(EXIT_FAILURE);
    }
    close(wires[1]);
    g_assert_cmpint(read(wires[0], &byte, 1), ==, 1);
    close(wires[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static void listen_elsewhere(int ready, const char *dir)
{
    int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER;

    g_assert_cmpint(unshare(flags), ==, 0);
    listen_at(dir, "s");
    listen_at(NULL, "aiotop elsewhere");
    stay(ready);
}

/* Names that are abstract belong to the name space, paths do not */
static void test_another_name_space(void)
{
    g_autofree char *dir = make_dir();
    g_autofree char *path = g_build_filename(dir, "s", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    pid_t pid = start(listen_elsewhere, dir);
    bool permitted = geteuid() == 0;

    g_assert_true(listens(pid, address) == permitted);
    g_assert_false(listens(pid, "unix:@aiotop elsewhere"));
    end(pid);
    remove_dir(dir, "s");
}

static void note_inode(const AiotopUnixSocket *socket, void *opaque)
{
    GArray *inodes = opaque;

    g_array_append_val(inodes, socket->message->udiag_ino);
}

/* Whoever may write to the socket is not the kernel */
static void test_forged_answer(void)
{
    g_autoptr(GArray) inodes = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    struct {
        struct nlmsghdr header;
        struct unix_diag_msg message;
    } forged = {
        .header = {
            .nlmsg_len = sizeof(forged),
            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
        },
        .message = { .udiag_family = AF_UNIX, .udiag_ino = 4711 },
    };
    int diag = aiotop_unix_diag_open();
    int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    int ours = listen_at(NULL, "aiotop forged");
    struct sockaddr_nl to;
    socklen_t len = sizeof(to);
    struct stat st;

    g_assert_cmpint(fstat(ours, &st), ==, 0);
    aiotop_unix_diag_ask(diag, st.st_ino, UINT32_MAX, 0, note_inode, inodes);
    g_assert_cmpint(getsockname(diag, (struct sockaddr *)&to, &len), ==, 0);
    g_assert_cmpuint(to.nl_pid, !=, 0);
    if (sendto(other, &forged, sizeof(forged), 0, (struct sockaddr *)&to,
               sizeof(to)) < 0) {
        g_assert_cmpint(errno, ==, EPERM);
    }
    aiotop_unix_diag_ask(diag, st.st_ino, UINT32_MAX, 0, note_inode, inodes);
    g_assert_cmpuint(inodes->len, ==, 2);
    for (unsigned i = 0; i < inodes->len; i++) {
        g_assert_cmpuint(g_array_index(inodes, uint32_t, i), ==, st.st_ino);
    }
    close(ours);
    close(other);
    close(diag);
}

static void test_peer(void)
{
    int listener = listen_at(NULL, "aiotop peer");
    int fd = connect_to(NULL, "aiotop peer");
    AiotopIdentity peer = aiotop_sockets_peer(AIOTOP_PROCFS_ROOT, fd);
    AiotopIdentity ours = identify(getpid());
    AiotopIdentity tcp;
    int inet = socket(AF_INET, SOCK_STREAM, 0);

    tcp = aiotop_sockets_peer(AIOTOP_PROCFS_ROOT, inet);
    g_assert_cmpint(peer.pid, ==, getpid());
    g_assert_cmpuint(peer.start_ticks, ==, ours.start_ticks);
    g_assert_cmpint(tcp.pid, ==, 0);
    g_assert_true(aiotop_sockets_is_served_by(AIOTOP_PROCFS_ROOT, fd, &ours));
    ours.start_ticks--;
    g_assert_false(aiotop_sockets_is_served_by(AIOTOP_PROCFS_ROOT, fd, &ours));
    close(inet);
    close(fd);
    close(listener);
}

/* Bound by us, made to listen by a child */
static int inherited;

static void make_it_listen(int ready, const char *dir G_GNUC_UNUSED)
{
    g_assert_cmpint(listen(inherited, 5), ==, 0);
    g_assert_cmpint(write(ready, "x", 1), ==, 1);
    _exit(EXIT_SUCCESS);
}

/* A process with this number, as good as that can be had */
static void have_pid(pid_t pid)
{
    pid_t wanted = pid;
    struct clone_args args = {
        .exit_signal = SIGCHLD,
        .set_tid = (uintptr_t)&wanted,
        .set_tid_size = 1,
    };
    int wires[2];
    char byte;
    long got;

    g_assert_cmpint(pipe(wires), ==, 0);
    got = syscall(SYS_clone3, &args, sizeof(args));
    if (got == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        stay(wires[1]);
    }
    close(wires[1]);
    /* Only root may choose */
    g_assert_true(got == pid || geteuid() != 0);
    g_assert_true(got < 0 || read(wires[0], &byte, 1) == 1);
    close(wires[0]);
}

/* The kernel still says its pid, which is another process's by now */
static void test_peer_that_has_ended(void)
{
    AiotopIdentity peer;
    pid_t pid;
    int fd;

    inherited = bind_to(NULL, "aiotop heir");
    pid = start(make_it_listen, NULL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    fd = connect_to(NULL, "aiotop heir");
    have_pid(pid);
    peer = aiotop_sockets_peer(AIOTOP_PROCFS_ROOT, fd);
    g_assert_cmpint(peer.pid, ==, 0);
    if (geteuid() == 0) {
        end(pid);
    }
    close(fd);
    close(inherited);
}

static void accept_it(int ready, const char *dir G_GNUC_UNUSED)
{
    g_assert_cmpint(accept(inherited, NULL, NULL), >=, 0);
    stay(ready);
}

static void do_nothing(int ready, const char *dir G_GNUC_UNUSED)
{
    stay(ready);
}

/* As libvirt does: it makes the socket, and passes it on */
static void test_served_by_an_heir(void)
{
    AiotopIdentity server, other;
    int fd;

    inherited = listen_at(NULL, "aiotop passed on");
    other = identify(start(do_nothing, NULL));
    fd = connect_to(NULL, "aiotop passed on");
    server = identify(start(accept_it, NULL));
    g_assert_true(aiotop_sockets_is_served_by(AIOTOP_PROCFS_ROOT, fd, &server));
    g_assert_false(aiotop_sockets_is_served_by(AIOTOP_PROCFS_ROOT, fd, &other));
    server.start_ticks--;
    g_assert_false(
        aiotop_sockets_is_served_by(AIOTOP_PROCFS_ROOT, fd, &server));
    end(server.pid);
    end(other.pid);
    close(fd);
    close(inherited);
}

static void check_descriptor(int fd, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void check_descriptor(int fd, const char *format, ...)
{
    g_autofree char *text = aiotop_descriptor_describe(
        AIOTOP_PROCFS_ROOT, getpid(), fd,
        g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND);
    g_autofree char *expected = NULL;
    va_list args;

    va_start(args, format);
    expected = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_cmpstr(text, ==, expected);
}

#define COMM "a (peer"

static void accept_it_by_name(int ready, const char *dir G_GNUC_UNUSED)
{
    prctl(PR_SET_NAME, COMM);
    g_assert_cmpint(accept(inherited, NULL, NULL), >=, 0);
    stay(ready);
}

static void listen_by_name(int ready, const char *dir)
{
    prctl(PR_SET_NAME, COMM);
    listen_at(dir, "s");
    stay(ready);
}

static void test_descriptor_to_a_server(void)
{
    int fd;
    pid_t pid;

    inherited = listen_at(NULL, "aiotop server");
    fd = connect_to(NULL, "aiotop server");
    check_descriptor(fd, "a UNIX socket to @aiotop server, of the same process,"
                         " which has not accepted it");
    pid = start(accept_it_by_name, NULL);
    check_descriptor(fd,
                     "a UNIX socket to @aiotop server, of process %d"
                     " (" COMM ")",
                     pid);
    end(pid);
    check_descriptor(fd, "a UNIX socket that is not connected");
    close(fd);
    close(inherited);
}

/* It is stopped, or its loop is stuck */
static void test_descriptor_that_is_not_accepted(void)
{
    g_autofree char *dir = make_dir();
    pid_t pid = start(listen_by_name, dir);
    int other = listen_at(NULL, "aiotop other");
    int to_other = connect_to(NULL, "aiotop other");
    int fd = connect_to(dir, "s");

    check_descriptor(fd,
                     "a UNIX socket to %s/s, of process %d (" COMM "), which"
                     " has not accepted it",
                     dir, pid);
    end(pid);
    close(fd);
    close(to_other);
    close(other);
    remove_dir(dir, "s");
}

static void test_descriptor_of_a_pair(void)
{
    int pair[2];
    pid_t pid;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    check_descriptor(pair[0], "a UNIX socket to the same process");
    pid = start(do_nothing, NULL);
    close(pair[1]);
    check_descriptor(pair[0], "a UNIX socket to process %d (test-sockets)",
                     pid);
    end(pid);
    close(pair[0]);
}

static void test_descriptor_of_a_pipe(void)
{
    int wires[2];
    pid_t pid;

    g_assert_cmpint(pipe(wires), ==, 0);
    check_descriptor(wires[0],
                     "a pipe, open in no other process that is known");
    pid = start(do_nothing, NULL);
    check_descriptor(wires[0], "a pipe, open in process %d (test-sockets)",
                     pid);
    end(pid);
    close(wires[0]);
    close(wires[1]);
}

static void test_descriptor_of_a_file(void)
{
    g_autofree char *dir = make_dir();
    g_autofree char *path = g_build_filename(dir, "a\33", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    check_descriptor(fd, "%s/a\\x1b", dir);
    g_assert_null(aiotop_descriptor_describe(AIOTOP_PROCFS_ROOT, getpid(), 9999,
                                             g_get_monotonic_time() +
                                                 G_TIME_SPAN_MINUTE));
    close(fd);
    remove_dir(dir, "a\33");
}

/* At a port that is free; @address is what it listens at then */
static int listen_at_port(in_addr_t host, struct sockaddr_in *address)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*address);

    *address = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_addr = { htonl(host) },
    };
    g_assert_cmpint(bind(listener, (void *)address, len), ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    g_assert_cmpint(getsockname(listener, (void *)address, &len), ==, 0);
    return listener;
}

static void test_descriptor_to_a_tcp_port(void)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int listener = listen_at_port(INADDR_LOOPBACK, &address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    g_assert_cmpint(connect(fd, (void *)&address, len), ==, 0);
    check_descriptor(fd, "a TCP socket to 127.0.0.1:%d",
                     ntohs(address.sin_port));
    check_descriptor(listener, "a TCP socket that is not connected");
    close(fd);
    close(listener);
}

/* As on a host of this byte order; an inode that is no UNIX socket's */
#define LINE(remote, state, inode)                                             \
    "   0: 0100007F:1F90 " remote " " state " 00000000:00000000"               \
    " 00:00000000 00000000     0        0 " inode " 1 0 20 4 30 10 -1\n"
#define LINE6(remote, state, inode)                                            \
    "   0: 00000000000000000000000001000000:1F90 " remote " " state            \
    " 00000000:00000000 00:00000000 00000000     0        0 " inode " 1\n"

static void test_descriptor_to_the_network(void)
{
    static const struct {
        const char *link;
        const char *expected;
    } cases[] = {
        { "socket:[4294967201]", "a TCP socket to 10.0.0.1:2049" },
        { "socket:[4294967202]",
          "a TCP socket that waits to connect to 10.0.0.2:2049" },
        { "socket:[4294967203]", "a TCP socket to [2001:db8::1]:10809" },
        { "socket:[4294967204]", "a TCP socket to 10.0.0.1:2049" },
        { "socket:[4294967205]", "a UDP socket to 10.0.0.1:53" },
        { "socket:[4294967206]", "a UDP socket that is not connected" },
        { "socket:[4294967207]", "socket:[4294967207]" },
        { "anon_inode:[eventfd]", "anon_inode:[eventfd]" },
    };
    char *root = proc_tree_new();

    proc_tree_write(root, "7/net/tcp",
                    "  sl  local_address rem_address\n" LINE("0100000A:0801",
                                                             "01", "4294967201")
                        LINE("0200000A:0801", "02", "4294967202"));
    proc_tree_write(
        root, "7/net/tcp6",
        LINE6("B80D0120000000000000000001000000:2A39", "01", "4294967203")
            LINE6("0000000000000000FFFF00000100000A:0801", "01", "4294967204"));
    proc_tree_write(root, "7/net/udp",
                    LINE("0100000A:0035", "01", "4294967205"));
    proc_tree_write(
        root, "7/net/udp6",
        LINE6("00000000000000000000000000000000:0000", "01", "4294967206"));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("7/fd/%u", i);
        g_autofree char *text = NULL;

        proc_tree_link(root, name, cases[i].link);
        text = aiotop_descriptor_describe(
            root, 7, i, g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND);
        g_assert_cmpstr(text, ==, cases[i].expected);
    }
    proc_tree_free(root);
}

static void check_tcp(const char *root, AiotopIdentity process, unsigned port,
                      const char *expected)
{
    bool told;
    g_autofree char *address = aiotop_sockets_tcp(root, &process, port, &told);

    g_assert_cmpstr(address, ==, expected);
    g_assert_true(told);
}

/* A port is a process's only if it listens there itself */
static void test_tcp(void)
{
    AiotopIdentity ours = identify(getpid());
    AiotopIdentity other = identify(start(do_nothing, NULL));
    struct sockaddr_in address;
    int listener;

    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *expected = NULL;
        unsigned port;

        listener = listen_at_port(i ? INADDR_ANY : INADDR_LOOPBACK, &address);
        port = ntohs(address.sin_port);
        expected = g_strdup_printf("tcp:127.0.0.1:%u", port);
        check_tcp(AIOTOP_PROCFS_ROOT, ours, port, expected);
        check_tcp(AIOTOP_PROCFS_ROOT, other, port, NULL);
        ours.start_ticks--;
        check_tcp(AIOTOP_PROCFS_ROOT, ours, port, NULL);
        ours.start_ticks++;
        close(listener);
        check_tcp(AIOTOP_PROCFS_ROOT, ours, port, NULL);
    }
    end(other.pid);
}

/* One that is bound to a port, or connected from it, does not listen there */
static void test_tcp_that_does_not_listen(void)
{
    static const ProcThread thread = { .tid = 7, .comm = "q", .state = 'S' };
    AiotopIdentity process = { 7, PROC_TREE_START };
    char *root = proc_tree_new();
    bool told;

    proc_tree_thread(root, 7, &thread);
    g_assert_null(aiotop_sockets_tcp(root, &process, 8080, &told));
    g_assert_false(told);
    proc_tree_link(root, "7/fd/0", "/dev/null");
    proc_tree_write(root, "self/net/tcp", LINE("0100000A:0801", "01", "21"));
    proc_tree_write(root, "self/net/tcp6",
                    LINE6("00000000000000000000000000000000:0000", "0A", "22"));
    proc_tree_write(root, "7/net/tcp", LINE("00000000:0000", "0A", "23"));
    check_tcp(root, process, 8080, NULL);
    proc_tree_link(root, "7/fd/1", "socket:[21]");
    check_tcp(root, process, 8080, NULL);
    /* It may listen there, but in another name space than ours */
    proc_tree_link(root, "7/fd/2", "socket:[23]");
    check_tcp(root, process, 8080, NULL);
    proc_tree_link(root, "7/fd/3", "socket:[22]");
    check_tcp(root, process, 8080, "tcp:[::1]:8080");
    check_tcp(root, process, 8081, NULL);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sockets/listening", test_listening);
    g_test_add_func("/sockets/more-descriptors-than-are-looked-at",
                    test_more_descriptors_than_are_looked_at);
    g_test_add_func("/sockets/a-name-of-two-lines", test_a_name_of_two_lines);
    g_test_add_func("/sockets/another-name-space", test_another_name_space);
    g_test_add_func("/sockets/forged-answer", test_forged_answer);
    g_test_add_func("/sockets/peer", test_peer);
    g_test_add_func("/sockets/peer-that-has-ended", test_peer_that_has_ended);
    g_test_add_func("/sockets/served-by-an-heir", test_served_by_an_heir);
    g_test_add_func("/sockets/descriptor-to-a-server",
                    test_descriptor_to_a_server);
    g_test_add_func("/sockets/descriptor-that-is-not-accepted",
                    test_descriptor_that_is_not_accepted);
    g_test_add_func("/sockets/descriptor-of-a-pair", test_descriptor_of_a_pair);
    g_test_add_func("/sockets/descriptor-of-a-pipe", test_descriptor_of_a_pipe);
    g_test_add_func("/sockets/descriptor-of-a-file", test_descriptor_of_a_file);
    g_test_add_func("/sockets/descriptor-to-a-tcp-port",
                    test_descriptor_to_a_tcp_port);
    g_test_add_func("/sockets/descriptor-to-the-network",
                    test_descriptor_to_the_network);
    g_test_add_func("/sockets/tcp", test_tcp);
    g_test_add_func("/sockets/tcp-that-does-not-listen",
                    test_tcp_that_does_not_listen);
    return g_test_run();
}
