/*
 * Sockets, and processes that have them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-sockets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

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

int bind_to(const char *dir, const char *name)
{
    struct sockaddr_un address;
    socklen_t len = set_address(&address, dir, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, len), ==, 0);
    return fd;
}

int listen_at(const char *dir, const char *name)
{
    int fd = bind_to(dir, name);

    g_assert_cmpint(listen(fd, 5), ==, 0);
    return fd;
}

int connect_to(const char *dir, const char *name)
{
    struct sockaddr_un address;
    socklen_t len = set_address(&address, dir, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, len), ==, 0);
    return fd;
}

char *make_dir(void)
{
    return g_dir_make_tmp("aiotop-XXXXXX", NULL);
}

void remove_dir(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    g_unlink(path);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* Tells its parent, and stays until that ends it */
void G_GNUC_NORETURN stay(int ready)
{
    g_assert_cmpint(write(ready, "x", 1), ==, 1);
    for (;;) {
        pause();
    }
}

pid_t start(void (*child)(int ready, const char *dir), const char *dir)
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

void end(pid_t pid)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

/* Bound by us, made to listen by a child */
int inherited;

void do_nothing(int ready, const char *dir G_GNUC_UNUSED)
{
    stay(ready);
}

/* At a port that is free; @address is what it listens at then */
int listen_at_port(in_addr_t host, struct sockaddr_in *address)
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
