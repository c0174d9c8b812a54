/*
 * Whose a socket is: of this process, of its children, of strangers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <linux/sched.h>
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

#include <qemu-aiotop/host/sockets.h>

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
    g_autoptr(GPtrArray) addresses =
        aiotop_sockets_listening(AIOTOP_PROCFS_ROOT, pid);

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
    g_autofree char *name = NULL;
    g_autoptr(GPtrArray) addresses = NULL;
    struct stat st;
    int forged;

    g_assert_cmpint(fstat(victim, &st), ==, 0);
    name = g_strdup_printf("x\n0: 2 0 10000 1 1 %lu /tmp/forged",
                           (unsigned long)st.st_ino);
    forged = listen_at(NULL, name);
    addresses = aiotop_sockets_listening(AIOTOP_PROCFS_ROOT, getpid());
    g_assert_cmpuint(addresses->len, ==, 2);
    g_assert_false(listens(getpid(), "unix:/tmp/forged"));
    close(forged);
    close(victim);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sockets/listening", test_listening);
    g_test_add_func("/sockets/a-name-of-two-lines", test_a_name_of_two_lines);
    g_test_add_func("/sockets/another-name-space", test_another_name_space);
    g_test_add_func("/sockets/peer", test_peer);
    g_test_add_func("/sockets/peer-that-has-ended", test_peer_that_has_ended);
    g_test_add_func("/sockets/served-by-an-heir", test_served_by_an_heir);
    return g_test_run();
}
