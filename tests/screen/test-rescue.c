/*
 * Rescue: what a terminal gets when the program crashes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <glib.h>

#include "draw/rescue.h"

#define TEXT "brought back"

typedef struct Terminal {
    int master;
    int slave;
    struct termios before;
} Terminal;

static void open_terminal(Terminal *terminal)
{
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY);
    g_assert_cmpint(terminal->master, >=, 0);
    g_assert_cmpint(grantpt(terminal->master), ==, 0);
    g_assert_cmpint(unlockpt(terminal->master), ==, 0);
    terminal->slave = open(ptsname(terminal->master), O_RDWR | O_NOCTTY);
    g_assert_cmpint(terminal->slave, >=, 0);
    g_assert_cmpint(tcgetattr(terminal->slave, &terminal->before), ==, 0);
}

static void close_terminal(Terminal *terminal)
{
    close(terminal->master);
    close(terminal->slave);
}

static char *read_terminal(const Terminal *terminal)
{
    GString *out = g_string_new(NULL);
    char bytes[4096];
    ssize_t n;

    fcntl(terminal->master, F_SETFL, O_NONBLOCK);
    while ((n = read(terminal->master, bytes, sizeof(bytes))) > 0) {
        g_string_append_len(out, bytes, n);
    }
    return g_string_free(out, FALSE);
}

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
           a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
           memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* Deeper than there is room */
static unsigned overflow(volatile unsigned *deeper)
{
    volatile unsigned here[1024] = { *deeper + 1 };

    return here[0] ? overflow(here) + here[1] : 0;
}

static void *crash_beside(void *opaque)
{
    raise(GPOINTER_TO_INT(opaque));
    return NULL;
}

typedef struct Way {
    const char *name;
    void (*end)(void);
    int signal_number;
} Way;

static void end_by_overflow(void)
{
    const struct rlimit limit = { 1 << 20, 1 << 20 };
    volatile unsigned begin = 1;

    setrlimit(RLIMIT_STACK, &limit);
    overflow(&begin);
}

static void end_by_null(void)
{
    /* Not NULL itself, which a sanitizer reports before the kernel does */
    volatile int *volatile nowhere = GINT_TO_POINTER(64);

    *nowhere = 1;
}

static void end_by_abort(void)
{
    abort();
}

static void end_in_thread(void)
{
    g_thread_join(g_thread_new("crash", crash_beside, GINT_TO_POINTER(SIGBUS)));
}

static void end_by_alarm(void)
{
    alarm(1);
    for (;;) {
        pause();
    }
}

static const Way ways[] = {
    { "/rescue/stack-overflow", end_by_overflow, SIGSEGV },
    { "/rescue/null", end_by_null, SIGSEGV },
    { "/rescue/abort", end_by_abort, SIGABRT },
    { "/rescue/thread", end_in_thread, SIGBUS },
    { "/rescue/alarm", end_by_alarm, SIGALRM },
};

static void be_rescued(const Terminal *terminal, const Way *way, bool armed)
{
    const struct rlimit no_core = { 0, 0 };
    struct termios raw = terminal->before;

    setrlimit(RLIMIT_CORE, &no_core);
    dup2(terminal->slave, STDIN_FILENO);
    dup2(terminal->slave, STDOUT_FILENO);
    rescue_begin(&terminal->before);
    rescue_set_text(TEXT, strlen(TEXT));
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    rescue_arm(armed);
    way->end();
    _exit(0);
}

static int run(const Terminal *terminal, const Way *way, bool armed)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        be_rescued(terminal, way, armed);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static void check_status(int status, const Way *way)
{
    /* A sanitizer's handler comes after ours, and exits */
    if (WIFSIGNALED(status)) {
        g_assert_cmpint(WTERMSIG(status), ==, way->signal_number);
    } else {
        g_assert_cmpint(WEXITSTATUS(status), !=, 0);
    }
}

static void test_way(gconstpointer opaque)
{
    const Way *way = opaque;
    g_autofree char *written = NULL;
    struct termios after;
    Terminal terminal;

    open_terminal(&terminal);
    check_status(run(&terminal, way, true), way);
    g_assert_cmpint(tcgetattr(terminal.slave, &after), ==, 0);
    g_assert_true(same_modes(&after, &terminal.before));
    written = read_terminal(&terminal);
    g_assert_cmpstr(written, ==, TEXT);
    close_terminal(&terminal);
}

/* Not while it is in the shell's hands */
static void test_disarmed(void)
{
    g_autofree char *written = NULL;
    struct termios after;
    Terminal terminal;

    open_terminal(&terminal);
    check_status(run(&terminal, &ways[2], false), &ways[2]);
    g_assert_cmpint(tcgetattr(terminal.slave, &after), ==, 0);
    g_assert_false(same_modes(&after, &terminal.before));
    written = read_terminal(&terminal);
    g_assert_cmpstr(written, ==, "");
    close_terminal(&terminal);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_test_add_data_func(ways[i].name, &ways[i], test_way);
    }
    g_test_add_func("/rescue/disarmed", test_disarmed);
    return g_test_run();
}
