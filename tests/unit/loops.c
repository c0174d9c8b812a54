/*
 * A program that is built as QEMU's event loops are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "loops.h"

#include <glib.h>
#include <ucontext.h>

#define COROUTINE_STACK (256 * 1024)
#define DEEP (24 * 1024)

/* As the compiler does with what both rounds and dispatching call */
static void __attribute__((noinline)) dispatch_handler(const Round *round)
{
    if (round->fd) {
        round->fd(round->opaque);
    }
    AFTER_CALL();
}

#pragma GCC push_options
#pragma GCC optimize("optimize-sibling-calls")
void __attribute__((noinline)) aio_bh_call(const Round *round)
{
    if (round->bh) {
        round->bh(round->opaque);
    }
    if (round->last_bh) {
        round->last_bh(round->opaque);
    }
}
#pragma GCC pop_options

void __attribute__((noinline)) aio_bh_poll(const Round *round)
{
    aio_bh_call(round);
    AFTER_CALL();
}

static void __attribute__((noinline)) run_timers(const Round *round)
{
    if (round->timer) {
        round->timer(round->opaque);
    }
    AFTER_CALL();
}

/* Its own frame is gone when the timer runs */
void __attribute__((noinline)) timerlist_run_timers(const Round *round)
{
    run_timers(round);
}

void __attribute__((noinline)) aio_dispatch(const Round *round)
{
    aio_bh_poll(round);
    dispatch_handler(round);
    timerlist_run_timers(round);
    AFTER_CALL();
}

void __attribute__((noinline)) aio_poll(const Round *round)
{
    if (round->poll) {
        round->poll(round->opaque);
    }
    if (round->wait) {
        round->wait(round->opaque);
    }
    aio_bh_poll(round);
    dispatch_handler(round);
    timerlist_run_timers(round);
    AFTER_CALL();
}

void __attribute__((noinline))
qemu_mutex_lock_iothread_impl(Callback *lock, void *opaque)
{
    lock(opaque);
    AFTER_CALL();
}

void __attribute__((noinline)) call_deep(Callback *callback, void *opaque)
{
    char never_used[DEEP];

    __asm__ volatile("" ::"r"(never_used) : "memory");
    callback(opaque);
    AFTER_CALL();
}

/* Handed over in a variable, as makecontext() takes numbers only */
static Callback *coroutine_entry;
static void *coroutine_opaque;

static void coroutine_trampoline(void)
{
    Callback *entry = coroutine_entry;

    /* In a register, as QEMU has it in a coroutine */
    __asm__ volatile("" : "+r"(entry));
    entry(coroutine_opaque);
    AFTER_CALL();
}

void run_coroutine(Callback *entry, void *opaque)
{
    g_autofree char *stack = g_malloc(COROUTINE_STACK);
    ucontext_t caller, coroutine;

    coroutine_entry = entry;
    coroutine_opaque = opaque;
    getcontext(&coroutine);
    coroutine.uc_link = &caller;
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = COROUTINE_STACK;
    makecontext(&coroutine, coroutine_trampoline, 0);
    swapcontext(&caller, &coroutine);
}
