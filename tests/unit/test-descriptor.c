/*
 * What is at a descriptor's other end: this process, its children, a network
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <qemu-aiotop/host/descriptor.h>
#include <qemu-aiotop/host/procfs.h>

#include "made-sockets.h"
#include "proc-tree.h"

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
    check_descriptor(pair[0], "a UNIX socket to process %d (test-descriptor)",
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
    check_descriptor(wires[0], "a pipe, open in process %d (test-descriptor)",
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/descriptor/to-a-server", test_descriptor_to_a_server);
    g_test_add_func("/descriptor/that-is-not-accepted",
                    test_descriptor_that_is_not_accepted);
    g_test_add_func("/descriptor/of-a-pair", test_descriptor_of_a_pair);
    g_test_add_func("/descriptor/of-a-pipe", test_descriptor_of_a_pipe);
    g_test_add_func("/descriptor/of-a-file", test_descriptor_of_a_file);
    g_test_add_func("/descriptor/to-a-tcp-port", test_descriptor_to_a_tcp_port);
    g_test_add_func("/descriptor/to-the-network",
                    test_descriptor_to_the_network);
    return g_test_run();
}
