/*
 * A child that blocks, four functions deep
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "blocked.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <qemu-aiotop/host/procfs.h>

Shared *shared;
int wires[2];

int block_in_read(void)
{
    char byte;

    return read(wires[0], &byte, 1);
}

static int __attribute__((noinline)) inner_function(Block *block)
{
    int result;

    shared->tid = gettid();
    result = block();
    shared->error = errno;
    return result;
}

static int __attribute__((noinline)) middle_function(Block *block)
{
    int result = inner_function(block);

    __asm__ volatile("");
    return result;
}

static inline int __attribute__((always_inline)) inlined_function(Block *block)
{
    int result = middle_function(block);

    __asm__ volatile("");
    return result;
}

int __attribute__((noinline)) outer_function(Block *block)
{
    int result = inlined_function(block);

    __asm__ volatile("");
    return result;
}

void G_GNUC_NORETURN child_main(Block *block)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    shared->result = outer_function(block);
    _exit(EXIT_SUCCESS);
}

void begin_child(void)
{
    memset(shared, 0, sizeof(*shared));
    sem_init(&shared->sem, 1, 0);
    g_assert_cmpint(pipe(wires), ==, 0);
}

char state_of(pid_t pid, pid_t tid)
{
    AiotopThread thread;

    return aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, pid, tid, &thread)
               ? thread.state
               : 0;
}

void wait_for_state(pid_t pid, pid_t tid, char state)
{
    while (state_of(pid, tid) != state) {
        g_usleep(1000);
    }
}

void wait_until_set(atomic_int *value)
{
    while (!*value) {
        g_usleep(1000);
    }
}

void wait_until_blocked(pid_t pid)
{
    wait_until_set(&shared->tid);
    wait_for_state(pid, shared->tid, 'S');
}

pid_t start(Block *block)
{
    pid_t pid;

    begin_child();
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (!pid) {
        child_main(block);
    }
    return pid;
}

pid_t start_blocked(Block *block)
{
    pid_t pid = start(block);

    wait_until_blocked(pid);
    return pid;
}

void release(pid_t pid)
{
    int status;

    g_assert_cmpint(write(wires[1], "x", 1), ==, 1);
    sem_post(&shared->sem);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpint(shared->result, ==, 1);
    close(wires[0]);
    close(wires[1]);
}

void end(pid_t pid)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    close(wires[0]);
    close(wires[1]);
}

void make_shared(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(shared != MAP_FAILED);
}
