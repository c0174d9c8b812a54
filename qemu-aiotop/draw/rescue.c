/*
 * Rescue: the terminal as it was, when a signal ends the program
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <glib.h>

/* How long a terminal that takes no output is waited for */
#define PATIENCE_MS 500

/* One for a stack overflow, where there is no room left on the other */
#define STACK_BYTES (64 * 1024)

static struct {
    volatile sig_atomic_t armed;
    struct termios modes;
    char *text;
    size_t len;
    /* The terminal, and where the program may write to from then on */
    int terminal;
    int nowhere;
    stack_t stack;
    struct sigaction actions[_NSIG];
    bool taken[_NSIG];
} rescue;

/* Those where the instruction that failed is tried again on return */
static bool is_fault(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGILL ||
           number == SIGFPE;
}

/* A program can't go on after these, so it can't ignore them */
static bool is_crash(int number)
{
    return is_fault(number) || number == SIGABRT || number == SIGTRAP ||
           number == SIGSYS;
}

/* Only what is safe in a signal handler, as all below */
static void write_text(void)
{
    struct pollfd terminal = { rescue.terminal, POLLOUT, 0 };
    size_t done = 0;

    /* Nothing takes it if the user has stopped the output, or is gone */
    while (done < rescue.len && poll(&terminal, 1, PATIENCE_MS) == 1) {
        ssize_t n =
            write(rescue.terminal, rescue.text + done, rescue.len - done);

        if (n <= 0) {
            return;
        }
        done += n;
    }
}

static void bring_back(void)
{
    pid_t front = tcgetpgrp(STDIN_FILENO);

    /* Whatever other threads go on to draw */
    dup2(rescue.nowhere, STDOUT_FILENO);
    write_text();
    /* In the background the modes are those of who is in front */
    if (front < 0 || front == getpgrp()) {
        tcsetattr(STDIN_FILENO, TCSANOW, &rescue.modes);
    }
}

static void on_signal(int number, siginfo_t *info, void *context G_GNUC_UNUSED)
{
    int saved_errno = errno;

    if (rescue.armed) {
        rescue.armed = 0;
        bring_back();
    }
    sigaction(number, &rescue.actions[number], NULL);
    if (rescue.actions[number].sa_handler == SIG_IGN) {
        signal(number, SIG_DFL);
    }
    /* A fault happens again on return; what was sent has to be sent again */
    if (!is_fault(number) || info->si_code <= 0) {
        raise(number);
    }
    errno = saved_errno;
}

/* Whether it ends the program, if nothing is done about it */
static bool is_taken(int number)
{
    struct sigaction old;

    switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGCONT:
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    case SIGINT:
    case SIGPIPE:
    case SIGXFSZ:
        return false;
    }
    /* Of those for the C library's own use there is no word */
    return sigaction(number, NULL, &old) == 0 &&
           (is_crash(number) || old.sa_handler == SIG_DFL);
}

/* Leaves one alone that is there already, as sanitizers have it */
static void take_stack(void)
{
    stack_t old;

    if (sigaltstack(NULL, &old) == 0 && old.ss_flags & SS_DISABLE) {
        rescue.stack.ss_size = MAX(sysconf(_SC_SIGSTKSZ), STACK_BYTES);
        rescue.stack.ss_sp = g_malloc(rescue.stack.ss_size);
        rescue.stack.ss_flags = 0;
        sigaltstack(&rescue.stack, NULL);
    }
}

void rescue_begin(const struct termios *modes)
{
    struct sigaction action = {
        .sa_sigaction = on_signal,
        .sa_flags = SA_SIGINFO | SA_ONSTACK,
    };

    rescue.modes = *modes;
    rescue.terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    rescue.nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    take_stack();
    sigfillset(&action.sa_mask);
    for (int i = 1; i < _NSIG; i++) {
        rescue.taken[i] = is_taken(i);
        if (rescue.taken[i]) {
            sigaction(i, &action, &rescue.actions[i]);
        }
    }
    rescue.armed = 1;
}

void rescue_set_text(const char *text, size_t len)
{
    rescue.text = g_memdup2(text, len);
    rescue.len = len;
}

void rescue_arm(bool armed)
{
    rescue.armed = armed;
}

void rescue_end(void)
{
    stack_t none = { .ss_flags = SS_DISABLE };

    rescue.armed = 0;
    for (int i = 1; i < _NSIG; i++) {
        if (rescue.taken[i]) {
            sigaction(i, &rescue.actions[i], NULL);
            rescue.taken[i] = false;
        }
    }
    if (rescue.stack.ss_sp) {
        sigaltstack(&none, NULL);
        g_clear_pointer(&rescue.stack.ss_sp, g_free);
    }
    rescue.len = 0;
    g_clear_pointer(&rescue.text, g_free);
    close(rescue.terminal);
    close(rescue.nowhere);
}
