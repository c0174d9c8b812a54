# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads of files that do not return, as on a network file system that hangs."""

import os

import processes

SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static void wait_while_slow(void)
{
    while (access(getenv("SLOW_ON"), F_OK) == 0) {
        usleep(10000);
    }
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
    ssize_t (*next)(int, const struct iovec *, int, off_t) =
        dlsym(RTLD_NEXT, "preadv");

    wait_while_slow();
    return next(fd, iov, n, offset);
}

ssize_t preadv64(int fd, const struct iovec *iov, int n, off_t offset)
{
    ssize_t (*next)(int, const struct iovec *, int, off_t) =
        dlsym(RTLD_NEXT, "preadv64");

    wait_while_slow();
    return next(fd, iov, n, offset);
}

ssize_t pread64(int fd, void *buf, size_t n, off_t offset)
{
    ssize_t (*next)(int, void *, size_t, off_t) =
        dlsym(RTLD_NEXT, "pread64");

    wait_while_slow();
    return next(fd, buf, n, offset);
}
"""


class SlowReads:
    """Within it a process that is started reads slowly where it is told to."""

    def __init__(self):
        self.switch = processes.path("slow.on")
        self.shim = processes.path("slow.so")
        with open(processes.path("slow.c"), "w") as file:
            file.write(SOURCE)
        processes.check_run(["gcc", "-shared", "-fPIC", "-o", self.shim,
                             processes.path("slow.c"), "-ldl"])

    def __enter__(self):
        os.environ.update(LD_PRELOAD=self.shim, SLOW_ON=self.switch)
        return self

    def __exit__(self, *_exception):
        del os.environ["LD_PRELOAD"], os.environ["SLOW_ON"]

    def stop(self):
        """From now on none returns."""
        open(self.switch, "w").close()

    def go_on(self):
        """They do again."""
        os.remove(self.switch)
