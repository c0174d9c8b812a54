/*
 * A child that blocks, four functions deep
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_BLOCKED_H
#define TESTS_UNIT_BLOCKED_H

#include <semaphore.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <glib.h>

/* Between the test and its child */
typedef struct Shared {
    /* Of the thread that blocks, once it is about to; and of another one */
    atomic_int tid;
    atomic_int other_tid;
    /* What it blocked in has returned this; and errno */
    atomic_int result;
    atomic_int error;
    atomic_int signals;
    sem_t sem;
} Shared;

/* Of make_shared() */
extern Shared *shared;
/* What the child reads from, both ends */
extern int wires[2];

/* Returns what it blocked in returned: 1 if that ended well */
typedef int Block(void);

int block_in_read(void);

int __attribute__((noinline)) outer_function(Block *block);

void G_GNUC_NORETURN child_main(Block *block);

void begin_child(void);

/* 0 if there is no such thread */
char state_of(pid_t pid, pid_t tid);

void wait_for_state(pid_t pid, pid_t tid, char state);

void wait_until_set(atomic_int *value);

void wait_until_blocked(pid_t pid);

pid_t start(Block *block);

pid_t start_blocked(Block *block);

/* Ends what the child blocks in, which must then go on with success */
void release(pid_t pid);

void end(pid_t pid);

void make_shared(void);

#endif /* TESTS_UNIT_BLOCKED_H */
