/*
 * A program that is built as QEMU's event loops are, and calls nothing of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_TESTS_LOOPS_H
#define AIOTOP_TESTS_LOOPS_H

typedef void Callback(void *opaque);

/* What the round's parts call next; NULL: nothing */
typedef struct Round {
    Callback *poll;
    Callback *wait;
    Callback *fd;
    Callback *bh;
    /* The same, but jumped to: there is no frame of what has done so */
    Callback *last_bh;
    Callback *timer;
    void *opaque;
} Round;

/* Named as in QEMU, which is all that there is to know them by */
void aio_poll(const Round *round);
void aio_dispatch(const Round *round);
void aio_bh_call(const Round *round);
void aio_bh_poll(const Round *round);
void timerlist_run_timers(const Round *round);
void qemu_mutex_lock_iothread_impl(Callback *lock, void *opaque);

/* Nothing is done after a call's return if the compiler can't see that */
#define AFTER_CALL() __asm__ volatile("" ::: "memory")

/* On a stack of its own, until it ends */
void run_coroutine(Callback *entry, void *opaque);

/* Calls it by its name, with an array on the stack that is never used */
void call_deep(Callback *callback, void *opaque);

#endif /* AIOTOP_TESTS_LOOPS_H */
