/*
 * Whose a socket is: of this process, of its children, of strangers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/sockets.h>

#include "host/listening.h"
#include "host/open-sockets.h"
#include "host/unix-diag.h"
#include "made-sockets.h"
#include "proc-tree.h"

static AiotopIdentity identify(pid_t pid)
{
    return aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
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
    g_test_add_func("/sockets/tcp", test_tcp);
    g_test_add_func("/sockets/tcp-that-does-not-listen",
                    test_tcp_that_does_not_listen);
    return g_test_run();
}
